"""What an entry says in clear, and what goes to its sealed parts. The index is the tree's, never the entry's.

Clear: what a replay needs and what a controller may read of a police question (time, operator's body, clause,
cameras, counts, outcome). Sealed: whoever and whatever is identified. The format is in docs/ledger.md.

Source: PM-3.2, LEV-32.4; design 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from operator import attrgetter

from adapters.port import Grant
from broker.evidence import AccessRequest, Basis, Caller, Machine, Official, Outcome, Permit, Refusal
from broker.ledger.retention import RetentionClass, retention_class
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, GrantId
from conventions.spans import Span, instant
from conventions.terms import Reason
from policies.facts import Facts

FORMAT = "varco-entry/1"

NOTE_KINDS = frozenset({"administration", "session", "case", "document", "fault", "off-gate", "opening"})
"""Kinds of event written by ``note``; the other kinds have a function of their own."""
CHECKPOINT_KEY_ROTATION, ERASURE, DECISION, CLOSING = "checkpoint-key-rotation", "erasure", "decision", "closing"

PART_NAME_MAX = 40
_RESERVED = frozenset(
    {"format", "kind", "at", "controller", "key_id", "retention", "parts", "seal", "period", "two_key"}
)

_FACT_NAMES = tuple(found.name for found in fields(Facts))
_fact_values = attrgetter(*_FACT_NAMES)


@dataclass(slots=True)
class Draft:
    """An entry before the writer adds key id, digests and seal."""

    clear: dict[str, object]
    parts: dict[str, str] = field(repr=False)
    retention: RetentionClass
    two_key: BodyId | None = None
    """The body to whose key the two-key parts go as well."""
    must_seal: bool = True
    """Whether the entry fails when that body gave no key; a refusal drops the parts instead and says so."""
    opens: GrantId | None = None
    closes: GrantId | None = None


def decision_draft(decided: Permit | Refusal, grant_id: GrantId | None, shown: Reason | None) -> Draft:
    """A decision; with the id of the grant when it is a permit."""
    basis, request = decided.basis, decided.basis.request
    case = request.case
    clear: dict[str, object] = {
        **_heading(DECISION, basis.decided_utc, request.controller),
        "request_id": request.request_id,
        "decider": basis.decider,
        "generation": basis.generation,
        "caller": _caller(basis.caller),
        "facts": [_facts(found) for found in basis.facts],
        "operation": request.operation,
        "purpose": request.purpose,
        "ground": request.ground,
        "cameras": request.cameras,
        "span": _span(request.span),
        "case": None if case is None else case.case_id,
        "reference_state": reference_state(request),
        "regime": basis.regime,
        "clauses": decided.clauses,
    }
    evaluated = isinstance(basis.caller, Machine)  # a machine opens nothing here: there is no end to write
    if isinstance(decided, Permit):
        clear |= {
            "decision": "permit",
            "evaluation" if evaluated else "grant": grant_id,
            "reasons": (),
            "obligations": sorted(decided.obligations),
            "valid_until": instant(decided.valid_until_utc),
            "complete_by": None if decided.complete_by_utc is None else instant(decided.complete_by_utc),
        }
    else:
        clear |= {
            "decision": "refuse",
            "reasons": decided.reasons,
            "shown": shown,
            "unknown": sorted(request.unknown),
            "obligations": (),
        }
    parts = _identifying(basis.caller, request)
    if isinstance(decided, Permit) and decided.mark:
        parts["mark"] = decided.mark
    return Draft(
        clear,
        _encodable(parts),
        retention_class(DECISION, basis.regime),
        two_key=requesting_body(basis) if basis.two_key else None,
        must_seal=isinstance(decided, Permit),
        opens=None if evaluated else grant_id,
    )


def closing_draft(grant: Grant, outcome: Outcome, regime: str, at_utc: datetime) -> Draft:
    """How a viewing ended: what was really delivered."""
    clear = {
        **_heading(CLOSING, at_utc, grant.controller),
        "grant": grant.grant_id,
        "decision_entry": grant.receipt.entry_index,
        "ending": outcome.ending,
        "reason": outcome.reason,
        "bytes_count": outcome.bytes_count,
        "duration_s": outcome.duration_s,
        "rows_count": outcome.rows_count,
        "footage": _span(outcome.footage),
        "regime": regime,
    }
    return Draft(clear, {}, retention_class(CLOSING, regime), closes=grant.grant_id)


def left_open_draft(grant_id: GrantId, controller: BodyId, index: int, regime: str, at_utc: datetime) -> Draft:
    """The closing of a grant that an earlier run left open: what was delivered is not known."""
    clear = {
        **_heading(CLOSING, at_utc, controller),
        "grant": grant_id,
        "decision_entry": index,
        "ending": "unknown",
        "reason": None,
        "regime": regime,
    }
    return Draft(clear, {}, retention_class(CLOSING, regime), closes=grant_id)


def note_draft(
    kind: str,
    controller: BodyId,
    at_utc: datetime,
    clear_fields: Mapping[str, object],
    parts: Mapping[str, str],
    regime: str | None = None,
    two_key: BodyId | None = None,
) -> Draft:
    """An event.

    Raises:
        Fault: ``request-malformed`` for a field that the envelope itself uses, or a part without a proper name.
    """
    if not _RESERVED.isdisjoint(clear_fields):
        raise Fault(FaultKind.REQUEST_MALFORMED, "a field has the name of one of the envelope's own")
    clear = {**_heading(kind, at_utc, controller), **clear_fields}
    if regime is not None:
        clear["regime"] = regime
    return Draft(clear, _encodable(dict(parts)), retention_class(kind, regime), two_key=two_key)


def shown_to_caller(refusal: Refusal) -> Reason:
    """An unknown camera shows as one outside the territory: the answer must not tell which cameras exist."""
    facts = refusal.basis.facts
    unknown = Reason.RESOURCE_UNKNOWN in refusal.reasons or any(
        Reason.RESOURCE_UNKNOWN in found.obstacles for found in facts
    )
    hidden = (Reason.RESOURCE_UNKNOWN, Reason.CAMERA_NOT_AUTHORISED) if unknown else (Reason.RESOURCE_UNKNOWN,)
    return Reason.OUTSIDE_TERRITORY if refusal.primary in hidden else refusal.primary


def requesting_body(basis: Basis) -> BodyId | None:
    """Whose question it is: the person's body, also when a machine asks for a person."""
    if not isinstance(basis.caller, Machine):
        return basis.caller.body
    person = basis.request.person
    return None if person is None else BodyId(person.split("/", 1)[0])


def reference_state(request: AccessRequest) -> str:
    """Derived, so that a replay needs no sealed part: ``given``, ``pending`` or ``none``."""
    case = request.case
    if case is None:
        return "none"
    if case.reference is not None:
        return "given"
    return "none" if case.reference_due_utc is None else "pending"


def _heading(kind: str, at_utc: datetime, controller: BodyId) -> dict[str, object]:
    return {"format": FORMAT, "kind": kind, "at": instant(at_utc), "controller": controller}


def _caller(caller: Caller) -> dict[str, object]:
    """Kind and body; never the person."""
    if isinstance(caller, Machine):
        return {"kind": "machine", "client": caller.client_id}
    kind = "official" if isinstance(caller, Official) else "operator"
    return {"kind": kind, "body": caller.body, "acr": caller.session.acr}


def _identifying(caller: Caller, request: AccessRequest) -> dict[str, str]:
    found: dict[str, str | None] = {
        "plate": None if request.plate is None else request.plate.text,
        "necessity": request.necessity,
        "person": request.person,
    }
    if isinstance(caller, Machine):
        found["token"] = caller.token_id
    else:
        found["person"] = caller.person
        found["session"] = caller.session.session_id
        found["subject"] = f"{caller.session.issuer} {caller.session.subject}"
        found["workstation"] = caller.session.workstation
    if request.case is not None:
        found["reference"] = request.case.reference
        found["on_behalf_of"] = request.case.on_behalf_of
    return {name: value for name, value in found.items() if value}


def _encodable(parts: dict[str, str]) -> dict[str, str]:
    """Parts that have bytes; checked before the writer's thread sees them."""
    for name, value in parts.items():
        if not name.isidentifier() or not name.isascii() or len(name) > PART_NAME_MAX:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a part has no proper name")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a part holds a lone surrogate", where=name) from None
    return parts


def _facts(facts: Facts) -> dict[str, object]:
    return dict(zip(_FACT_NAMES, _fact_values(facts), strict=True))


def _span(span: Span | None) -> dict[str, str] | None:
    return None if span is None else {"start": instant(span.start_utc), "end": instant(span.end_utc)}
