"""A ledger that cannot be written: 503 to everybody, not one byte more to whoever watches, and on again by itself."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from broker.demo.visitor import Visitor
from conventions.faults import Fault
from tests.http.test_authzen import ask, asks_for_a_token, assertion, question
from tests.http.test_running_permission import WAIT_S, until, watching
from tests.http.town import CARABINIERI, CLOCK, INSTALLATION, LEVANTO, TOWN, Town, live, plate

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]


def file_of(town: Town, tree: str) -> Path:
    return town.world.folder / "data" / "ledger" / tree / "ledger.sqlite"


@contextmanager
def full_disk(town: Town) -> Iterator[None]:
    """The broker's process may not make any file grow: each write fails as on a full disk, logs included."""
    process_id = town.demo.process.pid
    before = resource.prlimit(process_id, resource.RLIMIT_FSIZE)
    resource.prlimit(process_id, resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process_id, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(town: Town) -> Iterator[None]:
    """Somebody else holds the controller's database."""
    with closing(sqlite3.connect(file_of(town, TOWN), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def taken_away(town: Town) -> Iterator[None]:
    """The file is no longer where it was declared."""
    file = file_of(town, TOWN)
    hidden = file.with_name("hidden")
    file.rename(hidden)
    yield
    hidden.rename(file)


@contextmanager
def read_only(town: Town) -> Iterator[None]:
    """The database takes no more rows."""
    with closing(sqlite3.connect(file_of(town, TOWN), isolation_level=None)) as other:
        other.execute("CREATE TRIGGER no_more BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'read-only'); END")
        yield
        other.execute("DROP TRIGGER no_more")


@pytest.mark.requirement("PM-3.2")
@pytest.mark.parametrize("broken", [full_disk, locked, taken_away, read_only])
def test_not_one_byte_without_the_ledger(filmed: Town, broken: Callable[[Town], Iterator[None]]) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor)
    with watching(visitor, live(case)) as player:
        with broken(filmed):  # type: ignore[attr-defined]
            assert visitor.ask("POST", "/api/v1/viewings", live(case)).status == 503
            broke_s = CLOCK.monotonic_s()
            assert player.ended.wait(WAIT_S)
            last_ms = (player.last_byte_s - broke_s) * 1000
            print(f"\n{broken.__name__}: last byte {last_ms:.0f} ms after the first 503")
            had = player.bytes_count
            for method, path, wish in (
                ("POST", "/api/v1/viewings", live(case)),
                ("POST", "/api/v1/plates/search", plate(case)),
                ("GET", f"/api/v1/controllers/{TOWN}/cameras?case={case}", None),
                ("DELETE", f"/api/v1/recordings/{TOWN}/varco-nord", None),
            ):
                said = visitor.ask(method, path, wish)
                assert (said.status, said.reason) == (503, "ledger-unavailable"), path
                assert set(said.body) <= {"type", "title", "status"}
            assert visitor.bytes_of(f"/api/v1/viewings/{player.grant}/index.m3u8")[0] == 410
            assert player.bytes_count == had
        until(lambda: visitor.ask("POST", "/api/v1/viewings", live(case)).status == 201)
    until(lambda: filmed.books.closing_of(TOWN, player.entry) is not None)
    closing_entry = filmed.books.closing_of(TOWN, player.entry)
    assert closing_entry is not None
    assert (closing_entry["ending"], closing_entry["reason"]) == ("cut", "ledger-unavailable")
    assert closing_entry["bytes_count"] >= player.bytes_count
    assert filmed.books.verified(TOWN).finding is None


@pytest.mark.requirement("LEV-32.6")
def test_one_controllers_ledger_stops_nobody_elses(filmed: Town) -> None:
    levanto = filmed.person(LEVANTO, "ag-301")
    case = filmed.case(levanto, purpose="urban-security", ground=None)
    visitor = filmed.person(CARABINIERI, "op-102")
    both = plate(filmed.case(visitor), controllers=[TOWN, LEVANTO])
    with locked(filmed):
        said = levanto.ask("GET", f"/api/v1/controllers/{LEVANTO}/cameras?case={case}")
        assert said.status in (200, 403)
        [own, other] = visitor.ask("POST", "/api/v1/plates/search", both).body["sections"]
        assert (own["outcome"], own["fault"]) == ("unavailable", "ledger-unavailable")
        assert (other["outcome"], other["reason"]) == ("refused", "no-convention")
    until(lambda: visitor.ask("POST", "/api/v1/plates/search", both).body["sections"][0]["outcome"] == "answered")


def test_nobody_signs_in_and_no_machine_is_admitted_while_it_cannot_be_recorded(filmed: Town) -> None:
    token = asks_for_a_token(filmed, assertion(filmed)).json()["access_token"]
    with closing(sqlite3.connect(file_of(filmed, INSTALLATION), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = asks_for_a_token(filmed, assertion(filmed))
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:varco:fault:ledger-unavailable")
        assert signs_in(filmed) == 503
        stranger = httpx2.get(f"{filmed.demo.base_url}/api/v1/cases", trust_env=False)
        assert stranger.status_code == 503, "an attempt that cannot be recorded is told no more than that"
        assert ask(filmed, token, question()).json()["decision"] is True, "another tree"
        other.execute("ROLLBACK")
    until(lambda: asks_for_a_token(filmed, assertion(filmed)).status_code == 200)
    assert signs_in(filmed) == 200


def signs_in(town: Town) -> int:
    """The status of the first request after a sign-in; of the sign-in itself when it leads nowhere."""
    visitor = Visitor(town.demo.base_url, CARABINIERI, "op-103", CLOCK)
    try:
        visitor.sign_in()
        return visitor.ask("GET", "/api/v1/cases").status
    except Fault as fault:
        return int(fault.detail.rsplit(" ", 1)[-1])
    finally:
        visitor.close()
