"""Cameras: the ones a person's deeds open, and the page on which one is watched.

A list is a read like any other (``inventory.list``). The page opens nothing by itself: pictures are asked for by
``POST /api/v1/viewings``, and what becomes of a viewing is told by ``stato`` as it happens.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from broker.decision.reading import Asked
from broker.delivery.states import State
from broker.evidence import Refused
from broker.routes.pages_frame import Desk, Section, Visitor, form_of, unknown_offer
from broker.web.languages import COOKIE, chosen
from broker.web.offers import Offer
from broker.web.walltime import form_local, parse_local
from broker.web.words import told
from conventions.calendars import end_of_day, local_date
from conventions.faults import Fault
from conventions.identifiers import CameraId, GrantId
from conventions.spans import instant
from conventions.terms import Operation

TOLD_EVERY_S = 0.1
"""How soon after a viewing ends its page knows."""
STILL_THERE_EVERY_S = 5.0
"""How often the page hears that nothing changed, and until when the grant holds now."""
LENGTHS_MIN = (1, 5, 10, 15, 30, 60, 120, 240, 480)
USUAL_MIN = 5
JUST_NOW = timedelta(minutes=6)
"""Where a recording begins that nobody chose: what just happened, to its end."""
BEFORE = timedelta(minutes=1)
"""A recording that is opened from a transit begins a little before it."""


class CameraPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request, visitor: Visitor) -> Response:
        """The cameras of every controller, in each one's own section."""
        if visitor.case is None:
            return RedirectResponse("/caso?verso=/telecamere", 303)
        sections = await asyncio.gather(*(self._inventory(visitor, offer) for offer in visitor.offers))
        return self._desk.pages.page(request, "cameras.html", **visitor.frame, sections=sections)

    async def one(self, request: Request, visitor: Visitor) -> Response:
        """One camera. One that no deed opens, or that does not exist, is asked for and refused alike."""
        controller, slug = request.path_params["controller"], request.path_params["slug"]
        if visitor.case is None:
            return RedirectResponse(f"/caso?verso={request.url.path}", 303)
        offer = visitor.offer(controller) or unknown_offer(visitor, controller)
        camera = next((found for found in offer.cameras if found.id == f"{controller}/{slug}"), None)
        cameras = () if camera is not None else (CameraId(f"{controller}/{slug}"),)
        section = await self._inventory(visitor, offer, cameras)
        if section.fault is not None:
            raise section.fault
        if section.refused is not None or camera is None:
            return self._desk.pages.page(
                request, "refused.html", 403, **visitor.frame, refused=section.refused, cited=section.cited
            )
        now_utc = self._desk.services.clock.now_utc()
        longest = offer.longest_recording(now_utc)
        starts_utc = now_utc - JUST_NOW
        if around := request.query_params.get("alle"):
            starts_utc = parse_local(around, "alle") - BEFORE
        return self._desk.pages.page(
            request,
            "camera.html",
            **visitor.frame,
            offer=offer,
            camera=camera,
            can_live=offer.opens(Operation.LIVE_VIEW, camera),
            can_play=offer.opens(Operation.RECORDING_VIEW, camera),
            starts=form_local(starts_utc),
            now_utc=now_utc,
            usual_s=USUAL_MIN * 60,
            lengths=[timedelta(minutes=count) for count in LENGTHS_MIN if timedelta(minutes=count) <= longest],
            longest=longest,
        )

    async def footage(self, request: Request, visitor: Visitor) -> Response:
        """Where footage of a camera exists on the day that the form names; a read like any other."""
        controller, slug = request.path_params["controller"], request.path_params["slug"]
        offer = visitor.offer(controller) or unknown_offer(visitor, controller)
        services, day = self._desk.services, (await form_of(request)).get("dal", "")[:10]
        starts_utc = parse_local(f"{day}T00:00", "dal")
        ends_utc = min(end_of_day(local_date(starts_utc)), services.clock.now_utc())
        spans = (instant(starts_utc), instant(ends_utc))
        asked = Asked(controller, Operation.INVENTORY_LIST, (f"{controller}/{slug}",), starts=spans[0], ends=spans[1])
        found = await services.gate.coverage(visitor.caller, services.request(visitor.caller, asked, visitor.case))
        refused = isinstance(found, Refused)
        section = self._desk.refused(visitor, offer, found) if isinstance(found, Refused) else Section(offer)
        shown = () if isinstance(found, Refused) else found
        frame = visitor.frame
        return self._desk.pages.page(
            request, "footage.html", 403 if refused else 200, **frame, section=section, spans=shown, day_utc=starts_utc
        )

    async def _inventory(self, visitor: Visitor, offer: Offer, cameras: tuple[str, ...] = ()) -> Section:
        services = self._desk.services
        asked = Asked(offer.controller, Operation.INVENTORY_LIST, cameras)
        try:
            request = services.request(visitor.caller, asked, visitor.case)
            granted = await services.gate.read_within(visitor.caller, request)
        except Fault as fault:
            return self._desk.failing(offer, fault)
        return self._desk.refused(visitor, offer, granted) if isinstance(granted, Refused) else Section(offer)

    async def state(self, request: Request, visitor: Visitor) -> Response:
        """What becomes of a viewing: once as JSON, or as it happens as a stream of events that ends with it."""
        grant_id = GrantId(request.path_params["grant"])
        language = chosen(request.cookies.get(COOKIE))
        now = self._state(visitor, grant_id, language)
        if "text/event-stream" not in request.headers.get("accept", ""):
            return JSONResponse(now)
        return StreamingResponse(
            self._as_it_happens(visitor, grant_id, language),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def _state(self, visitor: Visitor, grant_id: GrantId, language: str) -> Mapping[str, Any]:
        state = dict(self._desk.services.viewing_status(grant_id, visitor.caller))
        return {**state, **told(language, str(state["reason"]))} if state.get("reason") else state

    async def _as_it_happens(self, visitor: Visitor, grant_id: GrantId, language: str) -> AsyncIterator[str]:
        before, quiet_s = "", STILL_THERE_EVERY_S
        while before != State.TERMINATED:
            now = self._state(visitor, grant_id, language)
            if now["state"] != before or quiet_s >= STILL_THERE_EVERY_S:  # the term moves on at every new decision
                yield f"event: stato\ndata: {json.dumps(now, ensure_ascii=False)}\n\n"
                quiet_s = 0.0
            before = now["state"]
            await asyncio.sleep(TOLD_EVERY_S)
            quiet_s += TOLD_EVERY_S
