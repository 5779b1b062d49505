"""Lint of regulations and calendars: what a controller's own text contradicts, forgets, or cannot keep.

Source: requirements 1.2 (R3, C-02, C-04), 9 (D-04); LEV-32.5, S8 step 6.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from conventions.calendars import add_months, parts
from conventions.findings import Finding, finding
from conventions.lint_deeds import of_clauses
from conventions.register import Register
from conventions.schema import AnyDocument, Calendar, CameraEntry, Configuration, Regulation
from conventions.terms import Operation, Purpose

RUNNING = frozenset({"active", "authorised"})


def of_regulation(document: Regulation, register: Register, _: str) -> Iterator[Finding]:
    yield from _rivals(document, register)
    yield from _logs(document.configuration)
    if document.configuration.retention_images is None and any(each.state in RUNNING for each in document.cameras):
        yield finding("retention-absent", "configuration.retention_images")
    for name in ("quota_plate_searches_per_hour", "quota_recording_s_per_day"):
        if getattr(document.configuration, name) is not None:
            yield finding("quota-without-effect", f"configuration.{name}")
    purposes = {entry.purpose for entry in document.purposes}
    for number, camera in enumerate(document.cameras):
        yield from _camera(camera, purposes, register, f"cameras.{number}")
    for number, level in enumerate(document.levels):
        for operation in sorted(set(level.operations) - set(document.operations)):
            values = {"level": level.name, "operation": operation, "italian": Operation(operation).italian}
            yield finding("level-outside", f"levels.{number}.operations", **values)
    yield from of_clauses(document.own, document, register, "own")


def _rivals(document: Regulation, register: Register) -> Iterator[Finding]:
    """One controller has one regulation at a time; which of two is the law nobody could tell."""
    mine = [each.document for each in register.history(document.id)]
    for name, history in register.histories.items():
        theirs = [each.document for each in history]
        if name == document.id or not isinstance(theirs[0], Regulation) or theirs[0].body != document.body:
            continue
        if any(a < d and c < b for a, b in _stretches([*mine, document]) for c, d in _stretches(theirs)):
            values = {"controller": document.body_name, "regulation": document.id, "other": name}
            yield finding("regulation-second", "valid_from", **values)


def _stretches(versions: Iterable[AnyDocument]) -> list[tuple[str, str]]:
    """First day and the day after the last of each version that is law: until its end or the next one begins."""
    law = [each for each in versions if isinstance(each, Regulation) and each.state == "enforceable"]
    found: list[tuple[str, str]] = []
    for each in law:
        found = [(start, min(end, each.valid_from)) for start, end in found]
        found.append((each.valid_from, f"{each.valid_until}~" if each.valid_until else "~"))
    return [(start, end) for start, end in found if start < end]


def of_calendar(document: Calendar, _: Register, __: str) -> Iterator[Finding]:
    if not document.opening:
        yield finding("never-open", "opening")
    for number, hours in enumerate(document.opening):
        if hours.closes <= hours.opens:
            yield finding("overnight", f"opening.{number}", starts=hours.opens, ends=hours.closes)
    for name, entries in (("events", document.events), ("polling", document.polling)):
        for number, entry in enumerate(entries):
            if entry.ends <= entry.starts:
                yield finding("overnight", f"{name}.{number}", starts=entry.starts, ends=entry.ends)


def days_between(duration: str) -> tuple[int, int]:
    """The fewest and the most days that a duration can last: six months are 181 to 184 (C-02).

    Days begun count as whole in the most, and not at all in the fewest.
    """
    months_count, exact = parts(duration)
    starts = [add_months(date(2023, 1, 1), month) for month in range(48)]
    lengths = [(add_months(start, months_count) - start).days for start in starts]
    return min(lengths) + exact // timedelta(days=1), max(lengths) + -(-exact // timedelta(days=1))


def _logs(configuration: Configuration) -> Iterator[Finding]:
    """The shortest that a log can last reaches the longest that its minimum can be, or a signed archive does."""
    least, kept = configuration.log_access_min, configuration.log_online
    if not configuration.log_readers:
        yield finding("log-readers-absent", "configuration.log_readers")
    if least is None or _covers(kept, least):
        return
    if configuration.log_end_of_life == "archive-signed" and _covers(configuration.log_archive_min, least):
        return
    days_count = days_between(least)[1]
    short_count = days_count - (days_between(kept)[0] if kept else 0)
    values = {"kept": kept or "P0D", "least": least, "days": days_count, "short": short_count}
    yield finding("log-too-short", "configuration.log_online", **values)


def _covers(kept: str | None, least: str) -> bool:
    """Whether a time kept is never shorter than a minimum, from whichever day both are counted."""
    if kept is None:
        return False
    (kept_months, kept_exact), (least_months, least_exact) = parts(kept), parts(least)
    if kept_months >= least_months and kept_exact >= least_exact:
        return True
    return days_between(kept)[0] >= days_between(least)[1]


def _camera(camera: CameraEntry, purposes: set[Purpose], register: Register, at: str) -> Iterator[Finding]:
    for purpose in camera.collection_purposes:
        if purpose not in purposes:
            values = {"camera": camera.id, "purpose": purpose, "italian": Purpose(purpose).italian}
            yield finding("collection-purpose", f"{at}.collection_purposes", **values)
    if not camera.municipality.startswith(camera.province):
        values = {"camera": camera.id, "municipality": camera.municipality, "province": camera.province}
        yield finding("territory-mismatch", f"{at}.municipality", **values)
    if camera.calendar is not None and register.current(camera.calendar) is None:
        yield finding("calendar-unknown", f"{at}.calendar", camera=camera.id, calendar=camera.calendar)
    if camera.indoor == "true" and camera.indoor_exception is None:
        yield finding("indoor", f"{at}.indoor", camera=camera.id)
