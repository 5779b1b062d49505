"""What must never stand in clear anywhere: planted through every door, then looked for in every file and answer."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from broker.demo.visitor import Visitor
from broker.ledger.homes import homes
from conventions.identifiers import BodyId
from tests.http.test_authzen import ask, asks_for_a_token, assertion, question
from tests.http.town import (
    CARABINIERI,
    CLOCK,
    CRIME,
    INSTALLATION,
    OFFENCE,
    TOWN,
    Town,
    blind_world,
    live,
    plate,
    recorded,
    serving,
)

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

PLATE, OTHER_PLATE = "ZX987QW", "ZY654RT"
REFERENCE, OTHER_REFERENCE = "RGNR 31337 mod 21", "fascicolo 8008135"
OFFICER = "pattuglia Tango 77"
TYPED = (PLATE, OTHER_PLATE, REFERENCE, OTHER_REFERENCE, OFFICER)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A world of its own, after a day's work that touched every door, good and bad."""
    with serving(blind_world(tmp_path_factory.mktemp("secrets"))) as town:
        visitor = town.person(CARABINIERI, "op-102")
        case = town.case(visitor, reference=REFERENCE, on_behalf_of=OFFICER)
        follows = town.case(visitor, reference=None, reference_follows=True)
        visitor.ask("POST", f"/api/v1/cases/{follows}/reference", {"reference": OTHER_REFERENCE})
        visitor.ask("POST", "/api/v1/plates/search", plate(case, plate=PLATE))
        visitor.ask("POST", "/api/v1/plates/search", plate(case, plate=f"{OTHER_PLATE}!!"))
        visitor.ask("POST", "/api/v1/plates/search", plate(case, plate=OTHER_PLATE, controllers=["nobody"]))
        visitor.ask("POST", "/api/v1/plates/search", {PLATE: PLATE})
        visitor.http.post("/ricerca", data={"targa": PLATE, "tratto": "giorno"})
        visitor.http.post("/ricerca", data={"targa": f"{OTHER_PLATE}*"})
        for wish in (live(case), recorded(case), live(case, camera="c_g917/nessuna")):
            visitor.ask("POST", "/api/v1/viewings", wish)
        token = asks_for_a_token(town, assertion(town)).json()["access_token"]
        context = {"purpose": CRIME, "ground": OFFENCE, "reference": REFERENCE, "plate": PLATE}
        ask(town, token, question(context=context))
        ask(town, token, question(context={**context, "plate": f"{OTHER_PLATE}**"}))
        stranger = Visitor(town.demo.base_url, CARABINIERI, "", CLOCK)
        stranger.http.post(
            "/api/v1/plates/search", json=plate(case, plate=PLATE), headers={"Cookie": "varco=" + "k" * 43}
        )
        stranger.close()
        town.secrets = (visitor.http.cookies["varco"], token, "k" * 43)  # type: ignore[attr-defined]
        yield town


def secrets(town: Town) -> tuple[str, ...]:
    found: tuple[str, ...] = (*TYPED, *town.secrets)  # type: ignore[attr-defined]
    return found


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def found_in(raw: bytes, words: tuple[str, ...]) -> list[str]:
    """Words that stand in some bytes, as UTF-8 or UTF-16, also without the spaces that a plate box drops."""
    folded = raw.lower()
    return [word for word in words if word.lower().encode() in folded or word.encode("utf-16-le") in raw]


@pytest.mark.requirement("LEV-32.4")
def test_nothing_typed_stands_in_clear_in_a_ledger_or_in_its_keys(used: Town) -> None:
    """The raw bytes of the databases, write-ahead logs included: everything identifying is sealed."""
    looked = 0
    for folder in (used.world.folder / "data" / "ledger", used.world.keys / "ledger"):
        for path in files(folder):
            assert found_in(path.read_bytes(), secrets(used)) == [], path.name
            looked += 1
    assert looked > 8
    assert any(path.name.endswith("-wal") for path in files(used.world.folder / "data" / "ledger"))


def test_what_was_typed_is_there_for_who_holds_the_keys(used: Town) -> None:
    """Otherwise the search above would pass over an empty ledger."""
    reading = used.books.reading(TOWN)
    entries = reading.find("plate", PLATE)
    assert entries, "the plate is found by its keyed digest"
    assert reading.find("plate", "AA000AA") == []
    assert "plate" in reading.entry(entries[0]).body["parts"]


def test_nothing_typed_and_no_secret_is_in_the_log(used: Town) -> None:
    assert "source.fault" in used.log, "something was logged"
    assert found_in(used.log.encode(), secrets(used)) == []
    assert found_in(used.log.encode(), ("nowhere", "transits.sqlite", str(used.world.folder / "footage"))) == []


def test_nothing_typed_is_in_the_register_the_rules_or_the_settings(used: Town) -> None:
    for folder in ("register", "rules"):
        for path in files(used.world.folder / "data" / folder):
            assert found_in(path.read_bytes(), secrets(used)) == [], path.name
    assert found_in(used.world.settings_file.read_bytes(), secrets(used)) == []


def test_no_plate_cookie_or_token_is_in_the_working_database(used: Town) -> None:
    """References of open cases stand there, as they must; cookies and tokens only by their digest; plates nowhere."""
    for path in files(used.world.folder / "data"):
        if path.name.startswith("varco.sqlite"):
            words = (PLATE, OTHER_PLATE, *used.secrets)  # type: ignore[attr-defined]
            assert found_in(path.read_bytes(), words) == [], path.name
    file = used.world.folder / "data" / "varco.sqlite"
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        dumped = "\n".join(database.iterdump())
    assert REFERENCE in dumped


def test_nothing_is_left_in_temporary_files(used: Town, tmp_path_factory: pytest.TempPathFactory) -> None:
    since_s = (used.world.settings_file).stat().st_mtime
    mine = tmp_path_factory.getbasetemp().parent
    for path in Path("/tmp").iterdir():  # noqa: S108 (where a process would leave them)
        fresh = path.is_file() and path.stat().st_mtime >= since_s
        if fresh and mine not in path.parents and path.stat().st_size < 50_000_000:
            assert found_in(path.read_bytes(), TYPED) == [], path.name


def test_problem_documents_do_not_repeat_what_was_typed(used: Town) -> None:
    visitor = used.person(CARABINIERI, "op-102")
    case = used.case(visitor, reference=REFERENCE)
    answers = [
        visitor.http.post("/api/v1/plates/search", json=plate(case, plate=f"{PLATE}!!")),
        visitor.http.post("/api/v1/plates/search", json={**plate(case), "plate": {PLATE: REFERENCE}}),
        visitor.http.post("/api/v1/plates/search", json={**plate(case), "plate": PLATE, "case": OTHER_REFERENCE}),
        visitor.http.post("/api/v1/viewings", json=recorded(case)),
        visitor.http.post("/api/v1/cases", json={"purpose": REFERENCE, "reference": PLATE}),
        visitor.http.get(f"/api/v1/{PLATE}"),
        visitor.http.get(f"/api/v1/viewings/{PLATE}/status"),
    ]
    for answer in answers:
        assert found_in(answer.content, TYPED) == [], answer.text
        assert found_in(answer.content, ("nowhere", "sqlite", "Traceback", "site-packages", ".py")) == [], answer.text


def test_ledger_readers_are_shown_no_sealed_part(used: Town) -> None:
    visitor = used.person(TOWN, "adm-1")
    answer = visitor.http.get(f"/api/v1/ledger/{TOWN}/entries?count=500")
    assert found_in(answer.content, secrets(used)) == []
    shown = [entry for entry in answer.json()["entries"] if entry["kind"] != "document"]
    assert len(shown) > 10
    assert found_in(json.dumps(shown).encode(), ("op-102",)) == [], "an act has its own name; a decision names nobody"
    page = visitor.http.post("/registro", data={"titolare": TOWN}).content
    assert found_in(page, secrets(used)) == []


def test_the_installations_tree_names_nobody(used: Town) -> None:
    whole = json.dumps([entry.body for entry in used.books.entries(INSTALLATION)])
    assert found_in(whole.encode(), (*secrets(used), "op-102", f"{CARABINIERI}/op-102")) == []


def test_keys_and_databases_are_their_owners(used: Town) -> None:
    places = homes((BodyId(TOWN),), used.world.folder / "data" / "ledger", used.world.keys / "ledger")
    private = [path for home in places for path in (*files(home.keys), *files(home.folder))]
    private += [
        used.world.keys / "machine.jwk",
        used.world.keys / "oidc-client.jwk",
        *files(used.world.keys / "bodies"),
    ]
    for path in private:
        assert path.suffix == ".pub" or path.stat().st_mode & 0o077 == 0, path.name
