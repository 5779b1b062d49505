"""The languages of the pages. The words of the sources are English; people see the Italian catalogue first.

The catalogue is ``locale/it/LC_MESSAGES/varco.po``; it is compiled in memory at the first page, so that no compiled
form can be missing or older than the words. New words: ``docs/web.md``.
"""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("it", "en")
COOKIE = "varco_lingua"


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; the words of the sources are English already."""
    if language == "en":
        return NullTranslations()
    with (LOCALE / language / "LC_MESSAGES" / "varco.po").open("rb") as text:
        catalogue = read_po(text, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def chosen(cookie: str | None) -> str:
    """The language that a person chose; Italian otherwise, whatever the browser says."""
    return cookie if cookie in LANGUAGES else LANGUAGES[0]
