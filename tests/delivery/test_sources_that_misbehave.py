"""Slow, huge, lying and breaking sources, and workers that die: a fault with its kind, never a hang, never bytes."""

import asyncio
import io
import os
import signal
from fractions import Fraction

import av
import numpy as np
import pytest

from adapters.port import Segment
from broker.delivery import segment_file
from broker.delivery.deliverable import Kind
from broker.delivery.minimise import minimise
from broker.delivery.plan import parts
from broker.delivery.recorded import look_into_all
from broker.delivery.segment_file import BLOCK_BYTES, SegmentFile
from broker.delivery.untouched import Untouched
from broker.delivery.workers import Workers
from conventions.faults import Fault, FaultKind
from conventions.spans import Span
from tests.adapters.conftest import CAMERA
from tests.adapters.contract import grant_of, seconds

SPAN = seconds(0, 30)


class Recorder:
    """A source over bytes in memory that behaves as the test says. ``size`` is what it claims."""

    media_type = "video/mp4"

    def __init__(self, data: bytes, size: int | None = -1, span: Span = SPAN):
        self.data = data
        self.grant_id = grant_of(CAMERA, span=SPAN).grant_id
        self.segments = (Segment(CAMERA, span, len(data) if size == -1 else size, "h264"),)
        self.asked: list[tuple[int, int | None]] = []
        self.closed = False

    async def read(self, segment, first_byte=0, last_byte=None):
        self.asked.append((first_byte, last_byte))
        if first_byte >= len(self.data):
            raise Fault(FaultKind.RANGE_UNSATISFIABLE, "past the end")
        yield self.data[first_byte : None if last_byte is None else last_byte + 1]

    async def close(self):
        self.closed = True


class Slow(Recorder):
    async def read(self, segment, first_byte=0, last_byte=None):
        await asyncio.sleep(60)
        yield b""


class Huge(Recorder):
    """Answers every range with everything, again and again."""

    async def read(self, segment, first_byte=0, last_byte=None):
        while True:
            yield bytes(1 << 20)


class Breaking(Recorder):
    """Its connection is lost after the first answers."""

    async def read(self, segment, first_byte=0, last_byte=None):
        self.asked.append((first_byte, last_byte))
        if len(self.asked) > 2:
            raise Fault(FaultKind.SOURCE_UNAVAILABLE, "connection lost")
        yield self.data[first_byte : None if last_byte is None else last_byte + 1]


def asked(*obligations, **more):
    return grant_of(CAMERA, span=SPAN, obligations=frozenset(obligations), **more)


async def kind_of(clear, door, grant=None) -> FaultKind:
    with pytest.raises(Fault) as fault:
        await minimise(clear, grant or asked("no-audio"), door.workers)
    assert clear.closed
    return fault.value.kind


async def test_a_slow_source_is_a_timeout(door, monkeypatch):
    monkeypatch.setattr(segment_file.SegmentFile.__init__, "__defaults__", (0.1,))
    assert await kind_of(Slow(door.file(0).read_bytes()), door) is FaultKind.SOURCE_TIMEOUT


async def test_a_slow_source_of_a_copy_is_a_timeout(door, monkeypatch):
    monkeypatch.setattr("broker.delivery.untouched.CHUNK_TIMEOUT_S", 0.1)
    grant = asked(operation="recording.extract")
    copy = await minimise(Slow(door.file(0).read_bytes()), grant, door.workers)
    assert isinstance(copy, Untouched)
    viewing = door.viewings.open(grant, copy, "session")
    with pytest.raises(Fault) as fault:
        await anext(viewing.stream())
    assert fault.value.kind is FaultKind.SOURCE_TIMEOUT
    assert [outcome.ending.value for _, outcome in door.outcomes] == ["unavailable"]


async def test_a_source_that_answers_with_more_than_was_asked_is_malformed(door):
    assert await kind_of(Huge(door.file(0).read_bytes()), door) is FaultKind.SOURCE_MALFORMED


async def test_a_source_that_claims_more_than_it_has_is_malformed_or_unsatisfiable(door):
    data = door.file(0).read_bytes()
    clear = Recorder(data[: len(data) // 2], size=len(data))
    deliverable = await minimise(clear, asked("no-audio"), door.workers)
    with pytest.raises(Fault) as fault:
        await deliverable.fragment(14)
    assert fault.value.kind in (FaultKind.SOURCE_MALFORMED, FaultKind.RANGE_UNSATISFIABLE)


async def test_a_source_that_breaks_keeps_its_own_fault(door):
    assert await kind_of(Breaking(door.file(0).read_bytes() * 1, None), door) in (
        FaultKind.SOURCE_UNAVAILABLE,
        FaultKind.SOURCE_MALFORMED,
    )


@pytest.mark.parametrize("data", [b"", b"<html></html>" * 100, os.urandom(5000)])
async def test_what_is_not_video_is_malformed(door, data):
    assert await kind_of(Recorder(data or b"\0", len(data or b"\0")), door) is FaultKind.SOURCE_MALFORMED


async def test_sound_alone_is_not_video(door, tmp_path):
    with av.open(str(tmp_path / "tone.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=16_000, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
        block.sample_rate = 16_000
        output.mux(stream.encode(block))
        output.mux(stream.encode(None))
    clear = Recorder((tmp_path / "tone.mp4").read_bytes())
    assert await kind_of(clear, door) is FaultKind.SOURCE_MALFORMED


async def test_a_segment_of_unknown_size_is_played(door):
    data = door.file(0).read_bytes()
    sized = await minimise(Recorder(data), asked("no-audio"), door.workers)
    unsized = await minimise(Recorder(data, None), asked("no-audio"), door.workers)
    assert (await unsized.fragment(3)).data == (await sized.fragment(3)).data


async def test_a_file_is_read_in_blocks_and_where_it_is_needed(door):
    data = os.urandom(3 * BLOCK_BYTES + 17)
    clear = Recorder(data)
    file = SegmentFile(clear, clear.segments[0], asyncio.get_running_loop())

    def work():
        begun = file.read(10)
        file.seek(-17, os.SEEK_END)
        end = file.read(100)
        assert file.read(1) == b""
        file.seek(BLOCK_BYTES)
        assert file.tell() == BLOCK_BYTES
        file.seek(5, os.SEEK_CUR)
        return begun, end, file.read(3)

    begun, end, middle = await door.workers.in_thread(work)
    assert begun == data[:10]
    assert end == data[-17:]
    assert middle == data[BLOCK_BYTES + 5 : BLOCK_BYTES + 8]
    assert all(last - first < BLOCK_BYTES for first, last in clear.asked)


async def test_tracks_of_many_segments_come_in_their_order(door):
    grant = grant_of(CAMERA, span=seconds(0, 150))
    clear = await door.source.open_recording(grant)
    clipped = parts(clear.segments, grant.span)
    tracks = await look_into_all(clear, clipped, door.workers)
    assert len(tracks) == 4
    assert all(track.has_audio for track in tracks)


def film(path, pictures_at_s: list[float], codec="libx264", container="mp4") -> bytes:
    """A film with pictures at the given seconds only, each a grey of its own."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=25, options={"g": "1000"} if codec == "libx264" else {})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p" if codec == "libx264" else "yuvj420p"
        for place, second in enumerate(pictures_at_s):
            picture = av.VideoFrame.from_ndarray(np.full((72, 64), 40 + 10 * (place % 20), np.uint8), format="yuv420p")
            picture.pts, picture.time_base = round(second * 1000), Fraction(1, 1000)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path.read_bytes()


async def greys(deliverable, number: int) -> list[int]:
    data = await deliverable.init(0) + (await deliverable.fragment(number)).data
    with av.open(io.BytesIO(data)) as container:
        return [
            round(picture.to_ndarray(format="yuv420p")[:20].mean() / 10) * 10 for picture in container.decode(video=0)
        ]


async def test_a_slow_camera_holds_its_picture(door, tmp_path):
    data = film(tmp_path / "slow.mp4", [0, 3, 6, 9, 12, 29])
    deliverable = await minimise(Recorder(data), asked("mark-view"), door.workers)
    assert [await greys(deliverable, number) for number in range(5)] == [[40], [50], [50], [60], [70]]


async def test_a_picture_is_not_held_for_ever(door, tmp_path):
    """The recorder claims half a minute; the film stops after twelve seconds."""
    data = film(tmp_path / "slow.mp4", [0, 3, 6, 9, 12])
    deliverable = await minimise(Recorder(data), asked("mark-view"), door.workers)
    assert await greys(deliverable, 7) == [80]
    with pytest.raises(Fault) as fault:
        await deliverable.fragment(10)
    assert fault.value.kind is FaultKind.SOURCE_MALFORMED


async def test_a_picture_from_before_the_span_is_not_held_into_it(door, tmp_path):
    """At 4 s the camera's latest picture is of 3 s, which was not granted: black until its next one."""
    data = film(tmp_path / "slow.mp4", [0, 3, 6, 9, 12])
    for span, shown in ((seconds(3, 9), [[50], [60], [60]]), (seconds(4, 9), [[20], [60], [60]])):
        grant = grant_of(CAMERA, span=span, obligations=frozenset({"mark-view"}))
        deliverable = await minimise(Recorder(data), grant, door.workers)
        assert [await greys(deliverable, number) for number in range(3)] == shown


async def test_a_codec_that_does_not_go_into_mp4_is_rendered(door, tmp_path):
    data = film(tmp_path / "mjpeg.mkv", [second / 5 for second in range(150)], "mjpeg", "matroska")
    deliverable = await minimise(Recorder(data), asked("no-audio"), door.workers)
    assert deliverable.kind is Kind.RENDERED
    assert len(await greys(deliverable, 3)) == 10


# Workers


async def test_a_worker_that_dies_is_replaced_and_the_view_goes_on(door):
    workers = Workers(processes_count=1)
    deliverable = await minimise(Recorder(door.file(0).read_bytes()), asked("mark-view"), workers)
    first = (await deliverable.fragment(0)).data
    (worker,) = workers._processes._processes
    os.kill(worker, signal.SIGKILL)
    assert (await deliverable.fragment(0)).data == first
    workers.close()


async def test_rendering_that_takes_too_long_is_given_up(door, monkeypatch):
    monkeypatch.setattr("broker.delivery.workers.RENDER_TIMEOUT_S", 0.0001)
    workers = Workers(processes_count=1)
    deliverable = await minimise(Recorder(door.file(0).read_bytes()), asked("mark-view"), workers)
    with pytest.raises(Fault) as fault:
        await deliverable.fragment(0)
    assert fault.value.kind is FaultKind.DELIVERY_FAILED
    workers.close()


async def test_pictures_that_cannot_be_decoded_are_not_delivered(door):
    """The packets are noise: nothing half-decoded leaves under a mark."""
    data = bytearray(door.file(0).read_bytes())
    start = data.index(b"mdat")
    data[start + 4 :] = os.urandom(len(data) - start - 4)
    deliverable = await minimise(Recorder(bytes(data)), asked("mark-view"), door.workers)
    with pytest.raises(Fault) as fault:
        await deliverable.fragment(0)
    assert fault.value.kind in (FaultKind.DELIVERY_FAILED, FaultKind.SOURCE_MALFORMED)


async def test_after_the_close_nothing_is_rendered(door):
    workers = Workers(processes_count=1)
    deliverable = await minimise(Recorder(door.file(0).read_bytes()), asked("mark-view"), workers)
    workers.close()
    with pytest.raises((Fault, RuntimeError)):
        await deliverable.fragment(0)
