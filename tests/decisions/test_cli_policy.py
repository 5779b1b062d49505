"""``varco policy``: an auditor reads which rules follow from the signed texts, and why a question finds none."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from broker.cli_policy import policy
from conventions import shelf
from conventions.spans import instant
from tests.conventions.town import NOW, new_town, publish_all

HERE = ["--controller", "c_g917", "--body", "carabinieri-mantova"]
LIVE = [*HERE, "--operation", "live.view", "--camera", "c_g917/piazza", "--role", "partner-operator"]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings, anchors and the published demonstration documents."""
    home = tmp_path_factory.mktemp("installation")
    town = new_town()
    shelf.save(home / "data" / "register", publish_all(town))
    (home / "keys").mkdir()
    (home / "keys" / "anchors.pem").write_text("".join(town.anchors), encoding="ascii")
    settings = home / "varco.toml"
    settings.write_text(
        'format = "varco-settings/1"\ninstallation = "demo"\npublic_url = "http://127.0.0.1:8443"\n', encoding="utf-8"
    )
    return settings


def run(installation: Path, *words: str) -> tuple[int, str]:
    given = [*words, "--at", instant(NOW), "--settings", str(installation)]
    result = CliRunner().invoke(policy, given, env={"COLUMNS": "200"}, catch_exceptions=False)
    return result.exit_code, result.stdout


def test_rules_are_listed_with_the_clause_they_come_from(installation: Path):
    code, out = run(
        installation, "rules", *HERE, "--operation", "live.view", "--purpose", "live-traffic-flow", "--json"
    )
    found = json.loads(out)
    assert code == 0
    assert len(found["generation"]) == 64
    allowing = {rule["clause"]: rule for rule in found["rules"] if rule["effect"] == "allow"}
    assert set(allowing) == {"c_g917/convention/carabinieri@1#1.1"}
    (rule,) = allowing.values()
    assert rule["article"] == "art. 1, prima finalità"
    assert "PM-1.2" in rule["sources"]
    assert rule["window"] == "open"


def test_the_table_says_the_clause_in_words(installation: Path):
    code, out = run(installation, "rules", *HERE, "--operation", "ptz.control")
    assert code == 0
    assert "permette" in out
    assert "art. 3, quarto capoverso" in out


def test_an_allowed_question_is_explained_by_its_clause(installation: Path):
    code, out = run(installation, "explain", *LIVE, "--purpose", "urban-security")
    assert code == 0
    assert "le regole lo permettono" in out
    assert "nulla" in out


def test_a_refused_question_names_the_column_that_does_not_match(installation: Path):
    code, out = run(installation, "explain", *LIVE, "--purpose", "live-traffic-flow", "--json")
    found = json.loads(out)
    assert (code, found["allowed"], found["reasons"]) == (1, False, ["camera-time-window"])
    nearest = {tuple(one["missing"]): one["rule"]["clause"] for one in found["compared"] if len(one["missing"]) == 1}
    assert nearest[("window",)] == "c_g917/convention/carabinieri@1#1.1"
    assert run(installation, "explain", *LIVE, "--purpose", "live-traffic-flow", "--window")[0] == 0


def test_a_refused_question_is_told_in_words(installation: Path):
    code, out = run(installation, "explain", *LIVE, "--purpose", "school-asset-protection")
    assert code == 1
    assert "purpose-not-granted" in out
    assert "finalità" in out
