"""A person accepts the instructions that a controller gives to its operators: written down first, then it counts.

The partner's declaration on the list suffices; this is the other way, for who reads them here. Source: PM-2.10.
"""

import asyncio
from dataclasses import dataclass

from broker.decision.state import Standing
from broker.evidence import Official, Operator
from broker.identity.acceptances import Acceptances
from broker.identity.identify import Identities
from broker.witness import Witness
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId


@dataclass(frozen=True, slots=True)
class Instructions:
    """What each person accepted of each controller."""

    acceptances: Acceptances
    witness: Witness
    identities: Identities
    standing: Standing

    def accepted(self, caller: Operator | Official, controller: BodyId) -> frozenset[str]:
        """The versions of this controller's instructions that the person accepted."""
        return self.acceptances.versions(caller.person, controller)

    async def accept(self, caller: Operator | Official, controller: BodyId, version: str) -> None:
        """Accept the version in force for the person.

        Raises:
            Fault: ``resource-unknown``, recorded, when no list of this controller gives that version to this person;
                ``ledger-unavailable``: nothing was accepted.
        """
        if self._current(caller, controller) != version:
            fault = Fault(FaultKind.RESOURCE_UNKNOWN, "no such instructions for this person", where="instructions")
            await self.witness.refused_request(caller, fault)
            raise fault
        await self.witness.accepted(caller, controller, version)
        await asyncio.to_thread(self.acceptances.accept, caller.person, controller, version)

    def _current(self, caller: Operator | Official, controller: BodyId) -> str | None:
        session = caller.session
        named = self.identities.directory.people_at(controller, session.issuer, session.subject)
        found = self.standing.state.snapshot.listed.get((controller, named[0].person)) if len(named) == 1 else None
        return found.listing.instructions if found is not None else None
