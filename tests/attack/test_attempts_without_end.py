"""Whoever knocks without end fills no disk: the first attempts of a minute stand alone, the rest are counted."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker.identity.events import Ending, MachineRefused, SessionOver, SignInRefused
from broker.ledger.ledger import Ledger
from broker.witness import SINGLE_COUNT, Witness
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION
from tests.ledger.made import NOON, Town, build, session

NOBODY = Fault(FaultKind.NOT_AUTHENTICATED, "no session")


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build(tmp_path)


@pytest.fixture
def ledger(town: Town) -> Iterator[Ledger]:
    running = town.ledger()
    running.start()
    yield running
    running.stop()


def refusals(ledger: Ledger) -> list[dict[str, Any]]:
    return [dict(entry.body) for entry in ledger.entries(INSTALLATION) if "reason" in entry.body]


@pytest.mark.requirement("LEV-32.4")
async def test_the_first_stand_alone_and_the_rest_are_counted(ledger: Ledger, town: Town):
    witness = Witness(ledger, town.clock)
    for _ in range(SINGLE_COUNT + 500):
        await witness.refused_caller(NOBODY, "internet")
        town.clock.pass_s(0.1)
    await witness.refused_caller(NOBODY, "loopback")  # somebody elsewhere is not swallowed
    assert [found.get("count", 1) for found in refusals(ledger)] == [1] * (SINGLE_COUNT + 1)
    await witness.sum_up()
    assert len(refusals(ledger)) == SINGLE_COUNT + 1, "the minute lasts"
    town.clock.pass_s(60)
    await witness.sum_up()
    await witness.sum_up()
    last = refusals(ledger)[-1]
    assert (last["event"], last["reason"], last["count"]) == ("refused", "not-authenticated", 500)
    assert (last["from"], last["until"]) == ("2025-06-02T12:00:02.000000Z", "2025-06-02T12:00:51.900000Z")
    assert len(refusals(ledger)) == SINGLE_COUNT + 2
    reading = ledger.reading(INSTALLATION)
    index = max(entry.index for entry in reading.entries())
    assert await ledger.open_part(INSTALLATION, index, "workstation", opened_by="aa/a", why="test") == "internet"
    await witness.refused_caller(NOBODY, "internet")
    assert "count" not in refusals(ledger)[-1], "a new minute begins anew"


@pytest.mark.requirement("LEV-32.4")
async def test_nothing_that_was_counted_is_lost_at_the_end_or_while_the_ledger_is_away(ledger: Ledger, town: Town):
    witness = Witness(ledger, town.clock)
    for _ in range(SINGLE_COUNT + 1):
        await witness.identity(MachineRefused(FaultKind.NOT_AUTHENTICATED, "", "internet", NOON))
    for _ in range(SINGLE_COUNT + 3):
        await witness.identity(SignInRefused("https://i", FaultKind.NOT_AUTHENTICATED, "", "internet", NOON))
    ledger.stop()
    await witness.sum_up(everything=True)  # in vain
    ledger.start()
    await witness.sum_up(everything=True)
    counted = {found["event"]: found["count"] for found in refusals(ledger) if "count" in found}
    assert counted == {"machine-refused": 1, "sign-in-refused": 3}


async def test_a_session_that_is_over_is_always_written_by_itself(ledger: Ledger, town: Town):
    witness = Witness(ledger, town.clock)
    for _ in range(SINGLE_COUNT + 5):
        await witness.refused_caller(SessionOver(session(), Ending.EXPIRED), "internet")
    assert len(refusals(ledger)) == SINGLE_COUNT + 5


async def test_who_knocks_from_everywhere_is_counted_too(ledger: Ledger, town: Town):
    witness = Witness(ledger, town.clock)
    for number in range(300):
        await witness.refused_caller(NOBODY, f"network 10.0.{number}.0/24")
    await witness.sum_up(everything=True)
    counts = [found.get("count", 1) for found in refusals(ledger)]
    assert sum(counts) == 300
    assert len(counts) < 300
