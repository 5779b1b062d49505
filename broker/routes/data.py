"""Cases, plates, cameras, coverage; and the write verbs that are refused by their own name.

Plates travel in the body of a POST, never in a URL. A search over several controllers is split: one decision, one
entry and one section each (R4). Source: design 2, 6; PM-3.16, MC-P.1.
"""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from adapters.port import Transit
from broker.decision.reading import Asked
from broker.evidence import Case, Official, Operator, Refused
from broker.pipeline import Answer, new_request_id
from broker.problems import PROBLEMS, refusal, refusal_members
from broker.routes.services import Services, person
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId, CaseId
from conventions.spans import instant
from conventions.terms import Ground, Operation, Purpose

router = APIRouter(prefix="/api/v1")
Person = Annotated[Operator | Official, Depends(person)]
MAX_CONTROLLERS_COUNT = 16


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class CaseOpened(_Body):
    """Open a case. ``reference_follows`` says that the reference will come within the deed's term."""

    purpose: str
    ground: str | None = None
    reference: Annotated[str | None, Field(max_length=120)] = None
    reference_follows: bool = False
    on_behalf_of: Annotated[str | None, Field(max_length=80)] = None


class ReferenceGiven(_Body):
    reference: Annotated[str, Field(min_length=1, max_length=120)]


class PlateSearched(_Body):
    """Search one plate at each controller, in each one's own section."""

    case: str | None = None
    controllers: Annotated[list[str], Field(min_length=1, max_length=MAX_CONTROLLERS_COUNT)]
    plate: Annotated[str, Field(max_length=64)]
    starts: str
    ends: str


class CoverageAsked(_Body):
    case: str | None = None
    controller: str
    camera: str
    starts: str
    ends: str


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


@router.post("/cases", status_code=201, tags=["cases"])
async def open_case(asked: CaseOpened, request: Request, caller: Person) -> dict[str, Any]:
    """Open a case: its purpose never changes (PM-3.18)."""
    services = services_of(request)
    try:
        purpose, ground = Purpose(asked.purpose), Ground(asked.ground) if asked.ground else None
    except ValueError:
        raise Fault(FaultKind.REQUEST_MALFORMED, "not a word of the vocabulary", where="purpose or ground") from None
    due_utc = services.reference_due(caller, purpose) if asked.reference_follows else None
    case = await services.docket.open(
        caller,
        purpose,
        ground,
        asked.reference,
        reference_due_utc=due_utc,
        on_behalf_of=asked.on_behalf_of,
    )
    return case_members(case)


@router.get("/cases", tags=["cases"])
async def list_cases(request: Request, caller: Person) -> list[dict[str, Any]]:
    """The caller's own open cases, newest first."""
    return [case_members(case) for case in await asyncio.to_thread(services_of(request).cases.open_of, caller.person)]


@router.post("/cases/{case_id}/reference", tags=["cases"])
async def complete_case(case_id: str, given: ReferenceGiven, request: Request, caller: Person) -> dict[str, Any]:
    """Add the reference that was to follow."""
    return case_members(await services_of(request).docket.complete(caller, CaseId(case_id), given.reference))


@router.post("/plates/search", tags=["plates"])
async def search_plate(asked: PlateSearched, request: Request, caller: Person) -> dict[str, Any]:
    """Search a plate: one section per controller, each with its own decision and entry."""
    services = services_of(request)
    case = await services.case(caller, asked.case)
    sections, joined = [], new_request_id()
    for controller in dict.fromkeys(asked.controllers):
        cameras = services.plate_cameras(caller, controller)
        named = Asked(
            controller, Operation.PLATE_SEARCH, cameras, starts=asked.starts, ends=asked.ends, plate=asked.plate
        )
        sections.append(await services.gate.search(caller, services.request(caller, named, case, joined)))
    faults = [section.fault for section in sections]
    if faults[0] is not None and all(fault and fault.kind is FaultKind.LEDGER_UNAVAILABLE for fault in faults):
        raise faults[0]
    return {"sections": [section_members(section) for section in sections]}


@router.post("/coverage", tags=["recordings"])
async def coverage(asked: CoverageAsked, request: Request, caller: Person) -> Response:
    """Where footage of a camera exists inside a span."""
    services = services_of(request)
    case = await services.case(caller, asked.case)
    named = Asked(asked.controller, Operation.INVENTORY_LIST, (asked.camera,), starts=asked.starts, ends=asked.ends)
    found = await services.gate.coverage(caller, services.request(caller, named, case))
    if isinstance(found, Refused):
        return refusal(found)
    camera = CameraId(asked.camera)
    spans = [
        {"starts": instant(one.start_utc), "ends": instant(one.end_utc), "handle": services.handles.give(camera, one)}
        for one in found
    ]
    return JSONResponse({"spans": spans}, headers={"Cache-Control": "no-store"})


@router.get("/controllers/{controller}/cameras", tags=["cameras"])
async def cameras(controller: str, request: Request, caller: Person, case: str | None = None) -> Response:
    """The cameras of a controller (``inventory.list``)."""
    services = services_of(request)
    opened = await services.case(caller, case)
    purpose = None if opened else Purpose.PROCESSING_OVERSIGHT
    asked = services.request(caller, Asked(controller, Operation.INVENTORY_LIST, purpose=purpose), opened)
    granted = await services.gate.read_within(caller, asked)
    if isinstance(granted, Refused):
        return refusal(granted)
    home = services.gate.standing.state.snapshot.controllers[granted.controller]
    listed = [
        {"id": entry.id, "name": entry.name, "site": entry.site, "classes": list(entry.classes), "state": entry.state}
        for entry in home.cameras.values()
    ]
    return JSONResponse({"cameras": listed}, headers={"Cache-Control": "no-store"})


@router.api_route("/recordings/{controller}/{camera}", methods=["DELETE", "PUT", "PATCH"], tags=["recordings"])
async def write_verb(controller: str, camera: str, request: Request, caller: Person) -> Response:
    """A write verb: refused ``read-only`` and recorded, whatever it would have changed (PM-3.16)."""
    services = services_of(request)
    case = next(iter(await asyncio.to_thread(services.cases.open_of, caller.person)), None)
    named = Asked(controller, Operation.DATA_MODIFY, (f"{controller}/{camera}",))
    refused = await services.gate.read_within(caller, services.request(caller, named, case))
    if isinstance(refused, Refused):
        return refusal(refused)
    raise Fault(FaultKind.METHOD_NOT_ALLOWED, "recordings are not changed here")


def case_members(case: Case) -> dict[str, Any]:
    """A case as its own person sees it."""
    return {
        "case": case.case_id,
        "purpose": case.purpose,
        "ground": case.ground,
        "reference": "given" if case.reference is not None else "pending" if case.reference_due_utc else "none",
        "reference_due": instant(case.reference_due_utc) if case.reference_due_utc else None,
        "closes": instant(case.closes_utc),
        "on_behalf_of": case.on_behalf_of,
    }


def section_members(section: Answer) -> dict[str, Any]:
    """One controller's section: rows, a refusal, or a fault of the source; never merged with another's."""
    if section.refused is not None:
        return {"controller": section.controller, "outcome": "refused", **refusal_members(section.refused)}
    if section.transits is None:
        kind = section.fault.kind if section.fault is not None else FaultKind.SOURCE_UNAVAILABLE
        return {
            "controller": section.controller,
            "outcome": "unavailable",
            "fault": kind,
            "sentence": PROBLEMS[kind].title,
        }
    return {
        "controller": section.controller,
        "outcome": "answered",
        "grant": section.transits.grant_id,
        "more": section.transits.more,
        "rows": [_row(row) for row in section.transits.rows],
    }


def _row(row: Transit) -> dict[str, Any]:
    return {
        "camera": row.camera,
        "at": instant(row.at_utc),
        "plate": row.plate.text,
        "read_as": row.plate_raw,
        "confidence": round(row.confidence_ratio, 3),
        "direction": row.direction,
        "country": row.country,
        "class": row.vehicle_class,
    }
