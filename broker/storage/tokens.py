"""Repositories of machine tokens and of token identifiers that were used."""

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update

from broker.storage.logins import Begin
from broker.storage.tables import MachineTokenRow, UsedTokenRow


class UsedTokenTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def first_use(self, realm: str, jti_digest: str, expires_utc: str) -> bool:
        """Remember an identifier; false when it was known: the token is a replay."""
        try:
            with self._begin() as transaction:
                transaction.add(UsedTokenRow(realm=realm, jti_digest=jti_digest, expires_utc=expires_utc))
        except IntegrityError:
            return False
        return True

    def purge(self, now_utc: str) -> None:
        with self._begin() as transaction:
            transaction.exec(delete(UsedTokenRow).where(col(UsedTokenRow.expires_utc) <= now_utc))


class MachineTokenTable:
    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def add(self, row: MachineTokenRow) -> None:
        with self._begin() as transaction:
            transaction.add(row)

    def get(self, token_digest: str) -> MachineTokenRow | None:
        with self._begin() as transaction:
            return transaction.get(MachineTokenRow, token_digest)

    def digests_of(self, client_id: str) -> list[str]:
        with self._begin() as transaction:
            question = select(MachineTokenRow.token_digest).where(MachineTokenRow.client_id == client_id)
            return list(transaction.exec(question).all())

    def revoke(self, client_id: str, token_id: str | None, revoked_utc: str) -> int:
        """Revoke one token of a machine, or all of them; gives how many."""
        change = update(MachineTokenRow).where(
            col(MachineTokenRow.client_id) == client_id, col(MachineTokenRow.revoked_utc).is_(None)
        )
        if token_id is not None:
            change = change.where(col(MachineTokenRow.token_id) == token_id)
        with self._begin() as transaction:
            return transaction.exec(change.values(revoked_utc=revoked_utc)).rowcount

    def purge(self, now_utc: str) -> None:
        with self._begin() as transaction:
            transaction.exec(delete(MachineTokenRow).where(col(MachineTokenRow.expires_utc) <= now_utc))
