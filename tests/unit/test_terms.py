"""The vocabularies are closed, named by one rule, and every reason has its place in the order."""

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import terms
from conventions.faults import FaultKind
from conventions.terms import (
    LAW_REASONS,
    PRECEDENCE,
    PRECEDENCE_GROUPS,
    SYSTEM_REASONS,
    DataClass,
    DocumentKind,
    Ground,
    Operation,
    OrgType,
    Purpose,
    Reason,
    Regime,
    Role,
    Word,
    primary,
)

VOCABULARIES = (Purpose, Ground, Operation, DataClass, Role, Reason, Regime, OrgType, DocumentKind)
WORDS = [word for vocabulary in VOCABULARIES for word in vocabulary]
ROWS = Path(__file__).parents[2] / "docs" / "rows.csv"


def ids(word: Word) -> str:
    return f"{type(word).__name__}.{word.name}"


@pytest.mark.parametrize("word", WORDS, ids=ids)
def test_a_word_is_named_after_its_identifier(word: Word) -> None:
    assert word.name == re.sub(r"[-.]", "_", word.value).upper()
    assert re.fullmatch(r"[a-z][a-z0-9]*(?:[-.][a-z0-9]+)*", word.value)


@pytest.mark.parametrize("word", WORDS, ids=ids)
def test_a_word_is_plain_text_with_an_italian_term_and_a_source(word: Word) -> None:
    assert str(word) == word.value == f"{word}"
    assert type(word)(word.value) is word
    assert word.italian.strip()
    assert word.source.strip()


@pytest.mark.parametrize("vocabulary", VOCABULARIES, ids=lambda vocabulary: vocabulary.__name__)
@pytest.mark.parametrize("text", ["", "*", "no-such-word", " urban-security", "urban-security\n", "URBAN-SECURITY"])
def test_a_word_outside_the_vocabulary_does_not_exist(vocabulary: type[Word], text: str) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        vocabulary(text)


def test_no_vocabulary_has_an_alias() -> None:
    for vocabulary in VOCABULARIES:
        assert len(vocabulary.__members__) == len(list(vocabulary))


def test_the_vocabularies_have_the_size_of_the_signed_texts() -> None:
    sizes = {vocabulary.__name__: len(vocabulary) for vocabulary in VOCABULARIES}
    assert sizes == {
        "Purpose": 42,
        "Ground": 4,
        "Operation": 82,
        "DataClass": 39,
        "Role": 41,
        "Reason": 72,
        "Regime": 3,
        "OrgType": 12,
        "DocumentKind": 17,
    }


def test_every_row_that_a_word_cites_exists() -> None:
    with ROWS.open(encoding="utf-8", newline="") as lines:
        rows = {line["row"] for line in csv.DictReader(lines)}
    cited = {row for word in WORDS for row in re.findall(r"(?:MC|PM|LEV|BEL)-[A-Z0-9]+\.\d+[a-z]?", word.source)}
    assert cited - rows == set()


def test_the_types_of_the_closed_list_stand_in_the_order_of_the_text() -> None:
    numbered = [int(word.source.split("n. ")[1]) for word in Operation if word.source.startswith("LEV art. 14 n.")]
    assert numbered == list(range(1, 26))


def test_every_purpose_proposes_a_regime() -> None:
    assert {purpose.proposed_regime for purpose in Purpose} == set(Regime)
    assert Purpose.CRIME_PREVENTION_REPRESSION.proposed_regime is Regime.LED
    assert Purpose.ROAD_SAFETY.proposed_regime is Regime.GDPR


def test_the_reasons_are_the_laws_and_the_systems_and_each_of_the_systems_is_a_fault() -> None:
    assert LAW_REASONS | SYSTEM_REASONS == set(Reason)
    assert LAW_REASONS & SYSTEM_REASONS == set()
    assert {str(reason) for reason in SYSTEM_REASONS} == {kind.value for kind in FaultKind} & set(Reason)


def test_every_reason_has_exactly_one_place_in_the_order() -> None:
    assert len(PRECEDENCE) == len(set(PRECEDENCE))
    assert set(PRECEDENCE) == set(Reason)


def test_the_order_asks_who_before_what_and_the_machinery_last() -> None:
    assert [name for name, _ in PRECEDENCE_GROUPS] == [
        "session",
        "caller and operator",
        "requesting body",
        "deed",
        "completeness of the request",
        "content of the deed",
        "camera and time",
        "data state",
        "minimisation and quantity",
        "obligation",
        "system",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Reason.SESSION_ENDED, Reason.OPERATOR_NOT_LISTED),
        (Reason.OPERATOR_NOT_LISTED, Reason.NO_CONVENTION),
        (Reason.CONTROLLER_SEPARATION, Reason.NO_CONVENTION),
        (Reason.NO_CONVENTION, Reason.CONVENTION_SUSPENDED),
        (Reason.CONVENTION_SUSPENDED, Reason.CONVENTION_WITHDRAWN),
        (Reason.CONVENTION_WITHDRAWN, Reason.CONVENTION_EXPIRED),
        (Reason.CONVENTION_EXPIRED, Reason.LEGAL_BASIS_EXPIRED),
        (Reason.LEGAL_BASIS_EXPIRED, Reason.PURPOSE_MISSING),
        (Reason.GROUND_MISSING, Reason.APPLICANT_NOT_ENTITLED),
        (Reason.APPLICANT_NOT_ENTITLED, Reason.CLASS_NOT_GRANTED),
        (Reason.CLASS_NOT_GRANTED, Reason.OPERATION_UNKNOWN),
        (Reason.OPERATION_UNKNOWN, Reason.ROLE_NOT_GRANTED),
        (Reason.ROLE_NOT_GRANTED, Reason.LEVEL_INSUFFICIENT),
        (Reason.LEVEL_INSUFFICIENT, Reason.PURPOSE_NOT_GRANTED),
        (Reason.PURPOSE_NOT_GRANTED, Reason.OUTSIDE_TERRITORY),
        (Reason.OUTSIDE_TERRITORY, Reason.CAMERA_TIME_WINDOW),
        (Reason.CAMERA_TIME_WINDOW, Reason.RETENTION_ELAPSED),
        (Reason.RETENTION_ELAPSED, Reason.MINIMISATION),
        (Reason.BULK_DUPLICATION, Reason.AUTHORISATION_MISSING),
        (Reason.SUPERVISOR_ABSENT, Reason.ENGINE_FAULT),
    ],
)
def test_of_two_reasons_the_one_that_comes_first_is_primary(first: Reason, second: Reason) -> None:
    assert primary([second, first]) is first


@given(st.lists(st.sampled_from(list(Reason)), min_size=1, max_size=8))
def test_the_primary_reason_is_the_highest_in_the_table_however_they_were_found(found: list[Reason]) -> None:
    assert primary(found) is next(reason for reason in PRECEDENCE if reason in found)


def test_a_refusal_without_a_reason_is_a_bug() -> None:
    with pytest.raises(ValueError, match="empty"):
        primary([])


def test_all_that_the_package_names_it_has() -> None:
    assert all(hasattr(terms, name) for name in terms.__all__)
