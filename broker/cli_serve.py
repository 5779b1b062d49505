"""``varco serve``, ``varco settings check``, ``varco adapter list|check``."""

import asyncio
import gc
import json
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.table import Table

from broker.app import create, sources
from broker.clock import SystemClock
from broker.logs import configure
from broker.settings import Settings, load
from conventions.spans import instant

settings = typer.Typer(help="Le impostazioni dell'installazione.", no_args_is_help=True)
adapter = typer.Typer(help="I registratori e gli archivi di transiti collegati.", no_args_is_help=True)
console = Console()

SettingsFile = Annotated[
    Path, typer.Option("--settings", "-s", help="Il file delle impostazioni.", envvar="VARCO_SETTINGS", dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Risposta in JSON.")]
DEFAULT = Path("varco.toml")
REFUSED_EXIT = 1
COLLECT_AFTER_COUNT = 50_000
"""New objects before the collector looks at them: a hundred waiting decisions are not garbage."""


def serve(settings_file: SettingsFile = DEFAULT) -> None:
    """Avvia il varco.

    Esempio: [bold]varco serve --settings /etc/varco/varco.toml[/]
    """
    read = load(settings_file)
    run(read, settings_file.resolve().parent)


def run(read: Settings, home: Path) -> None:
    """Serve until interrupted; loopback unless the settings say otherwise."""
    serve_app(create(read, home), read.listen_host, read.listen_port)


def serve_app(app: FastAPI, host: str, port: int) -> None:
    """Serve an application in this process until interrupted."""
    gc.collect()
    gc.freeze()  # what start-up made stays: the collector need not look through the register again
    gc.set_threshold(COLLECT_AFTER_COUNT, 10, 10)
    uvicorn.run(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        log_config=configure(),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


@settings.command("check")
def check_settings(settings_file: SettingsFile = DEFAULT, as_json: AsJson = False) -> None:
    """Controlla le impostazioni e dice tutti gli errori insieme.

    Esempio: [bold]varco settings check --settings varco.toml[/]
    """
    read = load(settings_file)
    if as_json:
        console.print_json(read.model_dump_json())
    else:
        console.print(f"impostazioni valide: {read.installation}, {read.public_url}, {len(read.sources)} sorgenti")


@adapter.command("list")
def list_adapters(settings_file: SettingsFile = DEFAULT, as_json: AsJson = False) -> None:
    """Elenca le sorgenti e le telecamere che servono."""
    read = load(settings_file)
    if as_json:
        console.print_json(json.dumps([one.model_dump() for one in read.sources]))
        return
    table = Table("sorgente", "tipo", "telecamere", "varchi")
    for one in read.sources:
        table.add_row(one.name, one.kind, "\n".join(one.cameras), "\n".join(one.transits))
    console.print(table)


@adapter.command("check")
def check_adapters(settings_file: SettingsFile = DEFAULT, as_json: AsJson = False) -> None:
    """Prova ogni sorgente: raggiungibile, orologio, copertura.

    Termina con 1 se una sorgente non risponde. Esempio: [bold]varco adapter check --json[/]
    """
    read = load(settings_file)
    found = asyncio.run(sources(read, settings_file.resolve().parent, SystemClock()).check())
    rows: list[dict[str, Any]] = [
        {
            "source": name,
            "state": health.state,
            "detail": health.detail,
            "clock_offset_ms": health.clock_offset_ms,
            "checked": instant(health.checked_utc),
        }
        for name, health in found.items()
    ]
    if as_json:
        console.print_json(json.dumps(rows))
    else:
        table = Table("sorgente", "stato", "dettaglio", "scarto orologio (ms)")
        for row in rows:
            table.add_row(row["source"], row["state"], row["detail"], str(row["clock_offset_ms"] or "-"))
        console.print(table)
    if any(row["state"] == "down" for row in rows):
        raise typer.Exit(REFUSED_EXIT)
