"""What every page has in common: who looks, in which case, and what becomes of a fault.

A page is asked for by a signed-in person or sends the browser to sign in. INVARIANT: a plate is never part of an
address, a title or a log line; it travels in the body of a POST and back in the answer's text.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broker.decision.snapshot import Snapshot
from broker.evidence import Case, Refused
from broker.problems import PROBLEMS
from broker.routes.services import Person, Services, person
from broker.web.offers import Offer, cited, offers
from broker.web.outages import Outages
from broker.web.render import Pages
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

log = structlog.get_logger()
FORM_LIMIT_BYTES = 16 * 1024
FIELDS_LIMIT_COUNT = 20
CALLBACK, SIGN_IN_FAILED = "/callback/", "accesso-non-riuscito"
NOT_PAGES = ("/api/", "/access/", "/oauth2/", "/.well-known/", "/backchannel-logout/")
SIGN_IN_AGAIN = frozenset({FaultKind.NOT_AUTHENTICATED, FaultKind.SESSION_ENDED, FaultKind.ASSURANCE_TOO_LOW})


@dataclass(frozen=True, slots=True)
class Shown:
    """The signed-in person as the frame shows it: a role and a number."""

    title: str
    body_name: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person, the case now open, and what the deeds in force offer."""

    caller: Person
    snapshot: Snapshot
    offers: tuple[Offer, ...]
    case: Case | None
    owed: tuple[Case, ...]
    """Cases whose reference is still due, the open one left out."""

    def offer(self, controller: str) -> Offer | None:
        """What a controller offers; none where no deed binds it to the person's body."""
        return next((found for found in self.offers if found.controller == controller), None)

    @property
    def frame(self) -> dict[str, Any]:
        """What the frame around a page needs."""
        keys = ((offer.controller, self.caller.person) for offer in self.offers)
        listed = next((self.snapshot.listed[key] for key in keys if key in self.snapshot.listed), None)
        title = listed.person.title if listed is not None else self.caller.person.split("/", 1)[1]
        name = self.snapshot.names.get(self.caller.body, self.caller.body)
        return {"person": Shown(title, name), "case": self.case, "names": self.snapshot.names}


@dataclass(frozen=True, slots=True)
class Section:
    """One controller's part of a page: an answer, a refusal or a failure. Sections are never merged (R4)."""

    offer: Offer
    refused: Refused | None = None
    cited: tuple[str, ...] = ()
    fault: Fault | None = None
    since_utc: Any = None


Handler = Callable[[Request, Visitor], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]


class Desk:
    """The pages of one application."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self.services = services
        self.pages = pages
        self.outages = Outages()

    def signed_in(self, handler: Handler) -> Endpoint:
        """A page for signed-in persons; others are sent to sign in."""

        async def endpoint(request: Request) -> Response:
            try:
                caller = await person(request)
                return await handler(request, await self.visitor(caller))
            except Fault as fault:
                return self.faulted(request, fault)

        return endpoint

    async def visitor(self, caller: Person) -> Visitor:
        snapshot = self.services.gate.standing.state.snapshot
        cases = await asyncio.to_thread(self.services.cases.open_of, caller.person)
        pending = await asyncio.to_thread(self.services.cases.pending_of, caller.person)
        case = cases[0] if cases else None
        owed = tuple(one for one in pending if case is None or one.case_id != case.case_id)
        return Visitor(caller, snapshot, offers(snapshot, caller), case, owed)

    def page_of(self, request: Request, fault: Fault) -> Response | None:
        """A fault as a page, for a browser that goes to an address of ours; nothing for a program."""
        if request.url.path.startswith(NOT_PAGES) or "text/html" not in request.headers.get("accept", ""):
            return None
        return self.faulted(request, fault)

    def faulted(self, request: Request, fault: Fault) -> Response:
        """A fault as a page; without a session, the way to sign in."""
        if fault.kind in SIGN_IN_AGAIN:
            back = request.url.path.startswith(CALLBACK)
            wanted = {"verso": request.url.path} if request.method == "GET" and not back else {}
            there = f"/accesso?{urlencode({**wanted, 'motivo': SIGN_IN_FAILED if back else str(fault.kind)})}"
            if request.headers.get("hx-request") == "true":
                return Response(status_code=401, headers={"HX-Redirect": there})
            return RedirectResponse(there, 303)
        if PROBLEMS[fault.kind].status >= 500:
            log.error("page.fault", kind=fault.kind, path=request.url.path)
        since_utc = self.outages.failed("", fault.kind, self.services.clock.now_utc())
        return self.pages.failed(request, fault, since_utc)

    def refused(self, visitor: Visitor, offer: Offer, refused: Refused) -> Section:
        """A refused section with the articles that the decision cites."""
        return Section(offer, refused=refused, cited=cited(visitor.snapshot, visitor.caller.body, refused.clauses))

    def failing(self, offer: Offer, fault: Fault) -> Section:
        """A section that failed, and since when."""
        since_utc = self.outages.failed(offer.controller, fault.kind, self.services.clock.now_utc())
        return Section(offer, fault=fault, since_utc=since_utc)


def unknown_offer(visitor: Visitor, controller: str) -> Offer:
    """A controller that offers nothing: its answer will be a refusal, and is asked for like any other."""
    body = BodyId(controller)
    return Offer(body, visitor.snapshot.names.get(body, controller), "", (), (), (), None)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once, without reading more than a form is long.

    Raises:
        Fault: ``request-malformed``.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT_BYTES:
            raise Fault(FaultKind.REQUEST_MALFORMED, "the form is too large")
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_LIMIT_COUNT)
    except ValueError:
        raise Fault(FaultKind.REQUEST_MALFORMED, "the form is not readable") from None
    if len({name for name, _ in fields}) != len(fields):
        raise Fault(FaultKind.REQUEST_MALFORMED, "a field stands twice")
    return dict(fields)
