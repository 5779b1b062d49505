"""Which stretch of which segment is which fragment. Pure arithmetic over spans and the tables of packets.

INVARIANT: no fragment shows an instant outside the span of the grant. What cannot be copied exactly is left out at
the edges (up to one group of pictures); what must be shown to the edge is rendered.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from adapters.port import Segment
from broker.delivery.container import LARGEST_FRAGMENT_BYTES, Sample, Track
from broker.delivery.playlist import Line
from conventions.spans import Span

FRAGMENT_S = Fraction(2)
MEDIA_START_S = Fraction(1)
"""Media time of the beginning: leaves room for decoding times before the first picture."""


@dataclass(frozen=True, slots=True)
class Part:
    """A segment as far as it lies inside the grant's span."""

    segment: Segment
    clip: Span

    @property
    def first_s(self) -> Fraction:
        """Start of the clip in in-file seconds."""
        return seconds(self.clip.start_utc - self.segment.span.start_utc)

    @property
    def end_s(self) -> Fraction:
        return seconds(self.clip.end_utc - self.segment.span.start_utc)


@dataclass(frozen=True, slots=True)
class Fragment:
    """In-file seconds ``[first_s, end_s)`` of one part; ``media_s`` is the media time of in-file second 0.

    ``dts`` is set when packets are copied: from the first to before the second.
    """

    part: Part
    first_s: Fraction
    end_s: Fraction
    media_s: Fraction
    dts: tuple[int, int | None] | None = None

    @property
    def span(self) -> Span:
        """The footage shown."""
        zero_utc = self.part.segment.span.start_utc
        start_utc, end_utc = zero_utc + duration(self.first_s), zero_utc + duration(self.end_s)
        return Span(max(start_utc, self.part.clip.start_utc), min(end_utc, self.part.clip.end_utc))


def seconds(length: timedelta) -> Fraction:
    return Fraction(length // timedelta(microseconds=1), 1_000_000)


def duration(length_s: Fraction) -> timedelta:
    return timedelta(microseconds=int(length_s * 1_000_000))


def parts(segments: Sequence[Segment], span: Span) -> tuple[Part, ...]:
    """Segments clipped to the span, in time order; where two overlap the earlier one is shown."""
    found: list[Part] = []
    shown_until: datetime = span.start_utc
    for segment in sorted(segments, key=lambda one: one.span):
        start_utc, end_utc = max(segment.span.start_utc, shown_until), min(segment.span.end_utc, span.end_utc)
        if start_utc < end_utc:
            found.append(Part(segment, Span(start_utc, end_utc)))
            shown_until = end_utc
    return tuple(found)


def grid(clipped: Sequence[Part]) -> Iterator[Fragment]:
    """Fragments to render: every 2 s, exact at both ends, without looking into the footage."""
    media_s = MEDIA_START_S
    for part in clipped:
        at_s = part.first_s
        while at_s < part.end_s:
            end_s = min(at_s + FRAGMENT_S, part.end_s)
            if part.end_s - end_s < FRAGMENT_S / 4:
                end_s = part.end_s
            yield Fragment(part, at_s, end_s, media_s - part.first_s)
            at_s = end_s
        media_s += part.end_s - part.first_s


def copies(clipped: Sequence[tuple[Part, Track]]) -> Iterator[Fragment]:
    """Fragments to copy: at key frames, about 2 s, never larger than ``LARGEST_FRAGMENT_BYTES``."""
    media_s = MEDIA_START_S
    for part, track in clipped:
        end_s = min(part.end_s, track.end_s)
        inside = [sample for sample in track.samples if part.first_s <= sample.at_s < end_s]
        while inside and not inside[0].key:
            inside.pop(0)
        starts = list(_starts(inside))
        for place, start in enumerate(starts):
            later = starts[place + 1] if place + 1 < len(starts) else None
            dts = (start.dts, later.dts if later is not None else None)
            yield Fragment(part, start.at_s, later.at_s if later is not None else end_s, media_s - starts[0].at_s, dts)
        if starts:
            media_s += end_s - starts[0].at_s


def _starts(samples: Sequence[Sample]) -> Iterator[Sample]:
    """The samples at which a fragment begins."""
    began: Sample | None = None
    held_bytes = 0
    for sample in samples:
        long = began is not None and sample.key and sample.at_s - began.at_s >= FRAGMENT_S
        if began is None or long or held_bytes + sample.size_bytes > LARGEST_FRAGMENT_BYTES:
            began, held_bytes = sample, 0
            yield sample
        held_bytes += sample.size_bytes


def lines(fragments: Sequence[Fragment], headers: Sequence[int]) -> Iterator[Line]:
    """Fragments as lines of a playlist; ``headers`` numbers the header of each."""
    for number, (fragment, header) in enumerate(zip(fragments, headers, strict=True)):
        jump = number > 0 and (
            headers[number - 1] != header or fragments[number - 1].span.end_utc != fragment.span.start_utc
        )
        yield Line(number, fragment.end_s - fragment.first_s, fragment.span.start_utc, header, jump)
