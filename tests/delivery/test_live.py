"""Live: a window that moves, marked where it must be, its clock the present, ended by the cut."""

import asyncio
import io
import re
import threading
from datetime import UTC, datetime, timedelta

import av
import pytest

from adapters.folder import FolderSource
from adapters.port import LiveClear
from broker.delivery.deliverable import Kind
from broker.delivery.live import WINDOW_BYTES, WINDOW_COUNT, Live
from broker.delivery.minimise import minimise
from broker.evidence import Ending
from conventions.faults import Fault, FaultKind
from conventions.terms import Reason
from tests.adapters.conftest import CAMERA, OTHER
from tests.adapters.contract import grant_of
from tests.delivery.conftest import SESSION


def now_utc():
    return datetime.now(UTC)  # noqa: TID251 live runs at the pace of the clock on the wall


def watch(*obligations):
    ends_utc = now_utc() + timedelta(hours=1)
    return grant_of(CAMERA, span=None, obligations=frozenset(obligations), operation="live.view", ends_utc=ends_utc)


@pytest.fixture
def live_door(door):
    door.source = FolderSource("folder", door.root, (CAMERA, OTHER), now_utc)
    return door


async def playlist_with(live, count: int) -> str:
    """The playlist once it holds that many fragments."""
    async with asyncio.timeout(20):
        while True:
            text = await live.playlist()
            if text.count(".m4s") >= count:
                return text
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(("obligations", "kind"), [(("no-audio",), Kind.REMUXED), (("mark-view",), Kind.RENDERED)])
async def test_live_runs_and_tells_the_present(live_door, obligations, kind):
    before = now_utc()
    live = await live_door.deliverable(watch(*obligations))
    assert live.kind is kind
    text = await playlist_with(live, 2)
    numbers = [int(number) for number in re.findall(r"^(\d+)\.m4s$", text, re.MULTILINE)]
    assert numbers == list(range(len(numbers)))
    starts = datetime.fromisoformat(re.findall(r"DATE-TIME:(\S+)", text)[0])
    assert before <= starts < now_utc()
    film = await live.init(0)
    for number in numbers:
        piece = await live.fragment(number)
        film += piece.data
        assert before <= piece.span.start_utc < now_utc()
    with av.open(io.BytesIO(film)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        times = [float(picture.time) for picture in container.decode(video=0)]
    assert times == pytest.approx([1 + place / 8 for place in range(len(times))], abs=0.01)
    assert "ENDLIST" not in text
    await live.close()


@pytest.mark.requirement("PM-3.17")
async def test_live_carries_the_mark(live_door):
    bars = {}
    for word in ("mark-view", "no-audio"):
        live = await live_door.deliverable(watch(word))
        await playlist_with(live, 1)
        with av.open(io.BytesIO(await live.init(0) + (await live.fragment(0)).data)) as container:
            picture = next(container.decode(video=0))
        bars[word] = picture.to_ndarray(format="yuv420p")[250:270].astype(int)
        await live.close()
    assert (bars["mark-view"] <= 20).mean() > 0.7
    assert (bars["no-audio"] <= 20).mean() < 0.3


async def test_the_cut_ends_live_and_its_threads(live_door):
    threads = set(threading.enumerate())
    viewing = await live_door.open(watch("no-audio"))
    await viewing.playlist()
    assert await viewing.segment(0)
    assert {thread.name for thread in set(threading.enumerate()) - threads} >= {"live-reader", "folder-live"}
    await live_door.viewings.cut(viewing.grant.grant_id, Reason.CAMERA_TIME_WINDOW)
    with pytest.raises(Fault) as fault:
        await viewing.playlist()
    assert fault.value.kind is FaultKind.GRANT_ENDED
    ((_, outcome),) = live_door.outcomes
    assert (outcome.ending, outcome.reason) == (Ending.CUT, Reason.CAMERA_TIME_WINDOW)
    assert outcome.footage is not None
    for thread in set(threading.enumerate()) - threads:
        if thread.name in ("live-reader", "folder-live"):
            thread.join(3)
            assert not thread.is_alive(), thread.name


async def test_the_cut_wakes_who_waits_for_the_first_picture(live_door):
    class Silent:
        grant_id = watch().grant_id
        camera = CAMERA
        started_utc = now_utc()
        ended = threading.Event()

        def open_input(self) -> str:
            self.ended.wait(10)
            return "/nothing/there"

        async def close(self) -> None:
            self.ended.set()

    grant = watch("no-audio")
    clear = Silent()
    assert isinstance(clear, LiveClear)
    deliverable = await minimise(clear, grant, live_door.workers)
    viewing = live_door.viewings.open(grant, deliverable, SESSION)
    waiting = asyncio.get_running_loop().create_task(viewing.playlist())
    await asyncio.sleep(0.05)
    await live_door.viewings.cut(grant.grant_id, Reason.SESSION_ENDED)
    with pytest.raises(Fault) as fault:
        await waiting
    assert fault.value.kind is FaultKind.GRANT_ENDED


class Played:
    """A live source that plays a file and ends."""

    camera = CAMERA

    def __init__(self, grant, path):
        self.grant_id = grant.grant_id
        self.started_utc = now_utc()
        self.path = str(path)

    def open_input(self) -> str:
        return self.path

    async def close(self) -> None:
        self.path = "/closed"


async def test_a_source_that_ends_ends_the_viewing_as_unavailable(live_door):
    grant = watch("no-audio")
    live = await minimise(Played(grant, live_door.file(0)), grant, live_door.workers)
    viewing = live_door.viewings.open(grant, live, SESSION)
    with pytest.raises(Fault) as fault:
        await playlist_with(viewing, 1000)
    assert fault.value.kind is FaultKind.SOURCE_UNAVAILABLE
    assert [outcome.ending for _, outcome in live_door.outcomes] == [Ending.UNAVAILABLE]


async def test_a_live_source_that_is_not_video_is_malformed(live_door, tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(b"<html>login</html>" * 500)
    grant = watch("no-audio")
    live = await minimise(Played(grant, page), grant, live_door.workers)
    with pytest.raises(Fault) as fault:
        await live.playlist()
    assert fault.value.kind is FaultKind.SOURCE_MALFORMED
    await live.close()


async def test_the_window_stays_small(live_door):
    """A file arrives much faster than live would: what is kept stays bounded, and what is gone is gone."""
    grant = watch("no-audio")
    live = await minimise(Played(grant, live_door.file(0)), grant, live_door.workers)
    assert isinstance(live, Live)
    counts = []

    async def follow():
        async with asyncio.timeout(10):
            while True:
                numbers = re.findall(r"^(\d+)\.m4s$", await live.playlist(), re.MULTILINE)
                counts.append(len(numbers))
                assert len((await live.fragment(int(numbers[-1]))).data) <= WINDOW_BYTES
                await asyncio.sleep(0)

    with pytest.raises(Fault):
        await follow()
    assert 1 <= max(counts) <= WINDOW_COUNT
    await live.close()


async def test_a_number_that_is_gone_is_unknown(live_door):
    live = await live_door.deliverable(watch("no-audio"))
    await playlist_with(live, 1)
    with pytest.raises(Fault) as fault:
        await live.fragment(1000)
    assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN
    await live.close()
