"""Since when something has been failing, as the pages saw it: a person who calls somebody can say so."""

from datetime import datetime

from conventions.faults import FaultKind


class Outages:
    """Remembers the first failure of a kind at a place until it works again."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, FaultKind], datetime] = {}

    def failed(self, where: str, kind: FaultKind, at_utc: datetime) -> datetime:
        """Note a failure; gives the first one."""
        return self._since.setdefault((where, kind), at_utc)

    def works(self, where: str) -> None:
        """Note that a place answered."""
        for key in [key for key in self._since if key[0] == where]:
            del self._since[key]
