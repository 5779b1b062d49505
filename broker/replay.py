"""Fidelity replay: every recorded decision, put again to the rules of its day, must come out the same.

1. Read the facts as they were recorded: they carry no person, so no sealed part is opened.
2. Recall the generation that the entry names.
3. Ask again, decision and reasons, and compare.

A decision without facts (a fault before any question was put) is *undecidable*, never counted as the same. What
differs is listed in ``docs/decider-changes.md`` or is an incident. Source: design 7; PM-3.5, MC-3.1c.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from broker.decision.decide import too_many
from broker.storage.archive import recall
from conventions.faults import Fault
from conventions.terms import Reason
from policies.engine import Engine
from policies.facts import Facts, by_precedence
from policies.reasons import answering, why


class Verdict(StrEnum):
    """What a replayed decision shows."""

    IDENTICAL = "identical"
    DIFFERENT = "different"
    UNDECIDABLE = "undecidable"


@dataclass(frozen=True, slots=True)
class Replayed:
    """One decision, replayed. ``seen`` and ``recorded`` are the decision with its reasons."""

    index: int
    verdict: Verdict
    recorded: str
    seen: str


Recall = Callable[[str], Engine]


def recalling(folder: Path) -> Recall:
    """Engines of past generations, a few kept at a time."""

    @lru_cache(maxsize=8)
    def engine(digest: str) -> Engine:
        return Engine(recall(folder, digest))

    return engine


def replay(entries: Iterable[tuple[int, Mapping[str, Any]]], recall_engine: Recall) -> Iterator[Replayed]:
    """Replay the decisions among some entries, in order."""
    for index, body in entries:
        if body.get("kind") == "decision":
            yield _replayed(index, body, recall_engine)


def _replayed(index: int, body: Mapping[str, Any], recall_engine: Recall) -> Replayed:
    recorded = _said(str(body["decision"]), tuple(body["reasons"]))
    questions = [facts_of(plain) for plain in body["facts"]]
    if not questions:
        return Replayed(index, Verdict.UNDECIDABLE, recorded, "no facts were recorded")
    try:
        engine = recall_engine(str(body["generation"]))
    except Fault as fault:
        return Replayed(index, Verdict.UNDECIDABLE, recorded, fault.detail)
    found: set[Reason] = set()
    answers = [engine.ask(facts) for facts in questions]
    for facts, answer in zip(questions, answers, strict=True):
        if not answer.allowed:
            found |= set(why(engine.between(facts.controller, facts.requesting_body), facts))
    clauses = [answer.clause for answer in answers]
    named = [str(clause) for clause in body.get("clauses", ())]
    if not found and named != clauses and _would_do(named, questions, engine):
        clauses = named  # of several clauses that allow the same, the one of the person's own deed
    if not found and too_many([engine.terms(clause) for clause in clauses]):
        found.add(Reason.MINIMISATION)
    seen = _said("refuse" if found else "permit", by_precedence(found))
    return Replayed(index, Verdict.IDENTICAL if seen == recorded else Verdict.DIFFERENT, recorded, seen)


def _would_do(clauses: list[str], questions: list[Facts], engine: Engine) -> bool:
    """Whether each clause that an entry names allows its question."""
    return len(clauses) == len(questions) and all(
        any(rule.clause == clause for rule in answering(engine.between(one.controller, one.requesting_body), one))
        for clause, one in zip(clauses, questions, strict=True)
    )


def facts_of(plain: Mapping[str, Any]) -> Facts:
    """Facts as an entry holds them."""
    held = dict(plain)
    held["areas"] = tuple(held["areas"])
    held["obstacles"] = tuple(Reason(word) for word in held["obstacles"])
    return Facts(**held)


def _said(decision: str, reasons: tuple[str, ...]) -> str:
    return f"{decision} {', '.join(reasons)}".strip()
