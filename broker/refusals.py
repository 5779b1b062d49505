"""What a person is told when a request is refused: one sentence, the article, whom to ask.

The catalogue is ``refusals.toml`` beside this module. An unknown camera and one outside the deed read alike: the
ledger alone keeps the difference.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from conventions.faults import Fault, FaultKind
from conventions.terms import Reason, Role


@dataclass(frozen=True, slots=True)
class Told:
    """The three things an operator sees, in both languages, and the role to ask as data."""

    italian: str
    english: str
    article: str
    article_english: str
    ask: str
    ask_english: str
    ask_role: Role


def sentence(reason: Reason) -> Told:
    """Say a reason to a person."""
    return _catalogue()[reason]


def read_catalogue(text: str) -> Mapping[Reason, Told]:
    """Read a catalogue, which must say every reason and nothing else.

    Raises:
        Fault: ``settings-invalid``, naming the entry.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Fault(FaultKind.SETTINGS_INVALID, "not toml", where="refusals.toml") from error
    entries: Mapping[str, Any] = data.get("reason", {})
    if wrong := {str(reason) for reason in Reason} ^ set(entries):
        raise Fault(FaultKind.SETTINGS_INVALID, "reasons missing or unknown", where=", ".join(sorted(wrong)))
    return {reason: _told(data, reason, entries[reason]) for reason in Reason}


def _told(data: Mapping[str, Any], reason: str, entry: Mapping[str, Any]) -> Told:
    if set(entry) == {"same_as"}:
        entry = data["reason"].get(entry["same_as"], {})
    if set(entry) != {"it", "en", "norm", "ask"}:
        raise Fault(FaultKind.SETTINGS_INVALID, "wants it, en, norm and ask, or same_as", where=reason)
    try:
        article, article_english = data["norms"][entry["norm"]]
        ask, ask_english = data["whom"][entry["ask"]]
        return Told(entry["it"], entry["en"], article, article_english, ask, ask_english, Role(entry["ask"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(FaultKind.SETTINGS_INVALID, "norm or role to ask is unknown", where=reason) from error


@cache
def _catalogue() -> Mapping[Reason, Told]:
    return read_catalogue(files("broker").joinpath("refusals.toml").read_text(encoding="utf-8"))
