"""The documents read once: which version counts when, which regulation bounds whom, who suspended what.

Pure. Several versions of one document may stand side by side: each counts until the next one begins. Terms are
instants in the one form; a term ends at 24:00 local. Source: design 3, 4; PM-6.1 to PM-6.4, D-28.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Generic, TypeVar

from conventions import lifecycle
from conventions.calendars import end_of_day, start_of_day
from conventions.schema import AnyDocument, Convention, Deed, ImplementingAgreement, Notice, OperatorList, Regulation
from conventions.spans import NEVER, instant
from conventions.terms import OrgType, Reason

Kind = TypeVar("Kind", bound=AnyDocument)
Granting = Regulation | Convention | ImplementingAgreement
"""The kinds that grant: a framework protocol grants nothing (MC-2.1)."""


@dataclass(frozen=True, slots=True)
class Dated(Generic[Kind]):
    """One version of a document and the half-open stretch in which it counts."""

    document: Kind
    sha256: str
    start: str
    end: str


@dataclass(frozen=True, slots=True, order=True)
class Stop:
    """A suspension or a withdrawal of a document, by one of its parties."""

    start: str
    end: str
    reason: Reason
    by: str
    clause: str


@lru_cache(maxsize=65536)
def starts(day: str) -> str:
    """00:00 local of a date, as an instant in the one form."""
    return instant(start_of_day(day))


@lru_cache(maxsize=65536)
def ends(day: str | None) -> str:
    """24:00 local of a date; a term without an end never ends."""
    return NEVER if day is None else instant(end_of_day(day))


def _stop_clause(notice: Notice) -> str:
    return f"{notice.id}@{notice.version}#{notice.act}"


def _stop(notice: Notice, start: str, end: str) -> Stop:
    reason = Reason.CONVENTION_SUSPENDED if notice.act == "suspension" else Reason.CONVENTION_WITHDRAWN
    return Stop(start, end, reason, notice.by, _stop_clause(notice))


class Books:
    """Every document of one generation, indexed. Each is given with the digest of its bytes (or an empty one)."""

    def __init__(self, documents: Iterable[tuple[AnyDocument, str]]) -> None:
        versions: dict[str, dict[int, tuple[AnyDocument, str]]] = {}
        for document, sha256 in documents:
            versions.setdefault(document.id, {})[document.version] = (document, sha256)
        latest_only = [latest[max(latest)][0] for latest in versions.values()]
        self._notices: dict[str, list[Notice]] = {}
        for document in latest_only:
            if isinstance(document, Notice):
                self._notices.setdefault(document.on, []).append(document)
        self.stops: dict[str, list[Stop]] = self._read_stops()
        self._types_under: dict[tuple[str, str], set[OrgType]] = {}
        self._types_own: dict[str, OrgType] = {}
        self._regulations: dict[str, list[Dated[Regulation]]] = {}
        self.granting: list[Dated[Granting]] = []
        self._beginnings: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for _, latest in sorted(versions.items()):
            self._read_types(latest[max(latest)][0])
            self._read_versions([latest[number] for number in sorted(latest)])
        self._drop_rivals()

    def regulations(self, deed: Granting, controller: str) -> list[Dated[Regulation]]:
        """The versions of the one regulation that bounds a deed at a controller; none where it is not certain which."""
        found = self._regulations.get(controller, [])
        if isinstance(deed, Regulation):
            return [version for version in found if version.document.id == deed.id]
        rests_on = deed.rests_on if isinstance(deed, Convention) else ""
        if rests_on.startswith(f"{controller}/"):
            return [version for version in found if version.document.id == rests_on]
        return found if len({version.document.id for version in found}) == 1 else []

    def org_types(self, deed: Granting, controller: str, body: str) -> frozenset[OrgType]:
        """What kinds of organisation a body is: as its lists for this deed or controller say, else its regulation."""
        listed = self._types_under.get((deed.id, body)) or self._types_under.get((controller, body))
        if listed:
            return frozenset(listed)
        return frozenset({self._types_own[body]}) if body in self._types_own else frozenset()

    def later_deed(self, controller: str, body: str, deed_id: str, after: str) -> str:
        """When another deed between the same two bodies begins, at or after an instant."""
        begun = [start for start, other in self._beginnings.get((controller, body), ()) if other != deed_id]
        return min((start for start in begun if start >= after), default=NEVER)

    def _read_stops(self) -> dict[str, list[Stop]]:
        stops: dict[str, list[Stop]] = {}
        for on, notices in self._notices.items():
            for begun_utc, ended_utc, notice in lifecycle.suspensions(on, notices):
                until = NEVER if ended_utc is None else instant(ended_utc)
                stops.setdefault(on, []).append(_stop(notice, instant(begun_utc), until))
            for notice in notices:
                if notice.act in ("withdrawal", "unilateral-withdrawal"):
                    stops.setdefault(on, []).append(_stop(notice, notice.effective_from, NEVER))
        return {on: sorted(stop for stop in found if stop.start < stop.end) for on, found in stops.items()}

    def notice(self, clause: str) -> Notice:
        """The notice behind the clause of a stop."""
        every = (notice for notices in self._notices.values() for notice in notices)
        return next(notice for notice in every if clause == _stop_clause(notice))

    def _read_types(self, document: AnyDocument) -> None:
        if isinstance(document, OperatorList):
            for key in (document.under, document.controller):
                self._types_under.setdefault((key, document.body), set()).add(document.org_type)
        elif isinstance(document, Regulation):
            self._types_own[document.body] = document.org_type

    def _read_versions(self, versions: list[tuple[AnyDocument, str]]) -> None:
        dated: list[Dated[Granting]] = []
        for document, sha256 in versions:
            if isinstance(document, Regulation) and document.state != "enforceable":
                continue  # adopted or published is not yet law, and replaces nothing
            if isinstance(document, Regulation | Convention | ImplementingAgreement):
                start, end = starts(document.valid_from), self._end(document)
                dated = [
                    Dated(earlier.document, earlier.sha256, earlier.start, min(earlier.end, start)) for earlier in dated
                ]
                dated.append(Dated(document, sha256, start, end))
        for version in dated:
            if version.start >= version.end:
                continue
            deed = version.document
            if isinstance(deed, Regulation):
                bounding = Dated(deed, version.sha256, version.start, version.end)
                self._regulations.setdefault(deed.body, []).append(bounding)
                self.granting.append(version)
            elif not isinstance(deed, ImplementingAgreement) or deed.prior_consultation is not None:
                self.granting.append(version)
                for controller in deed.controllers:
                    for body in {body for clause in deed.clauses for body in clause.bodies}:
                        self._beginnings.setdefault((controller, body), []).append((version.start, deed.id))

    def _drop_rivals(self) -> None:
        """A controller with two regulations at once has none: nobody can tell which is the law (MC-3.1c)."""
        for body, found in list(self._regulations.items()):
            if any(
                one.document.id < other.document.id and one.start < other.end and other.start < one.end
                for one, other in product(found, found)
            ):
                del self._regulations[body]
                self.granting = [
                    deed
                    for deed in self.granting
                    if not isinstance(deed.document, Regulation) or deed.document.body != body
                ]

    def _end(self, document: Granting) -> str:
        """The end of the term; of a deed as its life says, renewed or not (PM-6.1, PM-6.2)."""
        if not isinstance(document, Deed):
            return ends(document.valid_until)
        end_utc = lifecycle.term(document, self._notices.get(document.id, ())).end_utc
        return NEVER if end_utc is None else instant(end_utc)
