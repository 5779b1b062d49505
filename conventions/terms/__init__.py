"""Closed vocabularies: every word that a signed document, a request or a ledger entry may use.

A word outside these lists is refused where it enters (``vocabulary-unknown``); nothing may add one at
run time. The Italian term stands once, on the member.
"""

from conventions.terms.data_classes import DataClass
from conventions.terms.kinds import DocumentKind, OrgType, Regime
from conventions.terms.operations import Operation
from conventions.terms.precedence import PRECEDENCE, PRECEDENCE_GROUPS, primary
from conventions.terms.purposes import Ground, Purpose
from conventions.terms.reasons import LAW_REASONS, SYSTEM_REASONS, Reason
from conventions.terms.roles import Role
from conventions.terms.word import Word

__all__ = [
    "LAW_REASONS",
    "PRECEDENCE",
    "PRECEDENCE_GROUPS",
    "SYSTEM_REASONS",
    "DataClass",
    "DocumentKind",
    "Ground",
    "Operation",
    "OrgType",
    "Purpose",
    "Reason",
    "Regime",
    "Role",
    "Word",
    "primary",
]
