"""Write ``docs/requirements.md``: for each requirement row its state, where it lives and which tests show it.

``python -m tools.requirements_report [--check]``; with ``--check`` nothing is written and the exit code is 1 when the
page is stale. A state is never claimed by hand: a row without a test is *open*, a row with one has the state of its
letter in ``docs/rows.csv``. Tests are read as text (AST), never imported.
"""

import argparse
import ast
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATES = {"I": "enforced", "S": "supported", "R": "recorded", "C": "checked"}
OPEN = "open"
SOURCES = {
    "MC": "Macerata: framework protocol",
    "PM": "Porto Mantovano: convention",
    "LEV": "Levanto: regulation",
    "BEL": "Bellinzago Novarese: regulation",
}
ROW_FORM = re.compile(r"(?<![A-Za-z])(?:MC|PM|LEV|BEL)-(?:[A-Z]+|\d+)\.\d+[a-z]?(?![0-9A-Za-z])")
PACKAGES = ("conventions", "policies", "adapters", "broker")
VOCABULARY = "conventions/terms"
"""The vocabulary says where each word comes from, which is not yet doing what the row asks."""


class ReportError(Exception):
    """A mark or a citation that cannot be right; the message says where."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``docs/rows.csv``."""

    row: str
    how: str
    text: str


def read_rows(path: Path) -> list[Row]:
    """Read the rows in their order, refusing a repeated identifier or an unknown letter."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [Row(**line) for line in csv.DictReader(lines)]
    for name, count in Counter(row.row for row in rows).items():
        if count > 1:
            raise ReportError(f"{path.name}: {name} stands {count} times")
    for row in rows:
        if row.how not in STATES or ROW_FORM.fullmatch(row.row) is None or not row.text:
            raise ReportError(f"{path.name}: {row.row} is not a row")
    return rows


def marked_rows(source: str, where: str) -> Iterator[tuple[str, str]]:
    """Yield each marked row with its test: ``file::test``, ``file::Class::test``, or ``file`` for a module's mark."""
    yield from _marks_below(ast.parse(source), where)


def _marks_below(scope: ast.AST, where: str) -> Iterator[tuple[str, str]]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{where}::{node.name}"
            found = list(_marks_below(node, name))
            if found and not node.name.lower().startswith("test"):
                raise ReportError(f"{name}: a requirement mark on what pytest does not collect")
            yield from found
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.requirement"):
            yield from ((row, where) for row in _named_rows(node, where))
        yield from _marks_below(node, where)


def _named_rows(mark: ast.Call, where: str) -> Iterator[str]:
    names: list[ast.expr] = []
    for argument in mark.args:
        names.extend(argument.elts if isinstance(argument, ast.List | ast.Tuple) else [argument])
    if not names or mark.keywords:
        raise ReportError(f"{where}: a requirement mark names its rows and nothing else")
    for name in names:
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            raise ReportError(f"{where}: a requirement mark names rows as literal text")
        yield name.value


def collect_tests(root: Path, rows: list[Row]) -> Mapping[str, list[str]]:
    """Find, for each row, the tests that name it."""
    tests: dict[str, list[str]] = {row.row: [] for row in rows}
    for path in sorted((root / "tests").rglob("*.py")):
        where = path.relative_to(root).as_posix()
        for name, test in marked_rows(path.read_text(encoding="utf-8"), where):
            if name not in tests:
                raise ReportError(f"{test}: no such row as {name}")
            if not path.name.startswith("test_"):
                raise ReportError(f"{test}: a requirement mark on what pytest does not collect")
            if test not in tests[name]:
                tests[name].append(test)
    for path in sorted((root / "tests" / "cases").glob("*.yaml")):
        where = path.relative_to(root).as_posix()
        for name in dict.fromkeys(row for line in _row_lines(path) for row in ROW_FORM.findall(line)):
            if name not in tests:
                raise ReportError(f"{where}: no such row as {name}")
            tests[name].append(where)
    return tests


def _row_lines(path: Path) -> Iterator[str]:
    """The lines of a file of decision cases that name the rows of a case."""
    lines = path.read_text(encoding="utf-8").splitlines()
    yield from (line for line in lines if line.strip().removeprefix("- ").startswith("rows:"))


def collect_places(root: Path, rows: list[Row]) -> Mapping[str, list[str]]:
    """Find, for each row, the modules that cite it."""
    places: dict[str, list[str]] = {row.row: [] for row in rows}
    for path in sorted(path for package in PACKAGES for path in (root / package).rglob("*.py")):
        where = path.relative_to(root).as_posix()
        for name in dict.fromkeys(ROW_FORM.findall(path.read_text(encoding="utf-8"))):
            if name not in places:
                raise ReportError(f"{where}: no such row as {name}")
            if not where.startswith(VOCABULARY):
                places[name].append(where)
    return places


def render(rows: list[Row], places: Mapping[str, list[str]], tests: Mapping[str, list[str]]) -> str:
    """Write the page."""
    state = {row.row: STATES[row.how] if tests[row.row] else OPEN for row in rows}
    counts = Counter(state.values())
    lines = [
        "# Requirements, row by row",
        "",
        "Generated by `python -m tools.requirements_report`; do not edit. A row is *open* until a test names it;",
        "with a test it is enforced, supported, recorded or checked, whichever the row asks for. *Where* lists the",
        "modules that cite the row.",
        "",
        "| " + " | ".join([*STATES.values(), OPEN, "all"]) + " |",
        "|" + "---|" * (len(STATES) + 2),
        "| " + " | ".join(str(counts[name]) for name in [*STATES.values(), OPEN]) + f" | {len(rows)} |",
    ]
    for prefix, title in SOURCES.items():
        lines += ["", f"## {title}", "", "| row | what | state | where | tests |", "|---|---|---|---|---|"]
        for row in rows:
            if row.row.startswith(prefix + "-"):
                cells = [row.row, row.text, state[row.row], _listed(places[row.row]), _listed(tests[row.row])]
                lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _listed(names: list[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def build(root: Path) -> str:
    """Build the page for the tree at ``root``."""
    rows = read_rows(root / "docs" / "rows.csv")
    return render(rows, collect_places(root, rows), collect_tests(root, rows))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write the page, or with ``--check`` say whether it is stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")
    checking = parser.parse_args(arguments).check
    page = root / "docs" / "requirements.md"
    try:
        text = build(root)
    except ReportError as error:
        print(error, file=sys.stderr)
        return 2
    if not checking:
        page.write_text(text, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != text:
        print("docs/requirements.md is stale: run python -m tools.requirements_report", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
