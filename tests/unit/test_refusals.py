"""Every reason can be said to a person: one sentence, an article, whom to ask."""

from importlib.resources import files

import pytest

from broker.refusals import Told, read_catalogue, sentence
from conventions.faults import Fault, FaultKind
from conventions.terms import Reason

CATALOGUE = files("broker").joinpath("refusals.toml").read_text(encoding="utf-8")
BLAME = ("sbagliat", "errore", "vietato a lei", "colpa", "illecit", "wrong", "your fault", "illegal", "mistake")


def sentences(told: Told) -> tuple[str, str]:
    return told.italian, told.english


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_is_one_sentence_in_each_language(reason: Reason) -> None:
    for text in sentences(sentence(reason)):
        assert text[0].isupper()
        assert text.endswith(".")
        assert text.count(". ") == 0
        assert len(text) <= 120
        assert reason not in text, "a person reads words, not codes"


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_names_an_article_and_whom_to_ask(reason: Reason) -> None:
    told = sentence(reason)
    assert all((told.article, told.article_english, told.ask, told.ask_english))
    assert told.ask_role


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_blames_nobody(reason: Reason) -> None:
    for text in sentences(sentence(reason)):
        assert not [word for word in BLAME if word in text.lower()]


def test_an_unknown_camera_and_one_outside_the_deed_read_alike() -> None:
    assert sentence(Reason.RESOURCE_UNKNOWN) == sentence(Reason.OUTSIDE_TERRITORY)


def test_other_reasons_do_not_read_alike() -> None:
    italian = [sentence(reason).italian for reason in Reason if reason is not Reason.RESOURCE_UNKNOWN]
    assert len(set(italian)) == len(italian)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[reason.no-convention]", "[reason.no-such-reason]"),
        ('norm = "convention-6"', 'norm = "no-such-norm"'),
        ('ask = "hub-manager"', 'ask = "somebody"'),
        ('same_as = "outside-territory"', 'same_as = "no-such-reason"'),
        ('[reason.no-convention]\nit = "', '[reason.no-convention]\ntone = "'),
        ("[norms]", "[norms"),
        ('mayor = ["il Sindaco, che firma per il titolare", ', "mayor = ["),
    ],
)
def test_a_catalogue_with_a_gap_is_refused(old: str, new: str) -> None:
    assert old in CATALOGUE
    with pytest.raises(Fault) as caught:
        read_catalogue(CATALOGUE.replace(old, new))
    assert caught.value.kind is FaultKind.SETTINGS_INVALID
