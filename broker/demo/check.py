"""``varco demo --check``: plays the scenes against the running demonstration, over real HTTP, and prints a row each."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One step: what should be seen, and what was. Left out: ``expected`` is the reason."""

    step: str
    what: str
    expected: str
    seen: str
    left_out: bool = False

    @property
    def passed(self) -> bool:
        return self.left_out or self.expected == self.seen


def show(rows: Iterable[Row], *, as_json: bool) -> bool:
    """Print the rows as they come; gives whether all passed."""
    console = Console()
    passed = True
    done: list[Row] = []
    for row in rows:
        passed = passed and row.passed
        done.append(row)
        if not as_json:
            mark = "[yellow]--[/]" if row.left_out else "[green]ok[/]" if row.passed else "[bold red]NO[/]"
            console.print(f"{mark} [bold]{row.step:<8}[/] {row.what}", highlight=False)
            detail = f"atteso {row.expected}" + ("" if row.left_out else f" · visto {row.seen}")
            console.print(
                f"            [dim]{'tralasciato: ' + row.expected if row.left_out else detail}[/]", highlight=False
            )
    if as_json:
        console.print_json(json.dumps([asdict(row) | {"passed": row.passed} for row in done]))
    else:
        table = Table("passi", "riusciti", "falliti", "tralasciati")
        played = [row for row in done if not row.left_out]
        good = sum(1 for row in played if row.passed)
        table.add_row(str(len(played)), str(good), str(len(played) - good), str(len(done) - len(played)))
        console.print(table)
    return passed


def left_out() -> Iterator[Row]:
    """Steps of the same scenarios that belong to later work, with the reason."""
    for step, why in (
        ("S1.6", "comando delle telecamere mobili: adattatori con PTZ"),
        ("S2", "federazione: richiede l'accordo attuativo fra tre membri (passo 2)"),
        ("S3, S5, S6", "estrazioni, conservazioni e diritti degli interessati: pratiche (passo 4)"),
        ("S4.2-6", "consegna su supporto: pratiche (passo 4)"),
        ("S7.1,3-5,7", "vita intera della convenzione (passo 3)"),
        ("S8.1-4,6", "controllo trimestrale e pacchetto firmato (passo 3)"),
        ("S9", "calendari elettorali, telecamere mobili, manutenzione (passo 3)"),
        ("S10.2-3,5-6", "denuncia di smarrimento, quote, destinatari, incidenti (passo 3)"),
    ):
        yield Row(step, "non in questa versione", why, "", left_out=True)
