"""HLS playlists: text only. Every address is relative, so that it stays under the grant's own path.

Source: RFC 8216 sections 4.3 and 6.2; fragmented MP4 needs version 7.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from conventions.spans import instant

MEDIA_TYPE = "application/vnd.apple.mpegurl"
FRAGMENT_TYPE = "video/mp4"


@dataclass(frozen=True, slots=True)
class Line:
    """One fragment of a playlist. ``init`` numbers the header it needs; ``starts_utc`` is its first instant.

    ``jump``: between the fragment before and this one there is a gap, or another header.
    """

    number: int
    length_s: Fraction
    starts_utc: datetime
    init: int = 0
    jump: bool = False


def init_name(init: int) -> str:
    return f"init-{init}.mp4" if init else "init.mp4"


def fragment_name(number: int) -> str:
    return f"{number}.m4s"


def write(lines: Sequence[Line], *, live: bool, jumps_before_count: int = 0) -> str:
    """The playlist of a recording (whole, with an end) or of live (a window that moves)."""
    longest = max((line.length_s for line in lines), default=Fraction(1))
    text = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{math.ceil(longest)}"]
    text.append(f"#EXT-X-MEDIA-SEQUENCE:{lines[0].number if lines else 0}")
    if live:
        text.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{jumps_before_count}")
    else:
        text.append("#EXT-X-PLAYLIST-TYPE:VOD")
    init = -1
    for place, line in enumerate(lines):
        if line.jump and place:
            text.append("#EXT-X-DISCONTINUITY")
        if line.init != init:
            init = line.init
            text.append(f'#EXT-X-MAP:URI="{init_name(init)}"')
        if line.jump or not place:
            text.append(f"#EXT-X-PROGRAM-DATE-TIME:{instant(line.starts_utc)}")
        text += [f"#EXTINF:{float(line.length_s):.3f},", fragment_name(line.number)]
    if not live:
        text.append("#EXT-X-ENDLIST")
    return "\n".join(text) + "\n"
