"""What a lawyer would send back, before anything is signed or published. Errors block publication.

Verification says whether a text may be believed; lint says whether it should have been written so. Each check names
its row; the checks of a kind stand in ``lint_deeds``, ``lint_regulation`` and ``lint_staff``.

Source: requirements 1.2 (R2, R3), 9; S4 step 1, S7 step 1, S8 step 6.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conventions.findings import Finding, finding
from conventions.lint_deeds import of_convention, of_framework, of_implementing
from conventions.lint_regulation import of_calendar, of_regulation
from conventions.lint_staff import of_act, of_list, of_opinion, of_window
from conventions.register import EMPTY, Register
from conventions.schema import AnyDocument
from conventions.terms import DocumentKind

EMPTY_WORDS = frozenset(
    {
        "na",
        "n/a",
        "nd",
        "n.d",
        "n.d.",
        "tbd",
        "todo",
        "xxx",
        "omissis",
        "da definire",
        "da compilare",
        "vuoto",
        "nessuno",
    }
)
"""Words that stand where a reference should: they are not references."""

STATED = frozenset(
    {
        "article", "ask", "authority", "commitments", "conditions", "court", "deed", "indoor_exception", "instructions",
        "legal_basis", "necessity", "notice_address", "originating_request", "prior_consultation", "protocol", "reason",
        "reference", "scope", "security_measures", "site", "tasks", "text", "title",
    }
)  # fmt: skip
"""Members that must say something, besides the sections' ``purposes`` and an act's ``number``."""

CHECKS: Mapping[DocumentKind, Callable[[Any, Register, str], Iterator[Finding]]] = {
    DocumentKind.CONVENTION: of_convention,
    DocumentKind.FRAMEWORK_PROTOCOL: of_framework,
    DocumentKind.IMPLEMENTING_AGREEMENT: of_implementing,
    DocumentKind.REGULATION: of_regulation,
    DocumentKind.CALENDAR: of_calendar,
    DocumentKind.OPERATOR_LIST: of_list,
    DocumentKind.APPOINTMENT_ACT: of_act,
    DocumentKind.EVENT_WINDOW: of_window,
    DocumentKind.DPO_OPINION: of_opinion,
}


def lint(document: AnyDocument, register: Register = EMPTY, *, sha256: str = "") -> tuple[Finding, ...]:
    """Every finding, errors first, in the order of the text.

    Args:
        document: as the schema reads it.
        register: what is already published; a reference to what is not there is a finding.
        sha256: digest of the canonical text when it is about to be published: opinions must be about that very text.
    """
    every = [*_texts(document), *CHECKS.get(document.kind, _nothing)(document, register, sha256)]
    return tuple(sorted(every, key=lambda each: each.severity != "error"))


def blocks(findings: tuple[Finding, ...]) -> bool:
    """Whether publication is blocked."""
    return any(each.severity == "error" for each in findings)


def says_something(text: str) -> bool:
    """Whether a text is more than a dash, a dot, or a word for nothing."""
    return len(re.findall(r"[^\W_]", text)) >= 2 and text.strip().casefold() not in EMPTY_WORDS


def _nothing(_: AnyDocument, __: Register, ___: str) -> Iterator[Finding]:
    yield from ()


def _texts(document: AnyDocument) -> Iterator[Finding]:
    for path, text in _strings(document.model_dump(mode="json"), ()):
        where = ".".join(path)
        if _must_state(path) and not says_something(text):
            yield finding("says-nothing", where, text=text.strip()[:40], row=_row_for(path))
        if (sign := _foreign_letter(text)) is not None:
            yield finding("foreign-letter", where, sign=sign, name=unicodedata.name(sign, "?").lower())


def _must_state(path: tuple[str, ...]) -> bool:
    name = next(step for step in reversed(path) if not step.isdigit())
    if name == "purposes":
        return path[0] == "sections"
    return name in STATED or (name == "number" and len(path) == 1)


def _row_for(path: tuple[str, ...]) -> str:
    if path[0] == "annexes":
        return "MC-2.2"
    return "PM-6.5" if path[-1] == "notice_address" else "PM-P.2"


def _strings(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _strings(inner, (*path, str(number)))


def _foreign_letter(text: str) -> str | None:
    """The first letter of another alphabet; Italian and its neighbours write Latin letters."""
    if text.isascii():
        return None
    return next((sign for sign in text if sign.isalpha() and not _latin(sign)), None)


def _latin(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("LATIN ") or sign in "ªº"


__all__ = ["CHECKS", "Finding", "blocks", "lint", "says_something"]
