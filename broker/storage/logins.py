"""Repositories of logins and of sign-ins under way."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sqlmodel import Session as Transaction
from sqlmodel import col, delete, select, update

from broker.storage.tables import LoginRow, SignInRow

Begin = Callable[[], AbstractContextManager[Transaction]]


class LoginTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def add(self, row: LoginRow) -> None:
        with self._begin() as transaction:
            transaction.add(row)

    def get(self, session_id: str) -> LoginRow | None:
        with self._begin() as transaction:
            return transaction.get(LoginRow, session_id)

    def open_of(self, issuer: str, *, subject: str | None, issuer_session: str | None = None) -> Sequence[LoginRow]:
        """Logins without an end of an issuer's subject, of one of its sessions, or of both; never of all."""
        if subject is None and issuer_session is None:
            return ()
        question = select(LoginRow).where(LoginRow.issuer == issuer, col(LoginRow.ended_utc).is_(None))
        if subject is not None:
            question = question.where(LoginRow.subject == subject)
        if issuer_session is not None:
            question = question.where(LoginRow.issuer_session == issuer_session)
        with self._begin() as transaction:
            return transaction.exec(question).all()

    def end(self, session_id: str, ended_utc: str, ending: str) -> bool:
        """Write the end of a login; false when it had ended before, whose reason then stays."""
        change = update(LoginRow).where(col(LoginRow.session_id) == session_id, col(LoginRow.ended_utc).is_(None))
        with self._begin() as transaction:
            return transaction.exec(change.values(ended_utc=ended_utc, ending=ending)).rowcount == 1

    def purge(self, before_utc: str) -> None:
        with self._begin() as transaction:
            transaction.exec(delete(LoginRow).where(col(LoginRow.expires_utc) <= before_utc))


class SignInTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def add(self, row: SignInRow) -> None:
        with self._begin() as transaction:
            transaction.add(row)

    def take(self, state_digest: str) -> SignInRow | None:
        """Give a sign-in under way and forget it: a second call for the same state gets nothing."""
        with self._begin() as transaction:
            row = transaction.get(SignInRow, state_digest)
            taken = transaction.exec(delete(SignInRow).where(col(SignInRow.state_digest) == state_digest))
            return row if taken.rowcount == 1 else None

    def purge(self, now_utc: str) -> None:
        with self._begin() as transaction:
            transaction.exec(delete(SignInRow).where(col(SignInRow.expires_utc) <= now_utc))
