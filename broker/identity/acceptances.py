"""Who accepted which version of the instructions. Source: PM-2.10."""

from broker.changes import Changes, OperatorChanged
from broker.clock import Clock
from broker.storage import Store
from broker.storage.tables import AcceptanceRow
from conventions.identifiers import PersonId
from conventions.spans import instant


class Acceptances:
    """Answers from memory; few rows, one per person and version."""

    def __init__(self, store: Store, changes: Changes, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._accepted = {(row.person, row.instructions) for row in store.persons.acceptances()}

    def accept(self, person: PersonId, instructions: str) -> None:
        """Remember that the person accepted this version; the first time stays."""
        row = AcceptanceRow(person=person, instructions=instructions, accepted_utc=instant(self._clock.now_utc()))
        self._store.persons.accept(row)
        self._accepted.add((person, instructions))
        if self._changes.healthy:
            self._changes.publish(OperatorChanged(person))

    def accepted(self, person: PersonId, instructions: str) -> bool:
        """Whether the person accepted exactly this version."""
        return (person, instructions) in self._accepted
