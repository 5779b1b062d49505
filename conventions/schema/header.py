"""What every document carries, and the strict model all kinds share.

Texts come as YAML whose scalars are all strings (``conventions.text``); the types here give numbers, dates and
instants their meaning. Unknown members are refused. Source: design 3; MC-2.2, PM-P.2.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from conventions.identifiers import BODY_FORM, CAMERA_FORM, DOCUMENT_FORM
from conventions.spans import INSTANT_FORM, parse_instant
from conventions.terms import DocumentKind

FORMAT = "varco-document/1"

_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_WALL_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d\Z|24:00\Z", re.ASCII)
_DURATION = re.compile(
    r"P(?!\Z)(?:\d{1,4}Y)?(?:\d{1,4}M)?(?:\d{1,5}D)?(?:T(?=\d)(?:\d{1,5}H)?(?:\d{1,5}M)?)?\Z", re.ASCII
)
_TERRITORY = re.compile(r"it:\d{3}(?:\d{3})?\Z|[a-z0-9][a-z0-9_-]*/area/[a-z0-9][a-z0-9_-]*\Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)


def _form(pattern: re.Pattern[str], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if pattern.match(text) is None:
            raise ValueError(f"not {what}")
        return text

    return AfterValidator(check)


def _real_instant(text: str) -> str:
    parse_instant(text)
    return text


def _real_date(text: str) -> str:
    date.fromisoformat(text)
    return text


def _number(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"0|[1-9]\d{0,8}", value, re.ASCII):
        return int(value)
    return value


def _truth(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Body = Annotated[str, _form(BODY_FORM, "a body identifier (IPA code or registered slug)")]
Camera = Annotated[str, _form(CAMERA_FORM, "a camera identifier <body>/<slug>")]
Document = Annotated[str, _form(DOCUMENT_FORM, "a document identifier <controller>/<kind>/<slug>")]
Person = Annotated[str, _form(CAMERA_FORM, "a person identifier <body>/<slug>")]
Territory = Annotated[str, _form(_TERRITORY, "a territory: it:<province>, it:<municipality> or <body>/area/<slug>")]
Date = Annotated[str, _form(_DATE, "a date YYYY-MM-DD"), AfterValidator(_real_date)]
Instant = Annotated[str, _form(INSTANT_FORM, "an instant YYYY-MM-DDTHH:MM:SS.ffffffZ"), AfterValidator(_real_instant)]
WallTime = Annotated[str, _form(_WALL_TIME, "a local time HH:MM")]
Duration = Annotated[str, _form(_DURATION, "an ISO 8601 duration of years, months, days, hours, minutes")]
Sha256 = Annotated[str, _form(_SHA256, "a SHA-256 in lower-case hex")]
Count = Annotated[int, BeforeValidator(_number), Field(ge=0, strict=True)]
Truth = Annotated[bool, BeforeValidator(_truth), Field(strict=True)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Row = Annotated[str, Field(pattern=r"^(?:MC|PM|LEV|BEL)-[A-Z0-9]{1,4}(?:\.[0-9]{1,2}[a-z]?)?$|^[CD]-\d\d$")]
"""A requirement row, conflict or defect identifier."""


class Strict(BaseModel):
    """Frozen; unknown members refused; no coercion beyond what the types above declare."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Header(Strict):
    """Members common to all kinds. ``id`` begins with the controller (or ``installation``) it concerns.

    ``valid_from`` begins at 00:00 and ``valid_until`` ends at 24:00, local time of the controller's zone
    (``zone``); absent means no term of its own.
    """

    format: Literal["varco-document/1"]
    kind: DocumentKind
    id: Document
    version: Count
    title: Short
    language: Literal["it", "en"] = "it"
    zone: Literal["Europe/Rome"] = "Europe/Rome"
    invented: Truth = False
    """Written for demonstration, without a source text; shown wherever the document is (D-29)."""
    sources: tuple[Row, ...] = ()
    valid_from: Date
    valid_until: Date | None = None
    written_by: Short | None = None
    """Role and number of who wrote the draft, never a name (design 3)."""
    adopted_by: Short | None = None

    @property
    def controller(self) -> str:
        return self.id.split("/", 1)[0]
