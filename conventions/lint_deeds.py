"""Lint of deeds: what their clauses grant, against the regulation of the controller whose cameras they open."""

from collections.abc import Iterator
from datetime import date

from conventions.calendars import add_months, parts
from conventions.findings import Finding, finding
from conventions.register import Register
from conventions.schema import (
    Clause,
    Convention,
    Deed,
    FrameworkProtocol,
    ImplementingAgreement,
    OperatorList,
    Regulation,
)
from conventions.terms import DataClass, Operation, OrgType

PARTNER_SIGHT = frozenset(
    {Operation.LIVE_VIEW, Operation.RECORDING_VIEW, Operation.PLATE_STREAM, Operation.PLATE_SEARCH}
)
NEED_LIMITS = frozenset({Operation.RECORDING_VIEW, Operation.PLATE_SEARCH, Operation.DATA_DOWNLOAD})
TRANSITS = frozenset({DataClass.TRANSIT_RECORD, DataClass.PLATE_HIT})
POLICE = frozenset({OrgType.STATE_POLICE, OrgType.LOCAL_POLICE, OrgType.JUDICIAL_POLICE})
FRAMEWORK_MONTHS_COUNT = 24


def of_convention(document: Convention, register: Register, sha256: str) -> Iterator[Finding]:
    found = register.current(document.rests_on)
    regulation = found.document if found else None
    if isinstance(regulation, Regulation):
        yield from of_clauses(document.clauses, regulation, register, "clauses")
        for number, clause in enumerate(document.clauses):
            yield from _partner_access(clause, regulation, f"clauses.{number}")
    else:
        yield finding("regulation-unknown", "rests_on", regulation=document.rests_on)
    yield from _term(document)
    yield from _opinions(document, register, sha256)


def of_framework(document: FrameworkProtocol, _: Register, __: str) -> Iterator[Finding]:
    """It lasts two years at most and never renews; that it has no clause is the schema's (MC-2.1, MC-4.1)."""
    if document.renewal != "none":
        yield finding("framework-renews", "renewal")
    last = add_months(date.fromisoformat(document.valid_from), FRAMEWORK_MONTHS_COUNT)
    if document.valid_until is None or date.fromisoformat(document.valid_until) > last:
        yield finding("framework-too-long", "valid_until", last=last.isoformat())


def of_implementing(document: ImplementingAgreement, register: Register, sha256: str) -> Iterator[Finding]:
    """Transits only, police bodies only (MC-1.1a, MC-1.1b)."""
    for number, clause in enumerate(document.clauses):
        yield from _transits(clause, f"clauses.{number}")
        for body in clause.bodies:
            types = org_types(register, body)
            if types and not types & POLICE:
                yield finding("not-police", f"clauses.{number}.bodies", clause=clause.number, body=body)
    if register.current(document.implements) is None:
        yield finding("protocol-unknown", "implements", protocol=document.implements)
    for controller in document.controllers:
        regulation = regulation_of(register, controller)
        if regulation is None:
            yield finding("regulation-unknown", "controllers", regulation=f"{controller}/regulation")
        else:
            yield from of_clauses(document.clauses, regulation, register, "clauses")
    yield from _term(document)
    yield from _opinions(document, register, sha256)


def of_clauses(
    clauses: tuple[Clause, ...], regulation: Regulation, register: Register, where: str
) -> Iterator[Finding]:
    """Purposes, operations, cameras and quantities of clauses against the regulation."""
    for number, clause in enumerate(clauses):
        at = f"{where}.{number}"
        yield from _purposes(clause, regulation, register, f"{at}.purposes")
        for operation in sorted(set(clause.operations) - set(regulation.operations)):
            values = {"clause": clause.number, "operation": operation, "italian": Operation(operation).italian}
            yield finding("operation-outside", f"{at}.operations", controller=regulation.body_name, **values)
        yield from _cameras(clause, regulation, at)
        if NEED_LIMITS & set(clause.operations) and clause.limits.max_span is None:
            yield finding("limits-absent", f"{at}.limits", clause=clause.number)


def org_types(register: Register, body: str) -> frozenset[OrgType]:
    """What a body is, as published lists or its own regulation say; empty when nothing says it."""
    current = (history[-1].document for history in register.histories.values())
    return frozenset(
        each.org_type for each in current if isinstance(each, OperatorList | Regulation) and each.body == body
    )


def regulation_of(register: Register, controller: str) -> Regulation | None:
    """The one regulation of a controller; none where there are several."""
    current = (history[-1].document for history in register.histories.values())
    found = [each for each in current if isinstance(each, Regulation) and each.body == controller]
    return found[0] if len(found) == 1 else None


def _purposes(clause: Clause, regulation: Regulation, register: Register, at: str) -> Iterator[Finding]:
    allowed = {entry.purpose: entry for entry in regulation.purposes}
    for purpose in clause.purposes:
        values = {"clause": clause.number, "purpose": purpose, "italian": purpose.italian}
        if purpose in regulation.purposes_excluded:
            yield finding("purpose-excluded", at, controller=regulation.body_name, **values)
        elif purpose not in allowed:
            yield finding("purpose-without-regime", at, controller=regulation.body_name, **values)
        else:
            for body in clause.bodies:
                types = org_types(register, body)
                if types and not types & set(allowed[purpose].org_types):
                    yield finding("org-type-own" if body == regulation.body else "org-type", at, body=body, **values)


def _cameras(clause: Clause, regulation: Regulation, at: str) -> Iterator[Finding]:
    listed = {camera.id: camera for camera in regulation.cameras}
    for camera in clause.cameras:
        if not camera.startswith(f"{regulation.body}/"):
            continue
        if camera not in listed:
            yield finding("camera-not-listed", f"{at}.cameras", camera=camera, controller=regulation.body_name)
        elif not set(listed[camera].classes) & set(clause.classes):
            yield finding("camera-without-class", f"{at}.classes", clause=clause.number, camera=camera)


def _partner_access(clause: Clause, regulation: Regulation, at: str) -> Iterator[Finding]:
    """How police reach images is the controller's choice; a clause cannot go beyond it (C-12)."""
    if all(body == regulation.body for body in clause.bodies):
        return
    seen = sorted(PARTNER_SIGHT & set(clause.operations))
    match regulation.configuration.police_access:
        case "media-only":
            for operation in seen:
                values = {"clause": clause.number, "operation": operation, "italian": Operation(operation).italian}
                yield finding("media-only", f"{at}.operations", controller=regulation.body_name, **values)
        case "transits-only":
            yield from _transits(clause, at)
        case "request" if seen and clause.mode == "autonomous":
            yield finding("on-request", f"{at}.mode", clause=clause.number)
        case _:
            pass


def _transits(clause: Clause, at: str) -> Iterator[Finding]:
    for data_class in sorted(set(clause.classes) - TRANSITS):
        values = {"clause": clause.number, "data_class": data_class, "italian": DataClass(data_class).italian}
        yield finding("transits-only", f"{at}.classes", **values)


def _term(document: Deed) -> Iterator[Finding]:
    if document.valid_until is None:
        if document.renewal != "until-superseded":
            yield finding("term-missing", "valid_until")
        return
    first, last = date.fromisoformat(document.valid_from), date.fromisoformat(document.valid_until)
    if last < first:
        yield finding("term-reversed", "valid_until")
    if document.renewal == "auto-same-term" and (document.notice_period is None or document.notice_counts_from is None):
        yield finding("notice-undeclared", "notice_period")
    elif document.notice_period is not None:
        months_count, exact = parts(document.notice_period)
        if last <= date.max - exact and add_months(first, months_count) + exact >= last:
            yield finding("notice-too-long", "notice_period")


def _opinions(document: Deed, register: Register, sha256: str) -> Iterator[Finding]:
    """Each controller's opinion on this very text; one not given in time is recorded as such (MC-3.3a, 10.3)."""
    given = [each for each in register.opinions(document.id) if each.on_version == document.version]
    for controller in document.controllers:
        own = [each for each in given if each.controller == controller and sha256 in ("", each.on_sha256)]
        if not own:
            yield finding("opinion-missing" if sha256 else "opinion-awaited", "id", controller=controller)
        elif own[-1].outcome == "contrary":
            yield finding("opinion-contrary", "id")
