"""Who accepted which version of a controller's instructions. Source: PM-2.10."""

import threading

from broker.changes import Changes, OperatorChanged
from broker.clock import Clock
from broker.storage import Store
from broker.storage.tables import AcceptanceRow
from conventions.identifiers import BodyId, PersonId
from conventions.spans import instant

SEPARATOR = "#"
"""Between controller and version: two controllers may call different instructions by the same version."""


class Acceptances:
    """Answers from memory; few rows, one per person, controller and version."""

    def __init__(self, store: Store, changes: Changes, clock: Clock) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._adding = threading.Lock()
        self._versions: dict[tuple[str, str], frozenset[str]] = {}
        for row in store.persons.acceptances():
            controller, _, version = row.instructions.partition(SEPARATOR)
            self._add(row.person, controller, version)

    def accept(self, person: PersonId, controller: BodyId, version: str) -> None:
        """Remember that the person accepted this version; the first time stays."""
        text = f"{controller}{SEPARATOR}{version}"
        self._store.persons.accept(
            AcceptanceRow(person=person, instructions=text, accepted_utc=instant(self._clock.now_utc()))
        )
        self._add(person, controller, version)
        if self._changes.healthy:
            self._changes.publish(OperatorChanged(person))

    def versions(self, person: PersonId, controller: BodyId) -> frozenset[str]:
        """The versions of a controller's instructions that the person accepted."""
        return self._versions.get((person, controller), frozenset())

    def _add(self, person: str, controller: str, version: str) -> None:
        with self._adding:
            self._versions[person, controller] = self._versions.get((person, controller), frozenset()) | {version}
