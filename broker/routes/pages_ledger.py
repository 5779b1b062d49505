"""The ledger for those who may read it: whether it holds, in words, and its newest entries without sealed parts."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from broker.decision.reading import Asked
from broker.evidence import Refused
from broker.routes.pages_frame import Desk, Section, Visitor, form_of, unknown_offer
from broker.web.offers import Offer
from broker.web.services import EntryShown, LedgerChecked
from conventions.faults import Fault
from conventions.terms import Operation, Purpose

NEWEST_COUNT = 100


@dataclass(frozen=True, slots=True)
class Checked(Section):
    """A ledger that was read: what its verification found, and its newest entries."""

    checked: LedgerChecked | None = None
    entries: tuple[EntryShown, ...] = ()


class LedgerPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The ledgers that can be asked for; reading one is a decision of its own."""
        return self._desk.pages.page(request, "ledger.html", **visitor.frame, offers=visitor.offers, section=None)

    async def read(self, request: Request, visitor: Visitor) -> Response:
        """Verify and list one ledger, or say why not."""
        controller = (await form_of(request)).get("titolare", "")
        offer = visitor.offer(controller) or unknown_offer(visitor, controller)
        section = await self._section(visitor, offer)
        name = "ledger_answer.html" if request.headers.get("hx-request") == "true" else "ledger.html"
        status = 403 if section.refused is not None else 200
        return self._desk.pages.page(request, name, status, **visitor.frame, offers=visitor.offers, section=section)

    async def _section(self, visitor: Visitor, offer: Offer) -> Section:
        services = self._desk.services
        asked = Asked(offer.controller, Operation.LOG_READ, purpose=Purpose.PROCESSING_OVERSIGHT)
        try:
            granted = await services.gate.read_within(visitor.caller, services.request(visitor.caller, asked, None))
            if isinstance(granted, Refused):
                return self._desk.refused(visitor, offer, granted)
            checked = await services.verify_ledger(offer.controller)
            entries = await services.ledger_entries(offer.controller, NEWEST_COUNT)
        except Fault as fault:
            return self._desk.failing(offer, fault)
        return Checked(offer, checked=checked, entries=entries)
