"""``varco policy rules|explain``: what follows from the signed texts, and which column of which rule does not match.

For the DPO and the auditor. Neither command decides anything: a decision also needs list, act, session and data
(``varco decide``). Exit status: 0 allowed or done, 1 refused.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from broker.cli_desk import open_desk
from broker.clock import SystemClock
from broker.refusals import sentence
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CAMERA_FORM
from conventions.register import Register
from conventions.schema import CameraEntry, Regulation
from conventions.spans import instant, parse_instant
from conventions.terms import Ground, Operation, Purpose, Reason, Role, Word
from policies.bundle import Generation
from policies.engine import Engine
from policies.explain import Comparison, explain
from policies.facts import ANY, NONE, Facts, padded_s
from policies.generator import generate
from policies.operations import class_of
from policies.reasons import why
from policies.rules import ALLOW, COLUMNS, Rule

policy = typer.Typer(help="Le regole che discendono dai testi firmati.", no_args_is_help=True)
console = Console()
REFUSED_EXIT = 1
SHOWN_COUNT = 40

SettingsFile = Annotated[Path, typer.Option("--settings", "-s", help="Il file delle impostazioni.")]
AsJson = Annotated[bool, typer.Option("--json", help="Risposta in JSON, con tutte le colonne.")]
Controller = Annotated[str, typer.Option("--controller", help="Il titolare, per esempio c_g917.")]
Body = Annotated[str, typer.Option("--body", help="L'ente che chiede, per esempio carabinieri-mantova.")]
At = Annotated[str | None, typer.Option("--at", help="L'istante, 2026-11-23T10:00:00.000000Z; altrimenti adesso.")]
DEFAULT = Path("varco.toml")
Kind = TypeVar("Kind", bound=Word)

COLUMN_NAMES = {
    "data_class": "tipo di dato",
    "operation": "operazione",
    "role": "ruolo",
    "unit": "reparto",
    "qualification": "qualifica",
    "purpose": "finalità",
    "ground": "presupposto",
    "territory": "telecamera",
    "window": "finestra dell'evento",
    "span": "durata chiesta",
    "not_before": "non ancora in vigore",
    "not_after": "non più in vigore",
    "standing": "impedimenti",
}
"""How a column is called where a person reads which of them does not match."""


@policy.command("rules")
def rules(
    controller: Annotated[str | None, typer.Option("--controller", help="Solo questo titolare.")] = None,
    body: Annotated[str | None, typer.Option("--body", help="Solo questo ente richiedente.")] = None,
    operation: Annotated[str | None, typer.Option("--operation", help="Solo questa operazione.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="Solo questa finalità.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", help="Solo questa telecamera.")] = None,
    at: At = None,
    every: Annotated[bool, typer.Option("--all", help="Anche le regole scadute o future.")] = False,
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Elenca le regole in vigore, ciascuna con la clausola da cui viene.

    Esempio: [bold]varco policy rules --controller c_g917 --body carabinieri-mantova --operation live.view[/]
    """
    generation = generate(open_desk(settings_file).register.known())
    wanted = {
        "controller": controller,
        "requesting_body": body,
        "operation": operation,
        "purpose": purpose,
        "territory": camera,
    }
    found = selected(generation, wanted, None if every else _at(at))
    if as_json:
        console.print_json(
            json.dumps({"generation": generation.digest, "rules": [plain(generation, r) for r in found]})
        )
        return
    console.print(rules_table(generation, found[:SHOWN_COUNT]))
    console.print(f"{len(found)} regole, generazione {generation.digest[:16]}")
    if len(found) > SHOWN_COUNT:
        console.print(f"mostrate le prime {SHOWN_COUNT}: restringere con le opzioni, o usare --json")


@policy.command("explain")
def explain_question(
    controller: Controller,
    body: Body,
    operation: Annotated[str, typer.Option("--operation", help="Per esempio live.view.")],
    purpose: Annotated[str, typer.Option("--purpose", help="La finalità dichiarata.")],
    role: Annotated[str, typer.Option("--role", help="Il ruolo della persona.")],
    camera: Annotated[str | None, typer.Option("--camera", help="La telecamera.")] = None,
    unit: Annotated[str, typer.Option("--unit", help="Il reparto della persona.")] = NONE,
    ground: Annotated[str | None, typer.Option("--ground", help="Il presupposto.")] = None,
    qualified: Annotated[bool, typer.Option("--judicial-police", help="Con funzioni di polizia giudiziaria.")] = False,
    window: Annotated[bool, typer.Option("--window", help="Dentro una finestra dell'evento.")] = False,
    span_s: Annotated[int, typer.Option("--span-s", min=0, help="I secondi di registrazione chiesti.")] = 0,
    at: At = None,
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Dice quali regole si avvicinano a una richiesta, e in che cosa non corrispondono.

    Non considera elenchi, atti, sessioni, orari e conservazione: per quelli c'è [bold]varco decide[/]. Esempio:
    [bold]varco policy explain --controller c_g917 --body carabinieri-mantova --operation live.view
    --purpose urban-security --role partner-operator --camera c_g917/piazza[/]
    """
    register = open_desk(settings_file).register
    at_text = _at(at)
    entry = camera_entry(register, controller, camera, at_text)
    asked = _word(Operation, operation, "--operation")
    facts = Facts(
        controller=controller,
        requesting_body=body,
        unit=unit,
        role=_word(Role, role, "--role").value,
        qualification=Role.JUDICIAL_POLICE_QUALIFIED.value if qualified else NONE,
        operation=asked.value,
        data_class=class_of(asked, entry),
        purpose=_word(Purpose, purpose, "--purpose").value,
        ground=_word(Ground, ground, "--ground").value if ground else NONE,
        camera=camera or NONE,
        areas=(entry.area, entry.municipality, entry.province) if entry else (NONE, NONE, NONE),
        window="open" if window else "closed",
        span_s=padded_s(span_s),
        at=at_text,
    )
    generation = generate(register.known())
    engine = Engine(generation)
    between = engine.between(controller, body)
    answer, reasons = engine.ask(facts), why(between, facts)
    compared = explain(between, facts)
    if as_json:
        members = {
            "allowed": answer.allowed,
            "clause": answer.clause,
            "not_after": answer.not_after,
            "reasons": [reason.value for reason in reasons],
            "generation": generation.digest,
            "compared": [{"rule": plain(generation, found.rule), "missing": list(found.missing)} for found in compared],
        }
        console.print_json(json.dumps(members))
    else:
        _show(generation, compared, answer.allowed, answer.clause, reasons)
    if not answer.allowed:
        raise typer.Exit(REFUSED_EXIT)


def selected(generation: Generation, wanted: dict[str, str | None], at: str | None) -> tuple[Rule, ...]:
    """The rules whose columns are as wanted, in force at an instant (``None``: whenever)."""
    given = [(column, value) for column, value in wanted.items() if value is not None]
    return tuple(
        rule
        for rule in generation.rules
        if all(getattr(rule, column) == value for column, value in given)
        and (at is None or rule.not_before <= at < rule.not_after)
    )


def plain(generation: Generation, rule: Rule) -> dict[str, Any]:
    """A rule with where it comes from."""
    terms = generation.terms[rule.clause]
    members: dict[str, Any] = dict(zip(COLUMNS, rule.row(), strict=True))
    return members | {
        "article": terms.article,
        "sources": list(terms.sources),
        "obligations": list(terms.obligations),
        "invented": terms.invented,
    }


def rules_table(generation: Generation, found: Iterable[Rule]) -> Table:
    """The rules as a person reads them."""
    table = Table(title="Regole", show_lines=False)
    for name in ("effetto", "chi", "che cosa", "per", "dove", "condizioni", "clausola"):
        table.add_column(name, overflow="fold")
    for rule in found:
        terms = generation.terms[rule.clause]
        effect = "[green]permette[/]" if rule.effect == ALLOW else f"[red]vieta[/]\n{rule.reason}"
        who = " / ".join(value for value in (rule.requesting_body, rule.role, rule.unit) if value != ANY)
        table.add_row(
            effect,
            escape(who),
            f"{rule.operation}\n{rule.data_class}",
            rule.purpose,
            escape(rule.territory),
            escape(_conditions(rule)),
            escape(f"{terms.article}{' (inventato)' if terms.invented else ''}\n{rule.clause}"),
        )
    return table


def camera_entry(register: Register, controller: str, camera: str | None, at: str) -> CameraEntry | None:
    """The camera in the annex of the regulation in force.

    Raises:
        Fault: ``request-malformed`` for what is no camera identifier.
    """
    if camera is None:
        return None
    if CAMERA_FORM.match(camera) is None:
        raise Fault(FaultKind.REQUEST_MALFORMED, "not a camera identifier", where="--camera")
    for found in register.in_force(parse_instant(at)):
        if isinstance(found.document, Regulation) and found.document.body == controller:
            return next((entry for entry in found.document.cameras if entry.id == camera), None)
    return None


def _show(
    generation: Generation,
    compared: tuple[Comparison, ...],
    allowed: bool,
    clause: str,
    reasons: tuple[Reason, ...],
) -> None:
    if allowed:
        console.print(f"[bold green]le regole lo permettono[/] {escape(generation.terms[clause].article)}")
    else:
        console.print(f"[bold red]le regole non lo permettono[/] {', '.join(reasons)}")
        console.print(sentence(reasons[0]).italian)
    table = Table(title="Le regole più vicine")
    for name in ("effetto", "non corrisponde", "regola", "clausola"):
        table.add_column(name, overflow="fold")
    for found in compared[:SHOWN_COUNT]:
        rule = found.rule
        missing = ", ".join(COLUMN_NAMES[column] for column in found.missing) or "[green]nulla[/]"
        what = f"{rule.operation}, {rule.purpose}, {rule.territory}, {rule.role}"
        table.add_row(
            "permette" if rule.effect == ALLOW else f"vieta ({rule.reason})", missing, escape(what), escape(rule.clause)
        )
    console.print(table)
    console.print(f"{len(compared)} regole fra questi enti, generazione {generation.digest[:16]}")


def _conditions(rule: Rule) -> str:
    said = [
        "" if rule.qualification == ANY else rule.qualification,
        "" if rule.ground == ANY else rule.ground,
        "" if rule.window == ANY else "solo in finestra",
        "" if rule.max_span_s.startswith("9") else f"al massimo {int(rule.max_span_s)} s",
        f"fino a {rule.not_after[:16]}Z",
    ]
    return "\n".join(text for text in said if text)


def _at(given: str | None) -> str:
    """The instant asked about, in the one form."""
    return instant(parse_instant(given) if given else SystemClock().now_utc())


def _word(kind: type[Kind], text: str, where: str) -> Kind:
    try:
        return kind(text)
    except ValueError:
        raise Fault(FaultKind.VOCABULARY_UNKNOWN, "not a word of the vocabulary", where=where) from None
