"""The import contracts hold, and each refuses an import that it is there to refuse."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("conventions", "policies", "adapters", "broker")
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter", encoding="utf-8")

WRONG = {
    "packages": ("policies/facts.py", "import broker.clock"),
    "conventions": ("conventions/faults.py", "import conventions.verification"),
    "policies": ("policies/rules.py", "import policies.generator"),
    "adapters": ("adapters/folder/source.py", "import adapters.registry"),
    "broker": ("broker/ledger/ledger.py", "import broker.decision.decide"),
    "pure-policies": ("policies/generator.py", "import time"),
    "pure-conventions": ("conventions/verification.py", "import socket"),
    "pure-evidence": ("broker/evidence.py", "import os"),
    "casbin": ("broker/decision/decide.py", "import casbin"),
    "media": ("broker/pipeline.py", "import av"),
    "tables": ("broker/routes/media.py", "import sqlalchemy"),
    "sign-in": ("broker/routes/media.py", "import authlib"),
}
"""Contract to a module and the import that it must not hold."""


def lint_imports(folder: Path) -> tuple[int, set[str]]:
    """Exit code, and the names of the contracts that are broken."""
    program = Path(sys.executable).parent / "lint-imports"
    command = [str(program), "--no-cache", "--config", ".importlinter"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, set(re.findall(r"^(.+) BROKEN$", done.stdout, re.MULTILINE))


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of the packages and the contracts."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=lambda _, names: [n for n in names if n == "static"])
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_contracts_hold(tree):
    assert lint_imports(tree) == (0, set())


@pytest.mark.parametrize("contract", WRONG)
def test_a_contract_refuses_a_wrong_import(tree, contract):
    path, statement = WRONG[contract]
    file = tree / path
    file.write_text(file.read_text(encoding="utf-8") + f"\n{statement}\n", encoding="utf-8")
    code, broken = lint_imports(tree)
    assert code == 1
    assert CONTRACTS[f"importlinter:contract:{contract}"]["name"] in broken


def test_a_module_that_stands_in_no_layer_is_refused(tree):
    (tree / "broker" / "elsewhere.py").write_text("", encoding="utf-8")
    assert lint_imports(tree)[0] == 1


def test_every_contract_has_a_wrong_import():
    named = {section.rpartition(":")[2] for section in CONTRACTS.sections() if ":contract:" in section}
    assert named == set(WRONG)
