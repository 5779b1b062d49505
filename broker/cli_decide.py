"""``varco decide``: what would be decided, under the documents in force at an instant. It opens nothing.

The same decision as the broker's, on the same documents; there is no grant, since nothing is written down.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import uuid_utils
from rich.console import Console

from broker.app import InForce, trusted
from broker.changes import Changes
from broker.clock import SystemClock
from broker.decision.decide import decide as decision
from broker.decision.reading import Asked, read
from broker.decision.state import Standing, State
from broker.evidence import Official, Operator, Permit, Session
from broker.identity.identify import Identities
from broker.identity.sessions import Sessions
from broker.identity.trust import Issuers
from broker.publication import Publication
from broker.refusals import sentence
from broker.settings import load
from broker.storage import open_store
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, PersonId, RequestId, SessionId
from conventions.spans import instant, parse_instant

console = Console()
REFUSED_EXIT = 1


@dataclass(frozen=True, slots=True)
class Fixed:
    """A clock that stands at the instant asked about."""

    at_utc: datetime

    def now_utc(self) -> datetime:
        return self.at_utc

    def monotonic_s(self) -> float:
        return 0.0


def decide(
    person: Annotated[
        str, typer.Option("--person", help="La persona in elenco, per esempio carabinieri-mantova/op-101.")
    ],
    operation: Annotated[str, typer.Option("--operation", help="Per esempio live.view, recording.view, plate.search.")],
    controller: Annotated[str, typer.Option("--controller", help="Il titolare, per esempio c_g917.")],
    camera: Annotated[list[str] | None, typer.Option("--camera", help="Una telecamera; ripetibile.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="La finalità dichiarata.")] = None,
    ground: Annotated[str | None, typer.Option("--ground", help="Il presupposto.")] = None,
    reference: Annotated[str | None, typer.Option("--reference", help="Il riferimento del fascicolo.")] = None,
    starts: Annotated[str | None, typer.Option("--starts", help="Inizio, 2026-11-23T10:00:00.000000Z.")] = None,
    ends: Annotated[str | None, typer.Option("--ends", help="Fine.")] = None,
    plate: Annotated[str | None, typer.Option("--plate", help="La targa cercata.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="L'istante della decisione; altrimenti adesso.")] = None,
    settings_file: Annotated[Path, typer.Option("--settings", "-s", help="Il file delle impostazioni.")] = Path(
        "varco.toml"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Risposta in JSON.")] = False,
) -> None:
    """Dice che cosa sarebbe deciso, e perché. Non concede nulla.

    Termina con 1 se la richiesta sarebbe rifiutata. Esempio:

    [bold]varco decide --person carabinieri-mantova/op-101 --operation live.view --controller c_g917
    --camera c_g917/varco-nord --purpose crime-prevention-repression[/]
    """
    at_utc = parse_instant(at) if at else SystemClock().now_utc()
    state = _state(settings_file, at_utc)
    caller = _caller(state, person, at_utc)
    asked = Asked(controller, operation, tuple(camera or ()), purpose, ground, starts, ends, plate, person, reference)
    request = read(asked, None, RequestId(str(uuid_utils.uuid7())), frozenset(state.snapshot.controllers), at_utc)
    decided = decision(caller, request, state, at_utc)
    permitted = isinstance(decided, Permit)
    members: dict[str, Any] = {
        "decision": permitted,
        "at": instant(at_utc),
        "generation": state.generation,
        "clauses": list(decided.clauses),
        "reasons": [] if isinstance(decided, Permit) else list(decided.reasons),
        "obligations": sorted(decided.obligations) if isinstance(decided, Permit) else [],
    }
    if as_json:
        console.print_json(json.dumps(members))
    elif isinstance(decided, Permit):
        console.print("[bold green]sarebbe permesso[/]")
        console.print(
            f"clausole: {', '.join(decided.clauses)}\nobblighi: {', '.join(sorted(decided.obligations)) or '-'}"
        )
    else:
        told = sentence(decided.primary)
        console.print(f"[bold red]sarebbe rifiutato[/] {', '.join(decided.reasons)}")
        console.print(f"{told.italian}\n{told.article}; chiedere a: {told.ask}")
        console.print(f"clausole più vicine: {', '.join(decided.clauses) or '-'}")
    if not permitted:
        raise typer.Exit(REFUSED_EXIT)


def _state(settings_file: Path, at_utc: datetime) -> State:
    settings, home = load(settings_file), settings_file.resolve().parent
    anchors = ((home / settings.anchors_file).read_text(encoding="ascii"),)
    standing = Standing()
    Publication(home / settings.data_dir, anchors, standing, Changes(), Fixed(at_utc)).load()
    return standing.state


def _caller(state: State, person: str, at_utc: datetime) -> Operator | Official:
    """The listed person, as if signed in at the issuer that the list binds."""
    found = next((one.person for (_, name), one in state.snapshot.listed.items() if name == person), None)
    if found is None:
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "no list in force names this person", where="--person")
    standing, issuers = Standing(), Issuers(trusted(state))
    standing.swap(state)
    clock = Fixed(at_utc)
    identities = Identities(Sessions(open_store("sqlite://"), Changes(), clock), issuers, InForce(standing))
    body = BodyId(PersonId(person).split("/", 1)[0])
    shift = timedelta(hours=1)
    session = Session(
        SessionId("prova"), found.issuer, found.subject, body, "", "prova", at_utc.astimezone(UTC), at_utc + shift
    )
    return identities.caller(session)
