"""Untrusted strings into an ``AccessRequest``. A defect becomes a reason, so that the refusal is recorded with it.

Source: design 4 (reasons), issue "bad input": reversed or wide spans, plates such as ``-`` or ``*``, unknown words.
"""

from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from broker.evidence import AccessRequest, Case
from conventions.faults import Fault
from conventions.identifiers import (
    BODY_FORM,
    CAMERA_FORM,
    INSTALLATION,
    BodyId,
    CameraId,
    CaseId,
    PersonId,
    Plate,
    RequestId,
)
from conventions.spans import Span, parse_instant
from conventions.terms import Ground, Operation, Purpose, Reason

MAX_CAMERAS_COUNT = 64
SINGLE_QUESTION = timedelta(minutes=10)
"""How long a reference given in the question itself stands for."""
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client sent, as strings. ``starts`` and ``ends`` are instants in the one form."""

    controller: str
    operation: str
    cameras: tuple[str, ...] = ()
    purpose: str | None = None
    ground: str | None = None
    starts: str | None = None
    ends: str | None = None
    plate: str | None = field(default=None, repr=False)
    person: str | None = None
    reference: str | None = field(default=None, repr=False)
    """Given in the request itself by a machine caller; a person's reference stands in the case."""


def read(
    asked: Asked,
    case: Case | None,
    request_id: RequestId,
    known: Container[BodyId],
    at_utc: datetime,
    owed: frozenset[Reason] = frozenset(),
) -> AccessRequest:
    """Read a request. A case fixes purpose and ground (PM-3.18); another purpose beside it is refused.

    A controller that is not ``known`` moves the question to the installation's own tree. ``owed`` are reasons that
    stand against the person already.
    """
    defects: set[Reason] = set(owed)
    controller = BodyId(asked.controller)
    cameras = tuple(dict.fromkeys(name for name in asked.cameras if name))
    if BODY_FORM.match(asked.controller) is None or len(cameras) > MAX_CAMERAS_COUNT:
        defects.add(Reason.REQUEST_MALFORMED)
    if controller not in known:
        defects.add(Reason.RESOURCE_UNKNOWN)
        controller = INSTALLATION
    well_formed = tuple(CameraId(name) for name in cameras if CAMERA_FORM.match(name))
    if len(well_formed) != len(cameras):
        defects.add(Reason.REQUEST_MALFORMED)
    if any(not name.startswith(f"{asked.controller}/") for name in well_formed):
        defects.add(Reason.CONTROLLER_SEPARATION)
    purpose = _word(Purpose, asked.purpose, defects, Reason.PURPOSE_NOT_GRANTED)
    ground = _word(Ground, asked.ground, defects, Reason.GROUND_MISSING)
    if case is not None:
        if purpose is not None and purpose is not case.purpose:
            defects.add(Reason.PURPOSE_NOT_GRANTED)
        purpose, ground = case.purpose, case.ground
    person = _person(asked.person, defects)
    if case is None and asked.reference is not None and purpose is not None and person is not None:
        case = Case(CaseId(""), person, purpose, ground, asked.reference, None, at_utc, at_utc + SINGLE_QUESTION)
    return AccessRequest(
        request_id=request_id,
        controller=controller,
        operation=_word(Operation, asked.operation, defects, Reason.OPERATION_UNKNOWN),
        cameras=well_formed[:MAX_CAMERAS_COUNT],
        purpose=purpose,
        ground=ground,
        case=case,
        span=_span(asked.starts, asked.ends, defects),
        plate=_plate(asked.plate, defects),
        person=person,
        unknown=frozenset(defects),
    )


def again(
    request: AccessRequest,
    case: Case | None,
    more: frozenset[Reason] = frozenset(),
    accepted: frozenset[str] = frozenset(),
) -> AccessRequest:
    """The same question with its case as it stands now, more that stands against it, more instructions accepted.

    A case that is gone takes purpose and ground with it, since they were its own.
    """
    of_case = request.case is not None
    return AccessRequest(
        request_id=request.request_id,
        controller=request.controller,
        operation=request.operation,
        cameras=request.cameras,
        purpose=(case.purpose if case is not None else None) if of_case else request.purpose,
        ground=(case.ground if case is not None else None) if of_case else request.ground,
        case=case,
        span=request.span,
        plate=request.plate,
        person=request.person,
        necessity=request.necessity,
        unknown=request.unknown | more,
        accepted=request.accepted | accepted,
    )


def _word(words: type[Word], text: str | None, defects: set[Reason], otherwise: Reason) -> Word | None:
    if not text:
        return None
    try:
        return words(text)
    except ValueError:
        defects.add(otherwise)
        return None


def _span(starts: str | None, ends: str | None, defects: set[Reason]) -> Span | None:
    if not starts and not ends:
        return None
    try:
        return Span(parse_instant(starts or ""), parse_instant(ends or ""))
    except Fault:
        defects.add(Reason.REQUEST_MALFORMED)
        return None


def _plate(text: str | None, defects: set[Reason]) -> Plate | None:
    if text is None:
        return None
    try:
        return Plate(text)
    except Fault:
        defects.add(Reason.REQUEST_MALFORMED)
        return None


def _person(text: str | None, defects: set[Reason]) -> PersonId | None:
    if text is None:
        return None
    if CAMERA_FORM.match(text) is None:
        defects.add(Reason.OPERATOR_NOT_LISTED)
        return None
    return PersonId(text)
