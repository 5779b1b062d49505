"""A signed package proves a stretch of the ledger to somebody who has only the first public key."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.ledger import offline
from broker.ledger.export import read_package, write_package
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from tests.ledger import made
from tests.ledger.made import TOWN, Town

SIZE = 23


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, Ledger]:
    town = made.build(tmp_path_factory.mktemp("packages"))
    ledger = town.ledger()
    ledger.start()
    return town, ledger


@pytest.fixture
async def filled(written: tuple[Town, Ledger]) -> tuple[Town, Ledger]:
    town, ledger = written
    while ledger.reading(TOWN).size() < SIZE:
        if ledger.reading(TOWN).size() in (5, 9):
            await ledger.rotate_key(TOWN, "yearly")
        await ledger.record(made.refusal())
    return town, ledger


def export(filled: tuple[Town, Ledger], file: Path, first: int, last: int) -> Path:
    town, ledger = filled
    file.unlink(missing_ok=True)
    home = next(home for home in town.homes if home.controller == TOWN)
    keys = home.key_folder(made.INSTALLATION_NAME)
    write_package(ledger.reading(TOWN), keys, file, first, last, {"bundle": "p, a, b"})
    return file


@pytest.mark.requirement("PM-3.5")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
async def test_any_stretch_verifies_with_the_first_key_alone(filled, tmp_path: Path, data):
    first = data.draw(st.integers(0, SIZE - 1))
    last = data.draw(st.integers(first + 1, SIZE))
    file = export(filled, tmp_path / "p.jsonl", first, last)
    keys = [filled[0].vkeys[TOWN]]
    report = offline.verify_package(file, keys)
    assert report.finding is None, report
    assert report.entries_count == last - first
    package = read_package(file, keys)
    assert [entry.index for entry in package.entries] == list(range(first, last))
    assert package.attachments == {"bundle": "p, a, b"}
    assert package.entries == tuple(filled[1].entries(TOWN, first, last))


@pytest.mark.requirement("PM-3.5")
async def test_one_changed_byte_anywhere_is_found(filled, tmp_path: Path):
    file = export(filled, tmp_path / "p.jsonl", 3, 8)
    whole, keys = file.read_bytes(), [filled[0].vkeys[TOWN]]
    for place in [*range(0, len(whole), 97), len(whole) - 1]:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert not offline.verify_package(file, keys).whole, place
        with pytest.raises(Fault) as caught:
            read_package(file, keys)
        assert caught.value.kind is FaultKind.SIGNATURE_INVALID


@pytest.mark.parametrize("dropped", [0, 1, 3, -3, -2, -1])
async def test_a_dropped_line_is_found(filled, tmp_path: Path, dropped: int):
    file = export(filled, tmp_path / "p.jsonl", 3, 8)
    lines = file.read_bytes().splitlines(keepends=True)
    del lines[dropped]
    file.write_bytes(b"".join(lines))
    assert not offline.verify_package(file, [filled[0].vkeys[TOWN]]).whole


async def test_exchanged_entries_are_found_at_the_first(filled, tmp_path: Path):
    file = export(filled, tmp_path / "p.jsonl", 3, 8)
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2], lines[4] = lines[4], lines[2]
    file.write_bytes(b"".join(lines))
    finding = offline.verify_package(file, [filled[0].vkeys[TOWN]]).finding
    assert (finding.index, finding.what) == (4, "entry missing")


async def test_a_later_key_that_is_trusted_is_enough(filled, tmp_path: Path):
    file = export(filled, tmp_path / "p.jsonl", 3, 8)
    present = json.loads(json.loads(file.read_bytes().splitlines()[0])["keys"][-1]["entry"])["new_key"]
    assert offline.verify_package(file, [present, filled[0].vkeys[TOWN]]).whole


async def test_a_key_of_another_tree_is_not(filled, tmp_path: Path):
    file = export(filled, tmp_path / "p.jsonl", 3, 8)
    assert not offline.verify_package(file, [filled[0].vkeys[made.OTHER_TOWN]]).whole


async def test_nothing_sealed_is_in_a_package(filled, tmp_path: Path):
    text = export(filled, tmp_path / "p.jsonl", 0, SIZE).read_text()
    for value in (made.PLATE, made.PERSON, made.REFERENCE):
        assert value not in text


@pytest.mark.parametrize(("first", "last"), [(0, 0), (5, 4), (-1, 3), (0, SIZE + 50)])
async def test_entries_that_are_not_there_are_not_exported(filled, tmp_path: Path, first: int, last: int):
    with pytest.raises(Fault):
        export(filled, tmp_path / "p.jsonl", first, last)
    assert not (tmp_path / "p.jsonl").exists()


async def test_a_package_is_not_overwritten(filled, tmp_path: Path):
    file = export(filled, tmp_path / "p.jsonl", 0, 2)
    town, ledger = filled
    keys = next(home for home in town.homes if home.controller == TOWN).key_folder(made.INSTALLATION_NAME)
    with pytest.raises(FileExistsError):
        write_package(ledger.reading(TOWN), keys, file, 0, 2)


async def test_the_tree_grows_consistently(filled):
    from broker.ledger import tree

    reading = filled[1].reading(TOWN)
    size = reading.size()
    whole = tree.root_hash(size, reading.node)
    for old_size in range(1, size + 1):
        old_root = tree.root_hash(old_size, reading.node)
        assert tree.is_consistent(old_size, size, old_root, whole, reading.consistency(old_size))
