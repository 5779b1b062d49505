"""Documents that must not count, before a running broker: refused at the door, the generation in force stays; left in
the register's folder by somebody who can write there, nothing is decided until the folder reads well again.

Source: docs/decisions/0011.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.demo.acts import CONVENTION, WINDOW
from broker.demo.visitor import Visitor
from conventions import shelf
from conventions.canonical import digest
from conventions.faults import Fault, FaultKind
from tests.http.test_running_permission import Watching, cut, until, watching
from tests.http.town import CARABINIERI, CLOCK, INSTALLATION, LEVANTO, NORTH, TOWN, Town, live

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

COMMANDER = (TOWN, "pl-commander")


@dataclass(frozen=True)
class Bad:
    """A document that must not count: its bytes, and the row that would let it in."""

    raw: bytes
    document: str = WINDOW
    version: int = 2
    sha256: str = "0" * 64


def window(town: Town, by: tuple[str, str] = COMMANDER, **other: str) -> Bad:
    text = town.acts.text_of(WINDOW) | {"version": town.acts.next_version(WINDOW), **other}
    return Bad(town.acts.sealed(text, by), WINDOW, int(text["version"]), digest(text))


def without_signatures(town: Town) -> Bad:
    whole = window(town)
    return Bad(json.dumps({**json.loads(whole.raw), "signatures": []}).encode(), version=whole.version)


def with_another_text(town: Town) -> Bad:
    """The signatures of one text over another."""
    first, second = window(town), window(town, reason="Altro motivo, mai firmato da nessuno.")
    mixed = json.loads(first.raw) | {"payload": json.loads(second.raw)["payload"]}
    return Bad(json.dumps(mixed).encode(), version=first.version, sha256=second.sha256)


def signed_by_one(town: Town) -> Bad:
    text = town.acts.text_of(CONVENTION) | {"version": town.acts.next_version(CONVENTION)}
    return Bad(town.acts.sealed(text, (TOWN, "mayor")), CONVENTION, int(text["version"]), digest(text))


def one_byte_changed(town: Town) -> Bad:
    whole = window(town)
    signed = json.loads(whole.raw)
    given = signed["signatures"][0]["signature"]
    signed["signatures"][0]["signature"] = ("A" if given[9] != "A" else "B").join((given[:9], given[10:]))
    return Bad(json.dumps(signed).encode(), version=whole.version)


BAD: dict[str, tuple[Callable[[Town], Bad], set[FaultKind]]] = {
    "malformed": (lambda town: Bad(b"{"), {FaultKind.DOCUMENT_MALFORMED}),
    "not JSON": (lambda town: Bad(b"\xff\xfe\x00"), {FaultKind.DOCUMENT_MALFORMED}),
    "unsigned": (without_signatures, {FaultKind.SIGNATURE_MISSING}),
    "under-signed": (signed_by_one, {FaultKind.SIGNATURE_MISSING}),
    "signed by another office": (lambda town: window(town, (TOWN, "dpo")), {FaultKind.SIGNATURE_MISSING}),
    "signed by another body": (lambda town: window(town, (LEVANTO, "mayor")), {FaultKind.SIGNATURE_MISSING}),
    "tampered text": (with_another_text, {FaultKind.SIGNATURE_INVALID}),
    "tampered byte": (one_byte_changed, {FaultKind.SIGNATURE_INVALID}),
    "unknown word": (lambda town: window(town, purpose="curiosity"), {FaultKind.VOCABULARY_UNKNOWN}),
    "unknown member": (lambda town: window(town, extra="yes"), {FaultKind.DOCUMENT_MALFORMED}),
    "an old version": (lambda town: window(town, version="1"), {FaultKind.DOCUMENT_ROLLED_BACK}),
    "expired": (
        lambda town: window(town, valid_from="2025-01-01", valid_until="2025-01-02"),
        {FaultKind.DOCUMENT_EXPIRED},
    ),
}


@pytest.fixture
def visitor(filmed: Town) -> Visitor:
    return filmed.person(CARABINIERI, "op-102")


def generation(visitor: Visitor) -> str:
    return str(visitor.ask("GET", "/api/v1/documents").body["generation"])


@pytest.mark.requirement("PM-P.4")
@pytest.mark.parametrize("name", BAD)
def test_a_document_refused_at_the_door_changes_nothing(filmed: Town, visitor: Visitor, name: str) -> None:
    make, kinds = BAD[name]
    before, held = generation(visitor), shelf.manifest(filmed.acts.folder)
    with pytest.raises(Fault) as found:
        filmed.acts.publish(make(filmed).raw)
    assert found.value.kind in kinds
    assert found.value.detail
    assert generation(visitor) == before
    assert shelf.manifest(filmed.acts.folder) == held


@contextmanager
def spoilt(town: Town, spoil: Callable[[Path], None]) -> Iterator[None]:
    """The register's folder as a hostile process leaves it, then put right again."""
    folder = town.acts.folder
    kept = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    try:
        spoil(folder)
        yield
    finally:
        for path in [path for path in folder.rglob("*") if path.is_file() and path not in kept]:
            path.unlink()
        for path, content in kept.items():
            if path.name != shelf.MANIFEST and (not path.exists() or path.read_bytes() != content):
                path.write_bytes(content)
        written(folder / shelf.MANIFEST, kept[folder / shelf.MANIFEST])
        visitor = town.person(CARABINIERI, "op-102")
        until(lambda: visitor.ask("GET", "/api/v1/documents").status == 200)


def written(path: Path, content: bytes) -> None:
    """As a publisher does: beside, then renamed."""
    beside = path.with_name("beside")
    beside.write_bytes(content)
    beside.rename(path)


def named(folder: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    manifest = json.loads((folder / shelf.MANIFEST).read_text(encoding="utf-8"))
    written(folder / shelf.MANIFEST, json.dumps({**manifest, "entries": change(manifest["entries"])}).encode())


def let_in(bad: Bad) -> Callable[[Path], None]:
    """Put a document into the folder and name it in the manifest, as if it had been published."""

    def spoil(folder: Path) -> None:
        last = [row for row in shelf.manifest(folder) if row.controller == TOWN][-1]
        row = shelf.Row(TOWN, last.sequence + 1, bad.document, bad.version, bad.sha256, CLOCK.now_utc())
        (folder / row.file).write_bytes(bad.raw)
        named(folder, lambda rows: [*rows, row.plain()])

    return spoil


def refuses(visitor: Visitor, case: str) -> bool:
    said = visitor.ask("POST", "/api/v1/viewings", live(case))
    refused = said.reason == "policy-unavailable"
    assert said.status in ((403, 503) if refused else (201,)), said
    return refused


@pytest.mark.requirement("PM-P.4")
@pytest.mark.parametrize("name", BAD)
def test_one_that_is_left_in_the_folder_stops_everything_and_is_named(
    filmed: Town, visitor: Visitor, name: str
) -> None:
    make, kinds = BAD[name]
    before, case = generation(visitor), filmed.case(visitor)
    bad = make(filmed)
    logged = len(filmed.log)
    with spoilt(filmed, let_in(bad)):
        until(lambda: refuses(visitor, case))
        until(lambda: "publication.fault" in filmed.log[logged:])
        line = next(json.loads(line) for line in filmed.log[logged:].splitlines() if "publication.fault" in line)
        assert line["kind"] in {str(kind) for kind in kinds}
        assert f"{bad.document.split('/')[1]}-{bad.document.split('/')[2]}" in line["where"]
        assert line["detail"]
    assert generation(visitor) == before, "it goes on by itself, with the very generation that it had"


def last_taken_away(folder: Path) -> None:
    """What a thief of suspensions does: the newest document is gone from the list, its file still there."""
    named(folder, lambda rows: rows[:-1])


def a_file_gone(folder: Path) -> None:
    (folder / shelf.manifest(folder)[-1].file).unlink()
    named(folder, list)


def a_byte_changed(folder: Path) -> None:
    path = folder / shelf.manifest(folder)[3].file
    content = path.read_bytes()
    path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    named(folder, list)


def files_exchanged(folder: Path) -> None:
    """Two documents, each signed and whole, under each other's name (mix and match)."""
    windows = [folder / row.file for row in shelf.manifest(folder) if row.id.split("/")[1] == "appointment-act"]
    first, second = windows[0].read_bytes(), windows[1].read_bytes()
    windows[0].write_bytes(second)
    windows[1].write_bytes(first)
    named(folder, list)


def order_changed(folder: Path) -> None:
    named(folder, lambda rows: [*rows[:-2], rows[-1], rows[-2]])


def manifest_cut_short(folder: Path) -> None:
    content = (folder / shelf.MANIFEST).read_bytes()
    written(folder / shelf.MANIFEST, content[: len(content) // 2])


def manifest_gone(folder: Path) -> None:
    (folder / shelf.MANIFEST).unlink()


def manifest_empty(folder: Path) -> None:
    named(folder, lambda _: [])


def manifest_a_link_to_nowhere(folder: Path) -> None:
    written(folder / "kept", (folder / shelf.MANIFEST).read_bytes())
    (folder / shelf.MANIFEST).unlink()
    (folder / shelf.MANIFEST).symlink_to("/nowhere")


@pytest.mark.parametrize(
    "spoil",
    [
        last_taken_away,
        a_file_gone,
        a_byte_changed,
        files_exchanged,
        order_changed,
        manifest_cut_short,
        manifest_gone,
        manifest_empty,
        manifest_a_link_to_nowhere,
    ],
)
def test_a_folder_that_no_longer_holds_what_it_held(
    filmed: Town, visitor: Visitor, spoil: Callable[[Path], None]
) -> None:
    before, case = generation(visitor), filmed.case(visitor)
    with spoilt(filmed, spoil):
        until(lambda: refuses(visitor, case))
    assert generation(visitor) == before, "it goes on by itself, with the very generation that it had"


def test_whoever_watches_is_cut_and_nothing_is_answered_meanwhile(filmed: Town, visitor: Visitor) -> None:
    before, case = generation(visitor), filmed.case(visitor)
    size = filmed.books.size(INSTALLATION)
    with watching(visitor, live(case)) as player, spoilt(filmed, manifest_cut_short):
        closing = cut(filmed, player, lambda: None, "spoilt register")
        for method, path, wish in (
            ("POST", "/api/v1/viewings", live(case)),
            ("GET", "/api/v1/documents", None),
            ("GET", f"/api/v1/controllers/{TOWN}/cameras", None),
            ("POST", "/api/v1/coverage", {"controller": TOWN, "camera": NORTH, "starts": "", "ends": ""}),
        ):
            said = visitor.ask(method, path, wish)
            assert (said.status, said.reason) == (503, "policy-unavailable"), path
    assert closing["reason"] == "policy-unavailable"
    assert_recorded(filmed, player, size)
    assert generation(visitor) == before, "it goes on by itself, with the very generation that it had"


def assert_recorded(town: Town, player: Watching, size: int) -> None:
    told = [entry.body for entry in town.books.entries(INSTALLATION, size)]
    refused = [one for one in told if one.get("event") == "refused"]
    assert {one["reason"] for one in refused} == {"policy-unavailable"}
    assert len(refused) >= 4
    assert player.refused in (410, 503)


def test_a_file_that_nobody_names_is_nothing(filmed: Town, visitor: Visitor) -> None:
    before = generation(visitor)

    def stray(folder: Path) -> None:
        (folder / TOWN / "000099-convention-mine.varco.json").write_bytes(window(filmed).raw)
        named(folder, list)

    with spoilt(filmed, stray):
        until(lambda: visitor.ask("GET", "/api/v1/documents").status == 200)
        assert generation(visitor) == before
