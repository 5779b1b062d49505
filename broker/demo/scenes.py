"""The scenes of ``varco demo --check``, by the numbers of the scenarios in the requirements.

Each function plays one scene against the running demonstration and yields a row per step. What it changes (a window,
a suspension) it puts back. Source: requirements 8 (S1, S4, S7, S8, S10); issue 2 ("must be shown").
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from adapters.folder.transits import DEMO_PLATE
from broker.clock import Clock
from broker.demo.acts import CONVENTION, Acts
from broker.demo.check import Row, left_out
from broker.demo.forgery import copy_of, forge
from broker.demo.visitor import Visitor
from broker.demo.world import LEVANTO_CAMERA, World
from broker.ledger import offline
from conventions import text
from conventions.faults import Fault

CARABINIERI, TOWN, LEVANTO = "carabinieri-mantova", "c_g917", "c_e542"
CRIME, TRAFFIC, POLICE = "crime-prevention-repression", "live-traffic-flow", "police-investigation"
OFFENCE, DELEGATED = "reported-or-detected-offence", "judicial-police-delegated"
NORTH, SQUARE, SCHOOL = "c_g917/varco-nord", "c_g917/piazza", "c_g917/scuola"
WINDOW_S = 12.0


class Scenes:
    """All scenes over one running demonstration."""

    def __init__(self, world: World, clock: Clock, pause: Callable[[float], None]) -> None:
        self._world = world
        self._clock = clock
        self._pause = pause
        self._acts = Acts(world, clock)
        self._visitors: list[Visitor] = []

    def play(self) -> Iterator[Row]:
        """Every scene in order, then what this step leaves out."""
        try:
            for scene in (self.first_look, self.refusals, self.s1, self.s4, self.s7, self.s8, self.s10, self.proof):
                yield from scene()
            yield from left_out()
        finally:
            for visitor in self._visitors:
                visitor.close()

    def visitor(self, issuer: str, code: str) -> Visitor:
        visitor = Visitor(self._world.base_url, issuer, code, self._clock)
        self._visitors.append(visitor)
        return visitor.sign_in()

    def first_look(self) -> Iterator[Row]:
        """An operator signs in, searches a plate, watches a gate, plays a recording."""
        began_s = self._clock.monotonic_s()
        operator = self.visitor(CARABINIERI, "op-102")
        case = operator.case(CRIME, OFFENCE, follows=True)
        sections = operator.plate([TOWN], DEMO_PLATE, case).body.get("sections", [{}])
        took_s = self._clock.monotonic_s() - began_s
        rows = len(sections[0].get("rows", ()))
        yield Row("mostra", "targa cercata a Porto Mantovano, risposta con transiti", "si", "si" if rows else "no")
        yield Row(
            "mostra", f"dal codice alla risposta in meno di 15 s ({took_s:.1f} s)", "si", "si" if took_s < 15 else "no"
        )
        live = operator.live(NORTH, case)
        seen = operator.footage(str(live.body.get("grant")))
        local = self.visitor(TOWN, "ag-201")
        section = local.plate([TOWN], DEMO_PLATE, local.case(POLICE, OFFENCE, "annotazione 40")).body["sections"][0]
        found = "si" if section.get("rows") else str(section.get("reason"))
        yield Row("mostra", "agente del corpo senza fornitore proprio, dal fornitore del Comune", "si", found)
        yield Row("mostra", "varco nord dal vivo: immagini, nessun audio", "201 si 0", f"{live.status} {_frames(seen)}")
        start_utc = self._clock.now_utc() - timedelta(minutes=10)
        recording = operator.recording(SQUARE, case, start_utc, 2)
        seen = operator.footage(str(recording.body.get("grant")))
        yield Row(
            "mostra",
            "registrazione della piazza (sorgente con audio)",
            "201 si 0",
            f"{recording.status} {_frames(seen)}",
        )

    def refusals(self) -> Iterator[Row]:
        """What the same operator is refused, and a few who are nobody here."""
        operator = self.visitor(CARABINIERI, "op-101")
        case = operator.case(CRIME, OFFENCE, "annotazione di servizio 41")
        bare = operator.case(CRIME)
        start_utc = self._clock.now_utc() - timedelta(minutes=10)
        asked = (
            ("scuola, in orario di apertura", "camera-time-window", operator.live(SCHOOL, case)),
            ("telecamera di un altro titolare", "no-convention", operator.live(LEVANTO_CAMERA, case)),
            ("registrazione senza presupposto", "ground-missing", operator.recording(SQUARE, bare, start_utc, 2)),
            ("registrazione senza finalità", "purpose-missing", operator.recording(SQUARE, None, start_utc, 2)),
            (
                "registrazione di tre ore",
                "minimisation",
                operator.recording(SQUARE, case, start_utc - timedelta(hours=3), 180),
            ),
            (
                "registrazione oltre i sette giorni",
                "retention-elapsed",
                operator.recording(SQUARE, case, start_utc - timedelta(days=8), 2),
            ),
            ("intervallo rovesciato", "request-malformed", operator.recording(SQUARE, case, start_utc, -2)),
            ("telecamera inesistente", "outside-territory", operator.live("c_g917/nessuna", case)),
        )
        for what, expected, said in asked:
            yield Row("rifiuto", what, expected, said.reason)
        for plate in ("-", "*"):
            section = operator.plate([TOWN], plate, case).body.get("sections", [{}])[0]
            yield Row("rifiuto", f"targa «{plate}»", "request-malformed", str(section.get("reason")))
        for code, expected in (("op-103", "operator-act-missing"), ("op-199", "operator-not-listed")):
            other = self.visitor(CARABINIERI, code)
            said = other.live(NORTH, other.case(CRIME, OFFENCE, "annotazione di servizio 42"))
            yield Row("rifiuto", f"{code} davanti al varco nord", expected, said.reason)

    def s1(self) -> Iterator[Row]:
        """Live event window."""
        operator = self.visitor(CARABINIERI, "op-101")
        documents = {one["id"]: one for one in operator.ask("GET", "/api/v1/documents").body["documents"]}
        signers = sorted(one["role"] for one in documents[CONVENTION]["signers"])
        yield Row("S1.1", "convenzione attiva, firmata dalle due parti", "mayor partner-signatory", " ".join(signers))
        opened = self._acts.window_until(WINDOW_S)
        in_force = self._until(lambda: _version(operator, opened) == opened)
        yield Row(
            "S1.2",
            f"finestra sui tre varchi fino a {WINDOW_S:.0f} s da ora",
            opened,
            opened if in_force else "non in vigore",
        )
        case = operator.case(TRAFFIC, None, "viabilità per la fiera")
        live = operator.live(NORTH, case)
        seen = operator.footage(str(live.body.get("grant")))
        obligations = " ".join(sorted({"mark-view", "no-audio"} & set(live.body.get("obligations", ()))))
        yield Row(
            "S1.3",
            "varco nord dal vivo, con contrassegno e senza audio",
            "201 mark-view no-audio si 0",
            f"{live.status} {obligations} {_frames(seen)}",
        )
        yield Row("S1.4", "quarta telecamera, fuori finestra", "camera-time-window", operator.live(SQUARE, case).reason)
        grant = str(live.body.get("grant"))
        self._until(lambda: self._watching(operator, grant) != "permitting", limit_s=WINDOW_S + 5)
        again = operator.live(NORTH, case).reason
        state = operator.ask("GET", f"/api/v1/viewings/{grant}/status").body
        yield Row(
            "S1.5",
            "a fine finestra la visione è tagliata e la nuova richiesta rifiutata",
            "terminated camera-time-window camera-time-window",
            f"{state.get('state')} {state.get('reason')} {again}",
        )
        self._acts.window_until(12 * 3600)

    def s4(self) -> Iterator[Row]:
        """A draft that a regulation excludes."""
        draft = next((self._world.folder / "drafts").glob("*.yaml"))
        plain = text.read(draft.read_bytes(), draft.name)
        parties = [(str(party["body"]), str(party["signs_as"])) for party in plain["parties"]]  # type: ignore[index, call-overload]
        try:
            seen = self._acts.publish(self._acts.sealed(dict(plain), *parties))
        except Fault as fault:
            seen = f"{fault.kind} {fault.detail.split(':')[0]}"
        yield Row(
            "S4.1",
            "bozza di Bellinzago con finalità esclusa, firmata da tutti",
            "document-contradictory BEL-PR.2",
            seen,
        )

    def s7(self) -> Iterator[Row]:
        """Life of a convention: two signatures; suspension while somebody watches."""
        plain = self._acts.text_of(CONVENTION) | {"version": self._acts.next_version(CONVENTION)}
        try:
            seen = self._acts.publish(self._acts.sealed(plain, (TOWN, "mayor")))
        except Fault as fault:
            seen = str(fault.kind)
        yield Row("S7.2", "convenzione con una sola firma", "signature-missing", seen)
        found = self._acts.register().opinions(CONVENTION)
        yield Row("S7.2", "parere del DPO registrato", "si", "si" if found else "no")
        operator = self.visitor(CARABINIERI, "op-102")
        case = operator.case(CRIME, OFFENCE, "annotazione di servizio 43")
        grant = str(operator.live(NORTH, case).body.get("grant"))
        operator.footage(grant)
        slug = f"sospensione-{int(self._clock.now_utc().timestamp())}"
        began_s = self._clock.monotonic_s()
        self._acts.suspend(slug)
        self._until(lambda: self._watching(operator, grant) != "permitting")
        took_ms = (self._clock.monotonic_s() - began_s) * 1000
        state = operator.ask("GET", f"/api/v1/viewings/{grant}/status").body
        yield Row("S7.6", f"sospensione durante la visione: tagliata (firma compresa, {took_ms:.0f} ms)",
                  "terminated convention-suspended", f"{state.get('state')} {state.get('reason')}")  # fmt: skip
        yield Row("S7.6", "nuova richiesta", "convention-suspended", operator.live(NORTH, case).reason)
        ended = self._acts.end_suspension(slug.replace("sospensione", "fine-sospensione"), slug)
        again = self._until(lambda: operator.live(NORTH, case).status == 201)
        yield Row(
            "S7.6", f"fine della sospensione ({ended.split('/')[1]}): di nuovo permesso", "si", "si" if again else "no"
        )

    def s8(self) -> Iterator[Row]:
        """A forged entry breaks the tree and is located."""
        keys = [self._key(TOWN)]
        ledger = self._world.folder / "data" / "ledger" / TOWN
        whole = offline.verify(ledger / "ledger.sqlite", keys)
        yield Row(
            "S8.5", f"registro integro ({whole.entries_count} righe)", "si", "si" if whole.whole else str(whole.finding)
        )
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "ledger.sqlite"
            copy_of(ledger / "ledger.sqlite", copy)
            forged = whole.entries_count // 2
            forge(copy, forged)
            found = offline.verify(copy, keys).finding
        yield Row(
            "S8.5",
            f"un byte cambiato nella riga {forged} della copia",
            f"riga {forged}",
            f"riga {found.index}" if found else "integro",
        )

    def s10(self) -> Iterator[Row]:
        """Stolen credential, write verb."""
        first, second = self.visitor(CARABINIERI, "op-101"), self.visitor(CARABINIERI, "op-101")
        said = f"{first.ask('GET', '/api/v1/cases').reason} {second.ask('GET', '/api/v1/cases').status}"
        yield Row("S10.1", "stessa credenziale su due postazioni: sopravvive una sessione", "session-ended 200", said)
        second.case(CRIME, OFFENCE, "annotazione di servizio 44")
        yield Row(
            "S10.4",
            "DELETE su una registrazione",
            "read-only",
            second.ask("DELETE", f"/api/v1/recordings/{SQUARE}").reason,
        )

    def proof(self) -> Iterator[Row]:
        """Each decision is in the right controller's ledger, verifies and replays."""
        administrator, auditor = self.visitor(TOWN, "adm-1"), self.visitor(TOWN, "aud-1")
        refused = auditor.ask("GET", f"/api/v1/ledger/{TOWN}/verification").reason
        yield Row("prova", "il revisore apre il registro vivo di Porto Mantovano", "log-reader-not-allowed", refused)
        checked = administrator.ask("GET", f"/api/v1/ledger/{TOWN}/verification").body
        yield Row("prova", "l'amministratore verifica il registro", "True", str(checked.get("holds")))
        replayed = administrator.ask("GET", f"/api/v1/ledger/{TOWN}/replay").body
        yield Row("prova", f"ripetizione: {replayed.get('identical')} decisioni identiche", "0 0",
                  f"{replayed.get('different')} {replayed.get('undecidable')}")  # fmt: skip
        reviewer = self.visitor(LEVANTO, "rev-310")
        entries = reviewer.ask("GET", f"/api/v1/ledger/{LEVANTO}/entries?count=500").body.get("entries", [])
        refusals = {one["reasons"][0] for one in entries if one.get("decision") == "refuse"}
        yield Row(
            "prova",
            "il rifiuto su Levanto sta nel registro di Levanto",
            "si",
            "si" if "no-convention" in refusals else "no",
        )

    def _watching(self, visitor: Visitor, grant: str) -> str:
        """Keep a viewing alive as a player does, and tell its state."""
        visitor.bytes_of(f"/api/v1/viewings/{grant}/index.m3u8")
        return str(visitor.ask("GET", f"/api/v1/viewings/{grant}/status").body.get("state"))

    def _until(self, holds: Callable[[], bool], limit_s: float = 10.0) -> bool:
        until_s = self._clock.monotonic_s() + limit_s
        while not holds():
            if self._clock.monotonic_s() > until_s:
                return False
            self._pause(0.05)
        return True

    def _key(self, controller: str) -> str:
        return str(json.loads((self._world.folder / "auditors.json").read_text(encoding="utf-8"))[controller])


def _frames(seen: dict[str, object]) -> str:
    return f"{'si' if seen.get('frames') else 'no'} {seen.get('audio')}"


def _version(visitor: Visitor, wanted: str) -> str:
    document_id = wanted.split("@")[0]
    for one in visitor.ask("GET", "/api/v1/documents").body.get("documents", []):
        if one["id"] == document_id:
            return f"{document_id}@{one['version']}"
    return ""
