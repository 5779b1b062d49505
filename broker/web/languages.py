"""The languages of the pages. The words of the sources are English; people see the Italian catalogue first.

``locale/it/LC_MESSAGES/varco.po`` is committed, its compiled form is made at set-up by
``python -m broker.web.languages``. Without it the pages refuse to start rather than speak the wrong language.
"""

import sys
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from conventions.faults import Fault, FaultKind

LOCALE = Path(__file__).parent / "locale"
DOMAIN = "varco"
LANGUAGES = ("it", "en")
COOKIE = "varco_lingua"


def compile_catalogues(folder: Path = LOCALE) -> tuple[Path, ...]:
    """Compile every catalogue; gives the files written."""
    written = []
    for source in sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parts[-3], domain=DOMAIN)
        target = source.with_suffix(".mo")
        with target.open("wb") as binary:
            write_mo(binary, catalogue)
        written.append(target)
    return tuple(written)


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language.

    Raises:
        Fault: ``settings-invalid`` when it was not compiled.
    """
    if language == "en":
        return NullTranslations()
    file = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
    if not file.is_file():
        raise Fault(FaultKind.SETTINGS_INVALID, "run python -m broker.web.languages", where=f"{DOMAIN}.mo")
    with file.open("rb") as binary:
        return GNUTranslations(binary)


def chosen(cookie: str | None) -> str:
    """The language that a person chose; Italian otherwise, whatever the browser says."""
    return cookie if cookie in LANGUAGES else LANGUAGES[0]


if __name__ == "__main__":
    sys.stdout.write(f"{len(compile_catalogues())} catalogues compiled\n")
