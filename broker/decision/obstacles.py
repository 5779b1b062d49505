"""What typed code finds in the way before Casbin is asked: list, act, level, calendar, retention, reference.

Each function gives the reasons that stand in the way, none when nothing does. A fact that is missing is itself an
obstacle. Source: requirements 1.2 R2, 10.1; design 4 ("Time and place").
"""

import re
from datetime import datetime

from broker.decision.snapshot import Controller, Listed, Snapshot
from broker.evidence import AccessRequest, Machine, Session
from conventions.calendars import active_spans, add_duration
from conventions.identifiers import BodyId, CameraId, PersonId
from conventions.schema import CameraEntry
from conventions.spans import Span, parse_instant
from conventions.terms import DataClass, Ground, Operation, Reason, Role
from policies.operations import CLASSES

NEEDS_REFERENCE = frozenset(
    {Operation.PLATE_SEARCH, Operation.RECORDING_VIEW, Operation.RECORDING_EXTRACT, Operation.DATA_DOWNLOAD}
)
"""What opens stored data: with a span, inside the retention, for a case that has its reference or owes it."""
OF_THE_PRESENT = frozenset(word for word, classes in CLASSES.items() if classes[0] is DataClass.LIVE_VIDEO)
"""What shows or moves a camera now. INVARIANT: never with a span, since calendars and windows are judged on it."""
LOG_READS = frozenset({Operation.LOG_READ, Operation.LOG_REVIEW, Operation.DECISION_REPLAY})
OF_TRANSITS = frozenset({Operation.PLATE_SEARCH})
_SAYS_SOMETHING = re.compile(r"[^\W_]", re.UNICODE)
MIN_REFERENCE_SIGNS_COUNT = 3


def of_person(
    snapshot: Snapshot, request: AccessRequest, person: PersonId, body: BodyId, at_utc: datetime
) -> set[Reason]:
    """List, state, act and instructions (PM-2.2, PM-2.4, PM-2.10, LEV-39.1).

    Instructions are accepted as the partner declares on the list, or by the person here. Where no deed binds the two
    bodies there is no list to be on: the rules will say ``no-convention``.
    """
    controller = request.controller
    found = snapshot.listed.get((controller, person))
    if found is None:
        known_elsewhere = person in snapshot.listed_anywhere
        return set() if known_elsewhere and not snapshot.listings(controller, body) else {Reason.OPERATOR_NOT_LISTED}
    reasons: set[Reason] = set()
    if found.person.state == "suspended":
        reasons.add(Reason.OPERATOR_SUSPENDED)
    if found.person.state == "ceased" or parse_instant(found.person.since) > at_utc:
        reasons.add(Reason.OPERATOR_NOT_LISTED)
    if not snapshot.acts.get((controller, person)) and not _within_grace(snapshot, controller, body, at_utc):
        reasons.add(Reason.OPERATOR_ACT_MISSING)
    if found.listing.instructions not in {found.person.instructions, *request.accepted}:
        reasons.add(Reason.OPERATOR_ACK_MISSING)
    return reasons


def of_credential(found: Listed, session: Session) -> set[Reason]:
    """The list binds a person to one credential, and only that one speaks for the person here (PM-2.7).

    Another controller's list may bind the same name to somebody else: that counts there alone (R4).
    """
    bound = (found.person.issuer, found.person.subject) == (session.issuer, session.subject)
    return set() if bound else {Reason.OPERATOR_NOT_LISTED}


def _within_grace(snapshot: Snapshot, controller: BodyId, body: BodyId, at_utc: datetime) -> bool:
    """Within ``act_grace`` of the first version's beginning a listed person may act (10.1 PM-2.4)."""
    return any(
        convention.act_grace is not None
        and at_utc < add_duration(snapshot.begun.get(convention.id, convention.valid_from), convention.act_grace)
        for convention in snapshot.conventions.get((controller, body), ())
    )


def of_scope(
    home: Controller, snapshot: Snapshot, found: Listed, operation: Operation, camera: CameraId | None
) -> set[Reason]:
    """Level and act: both name operations, the act may name cameras (PM-2.3, LEV-21.1)."""
    reasons: set[Reason] = set()
    if operation not in home.levels.get(found.person.level, frozenset()):
        reasons.add(Reason.LEVEL_INSUFFICIENT)
    acts = snapshot.acts.get((BodyId(home.regulation.body), PersonId(found.person.id)), ())
    if acts and not any(operation in act.operations and (not act.cameras or camera in act.cameras) for act in acts):
        reasons.add(Reason.ROLE_NOT_GRANTED)
    return reasons


def of_request(snapshot: Snapshot, request: AccessRequest, body: BodyId, at_utc: datetime) -> set[Reason]:
    """Completeness: purpose, reference given or pending, span (MC-1.1c, MC-P.1, PM-3.1 as corrected)."""
    reasons = set(request.unknown)
    if request.purpose is None and Reason.PURPOSE_NOT_GRANTED not in reasons:
        reasons.add(Reason.PURPOSE_MISSING)
    if request.case is not None and at_utc >= request.case.closes_utc:
        reasons.add(Reason.PURPOSE_MISSING)  # a case that is over declares nothing any more
    if request.operation in NEEDS_REFERENCE:
        reasons |= _of_reference(snapshot, request, body, at_utc)
        if request.span is None:
            reasons.add(Reason.REQUEST_INCOMPLETE)
    if request.operation in OF_THE_PRESENT and request.span is not None:
        reasons.add(Reason.REQUEST_MALFORMED)
    if request.operation in OF_TRANSITS and request.plate is None and Reason.REQUEST_MALFORMED not in reasons:
        reasons.add(Reason.REQUEST_INCOMPLETE)
    if request.span is not None and request.span.end_utc > at_utc:
        reasons.add(Reason.REQUEST_MALFORMED)
    return reasons


def _of_reference(snapshot: Snapshot, request: AccessRequest, body: BodyId, at_utc: datetime) -> set[Reason]:
    case = request.case
    if case is None:
        return {Reason.GROUND_MISSING}
    if case.reference is not None:
        return set() if says_something(case.reference) else {Reason.GROUND_MISSING}
    if case.ground is Ground.URBAN_SECURITY_PUBLIC_ORDER or case.reference_due_utc is None:
        return {Reason.GROUND_MISSING}
    if at_utc >= case.reference_due_utc:
        return {Reason.REFERENCE_OVERDUE}
    may_follow = any(found.reference_due for found in snapshot.conventions.get((request.controller, body), ()))
    return set() if may_follow else {Reason.GROUND_MISSING}


def says_something(text: str) -> bool:
    """Whether a reference or reason is more than a dot or a dash (field 1: reasons such as ".")."""
    return len(_SAYS_SOMETHING.findall(text)) >= MIN_REFERENCE_SIGNS_COUNT


def of_camera(home: Controller, snapshot: Snapshot, entry: CameraEntry | None, footage: Span) -> set[Reason]:
    """Register, indoor areas, calendar, all judged on footage time (LEV-22.2, LEV-7.1, LEV-8.1, BEL-5.3)."""
    if entry is None:
        return {Reason.RESOURCE_UNKNOWN}
    reasons: set[Reason] = set()
    if entry.state != "active":
        reasons.add(Reason.CAMERA_NOT_AUTHORISED)
    if entry.indoor == "true" and entry.indoor_exception is None:
        reasons.add(Reason.INDOOR_AREA)
    if entry.calendar is not None:
        calendar = snapshot.calendars.get(entry.calendar)
        if calendar is None:
            reasons.add(Reason.FACT_MISSING)
        elif not any(active.covers(footage) for active in active_spans(calendar, footage)):
            reasons.add(Reason.CAMERA_TIME_WINDOW)
    return reasons


def of_data(home: Controller, request: AccessRequest, at_utc: datetime) -> set[Reason]:
    """Retention on footage time; a controller that set none serves none (D-04, LEV-23.1, BEL-6.1)."""
    if request.span is None or request.operation not in NEEDS_REFERENCE:
        return set()
    configuration = home.regulation.configuration
    limit = configuration.retention_images
    if request.operation in OF_TRANSITS:
        limit = configuration.retention_plates or configuration.retention_images
    if limit is None:
        return {Reason.FACT_MISSING}
    return {Reason.RETENTION_ELAPSED} if request.span.start_utc < add_duration(at_utc, limit, back=True) else set()


def of_log_read(home: Controller, operation: Operation, roles: tuple[Role, ...]) -> set[Reason]:
    """Who reads logs is the controller's list, and only that (C-04, PM-3.5)."""
    configuration = home.regulation.configuration
    if operation is Operation.LOG_READ_OWN:
        return set() if configuration.log_read_own == "on" else {Reason.LOG_READER_NOT_ALLOWED}
    if operation in LOG_READS and not set(roles) & set(configuration.log_readers):
        return {Reason.LOG_READER_NOT_ALLOWED}
    return set()


def of_machine(snapshot: Snapshot, caller: Machine, request: AccessRequest) -> set[Reason]:
    """An enforcement point asks within one controller, for its own operations (design 6, LEV-32.1)."""
    point = snapshot.enforcement_points.get(caller.client_id)
    if point is None or BodyId(point.controller) != request.controller or caller.controller != request.controller:
        return {Reason.CONTROLLER_SEPARATION}
    if request.operation is not None and request.operation not in point.operations:
        return {Reason.ROLE_NOT_GRANTED}
    return set()
