"""The case: opened once with its purpose, completed when its reference comes, closed."""

import asyncio

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from broker.evidence import Case
from broker.identity.origin import local_path
from broker.routes.pages_frame import Desk, Visitor, form_of
from broker.routes.pages_search import SearchPages, query_of
from broker.web.case_form import CaseForm, Wrong, blank, filled, wrong
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CaseId
from conventions.terms import Ground, Purpose


class CasePages:
    def __init__(self, desk: Desk, search: SearchPages) -> None:
        self._desk = desk
        self._search = search

    async def show(self, request: Request, visitor: Visitor) -> Response:
        """The open case, or the form that opens one."""
        return await self.page(request, visitor, local_path(request.query_params.get("verso")))

    async def page(
        self, request: Request, visitor: Visitor, then: str, form: CaseForm | None = None, status: int = 200
    ) -> Response:
        """The case page; ``then`` is where an opened case leads."""
        shown = form or await self._blank(visitor, then)
        return self._desk.pages.page(request, "case.html", status, **visitor.frame, form=shown, owed=visitor.owed)

    async def open(self, request: Request, visitor: Visitor) -> Response:
        """Open a case; for a search, answer it at once."""
        fields = await form_of(request)
        query = query_of(fields)
        then = local_path(fields.get("verso"))
        empty = await self._search.form(visitor, query) if query.typed else await self._blank(visitor, then)
        form = filled(empty, fields)
        opened = form if form.wrong else await self._opened(visitor, form)
        if isinstance(opened, CaseForm):
            if query.typed:
                return self._search.ask(request, visitor, query, opened, 422)
            return await self.page(request, visitor, then, opened, 422)
        if query.typed:
            return await self._search.answer(request, visitor, query, opened)
        return RedirectResponse(then, 303)

    async def complete(self, request: Request, visitor: Visitor) -> Response:
        """Add the reference that was to follow."""
        fields = await form_of(request)
        services, caller = self._desk.services, visitor.caller
        case_id = CaseId(fields.get("caso", ""))
        await services.docket.complete(caller, case_id, fields.get("riferimento", ""))
        if request.headers.get("hx-request") == "true":
            fresh = await self._desk.visitor(caller)
            return self._desk.pages.page(request, "nothing.html", **fresh.frame)
        return RedirectResponse("/caso", 303)

    async def close(self, request: Request, visitor: Visitor) -> Response:
        """Close the case before its time."""
        fields = await form_of(request)
        case_id = CaseId(fields.get("caso", ""))
        await self._desk.services.docket.close(visitor.caller, case_id)
        return RedirectResponse("/caso", 303)

    async def _blank(self, visitor: Visitor, then: str) -> CaseForm:
        last = await asyncio.to_thread(self._desk.services.cases.last_purpose, visitor.caller.person)
        return blank(visitor.offers, last, then)

    async def _opened(self, visitor: Visitor, form: CaseForm) -> Case | CaseForm:
        """The case, or the form again when the deeds or the words do not allow one."""
        services, caller = self._desk.services, visitor.caller
        purpose = Purpose(form.purpose or "")
        ground = Ground(form.ground) if form.ground else None
        follows = ground is not None and not form.reference
        due_utc = services.reference_due(caller, purpose) if follows else None
        if follows and due_utc is None:
            return wrong(form, Wrong.CANNOT_FOLLOW)
        try:
            return await services.docket.open(
                caller,
                purpose,
                ground,
                form.reference or None,
                reference_due_utc=due_utc,
                on_behalf_of=form.on_behalf_of or None,
            )
        except Fault as fault:
            if fault.kind is not FaultKind.REQUEST_MALFORMED:
                raise
            return wrong(form, Wrong.WORDS)
