"""The signed texts in force, indexed for decisions: an immutable value, rebuilt at every change, never mutated.

Source: design 3 (conjunction), 4; requirements 1.2 R1.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from conventions.identifiers import BodyId, CameraId, PersonId
from conventions.schema import (
    AnyDocument,
    AppointmentAct,
    Calendar,
    CameraEntry,
    Convention,
    EnforcementPoint,
    EventWindow,
    IssuerEntry,
    ListedPerson,
    OperatorList,
    Regulation,
    Trust,
)
from conventions.spans import Span, parse_instant
from conventions.terms import Operation, Purpose, Regime


@dataclass(frozen=True, slots=True)
class Listed:
    """A person on a list, with the list that says so."""

    person: ListedPerson
    listing: OperatorList


@dataclass(frozen=True, slots=True)
class Controller:
    """One controller's regulation, indexed."""

    regulation: Regulation
    cameras: Mapping[str, CameraEntry]
    levels: Mapping[str, frozenset[Operation]]
    regimes: Mapping[Purpose, Regime]


@dataclass(frozen=True, slots=True)
class Window:
    """An event window in force on one camera."""

    span: Span
    purpose: Purpose
    document: str
    opens_to: BodyId | None
    """The partner that opened it, for its own people; ``None``: the controller did, for everybody."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is in force, by what a decision asks for. Absent keys mean: nothing was signed, so nothing is allowed."""

    at_utc: datetime
    controllers: Mapping[BodyId, Controller]
    listed: Mapping[tuple[BodyId, PersonId], Listed]
    bindings: Mapping[tuple[str, str], tuple[Listed, ...]]
    """By issuer and subject, of all controllers; who bound the credential first, first."""
    under: Mapping[tuple[BodyId, PersonId], frozenset[str]]
    """The deeds, or the regulation, under which a controller lists a person: it may use their clauses alone."""
    acts: Mapping[tuple[BodyId, PersonId], tuple[AppointmentAct, ...]]
    windows: Mapping[CameraId, tuple[Window, ...]]
    calendars: Mapping[str, Calendar]
    conventions: Mapping[tuple[BodyId, BodyId], tuple[Convention, ...]]
    """By controller and requesting body."""
    begun: Mapping[str, str]
    """The first day of the first version of each convention: an amendment does not begin it anew."""
    issuers: Mapping[str, IssuerEntry]
    enforcement_points: Mapping[str, EnforcementPoint]
    names: Mapping[str, str]
    """How bodies are called."""
    listed_bodies: frozenset[tuple[BodyId, BodyId]]
    """Controller and body of every person on a list."""
    listed_anywhere: frozenset[PersonId]

    @staticmethod
    def of(documents: Iterable[AnyDocument], at_utc: datetime, past: Iterable[AnyDocument] = ()) -> "Snapshot":
        """Index the documents in force at an instant. ``past``: every version published, in order."""
        building = _Building()
        for document in documents:
            building.add(document)
        building.read_past(past)
        return building.snapshot(at_utc)

    def listings(self, controller: BodyId, body: BodyId) -> bool:
        """Whether the controller holds any list of that body."""
        return (controller, body) in self.listed_bodies


class _Building:
    """Collects while the documents are read once."""

    def __init__(self) -> None:
        self.controllers: dict[BodyId, Controller] = {}
        self.contested: set[BodyId] = set()
        self.listed: dict[tuple[BodyId, PersonId], Listed] = {}
        self.bindings: dict[tuple[str, str], tuple[Listed, ...]] = {}
        self.under: dict[tuple[BodyId, PersonId], frozenset[str]] = {}
        self.acts: dict[tuple[BodyId, PersonId], tuple[AppointmentAct, ...]] = {}
        self.windows: dict[CameraId, tuple[Window, ...]] = {}
        self.calendars: dict[str, Calendar] = {}
        self.conventions: dict[tuple[BodyId, BodyId], tuple[Convention, ...]] = {}
        self.begun: dict[str, str] = {}
        self.issuers: dict[str, IssuerEntry] = {}
        self.enforcement_points: dict[str, EnforcementPoint] = {}
        self.names: dict[str, str] = {}

    def add(self, document: AnyDocument) -> None:
        controller = BodyId(document.controller)
        match document:
            case Regulation():
                self.names[document.body] = document.body_name
                if controller in self.controllers:
                    self.contested.add(controller)
                self.controllers[controller] = Controller(
                    document,
                    MappingProxyType({camera.id: camera for camera in document.cameras}),
                    MappingProxyType({level.name: frozenset(level.operations) for level in document.levels}),
                    MappingProxyType({entry.purpose: entry.regime for entry in document.purposes}),
                )
            case OperatorList():
                self.names.setdefault(document.body, document.body_name)
                for person in document.persons:
                    found, name = Listed(person, document), (controller, PersonId(person.id))
                    if name not in self.listed or person.state != "enabled":
                        self.listed[name] = found  # on two lists the stricter counts
                    self.under[name] = self.under.get(name, frozenset()) | {document.under}
                    pair = (person.issuer, person.subject)
                    self.bindings[pair] = (*self.bindings.get(pair, ()), found)
            case AppointmentAct():
                key = (controller, PersonId(document.person))
                self.acts[key] = (*self.acts.get(key, ()), document)
            case EventWindow():
                span = Span(parse_instant(document.starts), parse_instant(document.ends))
                opens_to = None if document.opened_by == controller else BodyId(document.opened_by)
                for camera in document.cameras:
                    if camera.startswith(f"{controller}/"):
                        window = Window(span, document.purpose, f"{document.id}@{document.version}", opens_to)
                        self.windows[CameraId(camera)] = (*self.windows.get(CameraId(camera), ()), window)
            case Calendar():
                self.calendars[document.id] = document
            case Convention():
                for party in document.parties:
                    self.names.setdefault(party.body, party.name)
                    for one in document.controllers:
                        bound = (BodyId(one), BodyId(party.body))
                        self.conventions[bound] = (*self.conventions.get(bound, ()), document)
            case Trust():
                self.issuers.update({entry.issuer: entry for entry in document.issuers})
                self.enforcement_points.update({entry.client_id: entry for entry in document.enforcement_points})
            case _:
                pass  # opinions, notices and frameworks speak through the rules, not through facts

    def read_past(self, past: Iterable[AnyDocument]) -> None:
        """Put whoever bound a credential first before the others, so that a later list takes nobody's name away.

        And find when each convention began.
        """
        contested = {pair for pair, found in self.bindings.items() if len({one.person.id for one in found}) > 1}
        first: dict[tuple[str, str, str, str], int] = {}
        for number, document in enumerate(past):
            if isinstance(document, Convention):
                self.begun.setdefault(document.id, document.valid_from)
            if contested and isinstance(document, OperatorList):
                for person in document.persons:
                    first.setdefault((person.issuer, person.subject, person.id, document.controller), number)
        for pair in contested:
            ranked = [
                (first.get((*pair, one.person.id, one.listing.controller), len(first)), one)
                for one in self.bindings[pair]
            ]
            self.bindings[pair] = tuple(one for _, one in sorted(ranked, key=lambda found: found[0]))

    def _vouched(self, pair: tuple[str, str]) -> tuple[Listed, ...]:
        """The bindings of a credential by bodies that its issuer vouches for; others do not make it ambiguous."""
        found, entry = self.bindings[pair], self.issuers.get(pair[0])
        return tuple(one for one in found if entry is not None and one.listing.body in entry.bodies) or found

    def snapshot(self, at_utc: datetime) -> Snapshot:
        for controller in self.contested:  # two regulations at once: nobody can tell which is the law
            del self.controllers[controller]
        return Snapshot(
            at_utc,
            MappingProxyType(self.controllers),
            MappingProxyType(self.listed),
            MappingProxyType({pair: self._vouched(pair) for pair in self.bindings}),
            MappingProxyType(self.under),
            MappingProxyType(self.acts),
            MappingProxyType(self.windows),
            MappingProxyType(self.calendars),
            MappingProxyType(self.conventions),
            MappingProxyType(self.begun),
            MappingProxyType(self.issuers),
            MappingProxyType(self.enforcement_points),
            MappingProxyType(self.names),
            frozenset((controller, BodyId(person.split("/", 1)[0])) for controller, person in self.listed),
            frozenset(person for _, person in self.listed),
        )
