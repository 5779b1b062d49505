"""What the pages are given to show of a ledger: how it fared when verified, and its entries without sealed parts."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LedgerChecked:
    """The outcome of verifying a controller's ledger. ``first_bad_index`` is set when something does not hold."""

    entries_count: int
    root: str
    """Hex."""
    checked_utc: datetime
    first_bad_index: int | None = None
    fault: str = ""
    """What does not hold, in one lower-case phrase."""

    @property
    def holds(self) -> bool:
        return self.first_bad_index is None and not self.fault


@dataclass(frozen=True, slots=True)
class EntryShown:
    """An entry without its sealed parts: what a reader of the ledger sees in a list."""

    index: int
    at_utc: datetime
    what: str
    """``permit``, ``refuse``, or the kind of an entry that is no decision."""
    operation: str
    requesting_body: str
    purpose: str
    reason: str
    """The primary reason of a refusal, or how a viewing ended."""
    cameras: tuple[str, ...]
