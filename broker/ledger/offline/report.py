"""What a verification says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The first difference. ``index`` is the entry it is found at; ``what`` a word of the list in docs/ledger.md."""

    index: int | None
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. ``finding`` is ``None`` when everything holds."""

    origin: str
    entries_count: int
    checkpoints_count: int
    open_grants_count: int
    root: str
    finding: Finding | None

    @property
    def whole(self) -> bool:
        return self.finding is None
