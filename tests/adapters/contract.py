"""What every adapter must do, as tests to inherit. An adapter's test module gives a ``world``: its source and a
recorder whose footage the test can spoil.

The contract: half-open spans, gaps, clock skew, cut, slow, huge, lying, malformed, and nothing written.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import pytest

from adapters.port import Grant, Receipt, Segment, VideoSource
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CameraId, GrantId, Plate, body_of
from conventions.spans import Span

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The beginning of the footage in every world."""
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


@dataclass
class TestClock:
    """A clock that stands until it is moved."""

    __test__ = False
    at_utc: datetime = NOON + timedelta(minutes=10)
    monotonic: float = 100.0

    def now_utc(self) -> datetime:
        return self.at_utc

    def monotonic_s(self) -> float:
        return self.monotonic

    def pass_s(self, length_s: float) -> None:
        self.at_utc += timedelta(seconds=length_s)
        self.monotonic += length_s


def receipt(controller: BodyId) -> Receipt:
    return Receipt(controller, 7, 8, "00" * 32, (), "checkpoint of a test")


def grant_of(
    *cameras: CameraId,
    span: Span | None,
    obligations: frozenset[str] = frozenset(),
    operation: str = "recording.view",
    ends_utc: datetime = NOON + timedelta(hours=2),
    mark: str = "CC-MN-4711",
    plate: Plate | None = None,
    grant_id: str = "0198a000-0000-7000-8000-000000000001",
) -> Grant:
    controller = body_of(cameras[0])
    return Grant(
        GrantId(grant_id), controller, operation, cameras, span, ends_utc, obligations, receipt(controller), mark, plate
    )


class VideoWorld(Protocol):
    """A recorder with three segments of 30 s from ``NOON``, then a gap of 30 s, then one more; of one camera."""

    camera: CameraId
    other_camera: CameraId
    """Of the same controller, in the same recorder."""
    clock: TestClock
    source: VideoSource

    def source_ahead(self, ahead: timedelta) -> VideoSource:
        """The same recorder, its clock known to run ahead."""
        ...

    def vanish(self, number: int) -> None: ...

    def truncate(self, number: int) -> None: ...

    def replace(self, number: int, content: bytes) -> None:
        """Other content under the same name, the recorder's list unchanged but for the size."""
        ...

    def fingerprint(self) -> object:
        """All that the recorder holds, to see that nothing is written."""
        ...


def seconds(start_s: float, end_s: float) -> Span:
    return Span(NOON + timedelta(seconds=start_s), NOON + timedelta(seconds=end_s))


@dataclass
class Read:
    chunks: list[bytes] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks)


async def read_all(clear, segment: Segment, first_byte: int = 0, last_byte: int | None = None) -> Read:
    read = Read()
    async for chunk in clear.read(segment, first_byte, last_byte):
        read.chunks.append(chunk)
    return read


class VideoSourceContract:
    """Inherit and give a ``world`` fixture."""

    async def spans_of(self, world: VideoWorld, span: Span) -> list[Span]:
        clear = await world.source.open_recording(grant_of(world.camera, span=span))
        try:
            return [segment.span for segment in clear.segments]
        finally:
            await clear.close()

    async def test_segments_cover_a_span_and_cross_its_edges(self, world):
        found = await self.spans_of(world, seconds(10, 70))
        assert found == [seconds(0, 30), seconds(30, 60), seconds(60, 90)]

    async def test_the_end_of_a_span_is_outside(self, world):
        assert await self.spans_of(world, seconds(0, 30)) == [seconds(0, 30)]
        barely = Span(NOON, NOON + 30 * SECOND + TICK)
        assert await self.spans_of(world, barely) == [seconds(0, 30), seconds(30, 60)]

    async def test_the_end_of_a_segment_is_outside(self, world):
        assert await self.spans_of(world, seconds(30, 40)) == [seconds(30, 60)]

    async def test_a_gap_is_absent(self, world):
        assert await self.spans_of(world, seconds(80, 130)) == [seconds(60, 90), seconds(120, 150)]

    async def test_a_span_inside_a_gap_is_missing_footage(self, world):
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(world.camera, span=seconds(95, 115)))
        assert fault.value.kind is FaultKind.FOOTAGE_MISSING

    async def test_coverage_is_clipped_and_joined(self, world):
        grant = grant_of(world.camera, span=seconds(10, 200), operation="inventory.list")
        assert await world.source.coverage(grant) == (seconds(10, 90), seconds(120, 150))

    async def test_coverage_of_a_gap_is_empty(self, world):
        grant = grant_of(world.camera, span=seconds(90, 120), operation="inventory.list")
        assert await world.source.coverage(grant) == ()

    async def test_a_clock_that_runs_ahead_is_set_right(self, world):
        source = world.source_ahead(timedelta(seconds=5))
        clear = await source.open_recording(grant_of(world.camera, span=seconds(0, 20)))
        assert [segment.span for segment in clear.segments] == [seconds(-5, 25)]
        assert (await source.check()).clock_offset_ms == 5000

    async def test_bytes_come_in_chunks_and_ranges_include_both_ends(self, world):
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        segment = clear.segments[0]
        whole = (await read_all(clear, segment)).data
        assert len(whole) == segment.size_bytes
        part = await read_all(clear, segment, 100, 299)
        assert part.data == whole[100:300]
        assert all(len(chunk) <= 1 << 20 for chunk in part.chunks)
        beyond = await read_all(clear, segment, len(whole) - 5, len(whole) + 1000)
        assert beyond.data == whole[-5:]

    @pytest.mark.parametrize(("first", "last"), [(-1, 5), (10**12, None), (8, 7)])
    async def test_a_range_outside_is_unsatisfiable(self, world, first, last):
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        with pytest.raises(Fault) as fault:
            await read_all(clear, clear.segments[0], first, last)
        assert fault.value.kind is FaultKind.RANGE_UNSATISFIABLE

    async def test_nothing_is_read_after_the_close(self, world):
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        reading = clear.read(clear.segments[0])
        await clear.close()
        with pytest.raises(Fault) as fault:
            await anext(reading)
        assert fault.value.kind is FaultKind.GRANT_ENDED

    async def test_an_ended_grant_opens_nothing(self, world):
        grant = grant_of(world.camera, span=seconds(0, 30), ends_utc=world.clock.at_utc)
        live = grant_of(world.camera, span=None, ends_utc=world.clock.at_utc)
        for asked in (world.source.open_recording(grant), world.source.coverage(grant), world.source.open_live(live)):
            with pytest.raises(Fault) as fault:
                await asked
            assert fault.value.kind is FaultKind.GRANT_ENDED

    @pytest.mark.parametrize("camera", ["elsewhere/varco-1", "porto/unknown", "porto/..", "../porto", "porto/a/b"])
    async def test_a_camera_that_is_not_served_is_unknown(self, world, camera):
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(CameraId(camera), span=seconds(0, 30)))
        assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN

    async def test_a_viewing_is_of_one_camera(self, world):
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(world.camera, world.other_camera, span=seconds(0, 30)))
        assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN

    async def test_footage_of_the_other_camera_is_not_given(self, world):
        own = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        other = await world.source.open_recording(grant_of(world.other_camera, span=seconds(0, 30)))
        assert [segment.camera for segment in own.segments] == [world.camera]
        with pytest.raises(Fault):
            await read_all(own, other.segments[0])

    async def test_footage_that_is_gone_is_missing(self, world):
        world.vanish(1)
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(world.camera, span=seconds(0, 60)))
        assert fault.value.kind is FaultKind.FOOTAGE_MISSING

    async def test_footage_that_goes_while_it_is_read_is_missing(self, world):
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 60)))
        await read_all(clear, clear.segments[0])
        world.vanish(1)
        with pytest.raises(Fault) as fault:
            await read_all(clear, clear.segments[1])
        assert fault.value.kind is FaultKind.FOOTAGE_MISSING

    async def test_truncated_footage_is_malformed(self, world):
        world.truncate(0)
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        assert fault.value.kind is FaultKind.SOURCE_MALFORMED

    async def test_footage_truncated_while_it_is_read_is_cut(self, world):
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        world.truncate(0)
        with pytest.raises(Fault) as fault:
            await read_all(clear, clear.segments[0])
        assert fault.value.kind is FaultKind.SOURCE_MALFORMED

    async def test_what_is_not_video_is_malformed(self, world):
        world.replace(0, b"<html>busy, try again later</html>" * 100)
        with pytest.raises(Fault) as fault:
            await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))
        assert fault.value.kind is FaultKind.SOURCE_MALFORMED

    async def test_reading_changes_nothing(self, world):
        before = world.fingerprint()
        clear = await world.source.open_recording(grant_of(world.camera, span=seconds(0, 150)))
        for segment in clear.segments:
            await read_all(clear, segment)
        await clear.close()
        await world.source.coverage(grant_of(world.camera, span=seconds(0, 150)))
        await world.source.check()
        assert world.fingerprint() == before

    async def test_live_is_opened_and_ends_with_the_close(self, world):
        live = await world.source.open_live(grant_of(world.camera, span=None, operation="live.view"))
        assert live.open_input()
        assert live.started_utc == world.clock.at_utc
        await live.close()

    async def test_health_gives_no_path_and_no_address(self, world):
        health = await world.source.check()
        assert "/" not in health.detail
        assert health.checked_utc == world.clock.at_utc
