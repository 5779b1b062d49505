"""The shape of a finding before its values are filled in."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding before its values are filled in."""

    severity: Severity
    row: str
    it: str
    en: str
    mend: str
    mend_en: str
