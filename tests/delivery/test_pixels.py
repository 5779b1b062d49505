"""What the viewer receives, decoded: the mark is in it, the sound is not, nothing outside the span is."""

import hashlib
import io
import re
from datetime import datetime, timedelta

import av
import numpy as np
import pytest

from broker.delivery.deliverable import Kind
from broker.delivery.render import burn
from conventions.spans import Span
from policies.obligations import Obligation
from tests.adapters.conftest import CAMERA
from tests.adapters.contract import NOON, grant_of, seconds

NO_AUDIO = frozenset({Obligation.NO_AUDIO.value})
MARKED = frozenset({Obligation.NO_AUDIO.value, Obligation.MARK_VIEW.value})
BAR_PX = 20  # both bars: the film's clock above, the mark below


async def played(deliverable) -> list[tuple[str, bytes]]:
    """Every fragment with the header that its playlist gives it, as a player puts them together."""
    found, init = [], b""
    for line in (await deliverable.playlist()).splitlines():
        if match := re.fullmatch(r'#EXT-X-MAP:URI="init(?:-(\d+))?\.mp4"', line):
            init = await deliverable.init(int(match[1] or 0))
        elif match := re.fullmatch(r"(\d+)\.m4s", line):
            found.append((line, init + (await deliverable.fragment(int(match[1]))).data))
    return found


def decoded(data: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(data)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        return list(container.decode(video=0))


def digest(picture: av.VideoFrame) -> str:
    return hashlib.sha256(picture.to_ndarray(format="yuv420p").tobytes()).hexdigest()


def luma(picture: av.VideoFrame):
    return picture.to_ndarray(format="yuv420p")[: picture.height].astype(int)


def originals(path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


def difference(one, two) -> float:
    return float(np.abs(one - two).mean())


@pytest.mark.requirement("LEV-6.2")
async def test_sound_is_dropped_and_every_picture_stays_bit_for_bit(door):
    with av.open(str(door.file(0))) as source:
        assert source.streams.audio, "the camera of this test has sound"
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 30), obligations=NO_AUDIO))
    assert deliverable.kind is Kind.REMUXED
    pictures = [digest(picture) for _, data in await played(deliverable) for picture in decoded(data)]
    assert pictures == [digest(picture) for picture in originals(door.file(0))]


@pytest.mark.requirement("LEV-6.2")
async def test_a_marked_view_has_no_sound_either(door):
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 4), obligations=MARKED))
    for _, data in await played(deliverable):
        decoded(data)


async def test_a_view_without_obligations_is_played_without_sound_too(door):
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 4)))
    assert deliverable.kind is Kind.REMUXED
    for _, data in await played(deliverable):
        decoded(data)


@pytest.mark.requirement("PM-3.17")
async def test_the_mark_and_the_running_time_are_burnt_in(door):
    grant = grant_of(CAMERA, span=seconds(31, 37), obligations=MARKED, mark="CC-MN-4711")
    deliverable = await door.deliverable(grant)
    assert deliverable.kind is Kind.RENDERED
    shown = [picture for _, data in await played(deliverable) for picture in decoded(data)]
    assert len(shown) == 6 * 8
    before = originals(door.file(1))[8:56]

    def bar(text):
        frame = np.full((270 * 3 // 2, 480), 90, dtype=np.uint8)
        burn(frame, text)
        return frame[270 - BAR_PX : 270].astype(int)

    for place, (picture, original) in enumerate(zip(shown, before, strict=True)):
        at_utc = NOON + timedelta(seconds=31 + place // 8)
        lower = luma(picture)[-BAR_PX:]
        right = difference(lower, bar(f"CC-MN-4711  {at_utc:%Y-%m-%d %H:%M:%S}Z"))
        assert right < 12
        assert right < difference(lower, bar(f"CC-MN-9999  {at_utc:%Y-%m-%d %H:%M:%S}Z"))
        assert right < difference(lower, bar(f"CC-MN-4711  {at_utc + timedelta(seconds=9):%Y-%m-%d %H:%M:%S}Z"))
        assert difference(lower, luma(original)[-BAR_PX:]) > 20
        assert difference(luma(picture)[:-BAR_PX], luma(original)[:-BAR_PX]) < 6


@pytest.mark.requirement("PM-3.17")
async def test_an_unmarked_view_has_no_bar(door):
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 4), obligations=NO_AUDIO))
    (_, data), *_ = await played(deliverable)
    picture = decoded(data)[0]
    assert difference(luma(picture)[-BAR_PX:], luma(originals(door.file(0))[0])[-BAR_PX:]) == 0


@pytest.mark.parametrize("size", [(16, 16), (176, 144), (480, 270), (1920, 1080)])
def test_any_mark_fits_its_bar(size):
    """Long marks shrink; nothing is drawn above the bar, and letters stay inside the picture."""
    wide, high = size
    frame = np.full((high * 3 // 2, wide), 90, dtype=np.uint8)
    burn(frame, "CARABINIERI-MANTOVA-OPERATORE-0123456789  2026-03-02 12:00:00Z")
    touched = np.argwhere(frame[:high] != 90)
    bar_px = high - touched[:, 0].min()
    assert bar_px == min(high, max(16, int(high * 0.075))) // 2 * 2
    assert (frame[: high - bar_px] == 90).all()


@pytest.mark.parametrize("obligations", [NO_AUDIO, MARKED])
async def test_nothing_outside_the_span_is_shown(door, obligations):
    """The films differ from picture to picture, so that each picture shown is found among the originals."""
    span = Span(NOON + timedelta(seconds=12.3), NOON + timedelta(seconds=17.6))
    deliverable = await door.deliverable(grant_of(CAMERA, span=span, obligations=obligations))
    shown = [luma(picture) for _, data in await played(deliverable) for picture in decoded(data)]
    all_there_is = [luma(picture) for picture in originals(door.file(0))]
    inside = slice(BAR_PX, -BAR_PX)
    clock = slice(0, BAR_PX)
    for picture in shown:
        near = min(
            range(len(all_there_is)),
            key=lambda place: (
                difference(picture[inside], all_there_is[place][inside])
                + difference(picture[clock], all_there_is[place][clock])
            ),
        )
        assert 12.3 <= near / 8 < 17.6
    exact = 17.6 - 12.3
    assert len(shown) >= (exact - (1 if obligations is NO_AUDIO else 0.25)) * 8
    assert all(span.covers(part) for part in deliverable.spans)


async def test_a_rendered_view_reaches_both_ends_of_the_span(door):
    span = Span(NOON + timedelta(seconds=12.3), NOON + timedelta(seconds=17.6))
    deliverable = await door.deliverable(grant_of(CAMERA, span=span, obligations=MARKED))
    assert deliverable.spans == (span,)


async def test_a_span_between_two_key_frames_is_rendered(door):
    span = Span(NOON + timedelta(seconds=12.2), NOON + timedelta(seconds=12.9))
    deliverable = await door.deliverable(grant_of(CAMERA, span=span, obligations=NO_AUDIO))
    assert deliverable.kind is Kind.RENDERED
    assert len([picture for _, data in await played(deliverable) for picture in decoded(data)]) == 6  # 12.25 to 12.875


@pytest.mark.parametrize("obligations", [NO_AUDIO, MARKED])
async def test_a_gap_is_told_and_time_goes_on_behind_it(door, obligations):
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(84, 126), obligations=obligations))
    assert deliverable.spans == (seconds(84, 90), seconds(120, 126))
    text = await deliverable.playlist()
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert re.findall(r"DATE-TIME:(\S+)", text) == ["2026-03-02T12:01:24.000000Z", "2026-03-02T12:02:00.000000Z"]
    times = [float(picture.time) for _, data in await played(deliverable) for picture in decoded(data)]
    assert times == pytest.approx([1 + place / 8 for place in range(96)], abs=0.01)


@pytest.mark.parametrize("obligations", [NO_AUDIO, MARKED])
async def test_fragments_play_as_one_film(door, obligations):
    """All fragments behind one header, as a player appends them: pictures in order, no overlap, no hole."""
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(20, 50), obligations=obligations))
    film = await deliverable.init(0)
    count = (await deliverable.playlist()).count(".m4s")
    for number in range(count):
        film += (await deliverable.fragment(number)).data
    times = [float(picture.time) for picture in decoded(film)]
    assert times == pytest.approx([1 + place / 8 for place in range(240)], abs=0.01)


async def test_fragments_are_made_in_any_order_and_alike(door):
    for obligations in (NO_AUDIO, MARKED):
        deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 12), obligations=obligations))
        late = (await deliverable.fragment(4)).data
        await deliverable.init(0)
        first = (await deliverable.fragment(0)).data
        assert (await deliverable.fragment(4)).data == late
        assert (await deliverable.fragment(0)).data == first


async def test_the_playlist_says_how_long_it_is_and_names_no_source(door):
    deliverable = await door.deliverable(grant_of(CAMERA, span=seconds(0, 60), obligations=MARKED))
    text = await deliverable.playlist()
    lengths = [float(length) for length in re.findall(r"#EXTINF:([\d.]+),", text)]
    assert sum(lengths) == pytest.approx(60)
    assert max(lengths) <= 2.5
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert "porto" not in text
    assert not re.search(r"^(/|\w+:)", text, re.MULTILINE)
    starts = datetime.fromisoformat(re.findall(r"DATE-TIME:(\S+)", text)[0])
    assert starts == NOON
