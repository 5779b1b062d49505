"""Repository of cases."""

from collections.abc import Sequence

from sqlmodel import col, delete, or_, select, update

from broker.storage.logins import Begin
from broker.storage.tables import CaseRow


class CaseTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def add(self, row: CaseRow) -> None:
        with self._begin() as transaction:
            transaction.add(row)

    def get(self, case_id: str) -> CaseRow | None:
        with self._begin() as transaction:
            return transaction.get(CaseRow, case_id)

    def open_of(self, person: str, now_utc: str) -> Sequence[CaseRow]:
        """Cases of a person that are not closed, newest first."""
        question = select(CaseRow).where(CaseRow.person == person, CaseRow.closes_utc > now_utc)
        with self._begin() as transaction:
            return transaction.exec(question.order_by(col(CaseRow.opened_utc).desc())).all()

    def pending(self) -> Sequence[CaseRow]:
        """Cases of everybody whose reference is still to come, closed ones included."""
        question = select(CaseRow).where(col(CaseRow.reference).is_(None), col(CaseRow.reference_due_utc).is_not(None))
        with self._begin() as transaction:
            return transaction.exec(question).all()

    def complete(self, case_id: str, person: str, reference: str, completed_utc: str) -> bool:
        """Add the reference to a pending case of this person; false when there is no such case."""
        change = update(CaseRow).where(
            col(CaseRow.case_id) == case_id,
            col(CaseRow.person) == person,
            col(CaseRow.reference).is_(None),
            col(CaseRow.reference_due_utc).is_not(None),
        )
        with self._begin() as transaction:
            return transaction.exec(change.values(reference=reference, completed_utc=completed_utc)).rowcount == 1

    def close(self, case_id: str, person: str, now_utc: str) -> bool:
        """End an open case of this person before its time; false when there is no such case."""
        change = update(CaseRow).where(
            col(CaseRow.case_id) == case_id, col(CaseRow.person) == person, col(CaseRow.closes_utc) > now_utc
        )
        with self._begin() as transaction:
            return transaction.exec(change.values(closes_utc=now_utc)).rowcount == 1

    def purge(self, before_utc: str) -> None:
        """Forget cases closed before an instant, unless their reference is still owed."""
        settled = or_(col(CaseRow.reference).is_not(None), col(CaseRow.reference_due_utc).is_(None))
        with self._begin() as transaction:
            transaction.exec(delete(CaseRow).where(col(CaseRow.closes_utc) <= before_utc, settled))
