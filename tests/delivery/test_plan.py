"""Plans: every instant of the span once, none outside, whatever the recorder holds. Property tests."""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from adapters.port import Segment
from broker.delivery import playlist
from broker.delivery.container import LARGEST_FRAGMENT_BYTES, Sample, Track, split
from broker.delivery.deliverable import merged
from broker.delivery.plan import copies, grid, lines, parts
from conventions.identifiers import CameraId
from conventions.spans import Span
from tests.adapters.contract import NOON

CAMERA = CameraId("porto/varco-1")


def at(ms: int):
    return NOON + timedelta(milliseconds=ms)


spans = st.tuples(st.integers(0, 100_000), st.integers(1, 60_000)).map(lambda p: Span(at(p[0]), at(p[0] + p[1])))


@st.composite
def recordings(draw):
    """Segments in time order; gaps and overlaps as recorders have them."""
    segments, start = [], 0
    for _ in range(draw(st.integers(0, 6))):
        start = max(0, start + draw(st.integers(-2_000, 5_000)))
        length = draw(st.integers(1, 30_000))
        segments.append(Segment(CAMERA, Span(at(start), at(start + length)), None, "h264"))
        start += length
    return segments


@given(recordings(), spans)
def test_parts_cover_what_exists_of_the_span_once(segments, span):
    found = parts(segments, span)
    for earlier, later in pairwise(found):
        assert earlier.clip.end_utc <= later.clip.start_utc
    assert all(span.covers(part.clip) and part.segment.span.covers(part.clip) for part in found)
    exists = merged(
        Span(max(s.span.start_utc, span.start_utc), min(s.span.end_utc, span.end_utc))
        for s in segments
        if s.span.overlaps(span)
    )
    assert merged(part.clip for part in found) == exists


@given(recordings(), spans)
def test_the_grid_covers_the_parts_exactly(segments, span):
    found = parts(segments, span)
    fragments = list(grid(found))
    assert merged(fragment.span for fragment in fragments) == merged(part.clip for part in found)
    media = [(fragment.first_s + fragment.media_s, fragment.end_s + fragment.media_s) for fragment in fragments]
    assert all(before[1] == after[0] for before, after in pairwise(media))
    assert all(end - first <= Fraction(5, 2) for first, end in media)


@st.composite
def tracks(draw):
    """A table of packets, four a second, key frames where they fall, some of them huge."""
    count = draw(st.integers(1, 120))
    keys = draw(st.sets(st.integers(0, 119))) | {0}
    sizes = draw(st.lists(st.integers(1, 1_200_000), min_size=count, max_size=count))
    samples = tuple(Sample(Fraction(n, 4), n * 10, size, n in keys) for n, size in enumerate(sizes))
    return Track("h264", 64, 64, Fraction(4), Fraction(count, 4), samples, b"", False)


@given(recordings(), spans, st.lists(tracks(), min_size=6, max_size=6))
def test_copies_stay_inside_begin_at_key_frames_and_stay_small(segments, span, given_tracks):
    found = [(part, given_tracks[place]) for place, part in enumerate(parts(segments, span))]
    by_part = {part: track for part, track in found}
    fragments = list(copies(found))
    begun = set()
    for fragment in fragments:
        assert span.covers(fragment.span)
        first, end = fragment.dts
        inside = [
            sample
            for sample in by_part[fragment.part].samples
            if sample.dts >= first and (end is None or sample.dts < end) and sample.at_s < fragment.end_s
        ]
        assert all(fragment.first_s <= sample.at_s < fragment.end_s for sample in inside)
        total = sum(sample.size_bytes for sample in inside)
        assert total <= LARGEST_FRAGMENT_BYTES or len(inside) == 1
        if fragment.part not in begun:
            begun.add(fragment.part)
            assert inside[0].key
    media = [(fragment.first_s + fragment.media_s, fragment.end_s + fragment.media_s) for fragment in fragments]
    assert all(before[1] == after[0] for before, after in pairwise(media))


@given(recordings(), spans)
def test_a_playlist_marks_every_gap(segments, span):
    fragments = list(grid(parts(segments, span)))
    text = playlist.write(list(lines(fragments, [0] * len(fragments))), live=False)
    gaps = len(merged(fragment.span for fragment in fragments)) - 1
    assert text.count("#EXT-X-DISCONTINUITY\n") == max(0, gaps)
    assert text.count("#EXTINF") == len(fragments)
    assert text.count("#EXT-X-MAP") == min(1, len(fragments))


def test_another_header_is_named_and_marked():
    segments = [Segment(CAMERA, Span(at(n * 4000), at(n * 4000 + 4000)), None, "h264") for n in (0, 1)]
    fragments = list(grid(parts(segments, Span(at(0), at(8000)))))
    text = playlist.write(list(lines(fragments, [0, 0, 1, 1])), live=False)
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1
    assert 'URI="init.mp4"' in text
    assert 'URI="init-1.mp4"' in text


@given(st.binary(max_size=200))
def test_splitting_loses_nothing(data):
    assert b"".join(split(data)) == data
