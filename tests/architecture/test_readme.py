"""The README is short and true: its commands exist, its files exist, its codes exist."""

import re
from pathlib import Path

import pytest
import typer.main

from broker.cli import app
from conventions.demo import accounts
from conventions.terms import Reason

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
QUOTED = re.findall(r"`([^`\n]+)`", README)
FENCED = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.removeprefix(".venv/bin/") for block in FENCED for line in block.splitlines()]
MADE = {"var/demo/varco.toml"}
"""Made by `make demo`, so not in the tree."""


def command_rows() -> list[tuple[str, ...]]:
    """``varco group a``, ``b``, ``c`` in one cell name three commands."""
    rows = []
    for cell in re.findall(r"^\| (`varco [^|]+) \|", README, re.MULTILINE):
        first, *others = re.findall(r"`([^`]+)`", cell)
        words = first.split()[1:]
        rows += [tuple(words), *((words[0], other) for other in others)]
    return rows


def options(command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


def test_it_has_at_most_200_lines():
    assert len(README.splitlines()) <= 200


def test_its_make_targets_exist():
    used = {words[1] for words in map(str.split, [*COMMANDS, *QUOTED]) if words[0] == "make" and len(words) == 2}
    assert {"demo", "test"} <= used <= TARGETS


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in COMMANDS
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


@pytest.mark.parametrize("words", command_rows(), ids=" ".join)
def test_a_command_of_the_table_exists(words):
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]
    assert command.callback is not None


def test_commands_in_blocks_exist_with_their_options():
    checked = 0
    for line in COMMANDS:
        name, *words = line.split()
        if name != "varco":
            continue
        command = typer.main.get_command(app)
        for word in words:
            if word.startswith("-"):
                assert word in options(command), line
            elif hasattr(command, "commands"):
                command = command.commands[word]  # what follows the last command are its own words
        checked += 1
    assert checked


def test_files_that_it_names_exist():
    paths = [text for text in QUOTED if re.fullmatch(r"[A-Za-z_./-]+", text)]
    named = {text for text in paths if "/" in text or text.endswith(".md")}
    assert MADE < named
    assert sorted(name for name in named - MADE if not (ROOT / name).exists()) == []


def test_codes_and_persons_that_it_names_exist():
    persons = {person.sub for listed in accounts().values() for person in listed}
    named = {text for text in QUOTED if re.fullmatch(r"(?:op|ag|adm|aud|dpo)-\d+", text)}
    assert named
    assert named <= persons
    reasons = {text for text in QUOTED if text.count("-") >= 2 and re.fullmatch(r"[a-z][a-z-]+", text)}
    assert {"operator-act-missing", "operator-not-listed", "camera-time-window"} <= reasons
    assert reasons <= set(Reason)


def test_it_warns_of_the_two_casbins():
    assert "never install both" in README
