"""Typed names of things. They are strings that cannot be mistaken for each other.

Bodies carry their IPA code (else a registered slug), territories their ISTAT code as text, cameras
``<body>/<slug>``, documents ``<controller>/<kind>/<slug>``; requests and grants are UUIDv7 (design 3).
"""

import re
import unicodedata
from typing import NewType

from conventions.faults import Fault, FaultKind

BodyId = NewType("BodyId", str)
CameraId = NewType("CameraId", str)
TerritoryId = NewType("TerritoryId", str)
DocumentId = NewType("DocumentId", str)
ClauseId = NewType("ClauseId", str)
"""``<document id>@<version>#<clause number>``, so that a rule names the very text it comes from."""
PersonId = NewType("PersonId", str)
"""``<body>/<slug>``: the person on an operator list, never a name."""
RequestId = NewType("RequestId", str)
GrantId = NewType("GrantId", str)
CaseId = NewType("CaseId", str)
SessionId = NewType("SessionId", str)

INSTALLATION = BodyId("installation")
"""The tree and the owner of what concerns no controller."""

SLUG = r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?"
BODY_FORM = re.compile(rf"{SLUG}\Z", re.ASCII)
CAMERA_FORM = re.compile(rf"{SLUG}/{SLUG}\Z", re.ASCII)
DOCUMENT_FORM = re.compile(rf"{SLUG}/{SLUG}/{SLUG}\Z", re.ASCII)

_PLATE_FORM = re.compile(r"[A-Z0-9]{2,10}\Z", re.ASCII)


def body_of(camera: CameraId) -> BodyId:
    """The controller of a camera: the part before the slash."""
    return BodyId(camera.split("/", 1)[0])


class Plate:
    """A vehicle registration, normalised for search; its ``repr`` hides it.

    NFKC, upper case, without space, dot and hyphen; 2 to 10 of ``A-Z0-9``. Nothing is guessed: ``*`` and
    ``-`` are not plates, since a wildcard search returns other people's transits.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        folded = re.sub(r"[\s.\-·]", "", unicodedata.normalize("NFKC", text)).upper()
        if len(text) > 32 or _PLATE_FORM.match(folded) is None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a plate has 2 to 10 letters and digits", where="plate")
        self.text = folded

    def __repr__(self) -> str:
        return "Plate(hidden)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plate) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)
