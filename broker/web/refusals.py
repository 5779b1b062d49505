"""What a person is told when a request is refused: one sentence, the norm, whom to ask.

The catalogue is ``refusals.toml`` beside this module. An unknown camera and one outside the deed read alike: the
ledger alone keeps the difference.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from conventions.faults import Fault, FaultKind
from conventions.terms import Reason, Role

Language = Literal["it", "en"]


@dataclass(frozen=True, slots=True)
class Wording:
    """The same words in both languages."""

    it: str
    en: str

    def spoken(self, language: Language) -> str:
        """The words in one language; Italian leads."""
        return self.en if language == "en" else self.it


@dataclass(frozen=True, slots=True)
class RefusalText:
    """The three things an operator sees, and the role to ask as data."""

    sentence: Wording
    norm: Wording
    ask: Role
    whom: Wording


def refusal_text(reason: Reason) -> RefusalText:
    """Say a reason to a person."""
    return _catalogue()[reason]


def read_catalogue(text: str) -> Mapping[Reason, RefusalText]:
    """Read a catalogue, which must say every reason once and nothing else.

    Raises:
        Fault: ``settings-invalid``, naming the entry.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Fault(FaultKind.SETTINGS_INVALID, "not toml", where="refusals.toml") from error
    entries: Mapping[str, Any] = data.get("reason", {})
    if wrong := set(Reason) ^ set(entries):
        raise Fault(FaultKind.SETTINGS_INVALID, "reasons missing or unknown", where=", ".join(sorted(wrong)))
    return {reason: _entry(data, reason, entries[reason]) for reason in Reason}


def _entry(data: Mapping[str, Any], reason: str, entry: Mapping[str, Any]) -> RefusalText:
    if "same_as" in entry:
        entry = data["reason"].get(entry["same_as"], {}) if set(entry) == {"same_as"} else {}
    if set(entry) != {"it", "en", "norm", "ask"}:
        raise Fault(FaultKind.SETTINGS_INVALID, "wants it, en, norm and ask", where=reason)
    try:
        ask = Role(entry["ask"])
        norm, whom = Wording(*data["norms"][entry["norm"]]), Wording(*data["whom"][ask])
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(FaultKind.SETTINGS_INVALID, "norm or role to ask is unknown", where=reason) from error
    return RefusalText(Wording(entry["it"], entry["en"]), norm, ask, whom)


@cache
def _catalogue() -> Mapping[Reason, RefusalText]:
    return read_catalogue(files("broker.web").joinpath("refusals.toml").read_text(encoding="utf-8"))
