"""The documents in force, with their signers and the mark of what is invented.

Texts that name persons, cases or orders are shown to the body whose they are and to the controller, to nobody else.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from broker.decision.snapshot import Snapshot
from broker.evidence import Official, Operator
from broker.routes.services import Services, person
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.schema import AppointmentAct, CaseAuthorisation, JudicialOrder, OperatorList, PowersOfSignature
from conventions.spans import instant
from conventions.verified import VerifiedDocument


class InstructionsAccepted(BaseModel):
    """Which controller's instructions, and the version that was read."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    controller: Annotated[str, Field(max_length=64)]
    version: Annotated[str, Field(max_length=200)]


router = APIRouter(prefix="/api/v1", tags=["documents"])
Person = Annotated[Operator | Official, Depends(person)]


@router.get("/documents")
async def documents(request: Request, caller: Person) -> dict[str, Any]:
    """What is in force now, by identifier."""
    services: Services = request.app.state.services
    snapshot = services.gate.standing.state.snapshot
    return {
        "generation": services.gate.standing.state.generation,
        "documents": [members(found) for found in services.documents() if readable(found, caller, snapshot)],
    }


@router.get("/documents/{controller}/{kind}/{slug}")
async def document(controller: str, kind: str, slug: str, request: Request, caller: Person) -> dict[str, Any]:
    """One document as it was signed, latest version."""
    services: Services = request.app.state.services
    found = services.publication.register.current(f"{controller}/{kind}/{slug}")
    if found is None or not readable(found, caller, services.gate.standing.state.snapshot):
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such document")
    return {**members(found), "text": found.document.model_dump(mode="json", exclude_none=True)}


@router.post("/instructions")
async def accept(asked: InstructionsAccepted, request: Request, caller: Person) -> dict[str, Any]:
    """Accept the version in force of a controller's instructions (PM-2.10); another version is refused and recorded."""
    services: Services = request.app.state.services
    await services.instructions.accept(caller, BodyId(asked.controller), asked.version)
    return {"controller": asked.controller, "version": asked.version}


def readable(found: VerifiedDocument, caller: Operator | Official, snapshot: Snapshot) -> bool:
    """Whether this person may read a document; one that may not is answered as if there were none."""
    text = found.document
    match text:
        case OperatorList() | AppointmentAct() | PowersOfSignature():
            whose = {text.body, text.controller}
        case CaseAuthorisation() | JudicialOrder():
            whose = {text.controller}
        case _:
            return True
    return caller.body in whose and caller.person in snapshot.listed_anywhere


def members(found: VerifiedDocument) -> dict[str, Any]:
    """A document in short, with who signed it."""
    document = found.document
    return {
        "id": found.id,
        "version": found.version,
        "kind": document.kind,
        "title": document.title,
        "invented": document.invented,
        "valid_from": document.valid_from,
        "valid_until": document.valid_until,
        "sha256": found.sha256,
        "sequence": found.sequence,
        "signers": [
            {"body": signer.body, "role": signer.role, "signed": instant(signer.signed_utc)} for signer in found.signers
        ],
    }
