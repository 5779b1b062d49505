"""Set-up of the demonstration: keys, signed documents, footage, readings, settings, all made here and now.

1. A folder of its own; an earlier demonstration in it is removed.
2. One authority for all bodies, a certificate for every signer, the installation's own authority (never committed).
3. The documents, dated relative to now, signed by whom they need, published one by one as anybody would.
4. Keys of the ledger trees, and of each requesting body for the parts sealed to two keys.
5. Real footage with a running clock, synthetic readings.
6. The settings file: locked to loopback, like the example.

The demo back-dates the world, never the clock. Source: design 6.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from adapters.folder.footage import FilmedCamera, prepare
from adapters.folder.transits import prepare_transits
from broker.demo.provider import free_ports
from broker.ledger.homes import create, homes
from broker.ledger.keyfiles import create_body_key
from broker.publication import admit
from conventions import shelf, signing
from conventions.demo import DemoDocument, DemoSigner, certificates, documents, signer_roles
from conventions.demo import drafts as draft_documents
from conventions.identifiers import INSTALLATION, BodyId, CameraId
from conventions.keys import Authority, SigningKey, issue_signer, make_authority, store_signer
from conventions.register import Register
from conventions.schema import OperatorList, Regulation
from conventions.text import write

VIDEO = ("varco-nord", "varco-sud", "varco-est", "piazza", "scuola")
GATES = ("varco-nord", "varco-sud", "varco-est")
LEVANTO_CAMERA = "c_e542/porto"
HOURS = 2
"""How far back the footage reaches."""
INSTALLATION_NAME = "dimostrazione"
YEARS = timedelta(days=3 * 365)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class World:
    """Where everything of a demonstration lies."""

    folder: Path
    port: int
    issuers: Mapping[str, str]
    """Body to issuer."""

    @property
    def settings_file(self) -> Path:
        return self.folder / "varco.toml"

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    def signer(self, body: str, role: str) -> tuple[Path, Path]:
        """Key and certificate files of a signer."""
        stem = self.keys / "signers" / f"{body}.{role}"
        return stem.with_name(stem.name + ".key.pem"), stem.with_name(stem.name + ".cert.pem")

    @staticmethod
    def at(folder: Path) -> "World":
        """The world that was made in a folder."""
        known = json.loads((folder / "world.json").read_text(encoding="utf-8"))
        return World(folder, known["port"], known["issuers"])


def build(
    folder: Path, now_utc: datetime, progress: Progress, port: int | None = None, film: Sequence[str] | None = None
) -> World:
    """Make a demonstration world. ``film`` names the only cameras that get footage; absent: all of them."""
    if (folder / "world.json").exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = free_ports(4)
    bodies = ("c_g917", "carabinieri-mantova", "c_e542")
    issuers = {body: f"http://127.0.0.1:{found}" for body, found in zip(bodies, ports, strict=False)}
    world = World(folder, port or ports[3], issuers)
    progress("chiavi e certificati", 1, 1)
    machine = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)
    client = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"}, auto_kid=True)
    _secret(world.keys / "machine.jwk", json.dumps(machine.as_dict(private=True)))
    _secret(world.keys / "oidc-client.jwk", json.dumps(client.as_dict(private=True)))
    _documents(world, json.dumps(machine.as_dict(private=False)), now_utc, progress)
    _sources(world, now_utc, progress, film)
    world.settings_file.write_text(_settings(world), encoding="utf-8")
    (folder / "world.json").write_text(json.dumps({"port": world.port, "issuers": dict(issuers)}), encoding="utf-8")
    return world


def filmed() -> tuple[FilmedCamera, ...]:
    """The cameras that are filmed; one has sound, so that dropping it can be shown."""
    own = [FilmedCamera(CameraId(f"c_g917/{slug}"), slug == "piazza") for slug in VIDEO]
    return (*own, FilmedCamera(CameraId(LEVANTO_CAMERA)))


def gates() -> tuple[CameraId, ...]:
    return tuple(CameraId(f"c_g917/{slug}") for slug in GATES)


def _documents(world: World, machine_jwk: str, now_utc: datetime, progress: Progress) -> None:
    start_utc, end_utc = now_utc - YEARS, now_utc + YEARS
    root = make_authority("Autorita dimostrativa dell'installazione", start_utc=start_utc, end_utc=end_utc)
    authority = make_authority("Autorita dimostrativa degli enti", start_utc=start_utc, end_utc=end_utc)
    (world.keys / "anchors.pem").write_text(root.certificate_pem, encoding="ascii")
    draft = documents(now_utc, world.issuers, public_jwk=machine_jwk)
    needed = certificates(draft)
    bodies = sorted({signer.body for signer in needed} - {INSTALLATION})
    anchor = {"name": "Autorità dimostrativa", "bodies": bodies, "certificate_pem": authority.certificate_pem}
    texts = documents(now_utc, world.issuers, public_jwk=machine_jwk, anchors=(anchor,))
    signers = {signer: _signer(world, signer, authority, root, start_utc, end_utc) for signer in needed}
    register = Register()
    for count, text in enumerate(texts, start=1):
        progress("documenti firmati e pubblicati", count, len(texts))
        raw = _sealed(text, signers, now_utc)
        register = register.published(admit(register, raw, (root.certificate_pem,), now_utc, text.name), now_utc)
    shelf.save(world.folder / "data" / "register", register)
    _ledgers(world, register)
    for text in draft_documents(now_utc):
        path = world.folder / "drafts" / f"{text.name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(write(text.plain), encoding="utf-8")


def _ledgers(world: World, register: Register) -> None:
    """A tree with its keys for every controller, and a sealing key for every other body."""
    in_force = [found.document for found in register.known()]
    controllers = [BodyId(found.body) for found in in_force if isinstance(found, Regulation)]
    bodies = {BodyId(found.body) for found in in_force if isinstance(found, OperatorList)}
    places = homes(controllers, world.folder / "data" / "ledger", world.keys / "ledger")
    auditors: dict[str, str] = {}
    (world.keys / "bodies").mkdir(mode=0o700)
    for place in places:
        auditors[place.controller] = create(INSTALLATION_NAME, place)
    for body in sorted(bodies):
        public = create_body_key(world.keys / "bodies" / f"{body}.key")
        for place in places:
            if place.controller != body:
                place.key_folder(INSTALLATION_NAME).trust_body(body, public)
    (world.folder / "auditors.json").write_text(json.dumps(auditors, indent=1), encoding="utf-8")


def _signer(
    world: World, signer: DemoSigner, authority: Authority, root: Authority, start_utc: datetime, end_utc: datetime
) -> SigningKey:
    issuing = root if signer.body == INSTALLATION else authority
    made = issue_signer(issuing, signer.body, signer.role, f"{signer.role} 1", start_utc=start_utc, end_utc=end_utc)
    store_signer(world.keys / "signers", f"{signer.body}.{signer.role}", made)
    return made


def _sealed(text: DemoDocument, signers: Mapping[DemoSigner, SigningKey], now_utc: datetime) -> bytes:
    raw: bytes | dict[str, Any] = text.plain
    for signer in signer_roles(text.plain):
        raw = signing.sign(raw, signers[signer], now_utc)
    if not isinstance(raw, bytes):
        raise ValueError("a document without signers")
    return raw


def _sources(world: World, now_utc: datetime, progress: Progress, film: Sequence[str] | None) -> None:
    def filming(done: int, total: int, camera: str) -> None:
        progress("filmati con orologio", done, total)

    wanted = [one for one in filmed() if film is None or one.camera in film]
    prepare(world.folder / "footage", wanted, now_utc, HOURS, filming)
    prepare_transits(world.folder / "footage" / "transits.sqlite", gates(), now_utc)
    progress("letture di targhe (sintetiche)", 1, 1)


def _settings(world: World) -> str:
    cameras = [one.camera for one in filmed()]
    return "\n".join(
        (
            'format = "varco-settings/1"',
            f'installation = "{INSTALLATION_NAME}"',
            f"listen_port = {world.port}",
            f'public_url = "{world.base_url}"',
            "demonstration = true",
            "",
            "[[sources]]",
            'name = "registratore"',
            'kind = "folder"',
            'root = "footage"',
            f"cameras = {_list(cameras)}",
            f"transits = {_list(list(gates()))}",
            "",
        )
    )


def _list(words: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"


def _secret(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
