"""A ledger is made once, in a declared place, and opened only there, by one process, with its own keys."""

import shutil
import sqlite3

import pytest

from broker.ledger.homes import Home, create
from broker.ledger.ledger import Ledger
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from tests.ledger import made
from tests.ledger.made import OTHER_TOWN, TOWN, Town


def elsewhere(town: Town) -> Ledger:
    """The same installation, with one tree moved to another folder."""
    moved = town.folder / "other-disk" / TOWN
    if not moved.exists():
        shutil.copytree(town.file().parent, moved)
    homes = [Home(TOWN, moved, home.keys, {}) if home.controller == TOWN else home for home in town.homes]
    return Ledger(made.INSTALLATION_NAME, homes, town.clock)


@pytest.mark.requirement("PM-3.4")
def test_a_ledger_in_its_declared_place_starts(town: Town):
    ledger = town.ledger()
    ledger.start()
    ledger.stop()


@pytest.mark.requirement("PM-3.4")
def test_a_ledger_found_elsewhere_does_not_start(town: Town):
    with pytest.raises(Fault) as caught:
        elsewhere(town).start()
    assert caught.value.kind is FaultKind.SETTINGS_INVALID


@pytest.mark.requirement("PM-3.4")
def test_a_move_by_written_decision_is_an_entry(town: Town):
    ledger = elsewhere(town)
    ledger.start(moved_by={TOWN: "determina 12/2025"})
    entry = ledger.reading(TOWN).entry(0).body
    assert (entry["changed"], entry["decision"]) == (["place"], "determina 12/2025")
    ledger.stop()
    ledger.start()
    ledger.stop()


@pytest.mark.requirement("LEV-32.6")
def test_the_ledger_of_one_controller_does_not_open_as_anothers(town: Town):
    town_home = next(home for home in town.homes if home.controller == TOWN)
    homes = [Home(OTHER_TOWN, town_home.folder, town_home.keys, {})]
    with pytest.raises(Fault) as caught:
        Ledger(made.INSTALLATION_NAME, homes, town.clock).start()
    assert caught.value.kind is FaultKind.LEDGER_CORRUPT


def test_nothing_is_overwritten_at_set_up(town: Town):
    with pytest.raises(FileExistsError):
        create(made.INSTALLATION_NAME, town.homes[0])


def test_a_missing_ledger_is_not_made_anew(town: Town):
    town.file().unlink()
    with pytest.raises(Fault) as caught:
        town.ledger().start()
    assert caught.value.kind is FaultKind.LEDGER_UNAVAILABLE
    assert not town.file().exists()


def test_a_second_writer_is_kept_out(town: Town):
    first, second = town.ledger(), town.ledger()
    first.start()
    with pytest.raises(Fault) as caught:
        second.start()
    assert caught.value.kind is FaultKind.LEDGER_UNAVAILABLE
    first.stop()
    second.start()
    second.stop()


def test_a_key_file_open_to_others_stops(town: Town):
    (town.folder / "keys" / TOWN / "lookup.key").chmod(0o644)
    with pytest.raises(Fault) as caught:
        town.ledger().start()
    assert (caught.value.kind, caught.value.where) == (FaultKind.SETTINGS_INVALID, "lookup.key")


def test_a_missing_signing_key_stops(town: Town):
    for file in (town.folder / "keys" / TOWN / "signing").iterdir():
        file.unlink()
    with pytest.raises(Fault) as caught:
        town.ledger().start()
    assert caught.value.kind is FaultKind.SETTINGS_INVALID


async def test_a_tampered_tail_stops_the_start(town: Town):
    ledger = town.ledger()
    ledger.start()
    await ledger.record(made.refusal())
    await ledger.record(made.refusal())
    ledger.stop()
    database = sqlite3.connect(town.file())
    database.execute("DELETE FROM entries WHERE idx=1")
    database.commit()
    database.close()
    with pytest.raises(Fault) as caught:
        town.ledger().start()
    assert caught.value.kind is FaultKind.LEDGER_CORRUPT


def test_key_files_are_the_owners_alone(town: Town):
    files = [file for file in (town.folder / "keys").rglob("*.key") if file.is_file()]
    assert len(files) >= 9
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert town.file().stat().st_mode & 0o777 == 0o600


def test_an_unknown_controller_has_no_reading(town: Town):
    ledger = town.ledger()
    ledger.start()
    with pytest.raises(Fault):
        ledger.reading(BodyId("c_x999"))
    ledger.stop()
