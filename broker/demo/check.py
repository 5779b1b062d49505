"""``varco demo --check``: plays the scenes against the running demonstration, over real HTTP, and prints a row each."""

import json
from collections.abc import Iterable
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
