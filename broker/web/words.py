"""Values as people read them: vocabularies, durations, dates, reasons. The filters of the templates."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import EnumMeta
from functools import cache, partial
from typing import Any

from babel.dates import format_date

from broker.evidence import Case
from broker.problems import PROBLEMS
from broker.refusals import sentence
from broker.web.languages import translations
from broker.web.walltime import form_local, in_words
from conventions import terms
from conventions.calendars import parts
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION
from conventions.spans import INSTANT_FORM, parse_instant
from conventions.terms import Reason, Word

MINUTES_A_DAY = 24 * 60
_DATE_FORM = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_DURATION_FORM = re.compile(r"P(?=\d|T\d)[\dYMDTH]+\Z", re.ASCII)


def filters(language: str) -> dict[str, Callable[..., Any]]:
    """The filters of one language."""
    return {
        "moment": partial(in_words, language=language),
        "clock": partial(in_words, language=language, pattern="HH:mm"),
        "clock_s": partial(in_words, language=language, pattern="HH:mm:ss"),
        "date_words": partial(_date, language),
        "form_local": form_local,
        "word": partial(word, language),
        "told": partial(told, language),
        "body": partial(body, language),
        "said": partial(said, language),
        "failure": partial(failure, language),
        "lasting": partial(length, language),
        "owes_reference": owes_reference,
    }


def word(language: str, text: Any) -> str:
    """A word of a closed vocabulary in the person's language; anything else as it stands."""
    known = _vocabulary().get(str(text))
    if known is None:
        return str(text)
    return known.italian if language == "it" else str(known).replace("-", " ").replace(".", ": ")


def body(language: str, identifier: str, names: Mapping[str, str]) -> str:
    """A body by its name; one that no document names keeps its code."""
    if identifier == INSTALLATION:
        return translations(language).gettext("This installation").lower()
    return names.get(identifier, identifier)


def said(language: str, text: str, names: Mapping[str, str]) -> str:
    """A value of a document as a person reads it: word, body, duration, date, instant; else as it stands."""
    if text in names:
        return names[text]
    if INSTANT_FORM.match(text):
        return in_words(parse_instant(text), language, "d MMMM y, HH:mm")
    if _DATE_FORM.match(text):
        return _date(language, text)
    if _DURATION_FORM.match(text):
        return length(language, text)
    catalogue = translations(language)
    if text in ("true", "false"):
        return catalogue.gettext("yes") if text == "true" else catalogue.gettext("no")
    return word(language, text)


def told(language: str, reason: str) -> dict[str, str]:
    """A reason as a person is told it: one sentence, the article, whom to ask."""
    words = sentence(Reason(reason))
    if language == "it":
        return {"sentence": words.italian, "article": words.article, "ask": words.ask}
    return {"sentence": words.english, "article": words.article_english, "ask": words.ask_english}


def failure(language: str, fault: Fault) -> str:
    """What failed."""
    return PROBLEMS[fault.kind].title if language == "it" else FaultKind(fault.kind).replace("-", " ")


def length(language: str, duration: str | timedelta) -> str:
    """A duration in words, of a document or of a form."""
    months_count, exact = (0, duration) if isinstance(duration, timedelta) else parts(duration)
    minutes_count = int(exact.total_seconds()) // 60
    days_count, rest_count = divmod(minutes_count, MINUTES_A_DAY)
    catalogue = translations(language)
    said = (
        (months_count // 12, catalogue.ngettext("%(num)s year", "%(num)s years", months_count // 12)),
        (months_count % 12, catalogue.ngettext("%(num)s month", "%(num)s months", months_count % 12)),
        (days_count, catalogue.ngettext("%(num)s day", "%(num)s days", days_count)),
        (rest_count // 60, catalogue.ngettext("%(num)s hour", "%(num)s hours", rest_count // 60)),
        (rest_count % 60, catalogue.ngettext("%(num)s minute", "%(num)s minutes", rest_count % 60)),
    )
    return " ".join(text % {"num": count} for count, text in said if count)


def owes_reference(case: Case) -> bool:
    """Whether the case's reference is still to come."""
    return case.reference is None and case.reference_due_utc is not None


def _date(language: str, day: str) -> str:
    return str(format_date(date.fromisoformat(day), "d MMMM y", locale=language))


@cache
def _vocabulary() -> dict[str, Word]:
    """Every word of every vocabulary; where two share a spelling the first keeps it."""
    words: dict[str, Word] = {}
    for name in terms.__all__:
        vocabulary = getattr(terms, name)
        if isinstance(vocabulary, EnumMeta) and issubclass(vocabulary, Word):
            for member in vocabulary:
                words.setdefault(str(member), member)
    return words
