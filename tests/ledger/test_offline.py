"""The offline verifier finds and names whatever was changed, removed, reordered or cut off."""

import ast
import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import broker.ledger.offline
from broker.ledger import offline
from broker.ledger.envelopes import CLOSING
from broker.ledger.keyfiles import read_body_key
from tests.ledger import made
from tests.ledger.made import TOWN, Town


async def fill(town: Town) -> None:
    """A tree of many commits, more than one stored subtree, boxes, closings, an erasure and a change of key."""
    ledger = town.ledger()
    ledger.start()
    grants = [await ledger.record(made.permit()) for _ in range(6)]
    for grant in grants[:4]:
        await ledger.close(grant, made.outcome(grant.grant_id))
    await ledger.rotate_key(TOWN, "yearly")
    for count in range(50):
        await ledger.note(TOWN, "session", {"n": count}, {"person": made.PERSON})
    await asyncio.gather(*(ledger.note(TOWN, "session", {"n": count}, {"person": made.PERSON}) for count in range(240)))
    await ledger.erase_part(TOWN, 2, "plate", "request granted")
    await ledger.record(made.refusal())
    ledger.stop()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Town:
    town = made.build(tmp_path_factory.mktemp("filled"))
    asyncio.run(fill(town))
    return town


@pytest.fixture
def full(filled: Town) -> Iterator[Town]:
    """The filled ledger; whatever a test does to it is undone."""
    kept = filled.file().read_bytes()
    yield filled
    filled.file().write_bytes(kept)


def verify(town: Town, **more: object) -> offline.Report:
    return offline.verify(town.file(), [town.vkeys[TOWN]], **more)


def change(town: Town, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(town.file())) as database:
        for sql, values in statements:
            database.execute(sql, values)
        database.commit()


def rows(town: Town, sql: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(town.file())) as database:
        return database.execute(sql, values).fetchall()


def flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def places(data: bytes) -> Iterator[int]:
    """Both ends, and a spread of what lies between."""
    yield from sorted({0, len(data) - 1, *range(0, len(data), max(1, len(data) // 16))})


async def test_a_whole_ledger_verifies(full: Town):
    report = verify(full)
    assert report.finding is None
    assert report.whole
    assert (report.entries_count, report.open_grants_count) == (303, 2)
    assert 63 <= report.checkpoints_count < 303
    assert report.root == offline.verify(full.file(), [full.vkeys[TOWN]], workers=2).root


@pytest.mark.requirement("PM-3.2")
@pytest.mark.parametrize("index", [0, 5, 10, 11, 150, 301, 302])
async def test_a_changed_byte_of_an_entry_is_found_at_that_entry(full: Town, index: int):
    body = rows(full, "SELECT body FROM entries WHERE idx=?", index)[0][0]
    for place in places(body):
        change(full, ("UPDATE entries SET body=? WHERE idx=?", (flip(body, place), index)))
        finding = verify(full).finding
        assert finding is not None
        assert (finding.index, finding.what) == (index, "entry")
    change(full, ("UPDATE entries SET body=? WHERE idx=?", (body, index)))
    assert verify(full).whole


@pytest.mark.parametrize("index", [0, 255, 302])
async def test_a_changed_byte_of_a_leaf_hash_is_found(full: Town, index: int):
    leaf = rows(full, "SELECT leaf FROM entries WHERE idx=?", index)[0][0]
    for place in places(leaf):
        change(full, ("UPDATE entries SET leaf=? WHERE idx=?", (flip(leaf, place), index)))
        finding = verify(full).finding
        assert (finding.index, finding.what) == (index, "leaf")


@pytest.mark.parametrize("index", [1, 2, 12, 302])
async def test_a_changed_byte_of_a_sealed_box_is_found_without_any_key(full: Town, index: int):
    box = rows(full, "SELECT box FROM boxes WHERE idx=?", index)[0][0]
    for place in places(box):
        change(full, ("UPDATE boxes SET box=? WHERE idx=?", (flip(box, place), index)))
        finding = verify(full).finding
        assert (finding.index, finding.what) == (index, "box")


@pytest.mark.parametrize("size", [1, 11, 12, 60, 303])
async def test_a_changed_byte_of_a_checkpoint_is_found(full: Town, size: int):
    note = rows(full, "SELECT note FROM checkpoints WHERE size=?", size)[0][0].encode()
    for place in places(note):
        changed = flip(note, place).decode("utf-8", "replace")
        change(full, ("UPDATE checkpoints SET note=? WHERE size=?", (changed, size)))
        finding = verify(full).finding
        assert (finding.index, finding.what) == (size - 1, "checkpoint"), (place, changed)


async def test_a_changed_byte_of_a_stored_subtree_is_found(full: Town):
    (node,) = rows(full, "SELECT hash FROM nodes WHERE level=8 AND position=0")[0]
    for place in places(node):
        change(full, ("UPDATE nodes SET hash=? WHERE level=8", (flip(node, place),)))
        finding = verify(full).finding
        assert (finding.index, finding.what) == (0, "node")
    change(full, ("DELETE FROM nodes", ()))
    assert verify(full).finding.what == "node"


async def test_an_entry_rewritten_together_with_its_leaf_hash_is_found(full: Town):
    body, leaf = rows(full, "SELECT body, leaf FROM entries WHERE idx=7")[0]
    change(full, ("UPDATE entries SET body=?, leaf=? WHERE idx=20", (body, leaf)))
    finding = verify(full).finding
    assert (finding.index, finding.what) == (20, "entry")


def deleted(index: int) -> list[tuple[str, tuple[object, ...]]]:
    return [("DELETE FROM entries WHERE idx=?", (index,)), ("DELETE FROM boxes WHERE idx=?", (index,))]


async def test_a_deleted_entry_is_found(full: Town):
    change(full, *deleted(40))
    finding = verify(full).finding
    assert (finding.index, finding.what) == (40, "entry missing")


async def test_a_deleted_first_entry_is_found(full: Town):
    change(full, *deleted(0))
    assert verify(full).finding.index == 0


async def test_a_deleted_entry_hidden_by_renumbering_is_found(full: Town):
    change(full, *deleted(40))
    for index in range(41, 303):
        change(
            full,
            ("UPDATE entries SET idx=? WHERE idx=?", (index - 1, index)),
            ("UPDATE boxes SET idx=? WHERE idx=?", (index - 1, index)),
        )
    assert verify(full).finding.index == 40


async def test_two_entries_that_changed_places_are_found(full: Town):
    first, second = rows(full, "SELECT body, leaf FROM entries WHERE idx IN (30, 60) ORDER BY idx")
    change(
        full,
        ("UPDATE entries SET body=?, leaf=? WHERE idx=30", second),
        ("UPDATE entries SET body=?, leaf=? WHERE idx=60", first),
    )
    assert verify(full).finding.index == 30


async def test_a_deleted_box_is_found_and_an_erased_part_is_not_one(full: Town):
    assert verify(full).whole
    change(full, ("DELETE FROM boxes WHERE idx=30", ()))
    finding = verify(full).finding
    assert (finding.index, finding.what) == (30, "box")


async def test_a_ledger_cut_short_looks_whole_without_an_anchor(town: Town):
    ledger = town.ledger()
    ledger.start()
    for _ in range(5):
        await ledger.record(made.refusal())
    anchor = ledger.reading(TOWN).checkpoint()
    ledger.stop()
    change(
        town,
        ("DELETE FROM entries WHERE idx >= 3", ()),
        ("DELETE FROM boxes WHERE idx >= 3", ()),
        ("DELETE FROM checkpoints WHERE size > 3", ()),
    )
    assert verify(town).whole
    finding = verify(town, anchors=[anchor]).finding
    assert (finding.index, finding.what) == (3, "truncated")


async def test_entries_behind_the_last_checkpoint_are_found(full: Town):
    change(full, ("DELETE FROM checkpoints WHERE size=303", ()))
    finding = verify(full).finding
    assert (finding.index, finding.what) == (302, "checkpoint missing")


async def test_another_history_under_the_same_key_is_found_by_an_anchor(town: Town, tmp_path: Path):
    ledger = town.ledger()
    ledger.start()
    await ledger.record(made.refusal())
    ledger.stop()
    copy = town.file().read_bytes()
    ledger.start()
    await ledger.record(made.refusal())
    anchor = ledger.reading(TOWN).checkpoint()
    ledger.stop()
    town.file().write_bytes(copy)
    ledger.start()
    await ledger.record(made.machine_refusal())
    ledger.stop()
    assert verify(town).whole
    assert verify(town, anchors=[anchor]).finding.what == "anchor"


async def test_an_open_grant_hidden_from_the_list_is_found(full: Town):
    change(full, ("DELETE FROM open_grants", ()))
    assert verify(full).finding.what == "open grants"


async def test_the_key_must_be_of_this_tree(full: Town):
    other = offline.verify(full.file(), [full.vkeys[made.OTHER_TOWN]])
    assert other.finding.what == "key"
    with pytest.raises(offline.Unproved):
        offline.verify(full.file(), ["not a key"])


async def test_a_key_of_the_right_name_that_did_not_sign_is_no_key(full: Town, tmp_path: Path):
    stranger = made.build(tmp_path / "elsewhere")
    report = offline.verify(full.file(), [stranger.vkeys[TOWN]])
    assert (report.finding.index, report.finding.what) == (0, "checkpoint")


async def test_old_keys_verify_for_ever_and_a_change_of_key_needs_its_own_checkpoint(full: Town):
    assert verify(full).whole
    change(full, ("DELETE FROM checkpoints WHERE size=11", ()))
    finding = verify(full).finding
    assert (finding.index, finding.what) == (10, "checkpoint")


async def test_a_file_that_is_no_ledger_is_said_to_be_none(tmp_path: Path, full: Town):
    file = tmp_path / "x.sqlite"
    file.write_bytes(b"not a database at all" * 100)
    assert offline.verify(file, [full.vkeys[TOWN]]).finding.what == "file"


async def test_an_empty_ledger_verifies(town: Town):
    assert verify(town).whole
    assert verify(town).entries_count == 0


@pytest.mark.parametrize("index", [0, 3, 10, 11, 255, 302])
async def test_a_receipt_verifies_alone_and_for_nothing_else(full: Town, index: int):
    ledger = full.ledger()
    ledger.start()
    reading = ledger.reading(TOWN)
    proof, raw = reading.receipt(index), reading.entry(index).raw
    ledger.stop()
    keys = [full.vkeys[TOWN], _present_key(full)]
    assert offline.verify_receipt(proof, raw, keys) == (index, 303)
    for place in places(raw):
        with pytest.raises(offline.Unproved):
            offline.verify_receipt(proof, flip(raw, place), keys)
    for place in range(0, len(proof.encode()), 7):
        changed = flip(proof.encode(), place)
        with pytest.raises((offline.Unproved, UnicodeDecodeError)):
            offline.verify_receipt(changed.decode(), raw, keys)


def _present_key(town: Town) -> str:
    return rows(town, "SELECT value FROM facts WHERE name='vkey'")[0][0]


async def test_a_second_closing_of_a_grant_is_found(town: Town):
    """Written by a writer that forgot its own rule: the list of open grants was tampered with while it was down."""
    ledger = town.ledger()
    ledger.start()
    grant = await ledger.record(made.permit())
    await ledger.close(grant, made.outcome(grant.grant_id))
    ledger.stop()
    change(town, ("INSERT INTO open_grants VALUES (?, 0)", (grant.grant_id,)))
    ledger.start()
    await ledger.close(grant, made.outcome(grant.grant_id))
    ledger.stop()
    finding = verify(town).finding
    assert (finding.index, finding.what) == (2, CLOSING)


ALLOWED = {"cryptography"} | sys.stdlib_module_names


def imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


def foreign(names: set[str]) -> set[str]:
    return {
        name for name in names if name.split(".")[0] not in ALLOWED and not name.startswith("broker.ledger.offline")
    }


def test_the_verifier_shares_no_code_with_the_writer():
    files = list(Path(broker.ledger.offline.__file__).parent.glob("*.py"))
    assert len(files) > 3
    assert {file.name: foreign(imported(file)) for file in files} == {file.name: set() for file in files}


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("broker.ledger.tree", True),
        ("conventions.canonical", True),
        ("broker.ledger.offline.tree", False),
        ("json", False),
    ],
)
def test_what_counts_as_shared_code(name: str, bad: bool):
    assert bool(foreign({name})) is bad


async def test_every_part_is_what_it_was_bound_to(full: Town):
    keys, body_key = full.folder / "keys" / TOWN, read_body_key(full.body_key_file)
    count, finding = offline.verify_parts(full.file(), keys, {made.FORCE: body_key})
    assert (count, finding) == (6 * 9 - 1 + 290 + 8, None)
    assert offline.verify_parts(full.file(), keys) == (count, None)


@pytest.mark.parametrize("index", [0, 30])
async def test_a_part_changed_together_with_everything_that_binds_it_is_found_with_the_keys(full: Town, index: int):
    keys, body_key = full.folder / "keys" / TOWN, read_body_key(full.body_key_file)
    (box,) = rows(full, "SELECT box FROM boxes WHERE idx=?", index)[0]
    for place in places(box):
        change(full, ("UPDATE boxes SET box=? WHERE idx=?", (flip(box, place), index)))
        _, finding = offline.verify_parts(full.file(), keys, {made.FORCE: body_key})
        assert (finding.index, finding.what) == (index, "part")


async def test_a_ledger_verifies_while_it_is_written(town: Town):
    ledger = town.ledger()
    ledger.start()
    await ledger.record(made.permit())
    done = asyncio.Event()

    async def write() -> None:
        while not done.is_set():
            await asyncio.gather(*(ledger.record(made.permit()) for _ in range(20)))

    async def watch() -> list[offline.Report]:
        reports = [await asyncio.to_thread(verify, town) for _ in range(15)]
        done.set()
        return reports

    _, reports = await asyncio.gather(write(), watch())
    ledger.stop()
    assert [report.finding for report in reports] == [None] * 15
    assert reports[-1].entries_count > reports[0].entries_count
