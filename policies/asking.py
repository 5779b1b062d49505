"""What one clause asks, and what of it the controller's regulation leaves: rules that allow, rules that deny.

Everything that a clause asks for becomes a rule. What the conjunction takes away denies with its reason, so that a
refused person is told the true one; a reason that stands before the person's role in the precedence is given to
everybody, the others only to those who would otherwise have been allowed. Pure.

Source: requirements 1.2 R1, R2; MC-1.1a, MC-1.1b, PM-1.1, LEV-21.1, LEV-22.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from conventions.calendars import parts
from conventions.schema import CameraEntry, Clause, ImplementingAgreement, Regulation
from conventions.terms import PRECEDENCE, DataClass, Operation, Purpose, Reason
from policies.books import Books, Dated, Granting, ends, starts
from policies.conjunction import POLICE_TYPES, camera_defect, class_defect, operation_defect, purpose_defect
from policies.facts import ANY, NONE, SPAN_WIDTH, padded_s
from policies.operations import CLASSES, READS_THE_LOG, concerns_camera, opens_cameras
from policies.rules import ALLOW, DENY, Rule

UNBOUNDED_S = "9" * SPAN_WIDTH
_MONTH_DAYS = 28
"""The shortest month: a maximum given in months is read strictly."""

_FOR_EVERYBODY = frozenset(PRECEDENCE[: PRECEDENCE.index(Reason.ROLE_NOT_GRANTED)])

Place = tuple[str, CameraEntry | None]
"""A territory of a rule and its entry in the annex; ``none`` has no entry and needs none."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one rule set is made from: one version of a deed, at one controller, under one version of its regulation."""

    deed: Dated[Granting]
    controller: str
    regulation: Dated[Regulation]
    annex: dict[str, CameraEntry]

    @property
    def pooled(self) -> bool:
        return isinstance(self.deed.document, ImplementingAgreement)


def clauses_of(document: Granting) -> tuple[Clause, ...]:
    return document.own if isinstance(document, Regulation) else document.clauses


def bodies_of(document: Granting, clause: Clause, controller: str) -> list[str]:
    """Whom a clause speaks of at a controller: parties only, and never the controller, whom its regulation governs."""
    if isinstance(document, Regulation):
        return [document.body]
    parties = {party.body for party in document.parties}
    named = set(clause.bodies)
    if isinstance(document, ImplementingAgreement):
        named = parties  # a party that the pool does not admit is told so (MC-1.1b)
    return sorted((named & parties) - {controller})


def clause_rules(grounds: Grounds, clause: Clause, books: Books) -> Iterator[Rule]:
    deed, regulation = grounds.deed, grounds.regulation
    begin = max(deed.start, regulation.start, starts(clause.valid_from) if clause.valid_from else deed.start)
    end = min(deed.end, regulation.end, ends(clause.valid_until))
    if begin >= end:
        return
    max_span_s, cited = _seconds(clause.limits.max_span), clause_id(deed.document, clause)
    for body in bodies_of(deed.document, clause, grounds.controller):
        barred = _barred(grounds, clause, body, books)
        if barred is None and body not in clause.bodies:
            continue
        org_types = books.org_types(deed.document, grounds.controller, body)
        for operation, data_class, purpose in _asked(grounds, clause):
            reason = (
                barred
                or operation_defect(regulation.document, body, operation)
                or class_defect(regulation.document, body, data_class)
                or purpose_defect(regulation.document, org_types, purpose)
            )
            for place, entry in _places(grounds, clause, operation):
                why = reason or (None if place == NONE else camera_defect(entry, data_class, purpose))
                for unit, role, qualification, ground in _holders(grounds, clause, operation, why):
                    yield Rule(
                        controller=grounds.controller,
                        requesting_body=body,
                        unit=unit,
                        role=role,
                        qualification=qualification,
                        operation=operation.value,
                        data_class=data_class.value,
                        purpose=purpose.value,
                        ground=ground,
                        territory=place,
                        window="open" if clause.window == "event" and why not in _FOR_EVERYBODY else ANY,
                        max_span_s=UNBOUNDED_S if why in _FOR_EVERYBODY else max_span_s,
                        not_before=begin,
                        not_after=end,
                        clause=cited,
                        effect=ALLOW if why is None else DENY,
                        reason="" if why is None else why.value,
                    )


def _holders(
    grounds: Grounds, clause: Clause, operation: Operation, why: Reason | None
) -> Iterator[tuple[str, str, str, str]]:
    """Unit, role, qualification and ground of each rule; who reads the log is the controller's list (C-04)."""
    if why in _FOR_EVERYBODY:
        yield ANY, ANY, ANY, ANY
        return
    roles = clause.roles
    if operation in READS_THE_LOG and operation is not Operation.LOG_READ_OWN:
        readers = grounds.regulation.document.configuration.log_readers
        roles = tuple(role for role in roles if role in readers)
    named = [word.value for word in clause.grounds] or [ANY]
    for unit, role, ground in product(clause.units or (ANY,), roles, named):
        yield unit, role.value, clause.qualification, ground


def _barred(grounds: Grounds, clause: Clause, body: str, books: Books) -> Reason | None:
    """Pooled transits are for police bodies only, whatever a clause says (MC-1.1b)."""
    if not grounds.pooled:
        return None
    org_types = books.org_types(grounds.deed.document, grounds.controller, body)
    return None if org_types and org_types <= POLICE_TYPES else Reason.APPLICANT_NOT_ENTITLED


def _asked(grounds: Grounds, clause: Clause) -> Iterator[tuple[Operation, DataClass, Purpose]]:
    """Operations paired with the classes that they touch, for each purpose; of a pool, transits only (MC-1.1a)."""
    for operation in clause.operations:
        for data_class in CLASSES.get(operation, ()):
            if data_class in clause.classes and (not grounds.pooled or data_class is DataClass.TRANSIT_RECORD):
                for purpose in clause.purposes:
                    yield operation, data_class, purpose


def _places(grounds: Grounds, clause: Clause, operation: Operation) -> list[Place]:
    places: list[Place] = [] if concerns_camera(operation) else [(NONE, None)]
    if opens_cameras(operation):
        named = {camera for camera in clause.cameras if camera.startswith(f"{grounds.controller}/")}
        wanted = set(clause.territories)
        named |= {
            entry.id for entry in grounds.annex.values() if wanted & {entry.area, entry.municipality, entry.province}
        }
        places += [(camera, grounds.annex.get(camera)) for camera in sorted(named)]
    return places


def clause_id(document: Granting, clause: Clause) -> str:
    """How rules, permits and the ledger cite a clause."""
    return f"{document.id}@{document.version}#{clause.number}"


def _seconds(duration: str | None) -> str:
    if duration is None:
        return UNBOUNDED_S
    months_count, exact = parts(duration)
    return padded_s(min(months_count * _MONTH_DAYS * 86_400 + int(exact.total_seconds()), int(UNBOUNDED_S)))
