"""The rules of one generation, asked through small slices: index first, then Casbin.

1. The pair of bodies, operation, purpose, data class and place of a question name a *slice*: every rule that could
   match it, about ten. An unknown key has no slice and is refused.
2. A slice is an enforcer of its own, built when it is first asked, never changed. A failure there refuses.
3. Casbin's answer alone is remembered, by the facts, from the last to the next instant at which a rule of the slice
   begins or ends: between the two it cannot change, whichever way the clock moves.
4. A new generation takes over slices and answers of every pair of bodies whose rules are the same.

INVARIANT: an ``Engine`` answers for one generation for ever; publishing makes another and swaps one reference.
Source: design 4 and 11; MC-3.1c.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from threading import Lock

from conventions.faults import Fault, FaultKind
from conventions.spans import BEGINNING, NEVER
from policies import matcher
from policies.bundle import EMPTY, Bundle, Generation, Pair, between
from policies.facts import NONE, Facts
from policies.matcher import RuleSet
from policies.rules import DENY, ClauseTerms, Rule

SLICES_COUNT = 8_192
"""Enforcers kept at once; about 3 kB each. The oldest is dropped and built again when asked."""
MEMO_COUNT = 256
"""Answers remembered for each pair of bodies."""

Question = tuple[str, str, str]
"""Operation, purpose, data class."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Casbin says. ``not_after`` is the next instant at which it may say something else."""

    allowed: bool
    clause: str
    """The clause that allows, or that denies; empty when nothing speaks."""
    not_after: str
    matched_denies: tuple[str, ...] = ()
    """Clauses of the rules that deny and that Casbin names: when one is found it looks no further."""

    @property
    def denied(self) -> bool:
        """Refused by a rule that denies, not by silence."""
        return bool(self.matched_denies)


NOTHING_SPEAKS = Answer(allowed=False, clause="", not_after=NEVER)
_UNKNOWN = (NEVER, Answer(allowed=False, clause="", not_after=BEGINNING))
"""Holds at no instant."""


@dataclass(slots=True)
class _Slice:
    """An enforcer, and the instants at which its rules begin or end."""

    rules: RuleSet
    bounds: list[str]

    @staticmethod
    def of(rules: tuple[Rule, ...]) -> "_Slice":
        bounds = sorted({bound for rule in rules for bound in (rule.not_before, rule.not_after)})
        return _Slice(RuleSet(rules), bounds)


@dataclass(slots=True)
class _PairRules:
    """The rules between two bodies, listed when they are first asked about, and what was answered by them."""

    bundles: tuple[Bundle, ...]
    pair: Pair
    listed: tuple[Rule, ...] | None = None
    territories: frozenset[str] = frozenset()
    memo: dict[tuple[object, ...], tuple[str, Answer]] = field(default_factory=dict)
    """Facts to the instant from which an answer holds, and the answer."""

    def remember(self, key: tuple[object, ...], since: str, answer: Answer) -> None:
        if len(self.memo) >= MEMO_COUNT:
            self.memo.clear()
        self.memo[key] = since, answer

    def all(self) -> tuple[Rule, ...]:
        """Sorted, each once."""
        if self.listed is None:
            listed = between(self.bundles, self.pair)
            self.territories = frozenset(rule.territory for rule in listed)
            self.listed = listed
        return self.listed

    def matching(self, asked: Question, places: tuple[str, ...]) -> tuple[Rule, ...]:
        """Every rule that could match a question, in order."""
        return tuple(
            rule
            for rule in self.all()
            if (rule.operation, rule.purpose, rule.data_class) == asked and rule.territory in places
        )


class Engine:
    """Decides for one generation. Safe to share between threads: only caches change."""

    def __init__(self, generation: Generation = EMPTY, previous: "Engine | None" = None) -> None:
        """Take over what is unchanged from the previous engine.

        Raises:
            Fault: ``engine-fault`` when Casbin or its model is not what this code believes.
        """
        if previous is None:
            matcher.check()
        self._generation = generation
        self._building = Lock()
        self._slices: dict[tuple[str, ...], _Slice] = {}
        self._pairs: dict[Pair, _PairRules] = {}
        for pair, bundles in generation.by_pair.items():
            old = previous._pairs.get(pair) if previous is not None else None
            same = old is not None and _digests(old.bundles) == _digests(bundles)
            self._pairs[pair] = old if old is not None and same else _PairRules(bundles, pair)
        if previous is not None:
            with previous._building:
                held = list(previous._slices.items())
            kept = {pair for pair, rules in self._pairs.items() if previous._pairs.get(pair) is rules}
            self._slices = {key: slice_ for key, slice_ in held if (key[0], key[1]) in kept}

    @property
    def generation(self) -> Generation:
        return self._generation

    def ask(self, facts: Facts) -> Answer:
        """Ask Casbin.

        Raises:
            Fault: ``engine-fault`` for whatever goes wrong; never an answer in its place.
        """
        try:
            pair = self._pairs.get((facts.controller, facts.requesting_body))
            if pair is None:
                request_of(facts)  # a fact that is no string is a fault, here too
                return NOTHING_SPEAKS
            key = (
                facts.operation, facts.purpose, facts.data_class, facts.camera, facts.areas, facts.role, facts.unit,
                facts.qualification, facts.ground, facts.window, facts.span_s, facts.standing,
            )  # fmt: skip
            since, known = pair.memo.get(key, _UNKNOWN)
            if since <= facts.at < known.not_after:
                return known
            since, answer = self._decide(pair, facts)
            pair.remember(key, since, answer)
            return answer
        except matcher.ENGINE_ERRORS as error:
            raise Fault(FaultKind.ENGINE_FAULT, f"a question could not be put: {type(error).__name__}") from error

    def between(self, controller: str, body: str) -> tuple[Rule, ...]:
        """Every rule between two bodies, for ``policies.reasons``; sorted."""
        rules = self._pairs.get((controller, body))
        return rules.all() if rules is not None else ()

    def terms(self, clause: str) -> ClauseTerms:
        """What goes with a clause.

        Raises:
            Fault: ``engine-fault``: a clause that no document of this generation holds.
        """
        found = self._generation.terms.get(clause)
        if found is None:
            raise Fault(FaultKind.ENGINE_FAULT, "an unknown clause", where=clause)
        return found

    def _decide(self, pair: _PairRules, facts: Facts) -> tuple[str, Answer]:
        """Ask the slice; since when it would have said so, and what it says."""
        slice_ = self._slice(pair, facts)
        request = request_of(facts)
        if slice_ is None:
            return BEGINNING, NOTHING_SPEAKS
        allowed, explained = slice_.rules.decide(request)
        position = bisect_right(slice_.bounds, facts.at)
        since = slice_.bounds[position - 1] if position else BEGINNING
        until = slice_.bounds[position] if position < len(slice_.bounds) else NEVER
        denies = (explained[14],) if explained and explained[15] == DENY else ()
        return since, Answer(allowed, explained[14] if explained else "", until, denies)

    def _slice(self, pair: _PairRules, facts: Facts) -> _Slice | None:
        """The slice that holds every rule which could match; ``None`` when there is no such rule."""
        if pair.listed is None:
            pair.all()
        places = tuple(dict.fromkeys(place for place in facts.places if place in pair.territories))
        if not places:
            return None
        asked = (facts.operation, facts.purpose, facts.data_class)
        key = (*pair.pair, *asked, *places)
        slice_ = self._slices.get(key)
        if slice_ is None:
            rules = pair.matching(asked, places)
            if not rules:
                return None
            slice_ = _Slice.of(rules)
            with self._building:
                while len(self._slices) >= SLICES_COUNT:
                    del self._slices[next(iter(self._slices))]
                self._slices[key] = slice_
        return slice_


def _digests(bundles: tuple[Bundle, ...]) -> list[str]:
    return [bundle.digest for bundle in bundles]


def request_of(facts: Facts) -> tuple[str, ...]:
    """The question in the order of ``model.conf``; an area that is not known is no place at all.

    Raises:
        Fault: ``engine-fault`` for a fact that is not a string.
    """
    area, municipality, province = ("" if place == NONE else place for place in facts.areas)
    request = (
        facts.controller, facts.requesting_body, facts.unit, facts.role, facts.qualification, facts.operation,
        facts.data_class, facts.purpose, facts.ground, facts.camera, area, municipality, province, facts.window,
        facts.span_s, facts.at, facts.standing,
    )  # fmt: skip
    if not all(isinstance(value, str) for value in request):
        raise Fault(FaultKind.ENGINE_FAULT, "a fact is not a string")
    return request
