"""How the document commands show what they found, in words that a clerk understands: documents, signers, findings."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NoReturn

import typer
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from conventions.calendars import ZONE
from conventions.faults import Fault, FaultKind
from conventions.findings import Finding
from conventions.lifecycle import State
from conventions.schema import (
    AnyDocument,
    Clause,
    Convention,
    Deed,
    EventWindow,
    ImplementingAgreement,
    Notice,
    OperatorList,
    Regulation,
)
from conventions.spans import instant, parse_instant
from conventions.terms import Word
from conventions.verification import Signer, VerifiedDocument

console = Console()
REFUSED_EXIT = 1

VERDICTS: dict[FaultKind, str] = {
    FaultKind.DOCUMENT_MALFORMED: "il file non è leggibile come documento",
    FaultKind.DOCUMENT_CONTRADICTORY: "il testo dispone di ciò che non può",
    FaultKind.DOCUMENT_EXPIRED: "la durata è finita",
    FaultKind.DOCUMENT_ROLLED_BACK: "è una versione già superata",
    FaultKind.DOCUMENT_UNKNOWN: "un atto richiamato non c'è",
    FaultKind.SIGNATURE_INVALID: "una firma non corrisponde al testo",
    FaultKind.SIGNATURE_MISSING: "manca una firma: il documento resta in attesa di firma",
    FaultKind.SIGNER_NOT_TRUSTED: "chi ha firmato non è riconosciuto per questo ente",
    FaultKind.VOCABULARY_UNKNOWN: "una parola non è nel vocabolario",
    FaultKind.CLOCK_UNTRUSTED: "l'orologio è indietro rispetto all'ultima pubblicazione",
    FaultKind.SETTINGS_INVALID: "le impostazioni non sono valide",
}
STATES: dict[State, str] = {
    State.DRAFT: "bozza",
    State.AWAITING_SIGNATURE: "in attesa di firma",
    State.SIGNED: "firmato",
    State.ACTIVE: "in vigore",
    State.SUSPENDED: "SOSPESO",
    State.ACTIVE_NON_RENEWAL: "in vigore, disdetta ricevuta",
    State.EXPIRED: "scaduto",
    State.WITHDRAWN: "receduto",
    State.SUPERSEDED: "sostituito dall'accordo attuativo",
}
ACTS = {
    "suspension": "sospende",
    "suspension-end": "fa cessare la sospensione di",
    "non-renewal": "disdice",
    "withdrawal": "recede da",
    "unilateral-withdrawal": "recede unilateralmente da",
}


def local(at_utc: datetime) -> str:
    """An instant on the controller's wall."""
    return at_utc.astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")


def verdict(fault: Fault) -> str:
    """What is wrong, first in Italian, then the detail."""
    words = VERDICTS.get(fault.kind, "non riuscito")
    return f"{words} ({fault.kind}: {fault.where + ': ' if fault.where else ''}{fault.detail})"


def findings_table(findings: Iterable[Finding], language: str) -> Table:
    table = Table("", "riga", "dove", "che cosa", "come si rimedia", show_lines=True)
    for each in findings:
        mark = "[bold red]errore[/]" if each.severity == "error" else "[yellow]avviso[/]"
        english = language == "en"
        said, mend = (each.message_en, each.mend_en) if english else (each.message_it, each.mend)
        table.add_row(mark, each.row, escape(each.where), escape(said), escape(mend))
    return table


def signers_table(found: Iterable[Signer | Fault]) -> Table:
    table = Table("firma", "ente", "in qualità di", "chi", "quando")
    for each in found:
        if isinstance(each, Fault):
            table.add_row("[bold red]NON VALIDA[/]", escape(verdict(each)), "", "", "")
        else:
            when = local(each.signed_utc)
            table.add_row("[green]valida[/]", each.body, each.role.italian, escape(each.pseudonym), when)
    return table


def signer_plain(found: Signer | Fault) -> dict[str, str]:
    """One signature for ``--json``."""
    if isinstance(found, Fault):
        return {"valid": "false", "kind": found.kind.value, "detail": found.detail, "where": found.where}
    return {
        "valid": "true",
        "body": found.body,
        "role": found.role.value,
        "pseudonym": found.pseudonym,
        "fingerprint_sha256": found.fingerprint_sha256,
        "signed_utc": instant(found.signed_utc),
    }


def published_plain(verified: VerifiedDocument) -> dict[str, Any]:
    """A verified document for ``--json``."""
    return {
        "id": verified.id,
        "version": verified.version,
        "kind": verified.document.kind.value,
        "sha256": verified.sha256,
        "sequence": verified.sequence,
        "published_utc": instant(verified.published_utc) if verified.published_utc else None,
        "signers": [signer_plain(signer) for signer in verified.signers],
    }


def document_panel(document: AnyDocument, state: State | None) -> Panel:
    """A document as people read it; an invented one says so in its title."""
    mark = "[bold white on red] INVENTATO [/] " if document.invented else ""
    lines = [
        f"[bold]{escape(document.title)}[/]",
        f"{document.id}, versione {document.version}",
        f"vale dal {document.valid_from}" + (f" al {document.valid_until} compreso" if document.valid_until else ""),
    ]
    if state is not None:
        lines.append(f"stato: [bold]{STATES[state]}[/]")
    if document.sources:
        lines.append(f"[dim]righe: {', '.join(document.sources)}[/]")
    parts: list[RenderableType] = [Text.from_markup("\n".join(lines)), *_content(document)]
    return Panel(Group(*parts), title=f"{mark}{document.kind.italian}", title_align="left")


def _content(document: AnyDocument) -> Iterable[RenderableType]:
    if isinstance(document, Deed):
        parties = Table("parte", "firma come", "comunicazioni a")
        for party in document.parties:
            parties.add_row(
                f"{escape(party.name)} ({party.body})", party.signs_as.italian, escape(party.notice_address)
            )
        yield parties
    match document:
        case Convention() | ImplementingAgreement():
            yield _clauses(document.clauses)
        case Regulation():
            excluded = ", ".join(purpose.italian for purpose in document.purposes_excluded)
            yield Text(f"telecamere: {len(document.cameras)}; finalità escluse: {excluded or 'nessuna'}")
            yield _clauses(document.own)
        case Notice():
            yield Text(f"{document.by} ({document.signs_as.italian}) {ACTS[document.act]} {document.on}")
            yield Text(f"dal {local(parse_instant(document.effective_from))}: {document.reason}")
        case EventWindow():
            span = f"{local(parse_instant(document.starts))} - {local(parse_instant(document.ends))}"
            yield Text(f"{document.purpose.italian}, {span}: {', '.join(document.cameras)} ({document.reason})")
        case OperatorList():
            people = Table("persona", "unità", "ruoli", "livello", "stato")
            for person in document.persons:
                roles = _italian(person.roles)
                people.add_row(escape(person.title), escape(person.unit), roles, person.level, person.state)
            yield people
        case _:
            pass


def _clauses(clauses: Iterable[Clause]) -> Table:
    table = Table("clausola", "chi", "può", "per", "dove", "limiti", show_lines=True)
    for clause in clauses:
        who = f"{', '.join(clause.bodies)}: {_italian(clause.roles)}"
        limits = [f"fino a {clause.limits.max_span}"] if clause.limits.max_span else []
        limits += ["solo nella finestra di un evento"] if clause.window == "event" else []
        limits += ["con presupposto"] if clause.grounds else []
        where = ", ".join((*clause.cameras, *clause.territories))
        can, purposes = _italian(clause.operations), _italian(clause.purposes)
        table.add_row(f"{clause.number}\n{escape(clause.article)}", who, can, purposes, where, "; ".join(limits))
    return table


def _italian(words: Iterable[Word]) -> str:
    return ", ".join(word.italian for word in words)


def refused(fault: Fault, as_json: bool) -> NoReturn:
    """Say why a document is refused, and end with status 1."""
    if as_json:
        why = {"kind": fault.kind.value, "detail": fault.detail, "where": fault.where}
        console.print_json(json.dumps({"refused": why}))
    else:
        Console(stderr=True).print(f"[bold red]respinto[/]: {escape(verdict(fault))}", highlight=False)
    raise typer.Exit(REFUSED_EXIT)
