"""The command line: ``varco``. Each group of commands lives in a module of its own; this file only joins them."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from broker.cli_convention import convention, window
from broker.cli_decide import decide
from broker.cli_demo import demo
from broker.cli_ledger import ledger
from broker.cli_policy import policy
from broker.cli_serve import adapter, serve, settings
from conventions.faults import Fault

app = typer.Typer(
    name="varco",
    help="La porta davanti alle telecamere: nessuna immagine senza una convenzione firmata e una riga di registro.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(convention, name="convention")
app.add_typer(window, name="window")
app.add_typer(policy, name="policy")
app.add_typer(policy, name="policy")
app.add_typer(ledger, name="ledger")
app.add_typer(adapter, name="adapter")
app.add_typer(settings, name="settings")
app.command("serve")(serve)
app.command("decide")(decide)
app.command("demo")(demo)

FAULT_EXIT, INTERRUPTED_EXIT = 2, 130


@app.callback()
def about(_: Annotated[bool, typer.Option("--quiet", "-q", hidden=True)] = False) -> None:
    """Varco."""


def main() -> None:
    """Run a command; a fault is printed as one line on standard error and ends with status 2."""
    try:
        app(standalone_mode=True)
    except Fault as fault:
        place = f"{fault.where}: " if fault.where else ""
        Console(stderr=True).print(f"[bold red]{fault.kind}[/] {place}{fault.detail}", highlight=False)
        sys.exit(FAULT_EXIT)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED_EXIT)
