"""What Varco stands on: one Casbin, and no licence that forbids passing the whole on (decisions 0001 and 0006)."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NPM_LOCK = ROOT / "package-lock.json"

EXCLUDED = re.compile(
    r"\bA?GPL|GNU (?:Affero )?General Public|\bSSPL|\bBUSL|Business Source|Commons Clause", re.IGNORECASE
)
DECLARED_ELSEWHERE = {"dom-walk": "MIT, in the older list form that npm does not copy into the lock"}


def declared_licence(metadata: Mapping[str, str], classifiers: Iterable[str]) -> str:
    """The shortest honest statement: expression, else classifiers, else the first line of the free text."""
    named = " ".join(text.split("::")[-1].strip() for text in classifiers if text.startswith("License ::"))
    free_text = (metadata.get("License") or "").strip().split("\n")[0]
    return (metadata.get("License-Expression") or named or free_text).strip()


def python_licences() -> dict[str, str]:
    found = {}
    for distribution in distributions():
        fields = dict(distribution.metadata.items())
        if fields["Name"] != PROJECT["project"]["name"]:
            found[fields["Name"]] = declared_licence(fields, distribution.metadata.get_all("Classifier") or [])
    return found


def npm_licences() -> dict[str, str]:
    packages = json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"]
    names = {path.rpartition("node_modules/")[2]: entry for path, entry in packages.items() if path}
    return {name: entry.get("license") or DECLARED_ELSEWHERE.get(name, "") for name, entry in names.items()}


def is_excluded(licence: str) -> bool:
    """A choice offered with ``OR`` is ours to make; it is excluded only when every choice is."""
    return all(EXCLUDED.search(choice) for choice in re.split(r"\bOR\b", licence))


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 AND MIT", "MPL-2.0", "LGPL-3.0-only", "GNU Lesser General Public License v3", "GPL-2.0 OR MIT"],
)
def test_a_licence_that_lets_us_pass_it_on_is_accepted(licence: str) -> None:
    assert not is_excluded(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-or-later",
        "GNU General Public License v3 (GPLv3)",
        "AGPL-3.0",
        "GNU Affero General Public License v3",
        "SSPL-1.0",
        "BUSL-1.1",
        "MIT AND GPL-2.0",
        "GPL-2.0 OR AGPL-3.0",
    ],
)
def test_a_licence_that_does_not_is_excluded(licence: str) -> None:
    assert is_excluded(licence)


@pytest.mark.parametrize("found", [python_licences, npm_licences])
def test_everything_installed_declares_a_licence_that_we_may_pass_on(found: object) -> None:
    assert callable(found)
    licences = found()
    assert licences, "nothing was looked at"
    assert [name for name, licence in licences.items() if not licence] == []
    assert {name: licence for name, licence in licences.items() if is_excluded(licence)} == {}


def test_an_exemption_that_is_no_longer_needed_is_removed() -> None:
    packages = json.loads(NPM_LOCK.read_text(encoding="utf-8"))["packages"]
    silent = {
        path.rpartition("node_modules/")[2] for path, entry in packages.items() if path and not entry.get("license")
    }
    assert set(DECLARED_ELSEWHERE) == silent


def test_there_is_one_casbin() -> None:
    names = [re.split(r"[^A-Za-z0-9_.-]", requirement)[0] for requirement in PROJECT["project"]["dependencies"]]
    assert "pycasbin" in names
    assert "casbin" not in names
    installed = {(distribution.metadata["Name"] or "").lower() for distribution in distributions()}
    assert "pycasbin" in installed
    assert "casbin" not in installed
