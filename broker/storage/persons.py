"""Repository of what is remembered per person: instructions accepted, the purpose used last."""

from collections.abc import Sequence

from sqlmodel import select

from broker.storage.logins import Begin
from broker.storage.tables import AcceptanceRow, LastPurposeRow


class PersonTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def accept(self, row: AcceptanceRow) -> None:
        """Remember an acceptance; the first one of a version stays."""
        with self._begin() as transaction:
            if transaction.get(AcceptanceRow, (row.person, row.instructions)) is None:
                transaction.add(row)

    def acceptances(self) -> Sequence[AcceptanceRow]:
        with self._begin() as transaction:
            return transaction.exec(select(AcceptanceRow)).all()

    def set_last_purpose(self, row: LastPurposeRow) -> None:
        with self._begin() as transaction:
            transaction.merge(row)

    def last_purpose(self, person: str) -> str | None:
        with self._begin() as transaction:
            row = transaction.get(LastPurposeRow, person)
            return row.purpose if row is not None else None
