"""``varco demo``: the main job, embedded, at one address; ``--check`` plays the scenes against it."""

import time
from pathlib import Path
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from broker.cli_serve import run
from broker.clock import SystemClock
from broker.demo.check import show
from broker.demo.run import surroundings
from broker.demo.scenes import Scenes
from broker.demo.world import World, build
from broker.settings import load
from conventions.faults import Fault, FaultKind

FOLDER = Path("var/demo")
FAILED_EXIT = 1
console = Console()


def demo(
    check: Annotated[bool, typer.Option("--check", help="Gioca le scene contro la dimostrazione in funzione.")] = False,
    folder: Annotated[Path, typer.Option("--data", help="Dove la dimostrazione tiene tutto.")] = FOLDER,
    port: Annotated[int | None, typer.Option(help="Porta; altrimenti una libera.", min=1024, max=65535)] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Riprende il mondo che c'è già invece di rifarlo.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Con --check: righe in JSON.")] = False,
) -> None:
    """Mostra Varco: documenti firmati, filmati veri, letture sintetiche, fornitori di identità veri.

    Non serve essere root né installare server. Esempi:

    [bold]varco demo[/] avvia e stampa l'indirizzo; [bold]varco demo --check[/], da un altro terminale, gioca le scene.
    """
    clock = SystemClock()
    if check:
        world = World.at(folder) if (folder / "world.json").exists() else None
        if world is None or not _answers(world):
            raise Fault(FaultKind.SOURCE_UNAVAILABLE, "no demonstration runs here: start `varco demo` first")
        if not show(Scenes(world, clock, time.sleep).play(), as_json=as_json):
            raise typer.Exit(FAILED_EXIT)
        return
    world = World.at(folder) if keep and (folder / "world.json").exists() else _built(folder, port)
    with surroundings(world, clock):
        console.print(
            Panel(
                f"[bold]{world.base_url}[/]\n\n"
                "Accesso: Comando dei Carabinieri, codice [bold]op-102[/] (o op-101); Comune, codice [bold]adm-1[/].\n"
                "Identità e documenti segnati INVENTATO sono solo per la dimostrazione. Ctrl-C per finire.",
                title="Varco, dimostrazione",
            )
        )
        run(load(world.settings_file), folder.resolve())


def _built(folder: Path, port: int | None) -> World:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, int] = {}

        def show_progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        return build(folder, SystemClock().now_utc(), show_progress, port)


def _answers(world: World) -> bool:
    try:
        return httpx2.get(f"{world.base_url}/login", trust_env=False, timeout=5).status_code == httpx2.codes.OK
    except httpx2.TransportError:
        return False
