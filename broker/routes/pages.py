"""The pages of Varco: every address a person can open, in one place. They work without JavaScript, save the video."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from broker.identity.origin import local_path
from broker.routes.pages_cameras import CameraPages
from broker.routes.pages_case import CasePages
from broker.routes.pages_documents import DocumentPages
from broker.routes.pages_frame import SIGN_IN_FAILED, Desk
from broker.routes.pages_ledger import LedgerPages
from broker.routes.pages_search import SearchPages
from broker.routes.services import Services
from broker.web.assets import STATIC
from broker.web.languages import COOKIE, LANGUAGES
from broker.web.render import Pages
from conventions.faults import Fault, FaultKind
from conventions.terms import Reason

Endpoint = Callable[[Request], Awaitable[Response]]
A_YEAR_S = 31_536_000


def pages_of(services: Services) -> Desk:
    """The pages of an application."""
    return Desk(services, Pages(demonstration=services.demonstration, contact=services.contact))


def pages_routes(desk: Desk) -> APIRouter:
    """The routes of every page, and of the static files."""
    search, cameras = SearchPages(desk), CameraPages(desk)
    case, ledger, documents = CasePages(desk, search), LedgerPages(desk), DocumentPages(desk)
    signed_in: dict[tuple[str, str], Endpoint] = {
        ("GET", "/"): desk.signed_in(search.start),
        ("GET", "/ricerca"): desk.signed_in(search.again),
        ("POST", "/ricerca"): desk.signed_in(search.search),
        ("GET", "/caso"): desk.signed_in(case.show),
        ("POST", "/caso"): desk.signed_in(case.open),
        ("POST", "/caso/riferimento"): desk.signed_in(case.complete),
        ("POST", "/caso/chiusura"): desk.signed_in(case.close),
        ("GET", "/telecamere"): desk.signed_in(cameras.list),
        ("GET", "/telecamere/{controller}/{slug}"): desk.signed_in(cameras.one),
        ("POST", "/telecamere/{controller}/{slug}/filmati"): desk.signed_in(cameras.footage),
        ("GET", "/visioni/{grant}/stato"): desk.signed_in(cameras.state),
        ("GET", "/documenti"): desk.signed_in(documents.list),
        ("GET", "/documenti/{controller}/{kind}/{slug}"): desk.signed_in(documents.one),
        ("GET", "/registro"): desk.signed_in(ledger.show),
        ("POST", "/registro"): desk.signed_in(ledger.read),
    }
    anybody: dict[tuple[str, str], Endpoint] = {
        ("GET", "/accesso"): choose(desk),
        ("GET", "/dimostrazione"): about(desk),
        ("GET", "/lingua/{language}"): speak,
    }
    router = APIRouter()
    for (method, path), endpoint in (signed_in | anybody).items():
        router.add_route(path, endpoint, methods=[method], include_in_schema=False)
    router.routes.append(Mount("/static", StaticFiles(directory=STATIC), name="static"))
    return router


def choose(desk: Desk) -> Endpoint:
    """The body that vouches for the person; says why somebody is asked to sign in again."""

    async def endpoint(request: Request) -> Response:
        why = request.query_params.get("motivo", "")
        return desk.pages.page(
            request,
            "choose.html",
            issuers=desk.services.issuers.all(),
            return_to=local_path(request.query_params.get("verso")),
            names=desk.services.gate.standing.state.snapshot.names,
            reason=why if why in (Reason.SESSION_ENDED, Reason.ASSURANCE_TOO_LOW) else "",
            failed=why == SIGN_IN_FAILED,
        )

    return endpoint


def about(desk: Desk) -> Endpoint:
    """What is invented here; an installation that is no demonstration has no such page."""

    async def endpoint(request: Request) -> Response:
        if not desk.services.demonstration:
            return desk.faulted(request, Fault(FaultKind.RESOURCE_UNKNOWN, "no such page"))
        return desk.pages.page(request, "about.html")

    return endpoint


async def speak(request: Request) -> Response:
    """Remember the language that a person chose."""
    language = request.path_params["language"]
    answer = RedirectResponse("/", 303)
    if language in LANGUAGES:
        answer.set_cookie(COOKIE, language, max_age=A_YEAR_S, path="/", httponly=True, samesite="lax")
    return answer
