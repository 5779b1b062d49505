"""The settings file: locked by default, unknown keys refused, all faults at once, and every key documented."""

import re
from pathlib import Path

import pytest

from broker.settings import FORBIDDEN_ENVIRONMENT, Settings, SourceSettings, load
from conventions.faults import Fault, FaultKind

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
format = "varco-settings/1"
installation = "prova"
public_url = "http://127.0.0.1:8443"
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "varco.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_example_is_valid_and_listens_on_loopback_only() -> None:
    read = load(ROOT / "deploy" / "varco.toml")

    assert read.listen_host == "127.0.0.1"
    assert not read.demonstration


def test_the_least_file_is_enough_and_opens_nothing(tmp_path: Path) -> None:
    read = load(written(tmp_path, GOOD))

    assert (read.listen_host, read.sources) == ("127.0.0.1", ())


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("anonymous = true", "anonymous"),
        ('listen_port = "80"', "listen_port"),
        ("session_hours = 0", "session_hours"),
        ('public_url = "http://varco.example"', "public_url"),
        ('video_encoder = "any"', "video_encoder"),
        ('[[sources]]\nname = "a"\nkind = "folder"\nroot = "x"\ncameras = ["no slash"]', "sources"),
    ],
)
def test_what_is_not_of_the_form_stops_the_start(tmp_path: Path, line: str, where: str) -> None:
    text = GOOD if "public_url" not in line else GOOD.replace('public_url = "http://127.0.0.1:8443"', "")
    with pytest.raises(Fault) as raised:
        load(written(tmp_path, f"{text}\n{line}\n"))

    assert raised.value.kind is FaultKind.SETTINGS_INVALID
    assert where in raised.value.detail


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(Fault) as raised:
        load(written(tmp_path, 'format = "varco-settings/2"\nlisten_port = 0\nextra = 1\n'))

    assert all(name in raised.value.detail for name in ("format", "listen_port", "extra", "installation", "public_url"))


def test_a_variable_that_weakens_a_library_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FORBIDDEN_ENVIRONMENT[0], "1")

    with pytest.raises(Fault, match="unset"):
        load(written(tmp_path, GOOD))


def test_every_key_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))

    assert set(Settings.model_fields) | set(SourceSettings.model_fields) <= named
