"""Lint of lists, acts, windows and opinions: people who are not on a list, levels that do not exist, long windows."""

from collections.abc import Iterator
from datetime import timedelta

from conventions.findings import Finding, finding
from conventions.lint_deeds import regulation_of
from conventions.register import Register
from conventions.schema import (
    AppointmentAct,
    Deed,
    DpoOpinion,
    EventWindow,
    OperatorList,
    Regulation,
    Trust,
)
from conventions.spans import parse_instant
from conventions.terms import Operation

LONGEST_WINDOW = timedelta(days=7)


def of_list(document: OperatorList, register: Register, _: str) -> Iterator[Finding]:
    found = register.current(document.under)
    deed = found.document if found else None
    if isinstance(deed, Deed):
        if document.body not in {party.body for party in deed.parties} or document.controller not in deed.controllers:
            yield finding("not-a-party", "body", body=document.body, deed=document.under)
    elif isinstance(deed, Regulation):
        if document.body != deed.body:
            yield finding("not-a-party", "body", body=document.body, deed=document.under)
    else:
        yield finding("deed-unknown", "under", deed=document.under)
    yield from _persons(document, register)


def of_act(document: AppointmentAct, register: Register, _: str) -> Iterator[Finding]:
    listed = {person.id for each in _lists(register) if each.body == document.body for person in each.persons}
    if document.person not in listed:
        yield finding("person-not-listed", "person", person=document.person)
    regulation = regulation_of(register, document.controller)
    if regulation is None:
        yield finding("regulation-unknown", "id", regulation=f"{document.controller}/regulation")
        return
    for operation in sorted(set(document.operations) - set(regulation.operations)):
        yield finding("act-operation", "operations", operation=operation, italian=Operation(operation).italian)
    yield from _cameras(document.cameras, regulation)


def of_window(document: EventWindow, register: Register, _: str) -> Iterator[Finding]:
    length = parse_instant(document.ends) - parse_instant(document.starts)
    if length > LONGEST_WINDOW:
        yield finding("window-long", "ends", days=-(-length // timedelta(days=1)))
    regulation = regulation_of(register, document.controller)
    if regulation is None:
        yield finding("regulation-unknown", "id", regulation=f"{document.controller}/regulation")
    else:
        yield from _cameras(document.cameras, regulation)


def of_opinion(document: DpoOpinion, register: Register, _: str) -> Iterator[Finding]:
    if register.version(document.on, document.on_version) is None:
        yield finding("about-unknown", "on")


def _persons(document: OperatorList, register: Register) -> Iterator[Finding]:
    regulation = regulation_of(register, document.controller)
    levels = {level.name for level in regulation.levels} if regulation else set()
    trust = [each.document for each in register if isinstance(each.document, Trust)]
    vouched = {(entry.issuer, body) for each in trust for entry in each.issuers for body in entry.bodies}
    bound = {
        (person.issuer, person.subject): person.id
        for each in _lists(register)
        for person in each.persons
        if each.id != document.id
    }
    for number, person in enumerate(document.persons):
        at = f"persons.{number}"
        if regulation is not None and person.level not in levels:
            yield finding("level-unknown", f"{at}.level", person=person.id, level=person.level)
        other = bound.get((person.issuer, person.subject), person.id)
        if other != person.id:
            yield finding("credential-twice", f"{at}.subject", person=person.id, other=other)
        if (person.issuer, document.body) not in vouched:
            values = {"person": person.id, "issuer": person.issuer, "body": document.body}
            yield finding("issuer-not-trusted", f"{at}.issuer", **values)


def _cameras(cameras: tuple[str, ...], regulation: Regulation) -> Iterator[Finding]:
    listed = {camera.id for camera in regulation.cameras}
    for number, camera in enumerate(cameras):
        if camera not in listed:
            yield finding("camera-not-listed", f"cameras.{number}", camera=camera, controller=regulation.body_name)


def _lists(register: Register) -> Iterator[OperatorList]:
    for history in register.histories.values():
        if isinstance(history[-1].document, OperatorList):
            yield history[-1].document
