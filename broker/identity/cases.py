"""Cases: a person's purpose, ground and reference, for a few hours. The purpose never changes.

Source: design 5; PM-3.1 as corrected (a reference may follow), PM-3.18.
"""

import threading
from datetime import datetime, timedelta

import uuid_utils

from broker.changes import CaseChanged, Changes
from broker.clock import Clock
from broker.evidence import Case
from broker.storage import Store
from broker.storage.tables import CaseRow, LastPurposeRow
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CaseId, PersonId
from conventions.spans import instant, parse_instant
from conventions.terms import Ground, Purpose

OPEN_FOR = timedelta(hours=8)
REFERENCE_LIMIT_CHARS = 120
NAME_LIMIT_CHARS = 80


class Cases:
    """Opens and finds cases, and knows whose reference is overdue without asking the database."""

    def __init__(self, store: Store, changes: Changes, clock: Clock, *, open_for: timedelta = OPEN_FOR) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._open_for = open_for
        self._keeping = threading.Lock()
        self._pending: dict[PersonId, dict[CaseId, datetime]] = {}
        for row in store.cases.pending():
            self._keep_pending(_case(row))

    def open(
        self,
        person: PersonId,
        purpose: Purpose,
        ground: Ground | None,
        reference: str | None,
        *,
        reference_due_utc: datetime | None = None,
        on_behalf_of: str | None = None,
    ) -> Case:
        """Open a case. ``reference_due_utc`` says that the reference follows; then there is none yet.

        Raises:
            Fault: ``request-malformed`` for a text that is empty or too long, or a reference both given and due.
        """
        now_utc = self._clock.now_utc()
        reference = _text(reference, REFERENCE_LIMIT_CHARS, "reference")
        if reference is not None and reference_due_utc is not None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a reference is given or follows, not both", where="reference")
        if reference_due_utc is not None and reference_due_utc <= now_utc:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a reference follows in the future", where="reference")
        case = Case(
            case_id=CaseId(str(uuid_utils.uuid7())),
            person=person,
            purpose=purpose,
            ground=ground,
            reference=reference,
            reference_due_utc=reference_due_utc,
            opened_utc=now_utc,
            closes_utc=now_utc + self._open_for,
            on_behalf_of=_text(on_behalf_of, NAME_LIMIT_CHARS, "on_behalf_of"),
        )
        self._store.cases.add(_row(case))
        self._store.persons.set_last_purpose(LastPurposeRow(person=person, purpose=purpose, used_utc=instant(now_utc)))
        self._keep_pending(case)
        return case

    def use(self, case_id: CaseId, person: PersonId) -> Case:
        """The case, for its own person, while it is open.

        Raises:
            Fault: ``resource-unknown``: no such case, another's, or closed; the answer is the same.
        """
        row = self._store.cases.get(case_id)
        case = _case(row) if row is not None else None
        if case is None or case.person != person or not case.opened_utc <= self._clock.now_utc() < case.closes_utc:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no open case of this person", where="case")
        return case

    def open_of(self, person: PersonId) -> tuple[Case, ...]:
        """A person's open cases, newest first."""
        rows = self._store.cases.open_of(person, instant(self._clock.now_utc()))
        return tuple(_case(row) for row in rows)

    def complete(self, case_id: CaseId, person: PersonId, reference: str) -> Case:
        """Add the reference that was to follow; also after its time, and after the case closed.

        Raises:
            Fault: ``request-malformed`` for the text; ``resource-unknown`` when this person owes none for the case.
        """
        given = _text(reference, REFERENCE_LIMIT_CHARS, "reference")
        if given is None:
            raise Fault(FaultKind.REQUEST_MALFORMED, "a reference is a text", where="reference")
        now = instant(self._clock.now_utc())
        if not self._store.cases.complete(case_id, person, given, now):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no reference is owed for this case", where="case")
        with self._keeping:
            self._pending.get(person, {}).pop(case_id, None)
        if self._changes.healthy:
            self._changes.publish(CaseChanged(case_id))
        row = self._store.cases.get(case_id)
        if row is None:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such case", where="case")
        return _case(row)

    def close(self, case_id: CaseId, person: PersonId) -> None:
        """End an open case before its time; a reference that was to follow is owed all the same.

        Raises:
            Fault: ``resource-unknown``: no such case, another's, or closed; the answer is the same.
        """
        if not self._store.cases.close(case_id, person, instant(self._clock.now_utc())):
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no open case of this person", where="case")
        if self._changes.healthy:
            self._changes.publish(CaseChanged(case_id))

    def pending_of(self, person: PersonId) -> tuple[Case, ...]:
        """Cases, closed ones included, whose reference this person still owes; the one due first comes first."""
        with self._keeping:
            owed = sorted(self._pending.get(person, {}).items(), key=lambda pair: pair[1])
        rows = (self._store.cases.get(case_id) for case_id, _ in owed)
        return tuple(_case(row) for row in rows if row is not None)

    def overdue(self, person: PersonId, at_utc: datetime) -> tuple[CaseId, ...]:
        """Cases whose reference this person owes past its time; a decision refuses while there is one."""
        with self._keeping:
            owed = self._pending.get(person, {})
            return tuple(sorted(case_id for case_id, due_utc in owed.items() if due_utc <= at_utc))

    def last_purpose(self, person: PersonId) -> Purpose | None:
        """The purpose that the person used last."""
        word = self._store.persons.last_purpose(person)
        return Purpose(word) if word is not None and word in set(Purpose) else None

    def _keep_pending(self, case: Case) -> None:
        if case.reference is None and case.reference_due_utc is not None:
            with self._keeping:
                self._pending.setdefault(case.person, {})[case.case_id] = case.reference_due_utc


def _text(value: str | None, limit_chars: int, where: str) -> str | None:
    """A text that a person typed: one line, printable, not empty."""
    if value is None:
        return None
    text = " ".join(value.split())
    if not 0 < len(text) <= limit_chars or not text.isprintable():
        raise Fault(FaultKind.REQUEST_MALFORMED, f"a text of 1 to {limit_chars} printable characters", where=where)
    return text


def _row(case: Case) -> CaseRow:
    return CaseRow(
        case_id=case.case_id,
        person=case.person,
        purpose=case.purpose,
        ground=case.ground,
        reference=case.reference,
        reference_due_utc=None if case.reference_due_utc is None else instant(case.reference_due_utc),
        opened_utc=instant(case.opened_utc),
        closes_utc=instant(case.closes_utc),
        on_behalf_of=case.on_behalf_of,
    )


def _case(row: CaseRow) -> Case:
    return Case(
        case_id=CaseId(row.case_id),
        person=PersonId(row.person),
        purpose=Purpose(row.purpose),
        ground=None if row.ground is None else Ground(row.ground),
        reference=row.reference,
        reference_due_utc=None if row.reference_due_utc is None else parse_instant(row.reference_due_utc),
        opened_utc=parse_instant(row.opened_utc),
        closes_utc=parse_instant(row.closes_utc),
        on_behalf_of=row.on_behalf_of,
    )
