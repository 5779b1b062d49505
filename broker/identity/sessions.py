"""Server-side sessions: opaque, revocable at once, one per credential where that is wanted.

The cookie is a secret of 256 bits; everywhere else, database and ledger included, stands its digest, the session id.
Source: design 5; PM-2.7, PM-2.8, PM-2.11.
"""

import hashlib
import re
import secrets
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta

from broker.changes import Change, Changes, FeedLost, SessionEnded
from broker.clock import Clock
from broker.evidence import Session
from broker.identity.events import Ending, SessionClosed, SessionOver
from broker.storage import Store
from broker.storage.tables import LoginRow
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, SessionId
from conventions.spans import instant, parse_instant

SHIFT = timedelta(hours=12)
COOKIE_FORM = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)


def session_id_of(cookie: str) -> SessionId:
    return SessionId(hashlib.sha256(cookie.encode("ascii")).hexdigest())


def one_everywhere(body: BodyId) -> bool:
    """The default: every body's credentials have one session at a time."""
    return True


class Sessions:
    """Opens, finds and ends sessions. Found ones are kept in memory until the change feed reports their end."""

    def __init__(
        self,
        store: Store,
        changes: Changes,
        clock: Clock,
        *,
        lasts: timedelta = SHIFT,
        one_per_credential: Callable[[BodyId], bool] = one_everywhere,
    ) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._lasts = lasts
        self._one_per_credential = one_per_credential
        self._live: dict[SessionId, Session] = {}
        self._ended_count = 0
        self._keeping = threading.Lock()
        self._opening = threading.Lock()
        changes.subscribe(self._on_change)

    def open(
        self,
        *,
        issuer: str,
        subject: str,
        body: BodyId,
        acr: str,
        issuer_session: str | None,
        workstation: str,
        cookie_before: str | None,
    ) -> tuple[Session, str, tuple[SessionClosed, ...]]:
        """Open a session under a new cookie; gives it, the cookie, and the sessions that this closes.

        A session of the same browser ends always; others of the credential where one is wanted, as shared.
        """
        now_utc = self._clock.now_utc()
        cookie = secrets.token_urlsafe(32)
        here = session_id_of(cookie_before) if cookie_before is not None and _well_formed(cookie_before) else None
        session = Session(
            session_id_of(cookie), issuer, subject, body, acr, workstation, now_utc, now_utc + self._lasts
        )
        with self._opening:
            closed: tuple[SessionClosed, ...] = ()
            before = {row.session_id: row for row in self._store.logins.open_of(issuer, subject=subject)}
            if here is not None and here not in before and (row := self._store.logins.get(here)) is not None:
                before[here] = row  # the browser of a colleague who did not sign out
            for row in before.values():
                if row.session_id == here:
                    closed += self._end([row], Ending.SIGNED_IN_AGAIN)
                elif parse_instant(row.expires_utc) <= now_utc:
                    closed += self._end([row], Ending.EXPIRED)
                elif self._one_per_credential(body):
                    closed += self._end([row], Ending.CREDENTIAL_SHARED)
            self._store.logins.add(_row(session, issuer_session))
        return session, cookie, tuple(closed)

    def find(self, cookie: str | None) -> Session:
        """The session of a cookie, if it holds. From memory; else one row is read by its key.

        Raises:
            Fault: ``not-authenticated`` for none or an unknown cookie; ``session-ended`` (a ``SessionOver``).
        """
        if cookie is None or not _well_formed(cookie):
            raise Fault(FaultKind.NOT_AUTHENTICATED, "no session")
        session = self._live.get(session_id_of(cookie)) or self._read(session_id_of(cookie))
        return self._unexpired(session)

    def still_holds(self, session_id: SessionId) -> Session:
        """The session of a running grant, asked again; raises as ``find``."""
        return self._unexpired(self._live.get(session_id) or self._read(session_id))

    def end(self, session_id: SessionId, ending: Ending) -> tuple[SessionClosed, ...]:
        """End one session; nothing when it had ended."""
        row = self._store.logins.get(session_id)
        return self._end([row], ending) if row is not None else ()

    def end_of(
        self, issuer: str, *, subject: str | None, issuer_session: str | None = None, ending: Ending
    ) -> tuple[SessionClosed, ...]:
        """End every session of an issuer's subject, of one of its sessions, or of both together."""
        rows = self._store.logins.open_of(issuer, subject=subject, issuer_session=issuer_session)
        return self._end(rows, ending)

    def _end(self, rows: Iterable[LoginRow], ending: Ending) -> tuple[SessionClosed, ...]:
        now_utc = self._clock.now_utc()
        closed = tuple(
            SessionClosed(_session(row), ending, now_utc)
            for row in rows
            if self._store.logins.end(row.session_id, instant(now_utc), ending)
        )
        for each in closed:
            if self._changes.healthy:  # else nothing is kept in memory and nothing is running
                self._changes.publish(SessionEnded(each.session.session_id, ending))
        return closed

    def _read(self, session_id: SessionId) -> Session:
        seen_count = self._ended_count
        row = self._store.logins.get(session_id)
        if row is None:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "no session")
        session = _session(row)
        if row.ending is not None:
            raise SessionOver(session, Ending(row.ending))
        with self._keeping:  # an end that came between reading and keeping would otherwise be missed
            if self._changes.healthy and self._ended_count == seen_count:
                self._live[session_id] = session
        return session

    def _unexpired(self, session: Session) -> Session:
        if not session.started_utc <= self._clock.now_utc() < session.expires_utc:
            self._live.pop(session.session_id, None)
            raise SessionOver(session, Ending.EXPIRED)
        return session

    def _on_change(self, change: Change) -> None:
        with self._keeping:
            if isinstance(change, SessionEnded):
                self._ended_count += 1
                self._live.pop(change.session_id, None)
            elif isinstance(change, FeedLost):
                self._live.clear()


def _well_formed(cookie: str) -> bool:
    return COOKIE_FORM.match(cookie) is not None


def _row(session: Session, issuer_session: str | None) -> LoginRow:
    return LoginRow(
        session_id=session.session_id,
        issuer=session.issuer,
        subject=session.subject,
        body=session.body,
        acr=session.acr,
        workstation=session.workstation,
        issuer_session=issuer_session,
        started_utc=instant(session.started_utc),
        expires_utc=instant(session.expires_utc),
    )


def _session(row: LoginRow) -> Session:
    return Session(
        SessionId(row.session_id),
        row.issuer,
        row.subject,
        BodyId(row.body),
        row.acr,
        row.workstation,
        parse_instant(row.started_utc),
        parse_instant(row.expires_utc),
    )
