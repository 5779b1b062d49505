"""The plate store: exact plate, exact cameras, half-open span, at most the limit; synthetic readings that look real."""

import re
import sqlite3
import threading
from collections import Counter
from datetime import timedelta

import pytest

from adapters.folder import FolderTransits
from adapters.folder.index import microseconds
from adapters.folder.search import LIMIT, SCHEMA
from adapters.folder.transits import (
    DEMO_MISREAD,
    DEMO_PLATE,
    LETTERS,
    feed_transits,
    fleet,
    minute_rows,
    prepare_transits,
)
from adapters.port import SourceState
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId, Plate
from conventions.spans import Span
from tests.adapters.contract import NOON, TICK, TestClock, grant_of, seconds

GATES = (CameraId("porto/varco-1"), CameraId("porto/varco-2"))
FOREIGN = CameraId("levanto/varco-1")


def row(number, at_utc, plate="AB123CD", camera=GATES[0], confidence=0.97, direction="approaching"):
    return (f"t{number}", camera, microseconds(at_utc), plate, plate, confidence, "IT", direction, "car")


@pytest.fixture
def store(tmp_path):
    """A store that holds exactly the rows a test gives."""

    def fill(*rows):
        path = tmp_path / "transits.sqlite"
        db = sqlite3.connect(path)
        db.executescript(SCHEMA)
        with db:
            db.executemany("INSERT INTO transit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        db.close()
        return FolderTransits("plates", path, GATES, TestClock().now_utc)

    return fill


def asked(plate="AB123CD", span=None, cameras=GATES, **more):
    return grant_of(*cameras, span=span or seconds(0, 60), operation="plate.search", plate=Plate(plate), **more)


async def names(source, grant):
    return [transit.transit_id for transit in (await source.search(grant)).rows]


async def test_only_the_plate_asked_for(store):
    source = store(row(1, NOON), row(2, NOON, plate="AB123CE"), row(3, NOON, plate="AB123C"))
    assert await names(source, asked()) == ["t1"]


async def test_a_plate_is_searched_as_normalised(store):
    assert await names(store(row(1, NOON)), asked("ab 123-cd")) == ["t1"]


async def test_only_the_cameras_asked_for(store):
    source = store(row(1, NOON), row(2, NOON, camera=GATES[1]), row(3, NOON, camera=FOREIGN))
    assert await names(source, asked(cameras=(GATES[1],))) == ["t2"]


async def test_the_span_is_half_open(store):
    end = NOON + timedelta(seconds=60)
    source = store(row(1, NOON - TICK), row(2, NOON), row(3, end - TICK), row(4, end))
    assert await names(source, asked()) == ["t2", "t3"]


async def test_rows_come_in_time_order_and_keep_what_was_read(store):
    later = (*row(1, NOON + timedelta(seconds=9))[:4], "AB 123 CD", 0.5, "IT", "unknown", "truck")
    transits = await store(later, row(2, NOON)).search(asked())
    assert [transit.transit_id for transit in transits.rows] == ["t2", "t1"]
    assert (transits.rows[1].plate_raw, transits.rows[1].confidence_ratio) == ("AB 123 CD", 0.5)
    assert "AB" not in repr(transits)


async def test_the_limit_is_told(store):
    one_more = [row(number, NOON + timedelta(microseconds=number)) for number in range(LIMIT + 1)]
    exact = await store(*one_more[:-1]).search(asked())
    assert (len(exact.rows), exact.more) == (LIMIT, False)


async def test_more_than_the_limit_is_cut_at_the_limit(store):
    cut = await store(*[row(number, NOON + timedelta(microseconds=number)) for number in range(LIMIT + 1)]).search(
        asked()
    )
    assert (len(cut.rows), cut.more) == (LIMIT, True)


@pytest.mark.parametrize(
    ("grant", "kind"),
    [
        (asked(ends_utc=TestClock().at_utc), FaultKind.GRANT_ENDED),
        (asked(cameras=(FOREIGN,)), FaultKind.RESOURCE_UNKNOWN),
        (asked(cameras=(GATES[0], FOREIGN)), FaultKind.RESOURCE_UNKNOWN),
        (grant_of(*GATES, span=None, plate=Plate("AB123CD")), FaultKind.REQUEST_MALFORMED),
        (grant_of(*GATES, span=seconds(0, 60)), FaultKind.REQUEST_MALFORMED),
    ],
)
async def test_what_the_grant_does_not_carry_is_not_searched(store, grant, kind):
    source = store(row(1, NOON, camera=FOREIGN), row(2, NOON))
    with pytest.raises(Fault) as fault:
        await source.search(grant)
    assert fault.value.kind is kind


@pytest.mark.parametrize(
    "spoilt",
    [
        row(1, NOON, confidence=1.5),
        row(1, NOON, confidence=float("inf")),
        row(1, NOON, confidence="high"),
        row(1, NOON, direction="sideways"),
        (*row(1, NOON)[:4], b"\xff\x00", 0.9, "IT", "approaching", "car"),
    ],
)
async def test_a_reading_that_cannot_be_is_malformed(store, spoilt):
    with pytest.raises(Fault) as fault:
        await store(spoilt).search(asked())
    assert fault.value.kind is FaultKind.SOURCE_MALFORMED


async def test_a_store_that_is_gone_is_unavailable(tmp_path):
    source = FolderTransits("plates", tmp_path / "none.sqlite", GATES, TestClock().now_utc)
    with pytest.raises(Fault) as fault:
        await source.search(asked())
    assert fault.value.kind is FaultKind.SOURCE_UNAVAILABLE
    assert (await source.check()).state is SourceState.DOWN


async def test_a_store_that_is_locked_is_a_timeout(store, tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.folder.index._BUSY_S", 0.05)
    source = store(row(1, NOON))
    holder = sqlite3.connect(tmp_path / "transits.sqlite")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Fault) as fault:
        await source.search(asked())
    holder.close()
    assert fault.value.kind is FaultKind.SOURCE_TIMEOUT


async def test_a_store_of_another_shape_is_malformed(tmp_path):
    path = tmp_path / "transits.sqlite"
    path.write_bytes(b"no database at all " * 100)
    source = FolderTransits("plates", path, GATES, TestClock().now_utc)
    with pytest.raises(Fault) as fault:
        await source.search(asked())
    assert fault.value.kind is FaultKind.SOURCE_MALFORMED


@pytest.mark.requirement("PM-3.16")
async def test_searching_writes_nothing(store, tmp_path):
    source = store(row(1, NOON))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    await source.search(asked())
    await source.check()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


# Synthetic readings


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    path = tmp_path_factory.mktemp("week") / "transits.sqlite"
    added = prepare_transits(path, (*GATES, FOREIGN), NOON)
    db = sqlite3.connect(path)
    rows = db.execute("SELECT camera, at_us, plate, plate_raw, confidence_ratio, vehicle_class FROM transit").fetchall()
    db.close()
    assert added == len(rows)
    return path, rows


def test_a_week_holds_enough_and_nothing_of_the_future(week):
    _, rows = week
    assert 18_000 < len(rows) < 25_000
    assert max(at_us for _, at_us, *_ in rows) < microseconds(NOON)
    assert min(at_us for _, at_us, *_ in rows) >= microseconds(NOON - timedelta(days=7))
    assert {camera for camera, *_ in rows} == {*GATES, FOREIGN}


async def test_the_demo_plate_has_recent_hits_everywhere(week):
    path, _ = week
    source = FolderTransits("plates", path, (*GATES, FOREIGN), lambda: NOON)
    recent = Span(NOON - timedelta(minutes=10), NOON)
    for cameras in (GATES, (FOREIGN,)):
        found = await source.search(asked(DEMO_PLATE, recent, cameras))
        assert {transit.camera for transit in found.rows} == set(cameras)


async def test_a_misread_is_kept_as_read_and_not_found_by_the_plate(week):
    path, rows = week
    raw = Counter(plate for _, _, plate, *_ in rows)
    assert raw[DEMO_MISREAD] > 100
    source = FolderTransits("plates", path, GATES, lambda: NOON)
    found = await source.search(asked(DEMO_PLATE, Span(NOON - timedelta(days=7), NOON)))
    assert found.more
    assert {transit.plate_raw for transit in found.rows} == {DEMO_PLATE}


def test_plates_are_of_the_italian_grammar():
    cars = [plate for plate, country, kind in fleet(1) if (country, kind) == ("IT", "car") and plate[1].isalpha()]
    modern = [plate for plate in cars if re.fullmatch(f"[{LETTERS}]{{2}}[0-9]{{3}}[{LETTERS}]{{2}}", plate)]
    assert len(modern) > 0.8 * len(fleet(1))
    assert not any(set(plate) & set("IOQU") for plate in modern)
    assert all(plate[0] in "LMNPRSTVW" for plate in modern)
    mopeds = [plate for plate, _, kind in fleet(1) if kind == "moped"]
    assert mopeds
    assert all(re.fullmatch("X[2-9BCDFGHJKLMNPRSTVWXYZ]{5}", plate) for plate in mopeds)


def test_misreads_are_few_and_less_certain(week):
    _, rows = week
    known = {plate for plate, *_ in fleet(1)} | {DEMO_PLATE}
    wrong = [confidence for _, _, plate, _, confidence, _ in rows if plate not in known]
    right = [confidence for _, _, plate, _, confidence, _ in rows if plate in known]
    assert 0.02 < len(wrong) / len(rows) < 0.08
    assert max(wrong) < min(right)


def test_the_same_seed_gives_the_same_readings():
    cars, minute = fleet(1), microseconds(NOON) // 60_000_000
    assert list(minute_rows(minute, GATES, cars, 1)) == list(minute_rows(minute, GATES, cars, 1))
    assert fleet(1) != fleet(2)


def test_the_feed_adds_the_minutes_that_pass(tmp_path):
    """Behind a clock that is past the first minute: its readings are there as soon as the feed runs."""
    path, stop, calls = tmp_path / "transits.sqlite", threading.Event(), iter(range(10**6))
    prepare_transits(path, GATES, NOON, days=1)

    def now_utc():
        return NOON + timedelta(seconds=0 if next(calls) == 0 else 61)

    running = threading.Thread(target=feed_transits, args=(path, GATES, now_utc, stop))
    running.start()
    expected = len(list(minute_rows(microseconds(NOON) // 60_000_000, GATES, fleet(1), 1)))
    newest = 0
    for _ in range(200):
        db = sqlite3.connect(path)
        newest = db.execute("SELECT count(*) FROM transit WHERE at_us >= ?", (microseconds(NOON),)).fetchone()[0]
        db.close()
        if newest >= expected:
            break
        running.join(0.05)
    stop.set()
    running.join(5)
    assert not running.is_alive()
    assert expected > 0
    assert newest == expected
