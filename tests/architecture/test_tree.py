"""What the committed tree may not hold: paths of one machine, addresses of registries, what is made at set-up."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = "tests/architecture/test_tree.py"
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:work|farm|root|opt)/"),
    "the folder of the definition": re.compile(
        r"\.\./shared|(?:^|[^A-Za-z0-9_])shared/(?:design|style|requirements|seeds)"
    ),
    "an address of a registry": re.compile(
        r"https?://[^ \"]+(?:/simple(?:[/\" ]|$)|\.whl|\.tgz|/pool/main/)|\"resolved\": *\"http"
    ),
    "an unfinished place": re.compile(r"NotImplementedError|\bTO" r"DO\b|\bFIX" r"ME\b|\bX" r"XX\b"),
}
MADE_AT_SETUP = re.compile(r"(?:^|/)(?:node_modules|\.venv|vendor)/|\.(?:mo|pyc|pem|key|p12|sqlite3?|mp4)$|^uv\.lock$")


@cache
def committed() -> tuple[str, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return tuple(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name in committed():
        if name == HERE:
            continue
        try:
            text = (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_the_tree_is_read():
    assert len(committed()) > 100


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_tree_does_not_hold(what):
    assert lines_with(FORBIDDEN[what]) == []


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a path of one machine", f'open("{"/work"}/main/x")'),
        ("the folder of the definition", "see ../shared/style.md"),
        ("an address of a registry", f'"resolved": "{"https"}://registry.example/a{".tgz"}"'),
        ("an address of a registry", f"{'https'}://index.example/{'simple'}/"),
        ("an unfinished place", "raise NotImplementedError"),
    ],
)
def test_what_is_forbidden_would_be_found(what, line):
    assert FORBIDDEN[what].search(line)


def test_nothing_that_set_up_makes_is_committed():
    assert [name for name in committed() if MADE_AT_SETUP.search(name)] == []


def test_the_locks_are_hashed_and_name_no_index():
    for name in ("runtime.txt", "dev.txt", "footage.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9_.\[\]-]+==\S+", text, re.MULTILINE)
        assert pinned, name
        assert not re.search(r"^(?:--?(?:extra-)?index|--find-links|-f|-i)\b|https?://", text, re.MULTILINE), name
        assert text.count("--hash=sha256:") >= len(pinned), name


def test_the_list_for_tests_holds_the_list_for_running():
    def pins(name: str) -> set[str]:
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[A-Za-z0-9_.-]+==[^ \\;]+", text, re.MULTILINE))

    assert pins("runtime.txt") <= pins("dev.txt")
