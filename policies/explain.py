"""Every rule near a question, and for each the columns that do not match: what ``varco policy explain`` prints.

Pure. For the DPO and the auditor; a refused operator is told a sentence, not this.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.facts import Facts
from policies.reasons import COLUMNS
from policies.rules import Rule


@dataclass(frozen=True, slots=True)
class Comparison:
    """One rule against one question. ``missing`` is empty when every column matches."""

    rule: Rule
    missing: tuple[str, ...]


def explain(rules: Iterable[Rule], facts: Facts) -> tuple[Comparison, ...]:
    """Compare each rule with the question; the nearest first."""
    compared = [Comparison(rule, _missing(rule, facts)) for rule in rules]
    return tuple(sorted(compared, key=lambda found: (len(found.missing), found.rule)))


def _missing(rule: Rule, facts: Facts) -> tuple[str, ...]:
    missing = [column for column, test in COLUMNS if not test(rule, facts)]
    if facts.at < rule.not_before:
        missing.append("not_before")
    if facts.at >= rule.not_after:
        missing.append("not_after")
    if facts.obstacles:
        missing.append("standing")
    return tuple(missing)
