"""The requirements page claims only what tests name, and notices marks that cannot be right."""

from pathlib import Path

import pytest

from tools.requirements_report import ReportError, build, main, marked_rows

ROWS = "row,how,text\nPM-3.1,I,grounds\nPM-3.10,I,workstations\nLEV-6.1,S,reviews\nMC-2.4,R,lead body\nMC-2.2,C,annex\n"


def tree(root: Path, **tests: str) -> Path:
    for package in ("conventions", "policies", "adapters", "broker", "tests", "docs"):
        (root / package).mkdir()
    (root / "docs" / "rows.csv").write_text(ROWS)
    for name, source in tests.items():
        (root / "tests" / f"{name}.py").write_text(source)
    return root


def line(page: str, row: str) -> list[str]:
    (found,) = [text for text in page.splitlines() if text.startswith(f"| {row} |")]
    return [cell.strip() for cell in found.strip("|").split("|")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@pytest.mark.requirement('PM-3.1')\ndef test_a(): ...", [("PM-3.1", "f::test_a")]),
        ("@pytest.mark.requirement('PM-3.1')\nasync def test_a(): ...", [("PM-3.1", "f::test_a")]),
        (
            "@pytest.mark.requirement('PM-3.1', 'LEV-6.1')\ndef test_a(): ...",
            [("PM-3.1", "f::test_a"), ("LEV-6.1", "f::test_a")],
        ),
        (
            "@pytest.mark.requirement(['PM-3.1', 'LEV-6.1'])\ndef test_a(): ...",
            [("PM-3.1", "f::test_a"), ("LEV-6.1", "f::test_a")],
        ),
        (
            "@pytest.mark.requirement('PM-3.1')\nclass TestA:\n @mark.requirement('LEV-6.1')\n def test_b(self): ...",
            [("PM-3.1", "f::TestA"), ("LEV-6.1", "f::TestA::test_b")],
        ),
        ("pytestmark = pytest.mark.requirement('PM-3.1')", [("PM-3.1", "f")]),
        (
            "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.requirement('PM-3.1'))])\n"
            "def test_a(x): ...",
            [("PM-3.1", "f::test_a")],
        ),
        ("def test_a(): ...", []),
        ("# @pytest.mark.requirement('PM-3.1')\ndef test_a(): ...", []),
        ("@pytest.mark.parametrize('requirement', ['PM-3.1'])\ndef test_a(requirement): ...", []),
    ],
)
def test_marks_are_read_wherever_pytest_reads_them(source: str, expected: list[tuple[str, str]]) -> None:
    assert sorted(marked_rows(source, "f")) == sorted(expected)


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.requirement()\ndef test_a(): ...",
        "@pytest.mark.requirement(ROW)\ndef test_a(): ...",
        "@pytest.mark.requirement(f'PM-{n}')\ndef test_a(): ...",
        "@pytest.mark.requirement(3.1)\ndef test_a(): ...",
        "@pytest.mark.requirement(row='PM-3.1')\ndef test_a(): ...",
        "@pytest.mark.requirement('PM-3.1')\ndef helper(): ...",
        "@pytest.mark.requirement('PM-3.1')\nclass World: ...",
    ],
)
def test_a_mark_that_cannot_be_right_is_an_error(source: str) -> None:
    with pytest.raises(ReportError):
        list(marked_rows(source, "f"))


def test_a_state_follows_from_the_letter_and_from_a_test(tmp_path: Path) -> None:
    marked = "@pytest.mark.requirement('PM-3.1', 'LEV-6.1', 'MC-2.4', 'MC-2.2')\ndef test_a(): ...\n"
    page = build(tree(tmp_path, test_a=marked))
    assert line(page, "PM-3.1") == ["PM-3.1", "grounds", "enforced", "", "`tests/test_a.py::test_a`"]
    assert [line(page, row)[2] for row in ("LEV-6.1", "MC-2.4", "MC-2.2")] == ["supported", "recorded", "checked"]
    assert line(page, "PM-3.10") == ["PM-3.10", "workstations", "open", "", ""]
    assert "| 1 | 1 | 1 | 1 | 1 | 5 |" in page


def test_a_module_is_listed_under_the_rows_it_cites(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "policies" / "reasons.py").write_text('"""Source: PM-3.10."""\n')
    page = build(root)
    assert line(page, "PM-3.10")[3] == "`policies/reasons.py`"
    assert line(page, "PM-3.1")[3] == "", "3.1 is not the beginning of 3.10"


def test_the_vocabulary_names_sources_and_claims_nothing(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "conventions" / "terms").mkdir()
    (root / "conventions" / "terms" / "reasons.py").write_text('GROUND = "ground-missing", "PM-3.1"\n')
    assert line(build(root), "PM-3.1")[3] == ""


def test_a_mark_naming_no_row_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"test_a.*PM-3\.99"):
        build(tree(tmp_path, test_a="@pytest.mark.requirement('PM-3.99')\ndef test_a(): ...\n"))


def test_a_module_citing_no_row_is_an_error(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "broker" / "pipeline.py").write_text('"""Source: PM-3.99."""\n')
    with pytest.raises(ReportError, match=r"pipeline.*PM-3\.99"):
        build(root)


def test_a_mark_in_a_file_that_pytest_does_not_collect_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="does not collect"):
        build(tree(tmp_path, world="@pytest.mark.requirement('PM-3.1')\ndef test_a(): ...\n"))


@pytest.mark.parametrize("bad", ["PM-3.1,I,again\n", "PM-4.1,X,letter\n", "PM-4,I,number\n", "PM-4.1,I,\n"])
def test_a_list_of_rows_that_cannot_be_right_is_an_error(tmp_path: Path, bad: str) -> None:
    root = tree(tmp_path)
    (root / "docs" / "rows.csv").write_text(ROWS + bad)
    with pytest.raises(ReportError):
        build(root)


def test_check_tells_a_stale_page_from_a_fresh_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path)
    assert main(["--check"], root) == 1, "there is no page yet"
    assert main([], root) == 0
    assert main(["--check"], root) == 0
    (root / "tests" / "test_a.py").write_text("@pytest.mark.requirement('PM-3.1')\ndef test_a(): ...\n")
    before = (root / "docs" / "requirements.md").read_text()
    assert main(["--check"], root) == 1
    assert "stale" in capsys.readouterr().err
    assert (root / "docs" / "requirements.md").read_text() == before, "checking writes nothing"


def test_an_error_is_told_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path, test_a="@pytest.mark.requirement('PM-3.99')\ndef test_a(): ...\n")
    assert main([], root) == 2
    assert "PM-3.99" in capsys.readouterr().err
    assert not (root / "docs" / "requirements.md").exists()
