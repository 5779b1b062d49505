"""How long an entry is kept: a class, written in the entry from the first one, and terms that only grow.

The class follows from kind and regime; the term of each class is the controller's, never shorter than the law's.
What is purged, and when, is another module's matter: this one only says the class.

Source: C-30, C-02, PM-3.3, LEV-32.5, LEV-38.2, LEV-38.5; design 7.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from conventions.faults import Fault, FaultKind
from conventions.terms import Regime

_TERM_FORM = re.compile(r"P([1-9]\d{0,4})([DMY])\Z", re.ASCII)
_MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 3 + [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
"""Four years, one of them leap."""


class RetentionClass(StrEnum):
    """The closed list. A class is never changed in an entry; a longer one may be given by a later entry."""

    LED = "led"
    """Police purposes and whatever may be one: five years unless a special rule says otherwise."""
    ACCESS = "access"
    """Decisions and outcomes under the general regulation."""
    SESSION = "session"
    """Sign-ins, sign-outs and failed ones."""
    ADMINISTRATION = "administration"
    """What administrators do: settings, keys, documents, faults, purges."""


@dataclass(frozen=True, slots=True)
class Term:
    """A length of keeping: ``P180D``, ``P6M`` or ``P5Y``; months and years are calendar."""

    text: str

    def __post_init__(self) -> None:
        if _TERM_FORM.match(self.text) is None:
            raise Fault(FaultKind.SETTINGS_INVALID, "a term is written P180D, P6M or P5Y", where="retention")

    @property
    def days(self) -> tuple[int, int]:
        """The fewest and the most days that the term can last."""
        found = _TERM_FORM.match(self.text)
        assert found is not None  # noqa: S101 (checked at construction)
        count, unit = int(found[1]), found[2]
        if unit == "D":
            return count, count
        months = count * (12 if unit == "Y" else 1)
        whole, rest = divmod(months, 48)
        parts = [sum((_MONTH_DAYS * 2)[start : start + rest]) for start in range(48)]
        return whole * 1461 + min(parts), whole * 1461 + max(parts)

    def at_least(self, other: "Term") -> bool:
        """Whether this term is never shorter than the other, whenever both begin: 180 days are not six months."""
        return self == other or self.days[0] >= other.days[1]


LEAST: Mapping[RetentionClass, Term] = {
    RetentionClass.LED: Term("P5Y"),
    RetentionClass.ACCESS: Term("P180D"),
    RetentionClass.SESSION: Term("P180D"),
    RetentionClass.ADMINISTRATION: Term("P3M"),
}
"""No controller may set less."""


def retention_class(kind: str, regime: str | None) -> RetentionClass:
    """The class of an entry. Regime ``both``, or an unknown one, counts as police: the longer keeping wins."""
    if kind == "session":
        return RetentionClass.SESSION
    if kind in ("decision", "closing", "opening", "case", "erasure"):
        return RetentionClass.ACCESS if regime == Regime.GDPR else RetentionClass.LED
    return RetentionClass.ADMINISTRATION


def terms_of(configured: Mapping[str, str]) -> dict[RetentionClass, Term]:
    """A controller's terms: the least ones, lengthened by what it configured.

    Raises:
        Fault: ``settings-invalid`` for an unknown class or a term shorter than the least.
    """
    terms = dict(LEAST)
    for name, text in configured.items():
        if name not in frozenset(RetentionClass):
            raise Fault(FaultKind.SETTINGS_INVALID, "no such retention class", where=f"retention.{name}")
        kept = RetentionClass(name)
        terms[kept] = longer(Term(text), LEAST[kept], where=f"retention.{name}")
    return terms


def longer(new: Term, old: Term, where: str) -> Term:
    """The new term, if it is never shorter than the old one.

    Raises:
        Fault: ``settings-invalid``: terms only grow.
    """
    if not new.at_least(old):
        raise Fault(
            FaultKind.SETTINGS_INVALID, f"{new.text} can be shorter than {old.text}; terms only grow", where=where
        )
    return new
