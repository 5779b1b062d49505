"""The document commands, as a clerk types them: the real command line on a real folder."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from broker.cli import app
from broker.clock import SystemClock
from conventions import shelf
from conventions import text as text_form
from conventions.canonical import digest
from conventions.keys import store_signer
from conventions.terms import Role
from tests.conventions.town import Town, changed, new_town, publish_all, text

DEED = "c_g917/convention/carabinieri"
SETTINGS = """
format = "varco-settings/1"
installation = "prova"
public_url = "http://127.0.0.1:8443"
anchors_file = "anchors.pem"
"""


@pytest.fixture(scope="module")
def world() -> Town:
    """The command line reads the machine's clock, so this town lives now."""
    return new_town(SystemClock().now_utc().replace(microsecond=0) - timedelta(seconds=2))


@pytest.fixture(scope="module")
def published(world):
    return publish_all(world)


@pytest.fixture
def home(tmp_path, world, published):
    (tmp_path / "varco.toml").write_text(SETTINGS)
    (tmp_path / "anchors.pem").write_text("".join(world.anchors))
    shelf.save(tmp_path / "data" / "register", published)
    return tmp_path


@pytest.fixture
def varco(home):
    def run(*arguments, settings=True):
        given = [*map(str, arguments), *(["--settings", str(home / "varco.toml")] if settings else [])]
        done = CliRunner().invoke(app, given, env={"COLUMNS": "240"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return run


@pytest.fixture
def keys(home, world):
    def options(body, role):
        name = f"{body}-{role}"
        if not (home / f"{name}.key.pem").exists():
            store_signer(home, name, world.key(body, role))
        return ["--key", home / f"{name}.key.pem", "--cert", home / f"{name}.cert.pem"]

    return options


def written(home, plain, name="conv.yaml"):
    path = home / name
    path.write_text(text_form.write(plain), encoding="utf-8")
    return path


def register(home, world):
    return shelf.load(home / "data" / "register", world.anchors)


MAYOR, COMMANDER = ("c_g917", Role.MAYOR), ("c_g917", Role.PL_COMMANDER)
PARTNER = ("carabinieri-mantova", Role.PARTNER_SIGNATORY)


@pytest.mark.requirement("BEL-PR.2")
def test_lint_sends_an_excluded_purpose_back(varco, home, world):
    plain = text(world, DEED)
    clauses = [{**plain["clauses"][0], "purposes": ["biometric"]}]
    done = varco("convention", "lint", written(home, changed(plain, clauses=clauses)))
    assert done.exit_code == 1
    assert "conv.yaml, line" in done.stderr
    clauses = [{**plain["clauses"][0], "purposes": ["waste-control"]}]
    done = varco("convention", "lint", "--json", written(home, changed(plain, clauses=clauses)))
    assert done.exit_code == 1
    assert "MC-P.3" in {each["row"] for each in json.loads(done.stdout)}


def test_lint_of_a_clean_text(varco, home, world):
    done = varco("convention", "lint", written(home, text(world, "c_g917/calendar/scuola")))
    assert (done.exit_code, done.stdout.strip()) == (0, "nessun rilievo")


def test_lint_in_english(varco, home, world):
    plain = text(world, DEED)
    path = written(home, changed(plain, sections={**plain["sections"], "court": "-"}))
    assert "says nothing" in varco("convention", "lint", path, "--lang", "en").stdout
    assert "non dice nulla" in varco("convention", "lint", path).stdout


@pytest.mark.requirement("PM-P.4")
def test_from_text_to_publication(varco, home, world, keys):
    """Signed by one it awaits signature; signed by both, with an opinion, it is published."""
    plain = changed(text(world, DEED), version="2")
    file = written(home, plain)
    envelope = home / "conv.varco.json"
    assert varco("convention", "sign", file, *keys(*MAYOR), settings=False).exit_code == 0
    refused = varco("convention", "verify", envelope)
    assert refused.exit_code == 1
    assert "in attesa di firma" in refused.stderr
    assert "sindaco" in refused.stdout
    assert varco("convention", "publish", envelope).exit_code == 1
    assert varco("convention", "sign", envelope, *keys(*PARTNER), settings=False).exit_code == 0
    without_opinion = varco("convention", "publish", envelope)
    assert without_opinion.exit_code == 1
    assert "MC-3.3a" in without_opinion.stderr
    opinion = text(world, "c_g917/dpo-opinion/carabinieri")
    opinion = changed(opinion, version="2", on_version="2", on_sha256=digest(plain))
    written(home, opinion, "parere.yaml")
    assert varco("convention", "sign", home / "parere.yaml", *keys("c_g917", Role.DPO), settings=False).exit_code == 0
    done = varco("convention", "publish", home / "parere.varco.json", envelope, "--json")
    assert done.exit_code == 0, done.stderr
    assert register(home, world).current(DEED).version == 2
    shown = varco("convention", "show", DEED).stdout
    assert "in vigore" in shown
    assert "versione 2" in shown
    assert "firmatario dell'ente fruitore" in shown


def test_a_refused_document_leaves_the_register_as_it_was(varco, home, world, published, keys):
    file = written(home, text(world, DEED))
    varco("convention", "sign", file, *keys(*MAYOR), settings=False)
    varco("convention", "sign", file, *keys(*PARTNER), settings=False)
    done = varco("convention", "publish", home / "conv.varco.json", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["refused"]["kind"] == "document-rolled-back"
    assert register(home, world) == published


def test_an_invented_document_says_so(varco, world):
    assert "INVENTATO" in varco("convention", "show", "c_g917/convention/polizia-locale").stdout
    assert "INVENTATO" not in varco("convention", "show", DEED).stdout


def test_every_kind_of_document_can_be_shown(varco, published):
    for each in {each.document.kind: each for each in published}.values():
        done = varco("convention", "show", each.id)
        assert done.exit_code == 0
        assert each.id in done.stdout
        assert json.loads(varco("convention", "show", each.id, "--json").stdout)["sha256"] == each.sha256


def test_a_document_nobody_published(varco):
    assert varco("convention", "show", "c_g917/convention/ignota").exit_code == 1


@pytest.mark.requirement("PM-6.4")
def test_suspending_and_ending_the_suspension(varco, home, world, keys):
    done = varco("convention", "suspend", DEED, *keys(*COMMANDER), "--reason", "violazione accertata")
    assert done.exit_code == 0, done.stderr
    assert "SOSPESO" in varco("convention", "show", DEED).stdout
    assert register(home, world).state(DEED, SystemClock().now_utc()) == "suspended"
    other = varco("convention", "suspend", DEED, *keys(*PARTNER), "--reason", "cessata", "--end")
    assert other.exit_code == 1
    done = varco("convention", "suspend", DEED, *keys(*MAYOR), "--reason", "causa rimossa", "--end")
    assert done.exit_code == 0, done.stderr
    assert "in vigore" in varco("convention", "show", DEED).stdout
    assert varco("convention", "suspend", DEED, *keys(*MAYOR), "--reason", "x2", "--end").exit_code == 1


@pytest.mark.requirement("PM-6.4")
def test_a_partner_cannot_suspend(varco, home, world, published, keys):
    done = varco("convention", "suspend", DEED, *keys(*PARTNER), "--reason", "x2")
    assert done.exit_code == 1
    assert register(home, world) == published


@pytest.mark.requirement("PM-1.2")
def test_opening_and_closing_a_window(varco, home, world, keys):
    until = (SystemClock().now_utc() + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    responsible = keys("carabinieri-mantova", Role.PARTNER_RESPONSIBLE)
    done = varco(
        "window", "open", "c_g917/varco-nord", "--until", until, "--reason", "evento sportivo", *responsible, "--json"
    )
    assert done.exit_code == 0, done.stderr
    window_id = json.loads(done.stdout)["id"]
    assert "evento sportivo" in varco("convention", "show", window_id).stdout
    done = varco("window", "close", window_id, *responsible)
    assert done.exit_code == 0, done.stderr
    assert register(home, world).current(window_id).version == 2
    assert varco("window", "close", window_id, *responsible).exit_code == 1
    assert varco("window", "close", "c_g917/event-window/ignota", *responsible).exit_code == 1


@pytest.mark.requirement("PM-1.2")
def test_a_window_on_a_camera_of_another_town(varco, home, keys, world, published):
    until = (SystemClock().now_utc() + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    cameras = ["c_g917/varco-nord", "c_e542/ingresso"]
    done = varco("window", "open", *cameras, "--until", until, "--reason", "evento", *keys(*COMMANDER))
    assert done.exit_code == 1
    assert register(home, world) == published


def test_signing_does_not_mix_two_texts(varco, home, world, keys):
    plain = text(world, DEED)
    file = written(home, plain)
    varco("convention", "sign", file, *keys(*MAYOR), settings=False)
    before = (home / "conv.varco.json").read_bytes()
    written(home, changed(plain, title="Un altro testo"))
    assert varco("convention", "sign", file, *keys(*PARTNER), settings=False).exit_code == 1
    assert (home / "conv.varco.json").read_bytes() == before


def test_the_commands_say_how_they_are_used(varco):
    for group, names in {
        "convention": ["lint", "sign", "verify", "show", "publish", "suspend"],
        "window": ["open", "close"],
    }.items():
        for name in names:
            done = varco(group, name, "--help", settings=False)
            assert done.exit_code == 0
            assert "Esempio" in done.stdout
