"""What decisions rest on at one moment: the snapshot of the texts and the engine of the rules, swapped together.

INVARIANT: a ``State`` is never mutated; publishing replaces the reference once, so no decision mixes two generations.
"""

from dataclasses import dataclass

from broker.decision.snapshot import Snapshot
from conventions.faults import Fault, FaultKind
from policies.engine import Engine


@dataclass(frozen=True, slots=True)
class State:
    """One generation: texts, rules, and the instant at which something in them next begins or ends."""

    snapshot: Snapshot
    engine: Engine
    generation: str
    """Digest, hex."""
    next_change: str
    """Instant at which the documents in force differ next, ``spans.NEVER`` when none is known."""


class Standing:
    """Holds the state in force. Reading is one attribute access; an absent state refuses."""

    def __init__(self) -> None:
        self._state: State | None = None

    def swap(self, state: State | None) -> None:
        """Publish a generation, or withdraw it when the policy store is lost."""
        self._state = state

    @property
    def state(self) -> State:
        """The generation in force.

        Raises:
            Fault: ``policy-unavailable``.
        """
        if self._state is None:
            raise Fault(FaultKind.POLICY_UNAVAILABLE, "no rule generation is in force")
        return self._state
