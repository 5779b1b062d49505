"""The law in slow, obvious Python: documents and a question in, decision and reasons out.

It shares no code with ``policies``: no rules, no index, no strings compared as instants. It reads every document again
for every question. ``tests/decisions`` compares it with the engine on random worlds; where they differ, one is wrong.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from conventions import lifecycle
from conventions.calendars import end_of_day, parts, start_of_day
from conventions.schema import (
    AnyDocument,
    CameraEntry,
    Clause,
    Convention,
    ImplementingAgreement,
    Notice,
    OperatorList,
    Regulation,
)
from conventions.spans import parse_instant
from conventions.terms import PRECEDENCE, PRECEDENCE_GROUPS, Reason

FOR_EVER = datetime.max.replace(tzinfo=UTC)
Deed = Regulation | Convention | ImplementingAgreement

LIVE = {"live-video", "school-footage"}
RECORDED = {"recorded-video", "school-footage"}
PLATES = {"transit-record", "plate-hit"}
LOGS = {"decision-log", "administration-log"}
CLASSES_OF = {
    "live.view": LIVE,
    "ptz.control": LIVE,
    "recording.view": RECORDED,
    "recording.extract": RECORDED,
    "plate.search": PLATES,
    "log.read": LOGS,
    "log.read-own": {"decision-log"},
    "inventory.list": {"camera-inventory"},
    "media.deliver": {"extraction-copy"},
}
"""The operations of the random worlds; the whole table has a test of its own."""
NEEDS_NO_CAMERA = {"log.read", "log.read-own", "media.deliver", "inventory.list"}
NAMES_CAMERAS = {"live.view", "ptz.control", "recording.view", "recording.extract", "plate.search", "inventory.list"}
FILMED = {"live-video", "recorded-video", "school-footage", "transit-record", "plate-hit"}
BANNED = {"data.modify": Reason.READ_ONLY, "audio.listen": Reason.AUDIO_FORBIDDEN}
DEED_REASONS = {reason for name, group in PRECEDENCE_GROUPS if name == "deed" for reason in group}
BEFORE_THE_ROLE = set(PRECEDENCE[: PRECEDENCE.index(Reason.ROLE_NOT_GRANTED)])


@dataclass(frozen=True)
class Question:
    """What is asked, with what typed code found in the way."""

    controller: str
    body: str
    unit: str
    role: str
    qualification: str
    operation: str
    data_class: str
    purpose: str
    ground: str
    camera: str | None
    places: frozenset[str]
    """The camera's area, municipality and province, when the annex is known."""
    in_window: bool
    span_s: int
    at_utc: datetime
    obstacles: frozenset[Reason] = frozenset()


@dataclass(frozen=True)
class Opening:
    """One thing that one text says to one body: open it, or why not."""

    deed: str
    start_utc: datetime
    end_utc: datetime
    operation: str
    data_class: str
    purpose: str
    place: str | None
    clause: Clause | None
    """``None`` for a notice, which speaks to everybody of the body."""
    roles: frozenset[str]
    against: Reason | None

    @property
    def key(self) -> tuple[str, str, str, str | None]:
        return (self.operation, self.data_class, self.purpose, self.place)

    @property
    def to_everybody(self) -> bool:
        return self.clause is None or self.against in BEFORE_THE_ROLE


def decide(documents: Iterable[AnyDocument], question: Question) -> tuple[bool, tuple[Reason, ...]]:
    """The decision, and every reason against it in the order of precedence."""
    said = list(openings(list(documents), question.controller, question.body))
    now = [one for one in said if one.start_utc <= question.at_utc < one.end_utc]
    speaking = [one for one in now if all(fits(one, question, column) for column in COLUMNS)]
    allowed = bool(speaking) and all(one.against is None for one in speaking) and not question.obstacles
    reasons = set() if allowed else reasons_against(said, now, speaking, question)
    return allowed, tuple(reason for reason in PRECEDENCE if reason in reasons)


COLUMNS = (
    "class", "operation", "role", "unit", "qualification", "purpose", "ground", "place", "window", "span",
)  # fmt: skip


def fits(one: Opening, question: Question, column: str) -> bool:
    """Whether one column of an opening fits the question."""
    clause = one.clause
    if column == "class":
        return one.data_class == question.data_class
    if column == "operation":
        return one.operation == question.operation
    if column == "purpose":
        return one.purpose == question.purpose
    if column == "place":
        return one.place == question.camera or (one.place is not None and one.place in question.places)
    if one.to_everybody or clause is None:
        return True
    if column == "role":
        return question.role in one.roles
    if column == "unit":
        return not clause.units or question.unit in clause.units
    if column == "qualification":
        return clause.qualification in ("any", question.qualification)
    if column == "ground":
        return not clause.grounds or question.ground in clause.grounds
    if column == "window":
        return clause.window == "any" or question.in_window
    if clause.limits.max_span is None:
        return True
    months_count, exact = parts(clause.limits.max_span)
    return question.span_s <= exact.total_seconds() + months_count * 28 * 86_400


def reasons_against(
    said: list[Opening], now: list[Opening], speaking: list[Opening], question: Question
) -> set[Reason]:
    """Why not. The deed first; if it stands, everything that is missing."""
    reasons = set(question.obstacles)
    if question.operation in BANNED:
        reasons.add(BANNED[question.operation])
    granted = [one for one in now if one.against is None]
    stopped = [one for one in now if one.against in DEED_REASONS]
    if granted:
        standing = any(all(stop.key != one.key for stop in stopped) for one in granted)
    else:
        standing = bool(now) and not stopped
    if not standing:
        if stopped:
            return reasons | {one.against for one in stopped if one.against is not None}
        ended = any(one.against is None and one.end_utc <= question.at_utc for one in said)
        return reasons | {Reason.CONVENTION_EXPIRED if ended else Reason.NO_CONVENTION}
    reasons |= {one.against for one in speaking if one.against is not None}
    in_force = {one.deed for one in now}
    would_have = [
        one
        for one in said
        if one.against is None
        and one.end_utc <= question.at_utc
        and one.deed not in in_force
        and all(fits(one, question, column) for column in COLUMNS)
    ]
    granted_anyway = bool(speaking) and all(one.against is None for one in speaking)
    if would_have and not granted_anyway:
        reasons.add(Reason.CONVENTION_EXPIRED)
    return reasons | missing(now, question)


def missing(now: list[Opening], question: Question) -> set[Reason]:
    """Go through the columns; where nothing is left say so, and go on without that column."""
    left = now
    lacking: list[str] = []
    for column in COLUMNS:
        fitting = [one for one in left if fits(one, question, column)]
        if fitting:
            left = fitting
        else:
            lacking.append(column)
    reasons: set[Reason] = set()
    if "operation" in lacking and "class" in lacking:
        lacking.remove("operation")
    for column in lacking:
        if column in ("class", "operation", "role", "unit", "qualification"):
            if question.operation in BANNED or Reason.OPERATION_UNKNOWN in question.obstacles:
                continue
            if question.operation == "none" and question.obstacles:
                continue
            if column == "class":
                reasons.add(Reason.CLASS_NOT_GRANTED)
            elif question.operation in ("log.read", "log.read-own"):
                reasons.add(Reason.LOG_READER_NOT_ALLOWED)
            elif column == "operation" or question.role != "none" or not question.obstacles:
                reasons.add(Reason.ROLE_NOT_GRANTED)
        elif column == "purpose":
            if question.purpose != "none":
                reasons.add(Reason.PURPOSE_NOT_GRANTED)
            elif not question.obstacles & {Reason.PURPOSE_MISSING, Reason.PURPOSE_NOT_GRANTED}:
                reasons.add(Reason.PURPOSE_MISSING)
        elif column == "ground":
            reasons.add(Reason.GROUND_MISSING)
        elif column == "place":
            unknown = {Reason.RESOURCE_UNKNOWN, Reason.CAMERA_NOT_AUTHORISED, Reason.REQUEST_INCOMPLETE}
            if question.places or not question.obstacles & unknown:
                reasons.add(Reason.OUTSIDE_TERRITORY)
        elif column == "window":
            reasons.add(Reason.CAMERA_TIME_WINDOW)
        else:
            reasons.add(Reason.MINIMISATION)
    return reasons


def openings(documents: list[AnyDocument], controller: str, body: str) -> Iterator[Opening]:
    """Everything that any text says about this body at this controller, a notice's word included."""
    every = list(_of_deeds(documents, controller, body))
    pool_bars = [one for one in every if one.against is Reason.APPLICANT_NOT_ENTITLED]
    granted_keys = {one.key for one in every if one.against is None}
    for one in every:
        if one not in pool_bars or one.key not in granted_keys:
            yield one


def _of_deeds(documents: list[AnyDocument], controller: str, body: str) -> Iterator[Opening]:
    for deed, start_utc, end_utc in _terms(documents):
        for regulation, reg_start, reg_end in _bounding(documents, deed, controller):
            if isinstance(deed, Regulation) and deed.version != regulation.version:
                continue
            mine: list[Opening] = []
            for clause in deed.own if isinstance(deed, Regulation) else deed.clauses:
                for one in _of_clause(documents, deed, regulation, clause, controller, body):
                    begin = max(start_utc, reg_start, start_of_day(clause.valid_from or deed.valid_from))
                    finish = min(end_utc, reg_end, end_of_day(clause.valid_until) if clause.valid_until else FOR_EVER)
                    if begin < finish:
                        mine.append(_dated(one, begin, finish))
            yield from mine
            yield from _stops(documents, deed, end_utc, regulation, mine, controller, body)


def _dated(one: Opening, begin: datetime, finish: datetime) -> Opening:
    return Opening(one.deed, begin, finish, *one.key, one.clause, one.roles, one.against)


def _of_clause(
    documents: list[AnyDocument], deed: Deed, regulation: Regulation, clause: Clause, controller: str, body: str
) -> Iterator[Opening]:
    pool = isinstance(deed, ImplementingAgreement)
    if isinstance(deed, Regulation):
        if body != deed.body:
            return
    else:
        if body == controller or body not in [party.body for party in deed.parties]:
            return
        if body not in clause.bodies and not pool:
            return
    types = _types(documents, deed, controller, body)
    barred = pool and not (types and types <= {"state-police", "local-police"})
    if body not in clause.bodies and not barred and not isinstance(deed, Regulation):
        return
    for operation in clause.operations:
        for data_class in clause.classes:
            if data_class not in CLASSES_OF.get(operation, set()) or (pool and data_class != "transit-record"):
                continue
            for purpose in clause.purposes:
                for place, entry in _places(regulation, clause, operation, controller):
                    against = Reason.APPLICANT_NOT_ENTITLED if barred else None
                    against = against or _taken_away(regulation, body, types, operation, data_class, purpose)
                    if against is None and place is not None:
                        against = _camera_refuses(entry, data_class, purpose)
                    roles = {str(role) for role in clause.roles}
                    if operation == "log.read":
                        roles &= {str(role) for role in regulation.configuration.log_readers}
                        if not roles and against not in BEFORE_THE_ROLE:
                            continue
                    always = (FOR_EVER, FOR_EVER)
                    what = (operation, data_class, purpose, place)
                    yield Opening(deed.id, *always, *what, clause, frozenset(roles), against)


def _places(
    regulation: Regulation, clause: Clause, operation: str, controller: str
) -> Iterator[tuple[str | None, CameraEntry | None]]:
    if operation in NEEDS_NO_CAMERA:
        yield None, None
    if operation in NAMES_CAMERAS:
        for entry in regulation.cameras:
            inside = {entry.area, entry.municipality, entry.province} & set(clause.territories)
            if entry.id in clause.cameras or inside:
                yield entry.id, entry
        for camera in set(clause.cameras):
            if camera.startswith(controller + "/") and camera not in [entry.id for entry in regulation.cameras]:
                yield camera, None


def _taken_away(
    regulation: Regulation, body: str, types: set[str], operation: str, data_class: str, purpose: str
) -> Reason | None:
    """What the controller's configuration takes from the clause, in the order of the text of the conjunction."""
    own = body == regulation.body
    settings = regulation.configuration
    if not own and settings.police_access == "media-only" and not operation.startswith("media."):
        return Reason.NO_CONVENTION
    if operation not in regulation.operations:
        return Reason.OPERATION_UNKNOWN
    if operation == "ptz.control" and settings.ptz_enabled != "true":
        return Reason.OPERATION_UNKNOWN
    if operation == "log.read-own" and settings.log_read_own != "on":
        return Reason.LOG_READER_NOT_ALLOWED
    if data_class == "transit-record" and settings.plates_retain != "all-transits":
        return Reason.CLASS_NOT_GRANTED
    if data_class == "plate-hit" and settings.plates_retain in (None, "none"):
        return Reason.CLASS_NOT_GRANTED
    if not own and settings.police_access == "transits-only" and data_class in FILMED - PLATES:
        return Reason.CLASS_NOT_GRANTED
    if purpose in regulation.purposes_excluded:
        return Reason.PURPOSE_NOT_GRANTED
    entitled = [set(entry.org_types) for entry in regulation.purposes if entry.purpose == purpose]
    if not entitled or not types or not types <= entitled[0]:
        return Reason.PURPOSE_NOT_GRANTED
    return None


def _camera_refuses(entry: CameraEntry | None, data_class: str, purpose: str) -> Reason | None:
    if entry is None:
        return Reason.CAMERA_NOT_AUTHORISED
    if data_class not in FILMED:
        return None
    if data_class not in entry.classes:
        return Reason.CLASS_NOT_GRANTED
    if purpose not in entry.collection_purposes:
        return Reason.PURPOSE_NOT_GRANTED
    if entry.state != "active":
        return Reason.CAMERA_NOT_AUTHORISED
    if entry.indoor == "true" and entry.indoor_exception is None:
        return Reason.INDOOR_AREA
    return None


def _stops(
    documents: list[AnyDocument],
    deed: Deed,
    deed_end: datetime,
    regulation: Regulation,
    granted: list[Opening],
    controller: str,
    body: str,
) -> Iterator[Opening]:
    """What the notices on the deed or on the regulation say against everything that it grants."""
    notices = _latest(document for document in documents if isinstance(document, Notice))
    parties = [] if isinstance(deed, Regulation) else [party.body for party in deed.parties]
    for notice in notices:
        if notice.on not in (deed.id, regulation.id):
            continue
        if notice.by in parties and notice.by not in (controller, body):
            continue
        begin = parse_instant(notice.effective_from)
        if notice.act == "suspension":
            lifted = [
                parse_instant(end.effective_from) for end in notices if end.ends == notice.id and end.on == notice.on
            ]
            finish, reason = min([*lifted, FOR_EVER]), Reason.CONVENTION_SUSPENDED
            if begin < finish:
                finish = min(finish, deed_end)
        elif notice.act in ("withdrawal", "unilateral-withdrawal"):
            finish, reason = _next_deed(documents, deed, controller, body, begin), Reason.CONVENTION_WITHDRAWN
        else:
            continue
        for one in granted:
            if one.against is None and begin < finish:
                yield Opening(notice.id, begin, finish, *one.key, None, frozenset(), reason)


def _next_deed(documents: list[AnyDocument], deed: Deed, controller: str, body: str, after: datetime) -> datetime:
    """When another deed between the same two bodies begins."""
    begins = [
        start
        for other, start, _ in _terms(documents)
        if not isinstance(other, Regulation)
        and other.id != deed.id
        and controller in other.controllers
        and any(body in clause.bodies for clause in other.clauses)
        and start >= after
    ]
    return min([*begins, FOR_EVER])


def _terms(documents: list[AnyDocument]) -> Iterator[tuple[Deed, datetime, datetime]]:
    """Each version of a deed that may grant, from its first day until its last or the next version's first."""
    notices = _latest(document for document in documents if isinstance(document, Notice))
    able = [
        document
        for document in documents
        if isinstance(document, Regulation | Convention | ImplementingAgreement)
        and not (isinstance(document, Regulation) and document.state != "enforceable")
    ]
    for deed in {(document.id, document.version): document for document in able}.values():
        start_utc = start_of_day(deed.valid_from)
        if isinstance(deed, Regulation):
            ends = [end_of_day(deed.valid_until)] if deed.valid_until else []
        else:
            end_utc = lifecycle.term(deed, [notice for notice in notices if notice.on == deed.id]).end_utc
            ends = [end_utc] if end_utc else []
        ends += [
            start_of_day(other.valid_from) for other in able if other.id == deed.id and other.version > deed.version
        ]
        end_utc = min([*ends, FOR_EVER])
        if isinstance(deed, ImplementingAgreement) and deed.prior_consultation is None:
            continue
        if start_utc < end_utc:
            yield deed, start_utc, end_utc


def _bounding(documents: list[AnyDocument], deed: Deed, controller: str) -> list[tuple[Regulation, datetime, datetime]]:
    """The regulation that bounds a deed at a controller: the one it rests on, else the only one there is."""
    if isinstance(deed, Regulation) and deed.body != controller:
        return []
    if not isinstance(deed, Regulation) and controller not in deed.controllers:
        return []
    here = [
        (regulation, start, end)
        for regulation, start, end in _terms(documents)
        if isinstance(regulation, Regulation) and regulation.body == controller
    ]
    for one, start, end in here:
        if any(other.id != one.id and start < ends and begins < end for other, begins, ends in here):
            return []  # two at once: nobody can tell which is the law
    if isinstance(deed, Regulation):
        return [found for found in here if found[0].id == deed.id]
    if isinstance(deed, Convention) and deed.rests_on.startswith(controller + "/"):
        return [found for found in here if found[0].id == deed.rests_on]
    return here if len({found[0].id for found in here}) == 1 else []


def _types(documents: list[AnyDocument], deed: Deed, controller: str, body: str) -> set[str]:
    lists = [
        document
        for document in _latest(document for document in documents if isinstance(document, OperatorList))
        if document.body == body
    ]
    for found in (
        [one for one in lists if one.under == deed.id],
        [one for one in lists if one.controller == controller],
    ):
        if found:
            return {str(one.org_type) for one in found}
    own = _latest(document for document in documents if isinstance(document, Regulation) and document.body == body)
    return {str(sorted(own, key=lambda one: one.id)[-1].org_type)} if own else set()


def _latest(documents: Iterable[AnyDocument]) -> list:
    newest: dict[str, AnyDocument] = {}
    for document in documents:
        if document.id not in newest or newest[document.id].version < document.version:
            newest[document.id] = document
    return list(newest.values())
