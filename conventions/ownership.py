"""What a document may dispose of: its own controllers' cameras, its own parties' people, and nothing else.

A valid signature of one body must never open another body's things. Source: requirements 1.2 R1, R4; MC-2.3, PM-1.1.
"""

from collections.abc import Iterable

from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION
from conventions.schema import (
    AnyDocument,
    AppointmentAct,
    CaseAuthorisation,
    Clause,
    Convention,
    Deed,
    EventWindow,
    ImplementingAgreement,
    LegalBasisAct,
    Notice,
    Regulation,
    Trust,
)


def concerned(document: AnyDocument) -> frozenset[str]:
    """The controllers whose things a document disposes of."""
    return frozenset(document.controllers) if isinstance(document, Deed) else frozenset({document.controller})


def check(document: AnyDocument) -> None:
    """Refuse a document that names what is not its own.

    Raises:
        Fault: ``document-contradictory``; ``where`` is the member.
    """
    if document.id.split("/")[1] != document.kind:
        raise _fault("id", f"the identifier is not of the kind {document.kind}")
    if document.controller == INSTALLATION and not isinstance(document, Trust):
        raise _fault("id", "the installation signs trust documents only")
    match document:
        case Deed():
            if document.controller not in {party.body for party in document.parties}:
                raise _fault("id", "the identifier begins with a body that is no party")
            if isinstance(document, Convention | ImplementingAgreement):
                _clauses(document.clauses, document.controllers, {party.body for party in document.parties}, "clauses")
        case Regulation():
            _clauses(document.own, (document.body,), {document.body}, "own")
        case AppointmentAct():
            _cameras(document.cameras, (document.controller,), "cameras")
            if not document.person.startswith(f"{document.body}/"):
                raise _fault("person", "a person of another body")
        case EventWindow() | LegalBasisAct() | CaseAuthorisation():
            _cameras(document.cameras, (document.controller,), "cameras")
        case Notice():
            if document.on.split("/")[0] != document.controller:
                raise _fault("on", "a deed of another controller")
        case Trust():
            _trust(document)
        case _:
            pass


def _clauses(clauses: Iterable[Clause], controllers: tuple[str, ...], bodies: set[str], where: str) -> None:
    for number, clause in enumerate(clauses):
        at = f"{where}.{number}"
        _cameras(clause.cameras, controllers, f"{at}.cameras")
        areas = [territory for territory in clause.territories if not territory.startswith("it:")]
        _cameras(areas, controllers, f"{at}.territories")
        if strangers := set(clause.bodies) - bodies:
            raise _fault(f"{at}.bodies", f"{min(strangers)} is no party")


def _cameras(cameras: Iterable[str], controllers: tuple[str, ...], where: str) -> None:
    for number, camera in enumerate(cameras):
        if camera.split("/", 1)[0] not in controllers:
            raise _fault(f"{where}.{number}", f"{camera} belongs to another controller")


def _trust(document: Trust) -> None:
    if document.controller == INSTALLATION:
        return
    for number, entry in enumerate(document.issuers):
        if set(entry.bodies) != {document.controller}:
            raise _fault(f"issuers.{number}.bodies", "only the installation says who vouches for other bodies")
    for number, point in enumerate(document.enforcement_points):
        if point.controller != document.controller:
            raise _fault(f"enforcement_points.{number}", "an enforcement point of another controller")


def _fault(where: str, detail: str) -> Fault:
    return Fault(FaultKind.DOCUMENT_CONTRADICTORY, detail, where=where)
