"""A ledger that cannot be written gives nobody anything, and comes back when a probe is on disk."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import OperationalError

from broker.ledger import offline
from broker.ledger.commit import Job
from broker.ledger.envelopes import note_draft
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from tests.ledger import made
from tests.ledger.made import OTHER_TOWN, TOWN, Town


class Failing:
    """Makes the n-th thing that the database is asked to do fail, once."""

    def __init__(self, nth: int, commit_anyway: bool = False) -> None:
        self.left = nth
        self.commit_anyway = commit_anyway

    def statement(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            raise OperationalError("disk I/O error", {}, sqlite3.OperationalError("disk I/O error"))

    def commit(self, connection: Connection) -> None:
        if self.commit_anyway and self.left == 1:
            database = connection.connection.dbapi_connection
            assert database is not None
            database.commit()
        self.statement()


@contextmanager
def failing(nth: int, commit_anyway: bool = False) -> Iterator[Failing]:
    fault = Failing(nth, commit_anyway)
    event.listen(Engine, "before_cursor_execute", fault.statement)
    event.listen(Engine, "commit", fault.commit)
    try:
        yield fault
    finally:
        event.remove(Engine, "before_cursor_execute", fault.statement)
        event.remove(Engine, "commit", fault.commit)


async def refused(ledger: Ledger) -> bool:
    (result,) = await asyncio.gather(ledger.record(made.permit()), return_exceptions=True)
    if isinstance(result, Fault):
        assert result.kind is FaultKind.LEDGER_UNAVAILABLE
    return isinstance(result, Fault)


@pytest.mark.requirement("PM-3.2")
@pytest.mark.parametrize("commit_anyway", [False, True])
async def test_a_fault_at_every_single_write(town: Town, commit_anyway: bool):
    ledger = town.ledger()
    ledger.start()
    acknowledged = []
    for nth in range(1, 40):
        with failing(nth, commit_anyway) as fault:
            was_refused = await refused(ledger)
            hit = fault.left <= 0
        assert was_refused is hit
        assert await refused(ledger) is hit, "nothing is taken before a probe"
        town.clock.pass_s(0.3)
        grant = await ledger.record(made.permit())
        acknowledged.append(grant.receipt)
        await ledger.close(grant, made.outcome(grant.grant_id))
        if not hit:
            break
    assert nth > 5
    reading = ledger.reading(TOWN)
    for receipt in acknowledged:
        assert offline.tree.sha256(b"\x00" + reading.entry(receipt.entry_index).raw).hexdigest() == receipt.leaf_hash
    ledger.stop()
    assert offline.verify(town.file(), [town.vkeys[TOWN]]).finding is None


async def test_everybody_waiting_is_told_and_the_other_trees_go_on(ledger: Ledger):
    with failing(2):
        results = await asyncio.gather(*(ledger.record(made.permit()) for _ in range(30)), return_exceptions=True)
    faults = [result for result in results if isinstance(result, Fault)]
    assert len(faults) == 30
    assert {fault.kind for fault in faults} == {FaultKind.LEDGER_UNAVAILABLE}
    assert ledger.reading(TOWN).size() == 0
    assert (await ledger.record(made.permit(OTHER_TOWN))).receipt.entry_index == 0


@pytest.mark.requirement("PM-3.2")
async def test_a_ledger_locked_by_somebody_else(town: Town):
    lost: list[BodyId] = []
    ledger = Ledger(made.INSTALLATION_NAME, town.homes, town.clock, on_lost=lost.append)
    ledger.start()
    other = sqlite3.connect(town.file(), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert await refused(ledger)
    assert lost == [TOWN]
    town.clock.pass_s(1)
    assert await refused(ledger)
    other.execute("ROLLBACK")
    other.close()
    town.clock.pass_s(1)
    assert not await refused(ledger)
    assert lost == [TOWN]
    ledger.stop()


@pytest.mark.requirement("PM-3.2")
async def test_a_read_only_ledger(ledger: Ledger, town: Town):
    await ledger.record(made.permit())
    connection = ledger._trees[TOWN].store._connection
    assert connection is not None
    connection.exec_driver_sql("PRAGMA query_only=ON")
    connection.rollback()
    assert await refused(ledger)
    town.clock.pass_s(1)
    assert not await refused(ledger)


async def test_a_ledger_that_was_moved_away_while_it_ran(town: Town):
    ledger = town.ledger()
    ledger.start()
    await ledger.record(made.permit())
    away = town.file().with_name("away.sqlite")
    town.file().rename(away)
    assert await refused(ledger)
    town.clock.pass_s(1)
    assert await refused(ledger)
    away.rename(town.file())
    town.clock.pass_s(1)
    assert not await refused(ledger)
    ledger.stop()
    assert offline.verify(town.file(), [town.vkeys[TOWN]]).entries_count == 2


async def test_a_ledger_that_cannot_be_read_as_one(town: Town):
    ledger = town.ledger()
    ledger.start()
    await ledger.record(made.permit())
    with sqlite3.connect(town.file()) as other:
        other.execute("UPDATE facts SET value='x' WHERE name='format'")
        other.execute("ALTER TABLE entries RENAME TO gone")
    other.close()
    assert await refused(ledger)
    town.clock.pass_s(1)
    assert await refused(ledger)
    ledger.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_when_the_thread_dies_everybody_is_told_and_the_next_call_starts_it_again(ledger: Ledger, town: Town):
    await ledger.record(made.permit())
    draft = note_draft("session", TOWN, made.NOON, {}, {})
    draft.clear = None  # type: ignore[assignment]
    results = await asyncio.gather(
        ledger._submit(TOWN, Job(draft)), ledger.record(made.permit()), return_exceptions=True
    )
    assert {getattr(result, "kind", None) for result in results} == {FaultKind.LEDGER_UNAVAILABLE}
    assert await refused(ledger)
    town.clock.pass_s(1)
    grant = await ledger.record(made.permit())
    assert grant.receipt.entry_index == 1


async def test_somebody_who_stops_waiting_leaves_an_open_grant_to_audit(ledger: Ledger):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ledger.record(made.permit()), timeout=0.000_001)
    await ledger.record(made.refusal())
    assert (len(ledger.open_grants()), ledger.reading(TOWN).size()) == (1, 2)
