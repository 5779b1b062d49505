"""The guide says what the code does: every kind with its signers, every finding, every command that it shows."""

import re
from pathlib import Path

from typer.testing import CliRunner

from broker.cli import app
from conventions.faults import FaultKind
from conventions.findings import CATALOGUE
from conventions.signers import TABLE

GUIDE = (Path(__file__).parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading row."""
    lines = GUIDE.split(heading, 1)[1].splitlines()[2:]
    table = lines[: next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_every_kind_has_its_signers():
    named = [kind.strip() for row in rows("| kind | signed by |") for kind in row[0].split(",")]
    assert sorted(named) == sorted(TABLE)


def test_every_finding_is_listed_with_its_severity_and_row():
    listed = {row[0].strip("`"): (row[1], row[2]) for row in rows("| finding | severity | row | what it says |")}
    assert listed == {code: (entry.severity, entry.row) for code, entry in CATALOGUE.items()}


def test_every_fault_is_a_kind():
    named = {row[0].strip("`") for row in rows("| fault | when |")}
    assert named <= set(FaultKind)
    assert {
        kind for kind in FaultKind if kind.startswith(("document-", "signature-", "signer-", "vocabulary-"))
    } <= named


def test_every_command_shown_exists_with_its_options():
    shown = re.findall(r"^varco (\w+) (\w+) (.*?)(?:#.*)?$", GUIDE, re.MULTILINE)
    assert len(shown) >= 9
    for group, name, rest in shown:
        done = CliRunner().invoke(app, [group, name, "--help"], env={"COLUMNS": "200"})
        assert done.exit_code == 0
        for option in re.findall(r"--[a-z]+", rest):
            assert option in done.stdout
