"""Viewings over HTTP: opened once, then played under the grant's id by the session that obtained it.

Playlist, segment and Range requests are checked against the grant and counted, not decided and recorded one by one.
Plates are never in a URL. Source: design 2 ("one grant is one viewing"), 6.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.types import Receive, Scope, Send

from broker.decision.reading import Asked
from broker.delivery.playlist import FRAGMENT_TYPE, MEDIA_TYPE
from broker.delivery.viewings import Viewing
from broker.evidence import Official, Operator, Refused
from broker.problems import refusal
from broker.routes.handles import Handles
from broker.routes.services import Services, person
from conventions.faults import Fault, FaultKind
from conventions.identifiers import GrantId, body_of
from conventions.spans import instant

router = APIRouter(prefix="/api/v1", tags=["viewings"])
Person = Annotated[Operator | Official, Depends(person)]
NO_STORE = {"Cache-Control": "no-store"}
MAX_RANGE_DIGITS = 18


class ViewingAsked(BaseModel):
    """What to open: a camera, with ``starts`` and ``ends`` for a recording; or a handle that a listing gave."""

    model_config = ConfigDict(extra="forbid")

    operation: str
    controller: str = ""
    camera: str = ""
    case: str | None = None
    starts: str | None = None
    ends: str | None = None
    handle: str | None = None

    def named(self, handles: Handles) -> Asked:
        """The question in plain names.

        Raises:
            Fault: ``request-malformed`` when a handle is not ours, or stands beside other names.
        """
        if self.handle is None:
            return Asked(self.controller, self.operation, (self.camera,), starts=self.starts, ends=self.ends)
        if self.controller or self.camera or self.starts or self.ends:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a handle stands alone", where="handle")
        camera, span = handles.read(self.handle)
        return Asked(
            body_of(camera), self.operation, (camera,), starts=instant(span.start_utc), ends=instant(span.end_utc)
        )


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _viewing(request: Request, grant: str, caller: Operator | Official) -> Viewing:
    return _services(request).gate.viewings.of(GrantId(grant), caller.session.session_id)


@router.post("/viewings", status_code=201)
async def open_viewing(asked: ViewingAsked, request: Request, caller: Person) -> Response:
    """Decide, write down, open: 201 with the grant and its playlist, or 403 with the reason."""
    services = _services(request)
    case = await services.case(caller, asked.case)
    read = services.request(caller, asked.named(services.handles), case)
    opened = await services.gate.view(caller, read)
    if isinstance(opened, Refused):
        return refusal(opened)
    grant = opened.grant
    body = {
        "grant": grant.grant_id,
        "playlist": f"/api/v1/viewings/{grant.grant_id}/index.m3u8",
        "obligations": sorted(grant.obligations),
        "valid_until": grant.valid_until_utc.isoformat(),
        "receipt": {"tree": grant.receipt.tree, "index": grant.receipt.entry_index},
    }
    return JSONResponse(body, status_code=201, headers={"Location": f"/api/v1/viewings/{grant.grant_id}", **NO_STORE})


@router.get("/viewings/{grant}/index.m3u8")
async def playlist(grant: str, request: Request, caller: Person) -> Response:
    """The playlist: relative names only."""
    text = await _viewing(request, grant, caller).playlist()
    return Response(text, media_type=MEDIA_TYPE, headers=NO_STORE)


@router.get("/viewings/{grant}/init.mp4")
async def initialisation(grant: str, request: Request, caller: Person) -> Response:
    """The first fMP4 header."""
    return Response(await _viewing(request, grant, caller).init(), media_type=FRAGMENT_TYPE, headers=NO_STORE)


@router.get("/viewings/{grant}/init-{number}.mp4")
async def further_initialisation(grant: str, number: int, request: Request, caller: Person) -> Response:
    """A later header, where the source's coding changes."""
    return Response(await _viewing(request, grant, caller).init(number), media_type=FRAGMENT_TYPE, headers=NO_STORE)


@router.get("/viewings/{grant}/{number}.m4s")
async def segment(grant: str, number: int, request: Request, caller: Person) -> Response:
    """One fMP4 segment, made on demand, never stored."""
    data = await _viewing(request, grant, caller).segment(number)
    return Response(data, media_type=FRAGMENT_TYPE, headers=NO_STORE)


@router.get("/viewings/{grant}/status")
async def status(grant: str, request: Request, caller: Person) -> Mapping[str, Any]:
    """State of a viewing; once ended, with the reason that the person is shown."""
    return _services(request).viewing_status(GrantId(grant), caller)


@router.delete("/viewings/{grant}", status_code=204)
async def close_viewing(grant: str, request: Request, caller: Person) -> Response:
    """End a viewing; the closing entry is written before the answer."""
    await _services(request).gate.viewings.close(GrantId(grant), caller.session.session_id)
    return Response(status_code=204)


@router.get("/viewings/{grant}/file/{number}")
async def untouched(grant: str, number: int, request: Request, caller: Person) -> Response:
    """The untouched bytes of one segment, with Range, where the obligations allow a copy."""
    viewing = _viewing(request, grant, caller)
    total = viewing.size_bytes(number)
    first, last = _range(request.headers.get("range"), total)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(last - first + 1), **NO_STORE}
    if request.headers.get("range"):
        headers["Content-Range"] = f"bytes {first}-{last}/{total}"
    return Pumped(viewing, number, first, last, headers)


class Pumped(Response):
    """Bytes of a copy; after the first one a fault drops the connection instead of ending the answer."""

    def __init__(self, viewing: Viewing, number: int, first: int, last: int, headers: dict[str, str]) -> None:
        super().__init__(None, 206 if "Content-Range" in headers else 200, headers, viewing.media_type)
        self._viewing, self._number, self._first, self._last = viewing, number, first, last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send as much as the viewing gives."""
        started = False

        async def chunk(data: bytes) -> None:
            nonlocal started
            if not started:
                started = True
                start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                await send(start)
            await send({"type": "http.response.body", "body": data, "more_body": True})

        try:
            await self._viewing.pump(chunk, self._first, self._last, self._number)
        except Fault:
            if not started:
                raise
            return  # the answer stays unfinished: the server drops the connection
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _range(header: str | None, total: int) -> tuple[int, int]:
    """One byte range (RFC 9110 section 14.1.2); several are not served.

    Raises:
        Fault: ``range-unsatisfiable``.
    """
    if header is None:
        return 0, total - 1
    unit, _, spec = header.partition("=")
    first, dash, last = spec.partition("-")
    if unit.strip() != "bytes" or not dash or "," in spec or not (first or last):
        raise Fault(FaultKind.RANGE_UNSATISFIABLE, "one byte range is served")
    if any(part and (not part.isdecimal() or len(part) > MAX_RANGE_DIGITS) for part in (first, last)):
        raise Fault(FaultKind.RANGE_UNSATISFIABLE, "not a byte range")
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last), total - 1) if first and last else total - 1
    if start > end:
        raise Fault(FaultKind.RANGE_UNSATISFIABLE, "outside the file")
    return start, end
