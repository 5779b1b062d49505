"""The change feed: told at once, in order, to all; once it may have lost something it says so for ever."""

import asyncio
import threading

import pytest

from broker import changes as feed
from broker.changes import Changes, FeedLost, LedgerLost, OperatorChanged
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, PersonId

ONE, TWO = OperatorChanged(PersonId("a/b")), LedgerLost(BodyId("a"))


def test_everybody_has_heard_when_publish_returns():
    changes, first, second = Changes(), [], []
    changes.subscribe(first.append)
    end = changes.subscribe(second.append)
    changes.publish(ONE)
    end()
    changes.publish(TWO)
    assert (first, second) == ([ONE, TWO], [ONE])
    assert changes.healthy


def test_a_listener_that_fails_loses_the_feed_and_the_others_hear_of_it():
    changes, before, after = Changes(), [], []

    def fails(change):
        raise KeyError("bug")

    changes.subscribe(before.append)
    changes.subscribe(fails)
    changes.subscribe(after.append)
    with pytest.raises(KeyError):
        changes.publish(ONE)
    assert not changes.healthy
    assert (before, after) == ([ONE, FeedLost()], [FeedLost()])
    with pytest.raises(Fault) as caught:
        changes.publish(TWO)
    assert caught.value.kind is FaultKind.POLICY_UNAVAILABLE


def test_a_loss_is_told_once():
    changes, heard = Changes(), []
    changes.subscribe(heard.append)
    changes.lose()
    changes.lose()
    assert heard == [FeedLost()]


async def test_a_coroutine_reads_what_a_thread_publishes():
    changes = Changes()
    async with changes.feed() as events:
        thread = threading.Thread(target=lambda: [changes.publish(ONE), changes.publish(TWO), changes.lose()])
        thread.start()
        heard = [event async for event in events]
        thread.join()
    assert heard == [ONE, TWO, FeedLost()]


async def test_a_reader_that_falls_behind_is_told(monkeypatch):
    monkeypatch.setattr(feed, "QUEUE_LIMIT_COUNT", 3)
    changes = Changes()
    async with changes.feed() as events:
        for _ in range(9):
            changes.publish(ONE)
        await asyncio.sleep(0)
        heard = [event async for event in events]
    assert heard == [ONE, ONE, ONE, FeedLost()]


async def test_reading_a_lost_feed():
    changes = Changes()
    changes.lose()
    async with changes.feed() as events:
        assert [event async for event in events] == [FeedLost()]


def test_subscriptions_end_with_their_block():
    changes, heard = Changes(), []
    with changes.subscribed(heard.append):
        changes.publish(ONE)
    changes.publish(TWO)
    assert heard == [ONE]
