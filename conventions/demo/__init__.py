"""The demonstration documents: what the towns of the sources would have signed, dated relative to now.

Porto Mantovano with the provincial Carabinieri and its own inter-municipal corps; Levanto; Bellinzago Novarese;
the Macerata framework protocol. The prose is ours; persons are a role and a number; what no source says is marked
``invented``. Nothing here is signed: set-up makes certificates and signs.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from conventions.canonical import digest
from conventions.demo.filling import Instruction, date_at, fill, instant_at
from conventions.terms import DocumentKind, Role

ISSUER_BODIES = ("c_g917", "carabinieri-mantova", "c_e542")
"""Bodies with a provider of their own; the inter-municipal corps signs in through the town's."""

_PUBLISHED = ("installation", "porto_mantovano", "levanto", "bellinzago", "macerata")
_DRAFT_PREFIX = "draft-"
_ORDER = (
    DocumentKind.TRUST,
    DocumentKind.REGULATION,
    DocumentKind.CALENDAR,
    DocumentKind.FRAMEWORK_PROTOCOL,
    DocumentKind.DPO_OPINION,
    DocumentKind.CONVENTION,
    DocumentKind.OPERATOR_LIST,
    DocumentKind.APPOINTMENT_ACT,
    DocumentKind.EVENT_WINDOW,
)


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """One text. ``name`` is a file name without ending; ``plain`` is what ``conventions.schema.parse`` accepts."""

    name: str
    plain: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.plain["id"])


@dataclass(frozen=True, slots=True)
class DemoSigner:
    """Who signs: the body and the role in which its certificate speaks."""

    body: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An account at the demonstration's provider."""

    sub: str
    name: str
    acr: str = "urn:varco:livello:2"


def documents(
    now_utc: datetime,
    issuers: Mapping[str, str],
    *,
    public_jwk: str | None = None,
    anchors: tuple[Mapping[str, Any], ...] = (),
) -> list[DemoDocument]:
    """The published documents, each after those that it names.

    Args:
        now_utc: the present; everything is dated from it.
        issuers: body to OIDC issuer, one for each of ``ISSUER_BODIES``.
        public_jwk: JSON of the enforcement point's public key; without one the trust document names no such point.
        anchors: certificate authorities for the trust document, as ``schema.AnchorEntry`` has them.
    """
    filled = _fill(now_utc, issuers, public_jwk or "", tuple(_texts(published=True)))
    for document in filled:
        if document.plain["kind"] == DocumentKind.TRUST:
            if public_jwk is None:
                del document.plain["enforcement_points"]
            if anchors:
                document.plain["anchors"] = [dict(anchor) for anchor in anchors]
    return filled


def drafts(now_utc: datetime) -> list[DemoDocument]:
    """Texts that are never published: what the lint and the generator must send back (scenario S4, step 1)."""
    return _fill(now_utc, {}, "", tuple(_texts(published=False)))


def accounts() -> dict[str, tuple[DemoPerson, ...]]:
    """Who can sign in where: issuing body to persons. ``op-199`` has an account and stands on no list (PM-2.2)."""
    return {
        "c_g917": (
            DemoPerson("adm-1", "Amministratore di sistema 1"),
            DemoPerson("dpo-1", "Responsabile della protezione dei dati 1"),
            DemoPerson("mayor-1", "Sindaco 1"),
            DemoPerson("aud-1", "Revisore 1"),
            DemoPerson("com-200", "Comandante 200, Corpo intercomunale"),
            DemoPerson("ag-201", "Agente 201, Corpo intercomunale"),
            DemoPerson("ag-202", "Agente 202, Corpo intercomunale, polizia giudiziaria"),
        ),
        "carabinieri-mantova": (
            DemoPerson("op-101", "Operatore 101, centrale operativa"),
            DemoPerson("op-102", "Operatore 102, polizia giudiziaria"),
            DemoPerson("op-103", "Operatore 103, senza atto"),
            DemoPerson("resp-100", "Responsabile 100"),
            DemoPerson("op-199", "Operatore 199, non in elenco"),
        ),
        "c_e542": (
            DemoPerson("ag-301", "Agente 301"),
            DemoPerson("rev-310", "Verificatore dei registri 310"),
        ),
    }


def signer_roles(plain: Mapping[str, Any]) -> tuple[DemoSigner, ...]:
    """Who signs a text: every party of a deed, the body whose staff a list names, else the controller's own."""
    controller = str(plain["id"]).split("/", 1)[0]
    match plain["kind"]:
        case DocumentKind.CONVENTION | DocumentKind.FRAMEWORK_PROTOCOL | DocumentKind.IMPLEMENTING_AGREEMENT:
            return tuple(DemoSigner(party["body"], Role(party["signs_as"])) for party in plain["parties"])
        case DocumentKind.OPERATOR_LIST | DocumentKind.APPOINTMENT_ACT:
            own = plain["body"] == controller
            return (DemoSigner(plain["body"], Role.MAYOR if own else Role.PARTNER_SIGNATORY),)
        case DocumentKind.DPO_OPINION:
            return (DemoSigner(controller, Role.DPO),)
        case DocumentKind.EVENT_WINDOW:
            return (DemoSigner(plain["opened_by"], Role(plain["signs_as"])),)
        case DocumentKind.NOTICE:
            return (DemoSigner(plain["by"], Role(plain["signs_as"])),)
        case DocumentKind.TRUST:
            return (DemoSigner(controller, Role.SYSTEM_ADMINISTRATOR),)
        case _:
            return (DemoSigner(controller, Role.MAYOR),)


def certificates(published: list[DemoDocument]) -> tuple[DemoSigner, ...]:
    """Every certificate that set-up makes: the signers of the documents, and who suspends or opens a window later."""
    later = {
        DemoSigner("c_g917", Role.MAYOR),
        DemoSigner("c_g917", Role.PL_COMMANDER),
        DemoSigner("carabinieri-mantova", Role.PARTNER_RESPONSIBLE),
        DemoSigner("c_a752", Role.MAYOR),
        DemoSigner("carabinieri-novara", Role.PARTNER_SIGNATORY),
    }
    needed = later.union(*(signer_roles(document.plain) for document in published))
    return tuple(sorted(needed, key=lambda signer: (signer.body, signer.role)))


def _folder() -> Traversable:
    return files(__name__)


def _texts(*, published: bool) -> Iterator[dict[str, Any]]:
    for name in _PUBLISHED:
        for entry in sorted((_folder() / name).iterdir(), key=lambda each: each.name):
            if entry.name.endswith(".yaml") and entry.name.startswith(_DRAFT_PREFIX) != published:
                plain = yaml.load(entry.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 (strings only)
                yield from plain.get("documents", [plain])


def _fill(
    now_utc: datetime, issuers: Mapping[str, str], public_jwk: str, texts: tuple[dict[str, Any], ...]
) -> list[DemoDocument]:
    """Order the texts by kind, then fill them; a text that cites another's digest is filled after it."""
    done: dict[str, dict[str, Any]] = {}
    instructions: dict[str, Instruction] = {
        "date": partial(date_at, now_utc),
        "instant": partial(instant_at, now_utc),
        "issuer": lambda body: issuers[body],
        "jwk": lambda _: public_jwk,
        "file": lambda name: hashlib.sha256((_folder() / name).read_bytes()).hexdigest(),
        "sha256": lambda cited: digest(done[cited]),
    }
    for plain in sorted(texts, key=lambda text: text["kind"] == DocumentKind.DPO_OPINION):
        done[plain["id"]] = fill(plain, instructions)
    ordered = sorted(done.values(), key=lambda plain: (_ORDER.index(DocumentKind(plain["kind"])), plain["id"]))
    return [DemoDocument(plain["id"].replace("/", "."), plain) for plain in ordered]
