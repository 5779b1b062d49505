"""Reading a controller's ledger: entries without sealed parts, verification, replay. Each read is itself an entry.

Who may is the controller's list of readers, and only that (PM-3.5, C-04). Source: design 7.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from adapters.port import Grant
from broker.decision.reading import Asked
from broker.evidence import Official, Operator, Refused
from broker.problems import refusal
from broker.routes.services import Services, person
from conventions.identifiers import BodyId
from conventions.terms import Operation, Purpose

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])
Person = Annotated[Operator | Official, Depends(person)]
MAX_ENTRIES_COUNT = 500
NO_STORE = {"Cache-Control": "no-store"}


async def _allowed(
    services: Services, caller: Operator | Official, controller: str, operation: Operation
) -> Grant | Refused:
    asked = Asked(controller, operation, purpose=Purpose.PROCESSING_OVERSIGHT)
    return await services.gate.read_within(caller, services.request(caller, asked, None))


@router.get("/{controller}/entries")
async def entries(controller: str, request: Request, caller: Person, first: int = 0, count: int = 100) -> Response:
    """Entries ``[first, first + count)`` as they stand in the tree; parts are there by digest only."""
    services: Services = request.app.state.services
    granted = await _allowed(services, caller, controller, Operation.LOG_READ)
    if isinstance(granted, Refused):
        return refusal(granted)
    read = await services.read_entries(BodyId(controller), max(0, first), min(max(1, count), MAX_ENTRIES_COUNT))
    return JSONResponse({"entries": read}, headers=NO_STORE)


@router.get("/{controller}/verification")
async def verification(controller: str, request: Request, caller: Person) -> Response:
    """Recompute the whole tree and every checkpoint."""
    services: Services = request.app.state.services
    granted = await _allowed(services, caller, controller, Operation.LOG_READ)
    if isinstance(granted, Refused):
        return refusal(granted)
    checked = await services.verify_ledger(BodyId(controller))
    body: dict[str, Any] = {
        "holds": checked.holds,
        "entries": checked.entries_count,
        "root": checked.root,
        "first_bad_index": checked.first_bad_index,
        "fault": checked.fault,
    }
    return JSONResponse(body, headers=NO_STORE)


@router.get("/{controller}/replay")
async def replayed(controller: str, request: Request, caller: Person) -> Response:
    """Replay every recorded decision under the rules of its day."""
    services: Services = request.app.state.services
    granted = await _allowed(services, caller, controller, Operation.DECISION_REPLAY)
    if isinstance(granted, Refused):
        return refusal(granted)
    return JSONResponse(await services.replay(BodyId(controller)), headers=NO_STORE)
