"""Where a controller's tree lies, its making at set-up, and the checks before anything is written to it.

Source: PM-3.4, LEV-32.6; design 7 (separation).
"""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from broker.clock import Clock
from broker.ledger import sqlite
from broker.ledger.commit import Job, Tree, write
from broker.ledger.envelopes import note_draft
from broker.ledger.keyfiles import KeyFolder
from broker.ledger.notes import origin_of
from broker.ledger.retention import Term, longer, terms_of
from broker.ledger.store import TreeStore, create_tree
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId


@dataclass(frozen=True, slots=True)
class Home:
    """Where a controller's tree and keys lie, and how long it keeps its entries."""

    controller: BodyId
    folder: Path
    keys: Path
    terms: Mapping[str, str]
    """Retention class to term, e.g. ``{"access": "P6M"}``; classes not named keep the least term."""

    def key_folder(self, installation: str) -> KeyFolder:
        return KeyFolder(self.keys, origin_of(installation, self.controller))


def homes(
    controllers: Iterable[BodyId],
    ledger_dir: Path,
    keys_dir: Path,
    folders: Mapping[str, Path] | None = None,
    terms: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Home, ...]:
    """A home for each controller and one for the installation; ``folders`` are places declared by a controller."""
    named = sorted({*controllers, INSTALLATION})
    return tuple(
        Home(name, (folders or {}).get(name, ledger_dir / name), keys_dir / name, (terms or {}).get(name, {}))
        for name in named
    )


def create(installation: str, home: Home) -> str:
    """Make a controller's tree and keys at set-up; gives the public key that auditors are handed.

    The place where it is made is the declared one: ``Ledger.start`` refuses any other (PM-3.4).

    Raises:
        FileExistsError: there is one already; nothing is overwritten.
    """
    origin = origin_of(installation, home.controller)
    home.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    verifier = home.key_folder(installation).create()
    kept = {str(name): term.text for name, term in terms_of(home.terms).items()}
    create_tree(home.folder, origin, place_of(home.folder), verifier, kept)
    return verifier.vkey


def place_of(folder: Path) -> str:
    """Host and real path: what a controller declares, and what start-up compares."""
    return f"{socket.gethostname()}:{folder.resolve()}"


def open_tree(installation: str, home: Home, clock: Clock, moved_by: str | None) -> Tree:
    """Open and check one tree; the caller holds the folder's lock.

    Raises:
        Fault: ``settings-invalid``, ``ledger-corrupt``, ``ledger-unavailable``.
    """
    if not (home.folder / sqlite.FILE_NAME).exists():
        raise Fault(FaultKind.LEDGER_UNAVAILABLE, "the ledger is missing", where=home.controller)
    origin = origin_of(installation, home.controller)
    keys = home.key_folder(installation)
    store = TreeStore(home.folder, origin)
    facts = store.facts()
    changes: dict[str, str] = {}
    place = place_of(home.folder)
    if facts.get("place") != place:
        if moved_by is None:
            raise Fault(FaultKind.SETTINGS_INVALID, "the ledger is not where it was declared", where=home.controller)
        changes["place"] = place
    for name, term in terms_of(home.terms).items():
        kept = Term(facts[f"retention.{name}"])
        if term != kept:
            changes[f"retention.{name}"] = longer(term, kept, where=f"retention.{name}").text
    tree = Tree(home.controller, store, keys, keys.signer(facts["key_id"]), keys.lookup_key())
    tree.load(clock)
    if changes:
        _write_changes(tree, changes, clock, moved_by)
    return tree


def _write_changes(tree: Tree, changes: dict[str, str], clock: Clock, moved_by: str | None) -> None:
    """Place and retention stand in the tree itself, so that a change of either is an entry."""
    told: dict[str, object] = {"changed": sorted(changes), "decision": moved_by}
    told |= {name.replace(".", "_"): value for name, value in changes.items() if name != "place"}
    draft = note_draft("administration", tree.controller, clock.now_utc(), told, {})
    write(tree, [Job(draft, facts=changes)])
