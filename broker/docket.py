"""Cases with their entries: opened, completed, closed, each written down beside the table.

A reference that follows becomes part of the record only here; it is sealed to the requesting body's key as well, like
every police particular. The entries concern no controller, so they stand in the installation's tree.
Source: design 5; PM-3.1 as corrected, PM-3.18, c.p.p. 329 (design 7).
"""

import asyncio
from datetime import datetime

from broker.evidence import Case, Official, Operator
from broker.identity.cases import Cases
from broker.ledger.ledger import Ledger
from conventions.identifiers import INSTALLATION, CaseId
from conventions.terms import Ground, Purpose

CASE = "case"


class Docket:
    """The cases of persons, and what is written of them."""

    def __init__(self, cases: Cases, ledger: Ledger) -> None:
        self._cases = cases
        self._ledger = ledger

    async def open(
        self,
        caller: Operator | Official,
        purpose: Purpose,
        ground: Ground | None,
        reference: str | None,
        *,
        reference_due_utc: datetime | None = None,
        on_behalf_of: str | None = None,
    ) -> Case:
        """Open a case; raises as ``Cases.open``, and ``ledger-unavailable``."""
        case = await asyncio.to_thread(
            self._cases.open,
            caller.person,
            purpose,
            ground,
            reference,
            reference_due_utc=reference_due_utc,
            on_behalf_of=on_behalf_of,
        )
        await self._note("opened", case, caller)
        return case

    async def complete(self, caller: Operator | Official, case_id: CaseId, reference: str) -> Case:
        """Add the reference that was to follow; raises as ``Cases.complete``, and ``ledger-unavailable``."""
        case = await asyncio.to_thread(self._cases.complete, case_id, caller.person, reference)
        await self._note("completed", case, caller)
        return case

    async def close(self, caller: Operator | Official, case_id: CaseId) -> None:
        """Close a case before its time; raises as ``Cases.close``, and ``ledger-unavailable``."""
        case = await asyncio.to_thread(self._cases.use, case_id, caller.person)
        await asyncio.to_thread(self._cases.close, case_id, caller.person)
        await self._note("closed", case, caller)

    async def _note(self, event: str, case: Case, caller: Operator | Official) -> None:
        fields = {"event": event, "case": case.case_id, "body": caller.body, "purpose": case.purpose}
        parts = {"person": str(case.person), "session": str(caller.session.session_id)}
        if case.reference is not None:
            parts["reference"] = case.reference
        if case.on_behalf_of is not None:
            parts["on_behalf_of"] = case.on_behalf_of
        keys = self._ledger.homes[INSTALLATION].key_folder(self._ledger.installation)
        sealed_to = caller.body if keys.body_key(caller.body) is not None else None
        await self._ledger.note(INSTALLATION, CASE, fields, parts, regime="led", two_key=sealed_to)
