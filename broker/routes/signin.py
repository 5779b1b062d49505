"""Routes of signing in and out, of the issuers' back channel, and of the machines' token endpoint.

INVARIANT: what happened is recorded before the cookie or the token is handed out; unrecorded, neither leaves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from broker.clock import Clock
from broker.identity.events import Ending, IdentityEvent, MachineAdmitted, MachineRefused, SignInRefused
from broker.identity.identify import Identities
from broker.identity.machines import Machines
from broker.identity.origin import require_same_origin, workstation_of
from broker.identity.sessions import session_id_of
from broker.identity.sign_in import SIGN_IN_LASTS, SignIn
from conventions.faults import Fault, FaultKind

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FORM_LIMIT_BYTES = 32 * 1024


@dataclass(frozen=True, slots=True)
class SignInServices:
    """What these routes need. ``record`` writes an event durably and raises when it cannot."""

    identities: Identities
    sign_in: SignIn
    machines: Machines
    templates: Environment
    record: Callable[[IdentityEvent], Awaitable[None]]
    clock: Clock
    base_url: str

    @property
    def cookies(self) -> "Cookies":
        return Cookies(secure=urlsplit(self.base_url).scheme == "https")


@dataclass(frozen=True, slots=True)
class Cookies:
    """Names and attributes of our cookies: tied to this very host when there is TLS."""

    secure: bool

    @property
    def session(self) -> str:
        return "__Host-varco" if self.secure else "varco"

    @property
    def sign_in(self) -> str:
        return "__Host-varco-sign-in" if self.secure else "varco-sign-in"

    def set(self, answer: Response, name: str, value: str, lasts_s: float) -> None:
        answer.set_cookie(
            name, value, max_age=int(lasts_s), path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def forget(self, answer: Response, name: str) -> None:
        answer.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


def sign_in_routes(services: SignInServices) -> APIRouter:
    """The routes over given components."""
    router = APIRouter(tags=["sign-in"])
    cookies = services.cookies

    @router.get("/login", response_class=HTMLResponse)
    async def choose(request: Request) -> Response:
        """Show the issuers to choose from."""
        page = services.templates.get_template("choose.html").render(
            issuers=services.identities.issuers.all(), return_to=request.query_params.get("return_to", "/")
        )
        return HTMLResponse(page, headers=NO_STORE)

    @router.get("/login/{path}", response_class=RedirectResponse)
    async def begin(path: str, request: Request) -> Response:
        """Go to the issuer."""
        wish = request.query_params
        begun = await services.sign_in.begin(path, return_to=wish.get("return_to"), acr=wish.get("acr"))
        answer = RedirectResponse(begun.url, 303, headers=NO_STORE)
        cookies.set(answer, cookies.sign_in, begun.browser, SIGN_IN_LASTS.total_seconds())
        return answer

    @router.get("/callback/{path}", response_class=RedirectResponse)
    async def complete(path: str, request: Request) -> Response:
        """Come back from the issuer."""
        try:
            if len(request.query_params.multi_items()) != len(request.query_params):
                raise Fault(FaultKind.REQUEST_MALFORMED, "a parameter stands twice")
            admission = await services.sign_in.complete(
                path,
                request.query_params,
                browser=request.cookies.get(cookies.sign_in),
                workstation=_workstation(request),
                cookie_before=request.cookies.get(cookies.session),
            )
        except Fault as fault:
            await services.record(_refused(services, path, fault, request))
            raise
        await services.record(admission.event)
        answer = RedirectResponse(admission.return_to, 303, headers=NO_STORE)
        session = admission.event.caller.session
        cookies.set(
            answer, cookies.session, admission.cookie, (session.expires_utc - session.started_utc).total_seconds()
        )
        cookies.forget(answer, cookies.sign_in)
        return answer

    @router.post("/logout", response_class=RedirectResponse)
    async def log_out(request: Request) -> Response:
        """End the session of this browser."""
        require_same_origin(request.method, request.headers, services.base_url)
        cookie = request.cookies.get(cookies.session)
        if cookie is not None and cookie.isascii():
            ended = services.identities.sessions.end
            for event in await asyncio.to_thread(ended, session_id_of(cookie), Ending.LOGGED_OUT):
                await services.record(event)
        answer = RedirectResponse("/login", 303, headers={**NO_STORE, "Clear-Site-Data": '"cache", "storage"'})
        cookies.forget(answer, cookies.session)
        return answer

    @router.post("/backchannel-logout/{path}")
    async def back_channel(path: str, request: Request) -> Response:
        """An issuer reports that somebody logged out there."""
        try:
            form = await _form(request)
            closed = await services.sign_in.back_channel_logout(path, form.get("logout_token", ""))
        except Fault as fault:
            await services.record(_refused(services, path, fault, request))
            error = {"error": "invalid_request", "error_description": fault.detail}
            return JSONResponse(error, 400, headers=NO_STORE)
        for event in closed:
            await services.record(event)
        return Response(status_code=200, headers=NO_STORE)

    @router.post("/oauth2/token")
    async def token(request: Request) -> Response:
        """Give a machine a token for its signed assertion."""
        try:
            issued = await asyncio.to_thread(services.machines.issue, await _form(request))
        except Fault as fault:
            workstation = _workstation(request)
            await services.record(MachineRefused(fault.kind, fault.detail, workstation, services.clock.now_utc()))
            return _token_error(fault)
        machine = issued.machine
        await services.record(
            MachineAdmitted(machine.client_id, machine.controller, machine.token_id, services.clock.now_utc())
        )
        body = {"access_token": issued.token, "token_type": "Bearer", "expires_in": issued.lasts_s}
        return JSONResponse(body, headers=NO_STORE)

    return router


def _refused(services: SignInServices, path: str, fault: Fault, request: Request) -> SignInRefused:
    """The record of a refused sign-in; an issuer is named only where there is one, never in the visitor's words."""
    issuer = next((trust.issuer for trust in services.identities.issuers.all() if trust.path == path), "")
    return SignInRefused(issuer, fault.kind, fault.detail, _workstation(request), services.clock.now_utc())


def _workstation(request: Request) -> str:
    return workstation_of(request.client.host if request.client is not None else None)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, each once.

    Raises:
        Fault: ``request-malformed``.
    """
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT_BYTES:
            raise Fault(FaultKind.REQUEST_MALFORMED, "the form is too large")
    if declared != "application/x-www-form-urlencoded":
        raise Fault(FaultKind.REQUEST_MALFORMED, "a form is expected")
    try:
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise Fault(FaultKind.REQUEST_MALFORMED, "the form is not readable") from None
    if len({name for name, _ in fields}) != len(fields):
        raise Fault(FaultKind.REQUEST_MALFORMED, "a parameter stands twice")
    return dict(fields)


def _token_error(fault: Fault) -> Response:
    """RFC 6749 5.2."""
    if fault.kind is FaultKind.NOT_AUTHENTICATED:
        return JSONResponse({"error": "invalid_client"}, 401, headers=NO_STORE)
    error = "unsupported_grant_type" if fault.where == "grant_type" else "invalid_request"
    return JSONResponse({"error": error, "error_description": fault.detail}, 400, headers=NO_STORE)
