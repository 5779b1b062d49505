"""The register: every document published, in order, as a value. Publishing gives a new one; nothing is ever removed.

All rules about order live here: a controller's sequence has no gap, an older or equal version is refused, an
identifier belongs for ever to what it first named. It answers two times at once: in force at, as known at.

Source: design 3 (identifiers, register), 4 ("Time and place"); MC-2.2, MC-4.1, PM-7.3; names of attacks after TUF.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from conventions import lifecycle
from conventions.calendars import add_duration, end_of_day, start_of_day
from conventions.faults import Fault, FaultKind
from conventions.schema import (
    AnyDocument,
    AppointmentAct,
    Convention,
    Deed,
    DpoOpinion,
    EventWindow,
    FrameworkProtocol,
    ImplementingAgreement,
    Notice,
    OperatorList,
    Regulation,
)
from conventions.spans import parse_instant
from conventions.verification import numbered
from conventions.verified import VerifiedDocument

History = tuple[VerifiedDocument, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """Immutable. ``histories`` maps an identifier to its versions, oldest first."""

    histories: Mapping[str, History] = field(default_factory=lambda: MappingProxyType({}))
    last: Mapping[str, VerifiedDocument] = field(default_factory=lambda: MappingProxyType({}))
    """The latest publication of each controller."""
    order: History = ()
    """Every publication, in order."""

    @staticmethod
    def of(publications: Iterable[tuple[VerifiedDocument, datetime]]) -> "Register":
        """Publish many at once, in order; the same rules as one by one."""
        growing = Growing()
        for verified, at_utc in publications:
            growing.publish(verified, at_utc)
        return growing.register()

    def published(self, verified: VerifiedDocument, at_utc: datetime) -> "Register":
        """A register with one more document, numbered.

        Raises:
            Fault: ``document-rolled-back``, ``document-contradictory``, ``clock-untrusted``.
        """
        growing = Growing(self)
        growing.publish(verified, at_utc)
        return growing.register()

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[VerifiedDocument]:
        return iter(self.order)

    def current(self, document_id: str) -> VerifiedDocument | None:
        """The latest version published, whatever its term."""
        history = self.histories.get(document_id)
        return history[-1] if history else None

    def version(self, document_id: str, number: int) -> VerifiedDocument | None:
        return next((each for each in self.histories.get(document_id, ()) if each.version == number), None)

    def history(self, document_id: str) -> History:
        """Every version, oldest first."""
        return self.histories.get(document_id, ())

    def deeds(self, controller: str) -> tuple[VerifiedDocument, ...]:
        """The current version of every deed that opens this controller's cameras."""
        return _opening(self.histories, controller)

    def known(self, known_at_utc: datetime | None = None) -> tuple[VerifiedDocument, ...]:
        """Every version published by an instant, ended or not yet begun as they may be; by identifier and version."""
        return tuple(
            each
            for document_id in sorted(self.histories)
            for each in self.histories[document_id]
            if known_at_utc is None or _published_utc(each) <= known_at_utc
        )

    def in_force(self, at_utc: datetime, known_at_utc: datetime | None = None) -> tuple[VerifiedDocument, ...]:
        """The documents in force at an instant, as known at another; at most one version of each, by identifier.

        Of the versions whose validity has begun the latest counts, and when it has ended no older one returns. A
        suspended deed is in force together with the notice that suspends it: the rules say what follows.
        """
        known = self.known(known_at_utc)
        notices = tuple(each.document for each in known if isinstance(each.document, Notice))
        begun: dict[str, VerifiedDocument] = {}
        for each in known:
            if start_of_day(each.document.valid_from) <= at_utc and _is_law(each.document):
                begun[each.id] = each
        standing = [each for each in begun.values() if _not_ended(each.document, notices, at_utc)]
        implemented = {
            each.document.implements for each in standing if isinstance(each.document, ImplementingAgreement)
        }
        return tuple(
            each
            for each in standing
            if not (isinstance(each.document, FrameworkProtocol) and each.document.id in implemented)
        )

    def trust_documents(self, at_utc: datetime) -> tuple[VerifiedDocument, ...]:
        """The trust documents in force: what ``TrustSet.of`` is made of."""
        return _trusted((name for name in sorted(self.histories) if _is_trust(name)), self.histories, at_utc)

    def notices(self, deed_id: str) -> tuple[Notice, ...]:
        """The current notices about a deed."""
        latest = (history[-1].document for history in self.histories.values())
        return tuple(each for each in latest if isinstance(each, Notice) and each.on == deed_id)

    def opinions(self, document_id: str) -> tuple[DpoOpinion, ...]:
        """The opinions about a document, all versions."""
        latest = (history[-1].document for history in self.histories.values())
        return tuple(each for each in latest if isinstance(each, DpoOpinion) and each.on == document_id)

    def state(self, deed_id: str, at_utc: datetime) -> lifecycle.State | None:
        """Where a published deed stands; ``None`` when there is no such deed."""
        verified = self.current(deed_id)
        if verified is None or not isinstance(verified.document, Deed):
            return None
        agreements = (history[-1].document for history in self.histories.values())
        implemented_by = next(
            (each for each in agreements if isinstance(each, ImplementingAgreement) and each.implements == deed_id),
            None,
        )
        return lifecycle.state_of(
            verified.document,
            at_utc,
            signed=True,
            notices=self.notices(deed_id),
            opinions=self.opinions(deed_id),
            implemented_by=implemented_by,
        )

    def next_change_after(self, at_utc: datetime) -> datetime | None:
        """The next instant at which some document, clause, notice or window begins or ends."""
        notices = tuple(
            history[-1].document for history in self.histories.values() if isinstance(history[-1].document, Notice)
        )
        bounds = (bound for each in self.known() for bound in _bounds(each.document, notices))
        return min((bound for bound in bounds if bound > at_utc), default=None)


class Growing:
    """A register while documents are added to it, in order; what verification needs to know is at hand."""

    def __init__(self, start: Register | None = None) -> None:
        self._histories: dict[str, History] = dict(start.histories) if start else {}
        self._last: dict[str, VerifiedDocument] = dict(start.last) if start else {}
        self._order: list[VerifiedDocument] = list(start.order) if start else []
        self._trust = [name for name in self._histories if _is_trust(name)]

    def current(self, document_id: str) -> VerifiedDocument | None:
        history = self._histories.get(document_id)
        return history[-1] if history else None

    def deeds(self, controller: str) -> tuple[VerifiedDocument, ...]:
        return _opening(self._histories, controller)

    def trust_documents(self, at_utc: datetime) -> tuple[VerifiedDocument, ...]:
        return _trusted(self._trust, self._histories, at_utc)

    def register(self) -> Register:
        return Register(MappingProxyType(dict(self._histories)), MappingProxyType(dict(self._last)), tuple(self._order))

    def publish(self, verified: VerifiedDocument, at_utc: datetime) -> VerifiedDocument:
        """Number a document and add it.

        Raises:
            Fault: ``document-rolled-back``, ``document-contradictory``, ``clock-untrusted``.
        """
        document = verified.document
        earlier = self._histories.get(document.id, ())
        if earlier:
            newest = earlier[-1]
            if document.version <= newest.version:
                detail = f"version {document.version} of {document.id}, where {newest.version} is already published"
                raise Fault(FaultKind.DOCUMENT_ROLLED_BACK, detail, where="version")
            if document.kind != newest.document.kind or _belongs_to(document) != _belongs_to(newest.document):
                raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "the identifier already names something else", where="id")
        before = self._last.get(document.controller)
        if before is not None and at_utc < _published_utc(before):
            raise Fault(FaultKind.CLOCK_UNTRUSTED, "the clock stands before the controller's last publication")
        ordered = numbered(verified, before.sequence + 1 if before else 1, at_utc)
        if _is_trust(document.id) and not earlier:
            self._trust.append(document.id)
        self._histories[document.id] = (*earlier, ordered)
        self._last[document.controller] = ordered
        self._order.append(ordered)
        return ordered


def _opening(histories: Mapping[str, History], controller: str) -> tuple[VerifiedDocument, ...]:
    found = (history[-1] for history in histories.values())
    return tuple(each for each in found if isinstance(each.document, Deed) and controller in each.document.controllers)


def _is_trust(document_id: str) -> bool:
    return document_id.split("/")[1] == "trust"


def _trusted(names: Iterable[str], histories: Mapping[str, History], at_utc: datetime) -> tuple[VerifiedDocument, ...]:
    begun = [[each for each in histories[name] if start_of_day(each.document.valid_from) <= at_utc] for name in names]
    latest = [versions[-1] for versions in begun if versions]
    return tuple(each for each in latest if _not_ended(each.document, (), at_utc))


def _belongs_to(document: AnyDocument) -> tuple[object, ...]:
    """Who and what an identifier names, for ever; amendments change the rest."""
    match document:
        case Deed():
            return tuple(sorted(party.body for party in document.parties))
        case Regulation():
            return (document.body,)
        case OperatorList():
            return (document.body, document.under)
        case AppointmentAct():
            return (document.body, document.person)
        case Notice():
            return (document.on, document.by, document.act, document.ends)
        case EventWindow():
            return (document.opened_by, document.purpose)
        case DpoOpinion():
            return (document.on,)
        case _:
            return ()


def _is_law(document: AnyDocument) -> bool:
    """A regulation adopted or published is not yet law, and replaces nothing (as in ``policies.books``)."""
    return not isinstance(document, Regulation) or document.state == "enforceable"


def _not_ended(document: AnyDocument, notices: tuple[Notice, ...], at_utc: datetime) -> bool:
    end_utc = _end_utc(document, notices)
    return end_utc is None or at_utc < end_utc


def _end_utc(document: AnyDocument, notices: tuple[Notice, ...]) -> datetime | None:
    if isinstance(document, Deed):
        return lifecycle.term(document, notices).end_utc
    return end_of_day(document.valid_until) if document.valid_until else None


def _bounds(document: AnyDocument, notices: tuple[Notice, ...]) -> Iterator[datetime]:
    yield start_of_day(document.valid_from)
    if (end_utc := _end_utc(document, notices)) is not None:
        yield end_utc
    match document:
        case Notice():
            yield parse_instant(document.effective_from)
        case EventWindow():
            yield parse_instant(document.starts)
            yield parse_instant(document.ends)
        case Convention() | ImplementingAgreement() | Regulation():
            for clause in document.own if isinstance(document, Regulation) else document.clauses:
                if clause.valid_from:
                    yield start_of_day(clause.valid_from)
                if clause.valid_until:
                    yield end_of_day(clause.valid_until)
            if isinstance(document, Convention) and document.act_grace:
                yield add_duration(document.valid_from, document.act_grace)
        case OperatorList():
            for person in document.persons:
                yield parse_instant(person.since)
        case _:
            pass


def _published_utc(verified: VerifiedDocument) -> datetime:
    if verified.published_utc is None:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, f"{verified.id} is not published")
    return verified.published_utc


EMPTY = Register()

__all__ = ["EMPTY", "Growing", "History", "Register", "VerifiedDocument"]
