"""The plate box and its answer: one section per controller, each decided and written down by itself (R4)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from adapters.port import Transit
from broker.decision.reading import Asked
from broker.evidence import Case
from broker.pipeline import new_request_id
from broker.routes.pages_frame import Desk, Section, Visitor, form_of
from broker.web.case_form import CaseForm, blank
from broker.web.offers import Offer
from broker.web.walltime import Stretch, Wanted, span_wanted
from conventions.faults import Fault, FaultKind
from conventions.identifiers import Plate, RequestId
from conventions.spans import Span, instant
from conventions.terms import Operation


@dataclass(frozen=True, slots=True)
class Searched(Section):
    """A controller's answer to a plate."""

    rows: tuple[Transit, ...] = ()
    more: bool = False

    def camera_name(self, camera: str) -> str:
        """How a gate is called; its identifier when the deeds of this person name it no more."""
        return next((found.name for found in self.offer.cameras if found.id == camera), camera)


@dataclass(frozen=True, slots=True)
class Query:
    """What the plate form asks: the plate as typed, and how far back."""

    typed: str
    wanted: Wanted

    @property
    def shown(self) -> str:
        """The plate as it is searched; as typed when it is none."""
        try:
            return Plate(self.typed).text
        except Fault:
            return self.typed.strip().upper()

    @property
    def is_plate(self) -> bool:
        try:
            Plate(self.typed)
        except Fault:
            return False
        return True


class SearchPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def start(self, request: Request, visitor: Visitor) -> Response:
        """The plate box comes first."""
        return self._desk.pages.page(request, "search.html", **visitor.frame, asks_case=False)

    async def again(self, request: Request, visitor: Visitor) -> Response:
        """An answer has no address: whoever comes back to it starts anew."""
        return RedirectResponse("/", 303)

    async def search(self, request: Request, visitor: Visitor) -> Response:
        """Search, or ask first what for."""
        fields = await form_of(request)
        query = query_of(fields)
        if visitor.case is None and query.is_plate:
            form = await self.form(visitor, query)
            if form.purposes:
                return self.ask(request, visitor, query, form)
        return await self.answer(request, visitor, query, visitor.case)

    async def form(self, visitor: Visitor, query: Query) -> CaseForm:
        """The case form that carries this search along."""
        last = await asyncio.to_thread(self._desk.services.cases.last_purpose, visitor.caller.person)
        return blank(visitor.offers, last, "/", query.typed)

    def ask(self, request: Request, visitor: Visitor, query: Query, form: CaseForm, status: int = 200) -> Response:
        """Ask what the search is for."""
        shown: dict[str, Any] = {"asks_case": True, "form": form, "wanted": query.wanted, "plate": query.typed}
        return self._desk.pages.page(request, self._template(request), status, **visitor.frame, **shown)

    async def answer(self, request: Request, visitor: Visitor, query: Query, case: Case | None) -> Response:
        """The sections of every controller that reads plates."""
        span = span_wanted(query.wanted, self._desk.services.clock.now_utc())
        asked = [offer for offer in visitor.offers if offer.gates] or list(visitor.offers)
        joined = new_request_id()
        answers = (self._section(visitor, offer, query, span, case, joined) for offer in asked)
        sections = await asyncio.gather(*answers)
        shown: dict[str, Any] = {
            "asks_case": False,
            "sections": sections,
            "span": span,
            "shown_plate": query.shown,
            "is_plate": query.is_plate,
            "plate": query.typed,
            "wanted": query.wanted,
        }
        frame = {**visitor.frame, "case": case}
        return self._desk.pages.page(request, self._template(request), **frame, **shown)

    async def _section(
        self, visitor: Visitor, offer: Offer, query: Query, span: Span, case: Case | None, joined: RequestId
    ) -> Section:
        services = self._desk.services
        asked = Asked(
            offer.controller,
            Operation.PLATE_SEARCH,
            offer.gates,
            starts=instant(span.start_utc),
            ends=instant(span.end_utc),
            plate=query.typed,
        )
        try:
            answer = await services.gate.search(visitor.caller, services.request(visitor.caller, asked, case, joined))
        except Fault as fault:
            return self._desk.failing(offer, fault)
        if answer.refused is not None:
            return self._desk.refused(visitor, offer, answer.refused)
        if answer.fault is not None or answer.transits is None:
            return self._desk.failing(offer, answer.fault or Fault(FaultKind.SOURCE_UNAVAILABLE, "no answer"))
        self._desk.outages.works(offer.controller)
        rows = sorted(answer.transits.rows, key=lambda row: row.at_utc, reverse=True)
        return Searched(offer, rows=tuple(rows), more=answer.transits.more)

    @staticmethod
    def _template(request: Request) -> str:
        return "answer.html" if request.headers.get("hx-request") == "true" else "search.html"


def query_of(fields: Mapping[str, str]) -> Query:
    """What the fields of the plate form ask."""
    word = fields.get("tratto", "")
    stretch = Stretch(word) if word in set(Stretch) else Stretch.DAY
    return Query(fields.get("targa", "")[:64], Wanted(stretch, fields.get("dal", ""), fields.get("al", "")))
