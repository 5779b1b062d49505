"""From a caller and a request to the plain facts that Casbin is asked, one question per camera and role."""

from datetime import datetime, timedelta

from broker.decision import obstacles
from broker.decision.snapshot import Controller, Listed, Snapshot
from broker.evidence import AccessRequest, Caller, Machine
from conventions.identifiers import BodyId, CameraId, PersonId
from conventions.schema import CameraEntry
from conventions.spans import Span, instant
from conventions.terms import Reason
from policies.conjunction import operation_defect
from policies.facts import NONE, Facts, by_precedence, padded_s
from policies.operations import class_of, concerns_camera

_ONE_FRAME = timedelta(microseconds=1)


def person_asked(caller: Caller, request: AccessRequest) -> tuple[PersonId | None, BodyId]:
    """Whom the question is about, and of which body: a machine asks for a person, a person only for itself."""
    if isinstance(caller, Machine):
        if request.person is None:
            return None, caller.controller
        return request.person, BodyId(request.person.split("/", 1)[0])
    return caller.person, caller.body


def gather(
    caller: Caller, request: AccessRequest, snapshot: Snapshot, at_utc: datetime
) -> tuple[tuple[Facts, ...], ...]:
    """One alternative per role of the person; each holds a question per camera. All of one must be allowed."""
    person, body = person_asked(caller, request)
    home = snapshot.controllers.get(request.controller)
    found = snapshot.listed.get((request.controller, person)) if person is not None else None
    common = obstacles.of_request(snapshot, request, body, at_utc)
    if isinstance(caller, Machine):
        common |= obstacles.of_machine(snapshot, caller, request)
    if person is None:
        common.add(Reason.REQUEST_INCOMPLETE)
    else:
        common |= obstacles.of_person(snapshot, request, person, body, at_utc)
    if found is not None and not isinstance(caller, Machine):
        common |= obstacles.of_credential(found, caller.session)
    operation = request.operation
    if operation is None:
        common.add(Reason.OPERATION_UNKNOWN)
    elif home is not None:
        defect = operation_defect(home.regulation, body, operation)
        common |= {defect} if defect is not None else set()
        common |= obstacles.of_data(home, request, at_utc)
        common |= obstacles.of_log_read(home, operation, found.person.roles if found else ())
    roles = tuple(dict.fromkeys(found.person.roles)) if found else (NONE,)
    cameras: tuple[CameraId | None, ...] = request.cameras
    if not cameras:
        cameras = (None,)
        if operation is not None and concerns_camera(operation):
            common.add(Reason.REQUEST_INCOMPLETE)
    return tuple(
        tuple(_question(snapshot, home, found, request, body, str(role), camera, common, at_utc) for camera in cameras)
        for role in roles
    )


def _question(
    snapshot: Snapshot,
    home: Controller | None,
    found: Listed | None,
    request: AccessRequest,
    body: BodyId,
    role: str,
    camera: CameraId | None,
    common: set[Reason],
    at_utc: datetime,
) -> Facts:
    operation = request.operation
    entry: CameraEntry | None = home.cameras.get(camera) if home is not None and camera is not None else None
    footage = request.span or Span(at_utc, at_utc + _ONE_FRAME)
    found_here = set(common)
    if home is not None:
        if camera is not None:
            found_here |= obstacles.of_camera(home, snapshot, entry, footage)
        if found is not None and operation is not None:
            found_here |= obstacles.of_scope(home, snapshot, found, operation, camera)
    qualified = found is not None and bool(found.person.qualifications)
    return Facts(
        controller=request.controller,
        requesting_body=body,
        unit=found.person.unit if found else NONE,
        role=role,
        qualification=found.person.qualifications[0] if found and qualified else NONE,
        operation=operation or NONE,
        data_class=class_of(operation, entry) if operation is not None else NONE,
        purpose=request.purpose or NONE,
        ground=request.ground or (request.case.ground if request.case and request.case.ground else NONE),
        camera=camera or NONE,
        areas=(entry.area, entry.municipality, entry.province) if entry else (NONE, NONE, NONE),
        window="open" if camera is not None and _window_open(snapshot, camera, request, body, footage) else "closed",
        span_s=padded_s(min(request.span.length_s, 9_999_999_999) if request.span else 0),
        at=instant(at_utc),
        obstacles=by_precedence(found_here),
    )


def _window_open(snapshot: Snapshot, camera: CameraId, request: AccessRequest, body: BodyId, footage: Span) -> bool:
    """Whether one event window of this camera and purpose, open to this body, holds the whole footage (PM-1.2)."""
    return any(
        window.purpose == request.purpose and window.opens_to in (None, body) and window.span.covers(footage)
        for window in snapshot.windows.get(camera, ())
    )
