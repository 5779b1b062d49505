"""The form that opens a case: what it offers, what stood in it, and what is still wrong with it.

Source: PM-3.1 as corrected (a reference may follow, but a reason of urban security is given at once), PM-3.18.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from broker.web.offers import ON_CAMERAS, Offer
from conventions.calendars import parts
from conventions.terms import Ground, Operation, Purpose

PLATE = frozenset({Operation.PLATE_SEARCH})
MIN_REFERENCE_SIGNS_COUNT = 3


class Wrong(StrEnum):
    """What keeps a case from being opened."""

    PURPOSE = "purpose"
    GROUND = "ground"
    REFERENCE = "reference"
    CANNOT_FOLLOW = "cannot-follow"
    WORDS = "words"
    """A text is too long, or holds what cannot be printed."""

    @property
    def field(self) -> str:
        """The field that the message leads to."""
        return {Wrong.PURPOSE: "finalita", Wrong.GROUND: "presupposto"}.get(self, "riferimento")


@dataclass(frozen=True, slots=True)
class CaseForm:
    """One showing of the form. ``plate`` is carried along when the case is opened for a search."""

    purposes: tuple[Purpose, ...]
    grounds: tuple[Ground, ...]
    last_used: bool
    reference_due: str | None
    """The shortest duration within which a deed lets the reference follow."""
    next: str
    purpose: str | None = None
    ground: str | None = None
    """Empty: chosen to be none; ``None``: not chosen yet."""
    reference: str = field(default="", repr=False)
    on_behalf_of: str = field(default="", repr=False)
    plate: str = field(default="", repr=False)
    wrong: tuple[Wrong, ...] = ()


def blank(offers: Iterable[Offer], last: Purpose | None, then: str, plate: str = "") -> CaseForm:
    """The form before anything is chosen, save the purpose used last, which comes first."""
    found = tuple(offers)
    wanted = PLATE if plate else ON_CAMERAS
    purposes = _purposes(found, wanted) or _purposes(found, frozenset({Operation.INVENTORY_LIST}))
    grounds = dict.fromkeys(ground for offer in found for ground in offer.grounds(wanted))
    dues = sorted((offer.reference_due for offer in found if offer.reference_due), key=parts)
    used = last is not None and last in purposes
    if last is not None and used:
        purposes = (last, *(purpose for purpose in purposes if purpose is not last))
    chosen = purposes[0] if used or len(purposes) == 1 else None
    return CaseForm(purposes, tuple(grounds), used, next(iter(dues), None), then, chosen, plate=plate)


def filled(form: CaseForm, fields: Mapping[str, str]) -> CaseForm:
    """The form as it was sent, with what is wrong with it."""
    purpose = fields.get("finalita", "") or None
    ground = fields.get("presupposto")
    reference = fields.get("riferimento", "").strip()
    return CaseForm(
        form.purposes,
        form.grounds,
        form.last_used,
        form.reference_due,
        form.next,
        purpose,
        ground,
        reference,
        fields.get("per_conto_di", "").strip(),
        form.plate,
        tuple(_wrong(form, purpose, ground, reference, fields.get("modo") == "segue")),
    )


def wrong(form: CaseForm, *why: Wrong) -> CaseForm:
    """The form again, with what is wrong with it."""
    return CaseForm(
        form.purposes,
        form.grounds,
        form.last_used,
        form.reference_due,
        form.next,
        form.purpose,
        form.ground,
        form.reference,
        form.on_behalf_of,
        form.plate,
        why,
    )


def _wrong(form: CaseForm, purpose: str | None, ground: str | None, reference: str, follows: bool) -> Iterable[Wrong]:
    if purpose not in set(Purpose):
        yield Wrong.PURPOSE
    if not form.grounds or (ground == "" and not form.plate):
        return
    if not ground or ground not in set(Ground):
        yield Wrong.GROUND
        return
    if not reference and follows:
        if ground == Ground.URBAN_SECURITY_PUBLIC_ORDER or form.reference_due is None:
            yield Wrong.CANNOT_FOLLOW
    elif sum(sign.isalnum() for sign in reference) < MIN_REFERENCE_SIGNS_COUNT:
        yield Wrong.REFERENCE


def _purposes(offers: tuple[Offer, ...], operations: frozenset[Operation]) -> tuple[Purpose, ...]:
    return tuple(dict.fromkeys(purpose for offer in offers for purpose in offer.purposes(operations)))
