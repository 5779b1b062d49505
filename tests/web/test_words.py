"""The catalogue says every word of the pages in Italian; values are said as people read them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from broker.web.languages import LOCALE, chosen, translations
from broker.web.walltime import Stretch, Wanted, form_local, parse_local, span_wanted
from broker.web.words import body, length, said, word
from conventions.faults import Fault
from conventions.terms import Operation, Purpose

BROKER = Path(__file__).parents[2] / "broker"
NAMES = {"c_g917": "Comune di Porto Mantovano"}
NOW = datetime(2026, 11, 23, 1, 40, tzinfo=UTC)


def catalogue() -> Catalog:
    with (LOCALE / "it" / "LC_MESSAGES" / "varco.po").open("rb") as text:
        return read_po(text, locale="it")


def test_every_message_of_the_pages_stands_in_the_italian_catalogue() -> None:
    methods = [("web/**.py", "python"), ("web/templates/**.html", "jinja2")]
    options = {"web/templates/**.html": {"trimmed": "true", "encoding": "utf-8", "silent": "false"}}
    found = {message for _, _, message, _, _ in extract_from_dir(str(BROKER), methods, options)}
    known = {tuple(one.id) if isinstance(one.id, list | tuple) else one.id for one in catalogue() if one.id}
    assert found - known == set()
    assert known - found == set()


def test_no_message_is_left_untranslated_or_doubtful() -> None:
    for message in catalogue():
        if message.id:
            assert all(message.string if isinstance(message.string, tuple) else [message.string]), message.id
            assert not message.fuzzy, message.id


def test_placeholders_survive_translation() -> None:
    for message in catalogue():
        assert not list(message.check(catalogue())), message.id


def test_the_pages_speak_the_committed_catalogue() -> None:
    assert translations("it").gettext("Plate") == "Targa"
    assert translations("en").gettext("Plate") == "Plate"


@pytest.mark.parametrize(
    ("duration", "italian", "english"),
    [
        ("P3D", "3 giorni", "3 days"),
        ("PT2H", "2 ore", "2 hours"),
        ("P12M", "1 anno", "1 year"),
        ("PT1H30M", "1 ora 30 minuti", "1 hour 30 minutes"),
    ],
)
def test_durations_are_said_in_words(duration: str, italian: str, english: str) -> None:
    assert length("it", duration) == italian
    assert length("en", duration) == english


def test_a_word_outside_the_vocabularies_stands_as_it_is() -> None:
    assert word("it", Purpose.URBAN_SECURITY) == "sicurezza urbana"
    assert word("it", str(Operation.LIVE_VIEW)) == "vedere in tempo reale"
    assert word("it", "via Roma - lato nord") == "via Roma - lato nord"


def test_values_of_documents_are_said_as_people_read_them() -> None:
    assert said("it", "c_g917", NAMES) == "Comune di Porto Mantovano"
    assert said("it", "2026-01-27", NAMES) == "27 gennaio 2026"
    assert said("it", "P7D", NAMES) == "7 giorni"
    assert said("it", "PS", NAMES) == "PS"
    assert said("it", "true", NAMES) == "sì"
    assert body("it", "installation", NAMES) == "questa installazione"


def test_the_hour_that_comes_twice_is_read_as_the_wider_span() -> None:
    asked = Wanted(Stretch.CHOSEN, "2026-10-25T02:30", "2026-10-25T02:30")
    assert span_wanted(asked, NOW).length == timedelta(hours=1)


def test_a_span_does_not_reach_into_the_future() -> None:
    asked = Wanted(Stretch.CHOSEN, form_local(NOW - timedelta(hours=1)), form_local(NOW + timedelta(hours=5)))
    assert span_wanted(asked, NOW).end_utc == NOW


def test_the_longest_choice_stays_within_seven_days_when_the_decision_comes_later() -> None:
    assert span_wanted(Wanted(Stretch.WEEK), NOW).start_utc > NOW - timedelta(days=7)


@pytest.mark.parametrize("text", ["", "ieri", "2026-13-01T00:00", "2026-11-23"])
def test_what_is_no_local_time_is_refused(text: str) -> None:
    with pytest.raises(Fault):
        parse_local(text, "dal")


def test_only_a_chosen_language_replaces_italian() -> None:
    assert [chosen(None), chosen("fr"), chosen("en")] == ["it", "it", "en"]
