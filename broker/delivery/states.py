"""The states of a viewing, and the only steps between them."""

from enum import StrEnum

from conventions.faults import Fault, FaultKind


class State(StrEnum):
    """After the usage-control model: what was granted once is judged for as long as it is used."""

    PENDING = "pending"
    """Granted, nothing asked for yet."""
    PERMITTING = "permitting"
    """Bytes flow."""
    SUSPENDED = "suspended"
    """Being decided again: nothing flows, nothing is lost."""
    TERMINATED = "terminated"
    """Over, for ever."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset({State.PERMITTING, State.TERMINATED}),
    State.PERMITTING: frozenset({State.SUSPENDED, State.TERMINATED}),
    State.SUSPENDED: frozenset({State.PERMITTING, State.TERMINATED}),
    State.TERMINATED: frozenset(),
}


def require_transition(before: State, after: State) -> None:
    """Staying is always possible; every other step must be in the table.

    Raises:
        Fault: ``grant-ended``.
    """
    if after is not before and after not in TRANSITIONS[before]:
        raise Fault(FaultKind.GRANT_ENDED, f"a viewing that is {before} does not become {after}")
