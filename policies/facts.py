"""What Casbin is asked: plain strings, resolved by typed code before the question is put.

Facts carry no person, plate or reference: they are recorded in clear with each decision, so that a
replay needs no opening of sealed parts (docs/decisions/0007).
"""

from dataclasses import dataclass

from conventions.terms import PRECEDENCE, Reason

ANY = "any"
NONE = "none"
CLEAR, OBSTRUCTED = "clear", "obstructed"
SPAN_WIDTH = 10
"""Digits of a length in seconds, zero-padded so that strings compare as numbers."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One question. Every field is a string in the closed form of its identifier; ``NONE`` where it does not apply.

    ``obstacles`` are refusals found by typed code (list, act, level, calendar, retention, quota, session ...);
    a non-empty set makes ``standing`` ``obstructed`` and no rule can match.
    """

    controller: str
    requesting_body: str
    unit: str
    role: str
    qualification: str
    operation: str
    data_class: str
    purpose: str
    ground: str
    camera: str
    areas: tuple[str, str, str]
    """Area, municipality, province of the camera (design 4: camera -> area -> municipality -> province)."""
    window: str
    """``open`` when an event window of this controller covers camera, purpose and instant; else ``closed``."""
    span_s: str
    """Zero-padded seconds asked for (live: zero)."""
    at: str
    """The instant of the decision, ``spans.instant`` form."""
    obstacles: tuple[Reason, ...] = ()
    """Sorted by precedence, without repetition."""

    @property
    def standing(self) -> str:
        return OBSTRUCTED if self.obstacles else CLEAR

    def obstructed_by(self, reason: Reason) -> "Facts":
        """The same question with one more obstacle."""
        return Facts(
            self.controller, self.requesting_body, self.unit, self.role, self.qualification, self.operation,
            self.data_class, self.purpose, self.ground, self.camera, self.areas, self.window, self.span_s, self.at,
            by_precedence({*self.obstacles, reason}),
        )  # fmt: skip

    @property
    def places(self) -> tuple[str, ...]:
        """What a rule's territory is compared with: the camera (``NONE`` where none is concerned) and what holds it.

        An area that is not known never counts, so that an unknown camera does not pass for "no camera".
        """
        return (self.camera, *(area for area in self.areas if area != NONE))

    @property
    def slice_key(self) -> tuple[str, str, str, str]:
        return (self.controller, self.requesting_body, self.operation, self.purpose)


_RANK = {reason: rank for rank, reason in enumerate(PRECEDENCE)}


def by_precedence(reasons: "set[Reason] | frozenset[Reason]") -> tuple[Reason, ...]:
    """Reasons in the one tested order; the first is the primary code."""
    return tuple(sorted(reasons, key=_RANK.__getitem__))


def padded_s(seconds: int) -> str:
    """A length in the comparable form.

    Raises:
        ValueError: negative, or longer than the form holds.
    """
    text = str(seconds).rjust(SPAN_WIDTH, "0")
    if seconds < 0 or len(text) > SPAN_WIDTH:
        raise ValueError("a length is between 0 and 9999999999 s")
    return text
