"""The shape of a closed word: its identifier, its Italian term, and where it comes from."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A member of a closed vocabulary.

    The value stands as data exactly as the documents write it; the member's name is the value in upper
    case with every ``-`` and ``.`` turned into ``_``. ``source`` is a requirement row (``PM-3.2``), an
    article of a source text (``LEV art. 14``) or a section of the design.
    """

    italian: str
    source: str

    def __new__(cls, value: str, italian: str = "", source: str = "") -> Self:
        """Keep the term and the source beside the value."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.italian = italian
        word.source = source
        return word
