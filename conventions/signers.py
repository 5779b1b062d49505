"""Who must sign what: one table over all kinds.

A JWS from which one signature was dropped still parses, so signers are counted here by body and role: each needed
signature must be there, and no other. Source: design 3 (table of kinds); PM-P.4, MC-2.3, PM-6.4, 10.1 PM-1.2.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId
from conventions.schema import (
    AnyDocument,
    AppointmentAct,
    Convention,
    Deed,
    DpoOpinion,
    EventWindow,
    Notice,
    OperatorList,
    PowersOfSignature,
)
from conventions.terms import DocumentKind, Role

Lookup = Callable[[str], AnyDocument | None]
"""The document known under an identifier."""

HEADS = frozenset({Role.MAYOR, Role.DESIGNATED_MANAGER, Role.PL_COMMANDER})
"""Who answers for a controller's own staff, cameras and hours."""
ADOPTERS = frozenset({Role.MAYOR, Role.DESIGNATED_MANAGER, Role.GIUNTA, Role.COUNCIL})
PARTNER_HEADS = frozenset({Role.PARTNER_SIGNATORY, Role.PARTNER_RESPONSIBLE}) | HEADS
SIGNATORIES = HEADS | {
    Role.PARTNER_SIGNATORY,
    Role.PREFETTURA,
    Role.QUESTURA,
    Role.CARABINIERI_PROVINCIAL_COMMAND,
    Role.MINISTRY_INTERIOR,
}
"""Who can bind a party; an operator's certificate never does, whatever the text says of it."""
OF_INSTALLATION = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.DESIGNATED_MANAGER, Role.MAYOR})


@dataclass(frozen=True, slots=True)
class Needed:
    """One signature that must be there: any of the pairs of body and roles fills it."""

    choices: tuple[tuple[BodyId, frozenset[Role]], ...]

    def met_by(self, body: BodyId, role: Role) -> bool:
        return any(body == wanted and role in roles for wanted, roles in self.choices)

    def __str__(self) -> str:
        return ", or ".join(f"{body} as {' or '.join(sorted(roles))}" for body, roles in self.choices)


def required(document: AnyDocument, lookup: Lookup) -> tuple[Needed, ...]:
    """The signatures a document needs.

    Raises:
        Fault: ``document-unknown`` when the deed it speaks of is not known; ``document-contradictory`` when it names
            a body or role that cannot sign this.
    """
    return TABLE[document.kind](document, lookup)


def _one(body: str, roles: frozenset[Role] | set[Role]) -> tuple[Needed, ...]:
    return (Needed(((BodyId(body), frozenset(roles)),)),)


def _adopted(document: AnyDocument, _: Lookup) -> tuple[Needed, ...]:
    return _one(document.controller, ADOPTERS)


def _headed(document: AnyDocument, _: Lookup) -> tuple[Needed, ...]:
    return _one(document.controller, HEADS)


def _parties(document: Deed, _: Lookup) -> tuple[Needed, ...]:
    for party in document.parties:
        if party.signs_as not in (HEADS if party.body in document.controllers else SIGNATORIES):
            raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, f"{party.signs_as} cannot bind {party.body}", where="parties")
    return tuple(Needed(((BodyId(party.body), frozenset({party.signs_as})),)) for party in document.parties)


def _staff(document: OperatorList | AppointmentAct, _: Lookup) -> tuple[Needed, ...]:
    return _one(document.body, HEADS if document.body == document.controller else PARTNER_HEADS)


def _powers(document: PowersOfSignature, _: Lookup) -> tuple[Needed, ...]:
    return _one(document.body, ADOPTERS | {Role.PARTNER_SIGNATORY})


def _opinion(document: DpoOpinion, _: Lookup) -> tuple[Needed, ...]:
    """The DPO signs an opinion; that none came is for the controller to state (MC-3.3a, 10.3)."""
    return _one(document.controller, HEADS if document.outcome == "not-given-in-time" else {Role.DPO})


def _notice(document: Notice, lookup: Lookup) -> tuple[Needed, ...]:
    deed = lookup(document.on)
    if not isinstance(deed, Deed):
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "the deed this notice is about is not known", where="on")
    if document.act in ("suspension", "suspension-end"):
        roles = set(deed.suspension_by) if isinstance(deed, Convention) else {Role.MAYOR}
        allowed = document.by in deed.controllers and document.signs_as in roles
        if document.ends is not None:
            ended = lookup(document.ends)
            allowed = allowed and isinstance(ended, Notice) and ended.act == "suspension"
            allowed = allowed and (ended.on, ended.by) == (document.on, document.by)  # type: ignore[union-attr]
    else:
        by_controller = document.act != "unilateral-withdrawal" or document.by in deed.controllers
        allowed = by_controller and any(
            party.body == document.by and party.signs_as == document.signs_as for party in deed.parties
        )
    if not allowed:
        detail = f"{document.by} as {document.signs_as} has no power of {document.act} on this deed"
        raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, detail, where="signs_as")
    return _one(document.by, {document.signs_as})


def _window(document: EventWindow, _: Lookup) -> tuple[Needed, ...]:
    roles = HEADS if document.opened_by == document.controller else PARTNER_HEADS
    if document.signs_as not in roles:
        detail = f"{document.signs_as} cannot open a window for {document.opened_by}"
        raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, detail, where="signs_as")
    return _one(document.opened_by, {document.signs_as})


def _trust(document: AnyDocument, _: Lookup) -> tuple[Needed, ...]:
    installation = (INSTALLATION, OF_INSTALLATION)
    own = (BodyId(document.controller), ADOPTERS)
    return (Needed((installation,) if document.controller == INSTALLATION else (own, installation)),)


TABLE: Mapping[DocumentKind, Callable[[Any, Lookup], tuple[Needed, ...]]] = {
    DocumentKind.REGULATION: _adopted,
    DocumentKind.CONVENTION: _parties,
    DocumentKind.FRAMEWORK_PROTOCOL: _parties,
    DocumentKind.IMPLEMENTING_AGREEMENT: _parties,
    DocumentKind.OPERATOR_LIST: _staff,
    DocumentKind.APPOINTMENT_ACT: _staff,
    DocumentKind.POWERS_OF_SIGNATURE: _powers,
    DocumentKind.DPO_OPINION: _opinion,
    DocumentKind.NOTICE: _notice,
    DocumentKind.EVENT_WINDOW: _window,
    DocumentKind.CALENDAR: _headed,
    DocumentKind.LEGAL_BASIS_ACT: _adopted,
    DocumentKind.CASE_AUTHORISATION: _headed,
    DocumentKind.JUDICIAL_ORDER: _headed,
    DocumentKind.TRUST: _trust,
}
