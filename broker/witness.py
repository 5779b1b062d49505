"""What identity and publication report, written into the right tree before anything follows from it.

Sign-ins, refused attempts and machine tokens concern no controller: they go to the installation's own tree. Persons,
workstations and sessions are sealed parts. Source: LEV-32.4, PM-2.8, design 2.
"""

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
from conventions.faults import Fault
from conventions.identifiers import INSTALLATION, BodyId
from conventions.verified import VerifiedDocument

SESSION, DOCUMENT = "session", "document"


class Witness:
    """Writes events; raises ``ledger-unavailable`` when it cannot, and then nothing may follow."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

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
                fields = {"event": "sign-in-refused", "issuer": event.issuer, "reason": event.kind}
                await self._note(fields, {"workstation": event.workstation})
            case MachineAdmitted():
                fields = {"event": "machine-admitted", "client": event.client_id, "of": event.controller}
                await self._note(fields, {"token": event.token_id})
            case MachineRefused():
                await self._note({"event": "machine-refused", "reason": event.kind}, {"workstation": event.workstation})

    async def refused_caller(self, fault: Fault, workstation: str) -> None:
        """Write an attempt by somebody who is not, or no longer, signed in (401)."""
        if isinstance(fault, SessionOver):
            await self._session({"event": "refused", "reason": fault.kind, "ending": fault.ending}, fault.session)
        else:
            await self._note({"event": "refused", "reason": fault.kind}, {"workstation": workstation})

    async def refused_request(self, caller: Operator | Official, fault: Fault) -> None:
        """Write a request that names what is not the person's: somebody else's case, or one that is closed."""
        fields: dict[str, object] = {"event": "refused", "reason": fault.kind, "of": fault.where, "body": caller.body}
        await self._session(fields, caller.session, person=caller.person)

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

    async def _note(self, fields: dict[str, object], parts: dict[str, str]) -> None:
        await self._ledger.note(INSTALLATION, SESSION, fields, parts)
