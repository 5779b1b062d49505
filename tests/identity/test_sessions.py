"""Sessions: opaque, revocable at once, one per credential."""

import threading
from datetime import timedelta

import pytest

from broker.changes import Changes, SessionEnded
from broker.identity.events import Ending, SessionOver
from broker.identity.sessions import Sessions, session_id_of
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId


def opened(sessions, subject="s-1", *, cookie_before=None, issuer_session=None, body="cc"):
    return sessions.open(
        issuer="https://i", subject=subject, body=BodyId(body), acr="2", issuer_session=issuer_session,
        workstation="loopback", cookie_before=cookie_before,
    )  # fmt: skip


def ended(sessions, cookie):
    with pytest.raises(SessionOver) as caught:
        sessions.find(cookie)
    assert caught.value.kind is FaultKind.SESSION_ENDED
    return caught.value.ending


def test_a_session_is_found_and_the_cookie_stands_nowhere(installation, tmp_path):
    session, cookie, closed = opened(installation.sessions)
    assert installation.sessions.find(cookie) == session
    assert closed == ()
    assert cookie not in repr(session)
    assert session.subject not in repr(session)
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("installation.db*"))
    assert cookie.encode() not in stored
    assert session.session_id.encode() in stored


@pytest.mark.parametrize("cookie", [None, "", "x", "a" * 43, "a" * 44, "\N{COMBINING GRAVE ACCENT}" * 43, "' OR 1=1"])
def test_no_session(installation, cookie):
    opened(installation.sessions)
    with pytest.raises(Fault) as caught:
        installation.sessions.find(cookie)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


def test_the_session_id_is_not_a_cookie(installation):
    session, _, _ = opened(installation.sessions)
    with pytest.raises(Fault):
        installation.sessions.find(session.session_id)


@pytest.mark.requirement("PM-2.8")
def test_a_second_sign_in_elsewhere_closes_the_first(installation):
    first, cookie, _ = opened(installation.sessions)
    installation.sessions.find(cookie)
    second, fresh, closed = opened(installation.sessions)
    assert [(each.session, each.ending) for each in closed] == [(first, Ending.CREDENTIAL_SHARED)]
    assert ended(installation.sessions, cookie) is Ending.CREDENTIAL_SHARED
    assert installation.sessions.find(fresh) == second


@pytest.mark.requirement("PM-2.8")
def test_a_second_sign_in_in_the_same_browser_is_not_sharing(installation):
    _, cookie, _ = opened(installation.sessions)
    _, _, closed = opened(installation.sessions, cookie_before=cookie)
    assert [each.ending for each in closed] == [Ending.SIGNED_IN_AGAIN]


@pytest.mark.requirement("PM-2.8")
def test_a_colleague_at_the_same_browser_ends_the_session_left_open(installation):
    _, cookie, _ = opened(installation.sessions, "s-1")
    _, _, closed = opened(installation.sessions, "s-2", cookie_before=cookie)
    assert [(each.session.subject, each.ending) for each in closed] == [("s-1", Ending.SIGNED_IN_AGAIN)]


def test_where_a_body_allows_several_both_stay(installation):
    sessions = Sessions(
        installation.store, Changes(), installation.clock, one_per_credential=lambda body: body != "free"
    )
    _, first, _ = opened(sessions, body="free")
    _, second, closed = opened(sessions, body="free")
    assert closed == ()
    assert sessions.find(first).subject == sessions.find(second).subject


@pytest.mark.requirement("PM-2.8")
def test_many_sign_ins_at_the_same_moment_leave_one(installation):
    barrier = threading.Barrier(6)
    cookies = []

    def go():
        barrier.wait()
        cookies.append(opened(installation.sessions)[1])

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = [installation.store.logins.get(session_id_of(cookie)) for cookie in cookies]
    assert sorted(row.ending or "alive" for row in rows) == ["alive"] + ["credential-shared"] * 5


def test_a_cookie_planted_before_sign_in_is_not_taken_over(installation):
    planted = "p" * 43
    _, cookie, _ = opened(installation.sessions, cookie_before=planted)
    assert cookie != planted
    with pytest.raises(Fault):
        installation.sessions.find(planted)


def test_a_shift_and_not_a_moment_more(installation):
    _, cookie, _ = opened(installation.sessions)
    installation.clock.moved = timedelta(hours=12) - timedelta(seconds=5)
    installation.sessions.find(cookie)
    installation.clock.moved = timedelta(hours=12)
    assert ended(installation.sessions, cookie) is Ending.EXPIRED


def test_an_end_is_told_and_holds_at_once(installation):
    told = []
    installation.changes.subscribe(told.append)
    session, cookie, _ = opened(installation.sessions)
    installation.sessions.find(cookie)
    closed = installation.sessions.end(session.session_id, Ending.LOGGED_OUT)
    assert [each.session for each in closed] == [session]
    assert told == [SessionEnded(session.session_id, "logged-out")]
    assert ended(installation.sessions, cookie) is Ending.LOGGED_OUT
    assert installation.sessions.end(session.session_id, Ending.REVOKED) == ()
    assert ended(installation.sessions, cookie) is Ending.LOGGED_OUT


def test_ends_by_subject_by_issuer_session_and_never_by_nothing(installation):
    _, one, _ = opened(installation.sessions, "s-1", issuer_session="a")
    _, two, _ = opened(installation.sessions, "s-2", issuer_session="b")
    end_of = installation.sessions.end_of
    assert end_of("https://i", subject=None, issuer_session=None, ending=Ending.REVOKED) == ()
    assert end_of("https://other", subject="s-1", ending=Ending.REVOKED) == ()
    assert end_of("https://i", subject="s-1", issuer_session="b", ending=Ending.REVOKED) == ()
    assert len(end_of("https://i", subject=None, issuer_session="b", ending=Ending.REVOKED)) == 1
    assert installation.sessions.find(one).subject == "s-1"
    assert ended(installation.sessions, two) is Ending.REVOKED


def test_sessions_outlive_a_restart(installation):
    session, cookie, _ = opened(installation.sessions)
    again = Sessions(installation.store, Changes(), installation.clock)
    assert again.find(cookie) == session
    assert again.still_holds(session.session_id) == session


def test_without_the_feed_every_answer_comes_from_the_database(installation):
    """Another process ends the session; this one would not hear of it any more."""
    session, cookie, _ = opened(installation.sessions)
    installation.sessions.find(cookie)
    installation.changes.lose()
    other_process = Sessions(installation.store, Changes(), installation.clock)
    other_process.end(session.session_id, Ending.REVOKED)
    assert ended(installation.sessions, cookie) is Ending.REVOKED
    assert installation.sessions.end(session.session_id, Ending.LOGGED_OUT) == ()


def test_an_end_between_reading_and_keeping_is_not_missed(installation):
    """The end is told after the row was read and before it is kept in memory."""
    session, cookie, _ = opened(installation.sessions)
    read = installation.store.logins.get

    class Table(type(installation.store.logins)):
        def get(self, session_id):
            row = read(session_id)
            installation.store.logins = before
            installation.sessions.end(session.session_id, Ending.REVOKED)
            return row

    before = installation.store.logins
    installation.store.logins = Table(installation.store.transaction)
    installation.sessions.find(cookie)
    assert ended(installation.sessions, cookie) is Ending.REVOKED


def test_old_logins_are_forgotten(installation):
    _, cookie, _ = opened(installation.sessions)
    installation.store.purge(installation.clock.now_utc() + timedelta(hours=35))
    installation.sessions.find(cookie)
    installation.store.purge(installation.clock.now_utc() + timedelta(hours=37))
    with pytest.raises(Fault):
        Sessions(installation.store, Changes(), installation.clock).find(cookie)
