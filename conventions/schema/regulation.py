"""The regulation of a controller: its configuration, cameras, and what its own roles may do.

Source: requirements 1.2 (configuration keys), LEV-3.1, LEV-22.2, BEL-9.1, C-11; design 3.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from conventions.schema.agreement import Clause, ClauseNumber
from conventions.schema.header import Body, Camera, Count, Document, Duration, Header, Short, Strict, Territory, Text
from conventions.terms import DataClass, DocumentKind, Operation, OrgType, Purpose, Regime, Role


class CameraEntry(Strict):
    """One camera of the annexed list (LEV-22.2). A camera that is absent is refused ``camera-not-authorised``."""

    id: Camera
    name: Short
    site: Short
    area: Territory
    municipality: Territory
    province: Territory
    classes: Annotated[tuple[DataClass, ...], Field(min_length=1)]
    collection_purposes: Annotated[tuple[Purpose, ...], Field(min_length=1)]
    indoor: Literal["true", "false"] = "false"
    indoor_exception: Text | None = None
    calendar: Document | None = None
    """When set, the camera is read only inside the calendar's active time (LEV-8.1, BEL-5.3)."""
    state: Literal["proposed", "assessed", "authorised", "active", "decommission", "removed"] = "active"
    deed: Short


class PurposeEntry(Strict):
    """A purpose with its regime and legal basis; without a regime it does not compile (MC-P.3)."""

    purpose: Purpose
    regime: Regime
    legal_basis: Text
    org_types: Annotated[tuple[OrgType, ...], Field(min_length=1)]
    """Types of body that may pursue it here (PM-1.4 as corrected)."""


class Configuration(Strict):
    """The keys of requirements 1.2. What a text does not say is absent, and what depends on it is refused."""

    retention_images: Duration | None = None
    retention_plates: Duration | None = None
    retention_grace: Duration | None = None
    log_online: Duration | None = None
    log_access_min: Duration | None = None
    log_archive_min: Duration | None = None
    log_location: Short | None = None
    log_readers: tuple[Role, ...] = ()
    log_read_own: Literal["on", "off"] = "off"
    log_end_of_life: Literal["purge-with-digest", "archive-signed", "keep"] = "keep"
    police_access: Literal["direct", "request", "media-only", "transits-only"]
    extraction_mode: Literal["autonomous", "authorised", "delivered-on-media"] | None = None
    extraction_authorisers: tuple[Role, ...] = ()
    extraction_blind: Literal["true", "false"] | None = None
    backup_allowed: Literal["true", "false"] | None = None
    plates_retain: Literal["violations-and-hits", "all-transits", "none"] | None = None
    ptz_enabled: Literal["true", "false"] = "false"
    maintenance_mode: Literal["supervised", "least-necessary"] = "supervised"
    connectivity: Literal["closed", "windowed", "permanent"] = "closed"
    one_session: Literal["true", "false"] = "true"
    """One live session per credential (PM-2.8)."""
    quota_plate_searches_per_hour: Count | None = None
    quota_recording_s_per_day: Count | None = None
    hold_citizen_max: Duration | None = None
    sar_reply_days: Count | None = None
    sar_repeat_days: Count | None = None
    operator_review: Duration | None = None


class Level(Strict):
    """A level is a named set of operations, never a number to compare (design 4)."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,20}$")]
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]


class Regulation(Header):
    kind: Literal[DocumentKind.REGULATION]
    body: Body
    body_name: Short
    org_type: OrgType
    state: Literal["adopted", "published", "enforceable"] = "enforceable"
    deed: Short
    configuration: Configuration
    purposes: Annotated[tuple[PurposeEntry, ...], Field(min_length=1)]
    purposes_excluded: tuple[Purpose, ...] = ()
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)]
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]
    cameras: tuple[CameraEntry, ...] = ()
    own: tuple[Clause, ...] = ()
    """What the controller's own roles may do: it takes the convention's place for them."""
    ask: Short
    """Whom a refused person asks, an office and not a name."""

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        ids = [camera.id for camera in self.cameras]
        if len(set(ids)) != len(ids):
            raise ValueError("a camera stands twice")
        if any(not camera.startswith(f"{self.body}/") for camera in ids):
            raise ValueError("a camera of another body stands in the list")
        listed = {entry.purpose for entry in self.purposes}
        if len(listed) != len(self.purposes):
            raise ValueError("a purpose stands twice")
        if both := listed & set(self.purposes_excluded):
            raise ValueError(f"a purpose is both allowed and excluded: {sorted(both)[0]}")
        if self.controller != self.body:
            raise ValueError("the document id begins with another body")
        numbers = [clause.number for clause in self.own]
        if len(set(numbers)) != len(numbers):
            raise ValueError("a clause number stands twice")
        if any(set(clause.bodies) != {self.body} for clause in self.own):
            raise ValueError("an own clause names another body")
        return self


__all__ = ["CameraEntry", "ClauseNumber", "Configuration", "Level", "PurposeEntry", "Regulation"]
