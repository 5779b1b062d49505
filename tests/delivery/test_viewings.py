"""The viewings: who may fetch, what is counted, what ends them, and that every ending is written."""

import asyncio

import pytest

from broker.delivery.states import TRANSITIONS, State, require_transition
from broker.delivery.viewings import IDLE_S, unavailable
from broker.evidence import Ending
from conventions.faults import Fault, FaultKind
from conventions.identifiers import GrantId, SessionId
from conventions.terms import Reason
from tests.adapters.conftest import CAMERA
from tests.adapters.contract import NOON, grant_of, seconds
from tests.delivery.conftest import SESSION

NO_AUDIO = frozenset({"no-audio"})


def view(span=None, **more):
    return grant_of(CAMERA, span=span or seconds(0, 30), obligations=NO_AUDIO, **more)


def copy(span=None, **more):
    return grant_of(CAMERA, span=span or seconds(0, 30), operation="recording.extract", **more)


async def refused(asked) -> FaultKind:
    with pytest.raises(Fault) as fault:
        await asked
    return fault.value.kind


async def test_only_the_session_that_obtained_it_fetches(door):
    grant = view()
    await door.open(grant)
    assert door.viewings.of(grant.grant_id, SESSION).grant is grant
    for grant_id, session in ((grant.grant_id, SessionId("another")), (GrantId("0198-none"), SESSION)):
        with pytest.raises(Fault) as fault:
            door.viewings.of(grant_id, session)
        assert (fault.value.kind, fault.value.detail) == (FaultKind.RESOURCE_UNKNOWN, "no such viewing")


async def test_a_grant_is_one_viewing(door):
    grant = view()
    await door.open(grant)
    for _ in range(2):
        with pytest.raises(Fault) as fault:
            await door.open(grant)
        assert fault.value.kind is FaultKind.GRANT_ENDED
        await door.viewings.cut(grant.grant_id, Reason.CONVENTION_SUSPENDED)


async def test_bytes_and_footage_are_counted_as_delivered(door):
    viewing = await door.open(view())
    sent = len(await viewing.playlist()) + len(await viewing.init())
    for number in (0, 1, 1, 5):
        sent += len(await viewing.segment(number))
    assert viewing.footage == (seconds(0, 4), seconds(10, 12))
    door.clock.pass_s(7.5)
    await door.viewings.close(viewing.grant.grant_id, SESSION)
    ((_, outcome),) = door.outcomes
    assert (outcome.ending, outcome.bytes_count, outcome.duration_s) == (Ending.CLOSED, sent, 8)
    assert outcome.footage == seconds(0, 12)


async def test_a_viewing_from_which_nothing_was_fetched_delivered_nothing(door):
    viewing = await door.open(view())
    assert viewing.state is State.PENDING
    await viewing.playlist()
    assert viewing.state is State.PERMITTING
    await door.viewings.close(viewing.grant.grant_id, SESSION)
    assert door.outcomes[0][1].footage is None


async def test_all_delivered_is_complete(door):
    viewing = await door.open(view(seconds(0, 4)))
    await viewing.segment(1)
    assert not viewing.complete
    await viewing.segment(0)
    assert viewing.complete
    await door.viewings.close(viewing.grant.grant_id, SESSION)
    assert door.outcomes[0][1].ending is Ending.COMPLETE


async def test_without_a_request_it_ends_idle(door):
    viewing = await door.open(view())
    await viewing.segment(0)
    door.clock.pass_s(IDLE_S - 1)
    await door.viewings.sweep()
    assert door.outcomes == []
    await viewing.playlist()
    door.clock.pass_s(IDLE_S - 1)
    await door.viewings.sweep()
    assert door.outcomes == []
    door.clock.pass_s(1)
    await door.viewings.sweep()
    assert [outcome.ending for _, outcome in door.outcomes] == [Ending.IDLE]
    assert await refused(viewing.playlist()) is FaultKind.GRANT_ENDED


async def test_at_the_end_of_the_grant_nothing_more_leaves(door):
    viewing = await door.open(view(ends_utc=door.clock.at_utc + 10 * seconds(0, 1).length))
    await viewing.segment(0)
    door.clock.pass_s(10)
    assert await refused(viewing.segment(1)) is FaultKind.GRANT_ENDED
    await door.viewings.sweep()
    assert [(outcome.ending, outcome.reason) for _, outcome in door.outcomes] == [(Ending.CUT, None)]
    assert viewing.footage == (seconds(0, 2),)


async def test_a_grant_decided_again_goes_on(door):
    grant = view(ends_utc=door.clock.at_utc + 10 * seconds(0, 1).length)
    viewing = await door.open(grant)
    door.viewings.extend(grant.grant_id, NOON.replace(hour=14))
    door.clock.pass_s(10)
    await door.viewings.sweep()
    assert await viewing.segment(0)


async def test_while_suspended_requests_wait_and_then_go_on(door):
    grant = view()
    viewing = await door.open(grant)
    await viewing.playlist()
    door.viewings.suspend(grant.grant_id)
    asked = asyncio.get_running_loop().create_task(viewing.segment(0))
    await asyncio.sleep(0.1)
    assert not asked.done()
    door.viewings.extend(grant.grant_id, grant.valid_until_utc)
    assert await asked


async def test_a_suspended_viewing_that_is_cut_wakes_its_requests(door):
    grant = view()
    viewing = await door.open(grant)
    await viewing.playlist()
    door.viewings.suspend(grant.grant_id)
    asked = asyncio.get_running_loop().create_task(viewing.segment(0))
    await asyncio.sleep(0.05)
    await door.viewings.cut(grant.grant_id, Reason.CONVENTION_SUSPENDED)
    assert await refused(asked) is FaultKind.GRANT_ENDED
    assert door.outcomes[0][1].reason is Reason.CONVENTION_SUSPENDED


async def test_a_cut_reaches_a_stream_in_its_middle(door):
    """The client takes one chunk and then nothing more: the cut does not wait for it."""
    door.file(0).write_bytes(door.file(0).read_bytes())
    viewing = await door.open(copy())
    taken, blocked = [], asyncio.Event()

    async def send(chunk):
        taken.append(chunk)
        blocked.set()
        await asyncio.Event().wait()

    pumping = asyncio.get_running_loop().create_task(viewing.pump(send))
    await blocked.wait()
    await door.viewings.cut(viewing.grant.grant_id, Reason.OPERATOR_SUSPENDED)
    assert await refused(pumping) is FaultKind.GRANT_ENDED
    assert len(taken) == 1
    ((_, outcome),) = door.outcomes
    assert (outcome.ending, outcome.reason) == (Ending.CUT, Reason.OPERATOR_SUSPENDED)
    assert outcome.bytes_count == len(taken[0])


async def test_a_cut_reaches_whoever_iterates_a_stream(door):
    viewing = await door.open(copy())
    got, first = [], asyncio.Event()

    async def take():
        async for chunk in viewing.stream():
            got.append(chunk)
            first.set()
            await asyncio.sleep(60)

    taking = asyncio.get_running_loop().create_task(take())
    await first.wait()
    await door.viewings.cut(viewing.grant.grant_id, Reason.CONVENTION_WITHDRAWN)
    with pytest.raises(asyncio.CancelledError):
        await taking
    assert len(got) == 1


async def test_a_stream_between_two_chunks_stops_at_the_cut(door):
    viewing = await door.open(copy())
    stream = viewing.stream(0, 9)
    assert await anext(stream)
    door.viewings.suspend(viewing.grant.grant_id)
    await door.viewings.cut(viewing.grant.grant_id, Reason.CONVENTION_SUSPENDED)
    assert await refused(viewing.pump(asyncio.sleep)) is FaultKind.GRANT_ENDED
    await stream.aclose()


async def test_a_client_that_goes_is_not_taken_for_a_cut(door):
    viewing = await door.open(copy())

    async def send(chunk):
        await asyncio.Event().wait()

    pumping = asyncio.get_running_loop().create_task(viewing.pump(send))
    await asyncio.sleep(0.05)
    pumping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pumping
    assert viewing.state is State.PERMITTING
    assert door.outcomes == []


async def test_ranges_of_an_untouched_file(door):
    viewing = await door.open(copy())
    whole = door.file(0).read_bytes()
    assert viewing.total_bytes == len(whole)
    assert viewing.media_type == "video/mp4"
    assert b"".join([chunk async for chunk in viewing.stream(10, 19)]) == whole[10:20]
    assert viewing.bytes_count == 10
    assert viewing.footage == (seconds(0, 30),)
    for first, last in ((len(whole), None), (5, 4)):
        with pytest.raises(Fault) as fault:
            await anext(viewing.stream(first, last))
        assert fault.value.kind is FaultKind.RANGE_UNSATISFIABLE
    assert viewing.state is State.PERMITTING


async def test_a_view_is_not_a_copy_and_a_copy_is_not_a_view(door):
    viewed = await door.open(view())
    copied = await door.open(copy(grant_id="0198a000-0000-7000-8000-000000000003"))
    with pytest.raises(Fault) as fault:
        await anext(viewed.stream())
    assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN
    for asked in (copied.playlist(), copied.init(), copied.segment(0)):
        assert await refused(asked) is FaultKind.RESOURCE_UNKNOWN


@pytest.mark.requirement("PM-4.1")
async def test_footage_that_fails_ends_the_viewing_as_unavailable_not_refused(door):
    viewing = await door.open(view(seconds(0, 60)))
    await viewing.segment(0)
    door.file(1).unlink()
    assert await refused(viewing.segment(20)) is FaultKind.FOOTAGE_MISSING
    ((_, outcome),) = door.outcomes
    assert (outcome.ending, outcome.reason) == (Ending.UNAVAILABLE, Reason.SOURCE_UNAVAILABLE)
    assert outcome.footage == seconds(0, 2)
    assert await refused(viewing.segment(0)) is FaultKind.GRANT_ENDED


@pytest.mark.requirement("PM-4.1")
def test_a_source_that_never_answered_is_an_outcome_of_its_own():
    for kind, ending in (
        (FaultKind.SOURCE_TIMEOUT, Ending.UNAVAILABLE),
        (FaultKind.FOOTAGE_MISSING, Ending.UNAVAILABLE),
        (FaultKind.DELIVERY_FAILED, Ending.FAULT),
    ):
        outcome = unavailable(view(), Fault(kind, "a test"))
        assert (outcome.ending, outcome.bytes_count, outcome.footage) == (ending, 0, None)


async def test_asking_wrongly_does_not_end_a_viewing(door):
    viewing = await door.open(view())
    assert await refused(viewing.segment(99)) is FaultKind.RESOURCE_UNKNOWN
    assert await viewing.segment(0)


async def test_an_ending_that_cannot_be_written_is_kept_and_written_later(door):
    wrong = Fault(FaultKind.LEDGER_UNAVAILABLE, "the ledger is locked")
    tries = []

    async def on_end(grant, outcome):
        tries.append(outcome)
        if len(tries) < 3:
            raise wrong

    door.viewings.on_end = on_end
    viewing = await door.open(view())
    await door.viewings.close(viewing.grant.grant_id, SESSION)
    assert door.viewings.unwritten_count() == 1
    with pytest.raises(Fault) as fault:
        await door.viewings.shutdown()
    assert fault.value.kind is FaultKind.LEDGER_UNAVAILABLE
    await door.viewings.sweep()
    assert door.viewings.unwritten_count() == 0
    assert tries == [tries[0]] * 3


async def test_shutdown_writes_every_ending_once(door):
    for number in range(3):
        await door.open(view(grant_id=f"0198a000-0000-7000-8000-00000000010{number}"))
    await door.viewings.shutdown()
    await door.viewings.shutdown()
    assert len({grant.grant_id for grant, _ in door.outcomes}) == len(door.outcomes) == 3


async def test_two_cuts_are_one_ending(door):
    viewing = await door.open(view())
    cuts = [door.viewings.cut(viewing.grant.grant_id, reason) for reason in (Reason.SESSION_ENDED, Reason.PTZ_LIMIT)]
    await asyncio.gather(*cuts)
    assert [outcome.reason for _, outcome in door.outcomes] == [Reason.SESSION_ENDED]


async def test_status_is_told_to_the_session_and_keeps_the_reason(door):
    viewing = await door.open(view())
    grant_id = viewing.grant.grant_id
    assert door.viewings.status(grant_id, SESSION)["state"] == "pending"
    await door.viewings.cut(grant_id, Reason.CAMERA_TIME_WINDOW)
    assert door.viewings.status(grant_id, SESSION) == {
        "state": "terminated",
        "ending": "cut",
        "reason": "camera-time-window",
    }
    with pytest.raises(Fault):
        door.viewings.status(grant_id, SessionId("another"))


async def test_nobody_opens_a_viewing_whose_end_nobody_writes(door):
    door.viewings.on_end = None
    with pytest.raises(Fault) as fault:
        await door.open(view())
    assert fault.value.kind is FaultKind.DELIVERY_FAILED


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_the_table_says_which_steps_there_are(before, after):
    if after is before or after in TRANSITIONS[before]:
        require_transition(before, after)
    else:
        with pytest.raises(Fault) as fault:
            require_transition(before, after)
        assert fault.value.kind is FaultKind.GRANT_ENDED


def test_nothing_leads_out_of_terminated():
    assert TRANSITIONS[State.TERMINATED] == frozenset()
    assert all(State.TERMINATED in steps for state, steps in TRANSITIONS.items() if state is not State.TERMINATED)
