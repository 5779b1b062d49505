"""Every entry has a class of retention from the first one; terms only grow."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.ledger.homes import Home
from broker.ledger.ledger import Ledger
from broker.ledger.retention import LEAST, RetentionClass, Term, retention_class, terms_of
from conventions.faults import Fault, FaultKind
from tests.ledger import made
from tests.ledger.made import TOWN, Town


@pytest.mark.requirement("PM-3.3")
@pytest.mark.parametrize(
    ("kind", "regime", "expected"),
    [
        ("decision", "led", "led"), ("decision", "both", "led"), ("decision", "gdpr", "access"),
        ("decision", None, "led"), ("closing", "led", "led"), ("closing", "gdpr", "access"),
        ("opening", "led", "led"), ("erasure", None, "led"), ("session", None, "session"),
        ("administration", None, "administration"), ("fault", None, "administration"),
        ("checkpoint-key-rotation", None, "administration"),
    ],
)  # fmt: skip
def test_the_class_follows_from_kind_and_regime(kind, regime, expected):
    assert retention_class(kind, regime) == expected


@pytest.mark.requirement("PM-3.3")
def test_police_entries_stay_five_years_whatever_the_online_time():
    terms = terms_of({"access": "P180D"})
    assert terms[RetentionClass.LED] == Term("P5Y")
    with pytest.raises(Fault) as caught:
        terms_of({"led": "P180D"})
    assert caught.value.kind is FaultKind.SETTINGS_INVALID


@pytest.mark.requirement("PM-3.3")
async def test_the_class_stands_in_the_first_entry(ledger: Ledger):
    await ledger.record(made.permit(regime="gdpr", two_key=False))
    await ledger.record(made.permit(regime="led"))
    assert [entry.body["retention"] for entry in ledger.entries(TOWN)] == ["access", "led"]


def test_180_days_are_not_six_months():
    assert not Term("P180D").at_least(Term("P6M"))
    assert Term("P184D").at_least(Term("P6M"))
    assert Term("P6M").at_least(Term("P180D"))
    assert Term("P6M").at_least(Term("P6M"))
    assert Term("P60M").days == Term("P5Y").days == (1826, 1827)


@given(st.integers(1, 130), st.integers(2001, 2090), st.integers(1, 12))
def test_no_months_are_shorter_or_longer_than_said(months, year, month):
    later = year * 12 + month - 1 + months
    if later // 12 < 2100:
        length = (date(later // 12, later % 12 + 1, 1) - date(year, month, 1)).days
        least, most = Term(f"P{months}M").days
        assert least <= length <= most


@pytest.mark.parametrize("text", ["", "P0D", "180", "P6W", "P-1D", "P1.5Y", "p6m", "P6M "])
def test_a_term_has_one_form(text):
    with pytest.raises(Fault):
        Term(text)


def test_an_unknown_class_is_refused():
    with pytest.raises(Fault):
        terms_of({"forever": "P6M"})


def configured(town: Town, **terms: str) -> Ledger:
    homes = [Home(TOWN, home.folder, home.keys, terms) if home.controller == TOWN else home for home in town.homes]
    return Ledger(made.INSTALLATION_NAME, homes, town.clock)


async def test_a_longer_term_is_taken_and_written_down(town: Town):
    ledger = configured(town, access="P12M")
    ledger.start()
    entry = ledger.reading(TOWN).entry(0).body
    assert (entry["kind"], entry["changed"]) == ("administration", ["retention.access"])
    assert entry["retention_access"] == "P12M"
    ledger.stop()
    ledger.start()
    assert ledger.reading(TOWN).size() == 1
    ledger.stop()


async def test_a_shorter_term_than_before_stops_the_start(town: Town):
    ledger = configured(town, access="P12M")
    ledger.start()
    ledger.stop()
    with pytest.raises(Fault) as caught:
        configured(town, access="P6M").start()
    assert caught.value.kind is FaultKind.SETTINGS_INVALID
    again = configured(town, access="P12M")
    again.start()
    again.stop()


def test_every_class_has_a_least_term():
    assert set(LEAST) == set(RetentionClass)
