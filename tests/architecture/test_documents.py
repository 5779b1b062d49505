"""The documents say what is so: the rows, the requirements page, the decision records, the glossary."""

import csv
import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest

from conventions import terms
from policies.facts import Facts
from tools.requirements_report import ROW_FORM, Row, build, read_rows

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
SECTIONS = ["Status", "Context", "Decision", "Consequences", "Enforced by"]
OUR_WORDS = [
    "controller", "requesting body", "minutes", "convention", "policy", "ledger", "log", "register", "gate", "transit",
    "extraction", "grant", "case", "session", "operator",
]  # fmt: skip


def sections(text: str) -> dict[str, str]:
    """The body of each second-level heading."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_there_are_245_rows_each_said_once() -> None:
    with (DOCS / "rows.csv").open(encoding="utf-8", newline="") as lines:
        assert next(csv.reader(lines)) == ["row", "how", "text"]
    rows = read_rows(DOCS / "rows.csv")
    assert len(rows) == 245
    assert Counter(row.row.split("-")[0] for row in rows) == {"MC": 21, "PM": 48, "LEV": 135, "BEL": 41}
    assert Counter(row.how for row in rows) == {"I": 141, "S": 52, "R": 27, "C": 25}
    assert len({row.text for row in rows}) == 245


@pytest.mark.parametrize("row", read_rows(DOCS / "rows.csv"), ids=lambda row: row.row)
def test_a_row_is_one_short_line(row: Row) -> None:
    text = row.text
    assert 10 < len(text) <= 125
    assert "\n" not in text
    assert "|" not in text
    assert not text.endswith(".")


@pytest.mark.parametrize("name", ["PM-3.1", "PM-2.10", "MC-1.1a", "MC-P.1", "BEL-PR.1", "BEL-DEF.1", "BEL-A.2"])
def test_a_row_is_recognised_by_its_form(name: str) -> None:
    assert ROW_FORM.findall(f"Source: {name}.") == [name]


@pytest.mark.parametrize("text", ["PM art. 3", "PM-3", "LEV-24.10x7", "XPM-3.1", "pm-3.1"])
def test_what_is_no_row_is_not_taken_for_one(text: str) -> None:
    assert ROW_FORM.findall(text) == []


def test_the_requirements_page_is_current() -> None:
    page = (DOCS / "requirements.md").read_text(encoding="utf-8")
    assert page == build(ROOT), "run python -m tools.requirements_report"


def test_the_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    assert len(numbers) >= 7


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_is_one_page_with_its_five_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.match(rf"# {path.name[:4]} · \S", text)
    parts = sections(text)
    assert list(parts) == SECTIONS
    assert all(body.strip() for body in parts.values())
    assert len(text.splitlines()) <= 60


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_names_what_enforces_it_and_that_exists(path: Path) -> None:
    named = re.findall(r"`([^`]+)`", sections(path.read_text(encoding="utf-8"))["Enforced by"])
    files = [name for name in named if "/" in name or name.endswith((".toml", ".py"))]
    assert files, "a decision that nothing enforces is a wish"
    assert [name for name in files if not (ROOT / name).exists()] == []


def test_the_facts_of_a_decision_name_no_person() -> None:
    names = {field.name for field in dataclasses.fields(Facts)}
    assert names == {
        "controller", "requesting_body", "unit", "role", "qualification", "operation", "data_class", "purpose",
        "ground", "camera", "areas", "window", "span_s", "at", "obstacles",
    }  # fmt: skip


def test_the_glossary_gives_each_of_our_words_an_italian_one() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", (DOCS / "glossary.md").read_text(encoding="utf-8"), re.M
    )
    entries = {word: italian for word, italian, _ in rows if word not in {"word", "---"}}
    assert [word for word in OUR_WORDS if word not in entries] == []
    assert all(italian.strip() for italian in entries.values())
    assert len(entries) == len([row for row in rows if row[0] not in {"word", "---"}]), "a word stands twice"


@pytest.mark.parametrize("path", [*DECISIONS, DOCS / "glossary.md", DOCS / "rows.csv"], ids=lambda path: path.name)
def test_a_row_cited_in_a_document_exists(path: Path) -> None:
    rows = {row.row for row in read_rows(DOCS / "rows.csv")}
    assert set(ROW_FORM.findall(path.read_text(encoding="utf-8"))) - rows == set()


def test_every_reason_cited_in_a_decision_is_a_reason() -> None:
    cited = {
        word for path in DECISIONS for word in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", path.read_text(encoding="utf-8"))
    }
    assert cited <= {str(reason) for reason in terms.Reason}
    assert "engine-fault" in cited
