"""``varco ledger verify|receipt|replay``: for auditors. ``verify`` shares no code with what writes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from broker.app import places
from broker.ledger import offline
from broker.ledger.homes import Home
from broker.ledger.reading import Reading
from broker.ledger.sqlite import FILE_NAME
from broker.replay import Verdict, recalling, replay
from broker.settings import load
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

ledger = typer.Typer(help="Il registro delle decisioni: verifica, ricevute, ripetizione.", no_args_is_help=True)
console = Console()
AsJson = Annotated[bool, typer.Option("--json", help="Risposta in JSON.")]
SettingsFile = Annotated[Path, typer.Option("--settings", "-s", help="Il file delle impostazioni.")]
Controller = Annotated[str, typer.Argument(help="Il titolare, per esempio c_g917, oppure installation.")]
DEFAULT = Path("varco.toml")
DIFFERS_EXIT = 1


@ledger.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="Il file del registro (ledger.sqlite) o la sua cartella.", exists=True)],
    key: Annotated[list[str], typer.Option("--key", help="Chiave pubblica del titolare (nome+id+base64) o suo file.")],
    anchor: Annotated[list[Path] | None, typer.Option("--anchor", help="Un checkpoint conservato altrove.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Processi fra cui dividere la lettura.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Ricalcola tutto il registro e dice la prima differenza.

    Termina con 1 se qualcosa non torna. Esempio:
    [bold]varco ledger verify data/ledger/c_g917 --key chiave.txt --anchor checkpoint.txt[/]
    """
    path = file / FILE_NAME if file.is_dir() else file
    anchors = [one.read_text(encoding="utf-8") for one in anchor or []]
    try:
        report = offline.verify(path, [_key(text) for text in key], anchors, workers)
    except offline.Unproved as error:
        raise Fault(FaultKind.LEDGER_CORRUPT, str(error), where=str(path)) from None
    found = report.finding
    if as_json:
        finding = None if found is None else {"index": found.index, "what": found.what, "detail": found.detail}
        members = {
            "whole": report.whole,
            "origin": report.origin,
            "entries": report.entries_count,
            "checkpoints": report.checkpoints_count,
            "open_grants": report.open_grants_count,
            "root": report.root,
            "finding": finding,
        }
        console.print_json(json.dumps(members))
    elif found is None:
        console.print(f"[bold green]integro[/] {report.origin}: {report.entries_count} righe, radice {report.root}")
        if report.open_grants_count:
            console.print(f"visioni ancora aperte: {report.open_grants_count}")
    else:
        place = "registro" if found.index is None else f"riga {found.index}"
        console.print(f"[bold red]ALTERATO[/] {report.origin}, {place}: {found.what}, {found.detail}")
    if found is not None:
        raise typer.Exit(DIFFERS_EXIT)


@ledger.command("receipt")
def receipt(
    controller: Controller,
    index: Annotated[int, typer.Argument(min=0, help="Il numero della riga.")],
    settings_file: SettingsFile = DEFAULT,
) -> None:
    """Stampa la ricevuta di una riga: la prova, secondo C2SP, che sta nel registro.

    Esempio: [bold]varco ledger receipt c_g917 12 > ricevuta.txt[/]
    """
    typer.echo(_reading(settings_file, controller).receipt(index), nl=False)


@ledger.command("replay")
def replayed(controller: Controller, settings_file: SettingsFile = DEFAULT, as_json: AsJson = False) -> None:
    """Ripete ogni decisione con le regole del suo giorno: devono tornare identiche.

    Non apre nessuna parte sigillata. Termina con 1 se una decisione cambia. Esempio:
    [bold]varco ledger replay c_g917 --json[/]
    """
    read = load(settings_file)
    home = settings_file.resolve().parent
    reading = _reading(settings_file, controller)
    counts = dict.fromkeys(Verdict, 0)
    differing: list[dict[str, Any]] = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("ripetizione", total=reading.size())
        entries = ((entry.index, entry.body) for entry in reading.entries())
        for one in replay(entries, recalling(home / read.data_dir / "rules")):
            progress.update(task, completed=one.index)
            counts[one.verdict] += 1
            if one.verdict is not Verdict.IDENTICAL:
                members = {"index": one.index, "verdict": one.verdict, "recorded": one.recorded, "seen": one.seen}
                differing.append(members)
    if as_json:
        console.print_json(json.dumps({**counts, "differences": differing}))
    else:
        table = Table("esito", "decisioni")
        for verdict, word in ((Verdict.IDENTICAL, "identiche"), (Verdict.DIFFERENT, "diverse")):
            table.add_row(word, str(counts[verdict]))
        table.add_row("non ripetibili", str(counts[Verdict.UNDECIDABLE]))
        console.print(table)
        for row in differing:
            console.print(f"riga {row['index']}: registrata «{row['recorded']}», oggi «{row['seen']}»")
    if counts[Verdict.DIFFERENT]:
        raise typer.Exit(DIFFERS_EXIT)


def _key(text: str) -> str:
    """A key given as text or as the name of its file."""
    path = Path(text)
    return path.read_text(encoding="utf-8").strip() if path.is_file() else text


def _reading(settings_file: Path, controller: str) -> Reading:
    read = load(settings_file)
    found: list[Home] = [
        place
        for place in places(read, settings_file.resolve().parent, (BodyId(controller),))
        if place.controller == controller
    ]
    place = found[0]
    if not (place.folder / FILE_NAME).exists():
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no ledger of that controller here", where=controller)
    return Reading(BodyId(controller), place.folder, place.key_folder(read.installation))
