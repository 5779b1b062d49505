"""What the routes need, put together by ``app``; and the dependency that gives the person behind a request."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from fastapi import Request

from broker.clock import Clock
from broker.decision.reading import Asked, again
from broker.docket import Docket
from broker.evidence import AccessRequest, Case, Official, Operator
from broker.identity.cases import Cases
from broker.identity.identify import Identities
from broker.identity.origin import require_same_origin, workstation_of
from broker.identity.trust import Issuers
from broker.instructions import Instructions
from broker.ledger import offline
from broker.ledger.reading import Entry
from broker.ledger.sqlite import FILE_NAME
from broker.pipeline import Gate
from broker.publication import Publication
from broker.refusals import sentence
from broker.replay import Verdict, replay
from broker.routes.handles import Handles
from broker.routes.signin import Cookies
from broker.storage import Store
from broker.web.offers import offers
from broker.web.services import EntryShown, LedgerChecked
from broker.witness import Witness
from conventions.calendars import add_duration
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CameraId, CaseId, GrantId, RequestId
from conventions.spans import parse_instant
from conventions.terms import Purpose, Reason
from conventions.verified import VerifiedDocument

Person = Operator | Official
T = TypeVar("T")
_HEAVY = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit")
"""Verification and replay read a whole ledger: one at a time, never on the threads that identify people."""


async def beside(work: Callable[[], T]) -> T:
    """Do what is heavy after what was asked for before it."""
    return await asyncio.get_running_loop().run_in_executor(_HEAVY, work)


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the running application that routes and pages use."""

    gate: Gate
    identities: Identities
    issuers: Issuers
    cases: Cases
    docket: Docket
    instructions: Instructions
    store: Store
    publication: Publication
    witness: Witness
    clock: Clock
    handles: Handles
    cookies: Cookies
    base_url: str
    contact: str
    demonstration: bool

    def caller(self, request: Request) -> Person:
        """Who sends a page request; raises as ``identify``."""
        return self.identities.identify(request.cookies.get(self.cookies.session))

    def documents(self) -> tuple[VerifiedDocument, ...]:
        """The documents in force now."""
        return self.publication.register.in_force(self.clock.now_utc())

    async def case(self, caller: Person, case_id: str | None) -> Case | None:
        """The caller's open case; ``None`` when none was named. Another's is asked for in vain, and recorded.

        Raises:
            Fault: ``resource-unknown``.
        """
        if case_id is None:
            return None
        try:
            if not case_id.isascii():  # no identifier of ours, and perhaps no text that a database takes
                raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such case", where="case")
            return await asyncio.to_thread(self.cases.use, CaseId(case_id), caller.person)
        except Fault as fault:
            await self.witness.refused_request(caller, fault)
            raise

    def request(
        self, caller: Person, asked: Asked, case: Case | None, joined: RequestId | None = None
    ) -> AccessRequest:
        """Read a request; a person who owes a reference past its time asks nothing more that needs one."""
        overdue = bool(self.cases.overdue(caller.person, self.clock.now_utc()))
        owed = frozenset({Reason.REFERENCE_OVERDUE}) if overdue else frozenset[Reason]()
        found = self.gate.read(asked, case, owed, joined)
        return again(found, found.case, accepted=self.instructions.accepted(caller, found.controller))

    async def verify_ledger(self, controller: BodyId) -> LedgerChecked:
        """Recompute a controller's tree with the offline verifier, beside the writer."""
        book = self.gate.ledger

        def run() -> LedgerChecked:
            key = book.reading(controller).verifier_key()
            report = offline.verify(book.homes[controller].folder / FILE_NAME, [key])
            found = report.finding
            bad = None if found is None else found.index
            fault = "" if found is None else f"{found.what}: {found.detail}"
            return LedgerChecked(report.entries_count, report.root, self.clock.now_utc(), bad, fault)

        return await beside(run)

    async def ledger_entries(self, controller: BodyId, limit_count: int) -> tuple[EntryShown, ...]:
        """The newest entries, newest first, without sealed parts."""

        def run() -> tuple[EntryShown, ...]:
            reading = self.gate.ledger.reading(controller)
            size = reading.size()
            return tuple(shown(entry) for entry in reversed(tuple(reading.entries(max(0, size - limit_count), size))))

        return await asyncio.to_thread(run)

    async def read_entries(self, controller: BodyId, first: int, count: int) -> list[dict[str, Any]]:
        """Entries as they stand in the tree."""

        def read() -> list[dict[str, Any]]:
            reading = self.gate.ledger.reading(controller)
            last = min(reading.size(), first + count)
            return [{"index": entry.index, **entry.body} for entry in reading.entries(first, last)]

        return await asyncio.to_thread(read)

    async def replay(self, controller: BodyId) -> dict[str, Any]:
        """Replay every decision of a controller's ledger; how many came out how, and those that differ."""

        def run() -> dict[str, Any]:
            reading = self.gate.ledger.reading(controller)
            found = replay(((entry.index, entry.body) for entry in reading.entries()), self.publication.recalling())
            counts = dict.fromkeys(Verdict, 0)
            different = []
            for one in found:
                counts[one.verdict] += 1
                if one.verdict is Verdict.DIFFERENT:
                    different.append({"index": one.index, "recorded": one.recorded, "seen": one.seen})
            return {**{str(verdict): count for verdict, count in counts.items()}, "differences": different}

        return await beside(run)

    def reference_due(self, caller: Person, purpose: Purpose) -> datetime | None:
        """By when a reference must follow: the shortest term of the deeds that let this body defer it (R3)."""
        now_utc = self.clock.now_utc()
        deeds = self.gate.standing.state.snapshot.conventions.items()
        terms = [
            add_duration(now_utc, deed.reference_due)
            for (_, body), found in deeds
            if body == caller.body
            for deed in found
            if deed.reference_due is not None and any(purpose in clause.purposes for clause in deed.clauses)
        ]
        return min(terms, default=None)

    def plate_cameras(self, caller: Person, controller: str) -> tuple[CameraId, ...]:
        """The gates of a controller that a deed opens to the person: what a plate search asks about."""
        found = offers(self.gate.standing.state.snapshot, caller)
        return next((offer.gates for offer in found if offer.controller == controller), ())

    def viewing_status(self, grant_id: GrantId, caller: Person) -> Mapping[str, Any]:
        """State of a viewing of this session; once it has ended, why, and what the person is told."""
        status = dict(self.gate.viewings.status(grant_id, caller.session.session_id))
        if status.get("reason"):
            words = sentence(Reason(str(status["reason"])))
            status |= {"sentence": words.italian, "article": words.article, "ask": words.ask}
        return status


def shown(entry: Entry) -> EntryShown:
    """An entry as a list shows it."""
    body = entry.body
    facts = body.get("facts") or [{}]
    reasons = body.get("reasons") or [body.get("ending") or body.get("event") or ""]
    return EntryShown(
        index=entry.index,
        at_utc=parse_instant(str(body["at"])),
        what=str(body.get("decision") or body["kind"]),
        operation=str(body.get("operation") or ""),
        requesting_body=str(facts[0].get("requesting_body", "")),
        purpose=str(body.get("purpose") or ""),
        reason=str(reasons[0] or ""),
        cameras=tuple(body.get("cameras") or ()),
    )


async def person(request: Request) -> Person:
    """Step 1 for persons: the cookie's session. A refused attempt is written down first.

    Raises:
        Fault: ``not-authenticated``, ``session-ended``, ``assurance-too-low``; ``request-malformed`` from another site.
    """
    services: Services = request.app.state.services
    require_same_origin(request.method, request.headers, services.base_url)
    try:
        return await asyncio.to_thread(services.identities.identify, request.cookies.get(services.cookies.session))
    except Fault as fault:
        if fault.kind is not FaultKind.LEDGER_UNAVAILABLE:
            host = request.client.host if request.client is not None else None
            await services.witness.refused_caller(fault, workstation_of(host))
        raise
