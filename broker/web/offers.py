"""What a page offers a person to choose from, read off the deeds in force.

INVARIANT: nothing here permits anything. A choice that is missing here may still be asked for and is decided like
any other, and a choice that is offered may still be refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.decision.snapshot import Controller, Snapshot
from broker.evidence import Official, Operator
from conventions.calendars import add_duration
from conventions.identifiers import BodyId, CameraId
from conventions.schema import CameraEntry
from conventions.schema.agreement import Clause
from conventions.terms import DataClass, Ground, Operation, Purpose

ON_CAMERAS = frozenset({Operation.LIVE_VIEW, Operation.RECORDING_VIEW, Operation.PLATE_SEARCH})
WITHOUT_LIMIT = timedelta(hours=24)
"""What the page offers at most where the deed sets no limit."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one controller's deeds say to this person."""

    controller: BodyId
    name: str
    ask: str
    """The office that the regulation names for questions."""
    clauses: tuple[Clause, ...]
    cameras: tuple[CameraEntry, ...]
    """Those that some clause opens to watching or searching."""
    gates: tuple[CameraId, ...]
    """Those whose transits a clause opens; when none does, all that read plates, so that the refusal says why."""
    reference_due: str | None
    """The duration within which a reference may follow."""

    def purposes(self, operations: frozenset[Operation]) -> tuple[Purpose, ...]:
        """Purposes of the clauses for any of these operations, in the order of the text."""
        found = (purpose for clause in self._of(operations) for purpose in clause.purposes)
        return tuple(dict.fromkeys(found))

    def grounds(self, operations: frozenset[Operation]) -> tuple[Ground, ...]:
        """Grounds that the clauses for these operations ask for."""
        found = (ground for clause in self._of(operations) for ground in clause.grounds)
        return tuple(dict.fromkeys(found))

    def longest_recording(self, at_utc: datetime) -> timedelta:
        """The longest span of one recording in any clause."""
        lengths = [
            add_duration(at_utc, clause.limits.max_span) - at_utc if clause.limits.max_span else WITHOUT_LIMIT
            for clause in self._of(frozenset({Operation.RECORDING_VIEW}))
        ]
        return max(lengths, default=WITHOUT_LIMIT)

    def opens(self, operation: Operation, camera: CameraEntry) -> bool:
        """Whether a clause speaks of this operation on this camera."""
        return any(covers(clause, camera) for clause in self._of(frozenset({operation})))

    def _of(self, operations: frozenset[Operation]) -> Iterable[Clause]:
        return (clause for clause in self.clauses if operations & set(clause.operations))


def offers(snapshot: Snapshot, caller: Operator | Official) -> tuple[Offer, ...]:
    """One offer for each controller that lists the person; else for each that has a deed with the person's body."""
    listing = [body for body in snapshot.controllers if (body, caller.person) in snapshot.listed]
    bound = listing or [body for body in snapshot.controllers if (body, caller.body) in snapshot.conventions]
    named = sorted((snapshot.names.get(body, body), body) for body in bound)
    return tuple(_offer(snapshot, caller, body, name) for name, body in named)


def cited(snapshot: Snapshot, body: BodyId, clause_ids: Iterable[str]) -> tuple[str, ...]:
    """How the clauses behind a refusal of this body are cited: article and text. Ones not in force are left."""
    wanted = tuple(clause_ids)
    said: dict[str, str] = {}
    for controller in {BodyId(clause_id.split("/", 1)[0]) for clause_id in wanted}:
        home = snapshot.controllers.get(controller)
        texts = [(found, found.clauses) for found in snapshot.conventions.get((controller, body), ())]
        own = [(home.regulation, home.regulation.own)] if home is not None else []
        for text, clauses in (*texts, *own):
            for clause in clauses:
                said[f"{text.id}@{text.version}#{clause.number}"] = f"{clause.article}, {text.title}"
    return tuple(dict.fromkeys(said[clause_id] for clause_id in wanted if clause_id in said))


def covers(clause: Clause, camera: CameraEntry) -> bool:
    """Whether a clause's place holds the camera."""
    places = {camera.area, camera.municipality, camera.province}
    return camera.id in clause.cameras or bool(places & set(clause.territories))


def _offer(snapshot: Snapshot, caller: Operator | Official, body: BodyId, name: str) -> Offer:
    home = snapshot.controllers[body]
    conventions = snapshot.conventions.get((body, caller.body), ())
    listed = snapshot.listed.get((body, caller.person))
    roles = set(listed.person.roles) if listed is not None else None
    texts = [clause for convention in conventions for clause in convention.clauses]
    if home.regulation.body == caller.body:
        texts += home.regulation.own
    clauses = tuple(
        clause for clause in texts if caller.body in clause.bodies and (roles is None or roles & set(clause.roles))
    )
    return Offer(
        controller=body,
        name=name,
        ask=home.regulation.ask,
        clauses=clauses,
        cameras=tuple(_cameras(home, clauses, ON_CAMERAS)),
        gates=_gates(home, clauses),
        reference_due=next((found.reference_due for found in conventions if found.reference_due), None),
    )


def _cameras(home: Controller, clauses: Iterable[Clause], operations: frozenset[Operation]) -> Iterable[CameraEntry]:
    opening = [clause for clause in clauses if operations & set(clause.operations)]
    return (camera for camera in home.cameras.values() if any(covers(clause, camera) for clause in opening))


def _gates(home: Controller, clauses: tuple[Clause, ...]) -> tuple[CameraId, ...]:
    reading = [camera for camera in home.cameras.values() if DataClass.TRANSIT_RECORD in camera.classes]
    opened = set(_cameras_ids(home, clauses))
    return tuple(CameraId(camera.id) for camera in reading if camera.id in opened) or tuple(
        CameraId(camera.id) for camera in reading
    )


def _cameras_ids(home: Controller, clauses: tuple[Clause, ...]) -> Iterable[str]:
    return (camera.id for camera in _cameras(home, clauses, frozenset({Operation.PLATE_SEARCH})))
