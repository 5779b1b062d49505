"""What identity and publication report, written into the right tree before anything follows from it.

Sign-ins, refused attempts and machine tokens concern no controller: they go to the installation's own tree. Persons,
workstations and sessions are sealed parts. Source: LEV-32.4, PM-2.8, design 2.
"""

import asyncio
from collections.abc import Mapping

import structlog

from broker.clock import Clock
from broker.evidence import Official, Operator, Session
from broker.identity.events import (
    IdentityEvent,
    MachineAdmitted,
    MachineRefused,
    SessionClosed,
    SessionOver,
    SignedIn,
    SignInRefused,
)
from broker.ledger.ledger import Ledger
from broker.tally import SINGLE_COUNT, Tally
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId
from conventions.spans import instant
from conventions.verified import VerifiedDocument

log = structlog.get_logger()
SESSION, DOCUMENT, ADMINISTRATION = "session", "document", "administration"
SUM_UP_EVERY_S = 10.0
"""How often it is looked whether a minute of counted attempts is over."""


class Witness:
    """Writes events; raises ``ledger-unavailable`` when it cannot, and then nothing may follow."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._tally = Tally(clock)

    async def run(self) -> None:
        """Write how many attempts of strangers were only counted, until cancelled."""
        while True:
            await asyncio.sleep(SUM_UP_EVERY_S)
            await self.sum_up()

    async def sum_up(self, *, everything: bool = False) -> None:
        """One entry for each count of a minute that is over; what cannot be written now is written later."""
        left = self._tally.take(everything=everything)
        while left:
            one = left.pop(0)
            span = {"count": one.count, "from": instant(one.first_utc), "until": instant(one.last_utc)}
            try:
                await self._note({**dict(one.kind), **span}, {"workstation": one.place})
            except Fault as fault:
                log.error("witness.unwritten", kind=fault.kind)
                self._tally.give_back([one, *left])
                return

    async def identity(self, event: IdentityEvent) -> None:
        """Write what happened at sign-in, sign-out or the token endpoint."""
        match event:
            case SignedIn():
                fields = {"event": "signed-in", "body": event.caller.body, "listed": event.listed}
                await self._session(fields, event.caller.session, person=event.caller.person)
                for closed in event.displaced:
                    await self.identity(closed)
            case SessionClosed():
                await self._session({"event": "session-closed", "ending": event.ending}, event.session)
            case SignInRefused():
                refused = {"event": "sign-in-refused", "issuer": event.issuer, "reason": event.kind}
                await self._stranger(refused, event.workstation)
            case MachineAdmitted():
                fields = {"event": "machine-admitted", "client": event.client_id, "of": event.controller}
                await self._note(fields, {"token": event.token_id})
            case MachineRefused():
                await self._stranger({"event": "machine-refused", "reason": event.kind}, event.workstation)

    async def refused_caller(self, fault: Fault, workstation: str) -> None:
        """Write an attempt by somebody who is not, or no longer, signed in (401)."""
        if isinstance(fault, SessionOver):
            await self._session({"event": "refused", "reason": fault.kind, "ending": fault.ending}, fault.session)
        elif fault.kind is FaultKind.POLICY_UNAVAILABLE:  # known after the session was: no stranger gets there
            await self._note({"event": "refused", "reason": fault.kind}, {"workstation": workstation})
        else:
            await self._stranger({"event": "refused", "reason": fault.kind}, workstation)

    async def refused_request(self, caller: Operator | Official, fault: Fault) -> None:
        """Write a request that names what is not the person's: somebody else's case, or one that is closed."""
        fields: dict[str, object] = {"event": "refused", "reason": fault.kind, "of": fault.where, "body": caller.body}
        await self._session(fields, caller.session, person=caller.person)

    async def accepted(self, caller: Operator | Official, controller: BodyId, version: str) -> None:
        """Write that a person accepted a controller's instructions, in that controller's tree."""
        fields = {"event": "instructions-accepted", "version": version, "body": caller.body}
        parts = {"person": str(caller.person), "session": str(caller.session.session_id)}
        await self._ledger.note(controller, ADMINISTRATION, fields, parts)

    async def published(self, verified: VerifiedDocument, generation: str) -> None:
        """Write that a document came into the register, in its controller's tree, with its signers' offices."""
        controller = BodyId(verified.document.controller)
        fields = {
            "event": "published",
            "document": verified.id,
            "version": verified.version,
            "sha256": verified.sha256,
            "sequence": verified.sequence,
            "signers": [f"{signer.body} {signer.role}" for signer in verified.signers],
            "generation": generation,
        }
        tree = controller if controller in self._ledger.homes else INSTALLATION
        await self._ledger.note(tree, DOCUMENT, fields, {})

    async def _session(self, fields: dict[str, object], session: Session, person: str | None = None) -> None:
        parts = {"session": str(session.session_id), "subject": session.subject, "workstation": session.workstation}
        if person is not None:
            parts["person"] = person
        await self._note({**fields, "issuer": session.issuer}, parts)

    async def _stranger(self, fields: Mapping[str, str], workstation: str) -> None:
        """Write an attempt by nobody known, or count it when the place has made many within a minute."""
        if self._tally.stands_alone(tuple(fields.items()), workstation):
            await self._note(dict(fields), {"workstation": workstation})

    async def _note(self, fields: dict[str, object], parts: dict[str, str]) -> None:
        await self._ledger.note(INSTALLATION, SESSION, fields, parts)


__all__ = ["SINGLE_COUNT", "Witness"]
