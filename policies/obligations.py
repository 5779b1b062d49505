"""What an enforcement point must do with a permit: a closed list. One it does not understand means deny.

Source: AuthZEN obligations profile; requirements LEV-6.2, PM-3.17, C-31, LEV-1.1.
"""

from enum import StrEnum


class Obligation(StrEnum):
    """Each changes how a permit is delivered."""

    NO_AUDIO = "no-audio"
    """Audio tracks are dropped: at least remuxed (LEV-6.2)."""
    MARK_VIEW = "mark-view"
    """The view carries operator mark and time: rendered (PM-3.17, C-31)."""
    BLUR = "blur"
    """Faces and plates are blurred: rendered (LEV-1.1)."""
    BIT_EXACT = "bit-exact"
    """A copy handed over is untouched, with a sidecar (C-31)."""
    LOG_CLOSE = "log-close"
    """A closing entry states what was really delivered (design 2)."""
    COMPLETE_REFERENCE = "complete-reference"
    """The reference follows by ``complete_by`` (PM-3.1 as corrected)."""
