"""Rules with their digest: one bundle for each version of a deed, and a generation, which is the sorted list of them.

Bundles travel and are stored as plain JSON values; rules never pass through text into Casbin. Pure.
Source: design 4; MC-3.1c (a decision is rebuilt from the record and the version of the rules).
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from conventions.canonical import digest
from conventions.faults import Fault, FaultKind
from policies.rules import RULE_VERSION, ClauseTerms, Rule

BUNDLE_FORMAT = "varco-bundle/1"
GENERATION_FORMAT = "varco-generation/1"

Pair = tuple[str, str]
"""Controller and requesting body."""


@dataclass(frozen=True)
class Bundle:
    """The rules of one version of a deed. ``inputs`` is all that they were made from; the digest leaves it out."""

    document: str
    version: int
    sha256: str
    rules: tuple[Rule, ...]
    """Sorted, without repetition."""
    terms: tuple[ClauseTerms, ...]
    digest: str
    inputs: tuple[object, ...] = ()

    @staticmethod
    def of(
        document: str,
        version: int,
        sha256: str,
        rules: Iterable[Rule],
        terms: Iterable[ClauseTerms],
        inputs: tuple[object, ...] = (),
    ) -> "Bundle":
        """Sort, drop what stands twice, and compute the digest."""
        ordered = in_order(rules)
        cited = tuple(sorted(set(terms), key=lambda term: term.clause))
        return Bundle(
            document, version, sha256, ordered, cited, digest(_plain(document, version, sha256, ordered, cited)), inputs
        )

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of bodies that the rules speak about."""
        return tuple(sorted({(rule.controller, rule.requesting_body) for rule in self.rules}))

    def plain(self) -> dict[str, Any]:
        """The stored form."""
        return _plain(self.document, self.version, self.sha256, self.rules, self.terms)


@dataclass(frozen=True)
class Generation:
    """What is in force: bundles sorted by digest, and the digest of that list."""

    bundles: tuple[Bundle, ...]
    digest: str

    @staticmethod
    def of(bundles: Iterable[Bundle]) -> "Generation":
        """A generation does not depend on the order or the repetition of its bundles."""
        unique = {bundle.digest: bundle for bundle in bundles}
        names = sorted(unique)
        listed = {"format": GENERATION_FORMAT, "rule": RULE_VERSION, "bundles": names}
        return Generation(tuple(unique[name] for name in names), digest(listed))

    @cached_property
    def by_pair(self) -> Mapping[Pair, tuple[Bundle, ...]]:
        """The bundles that speak about each pair of bodies."""
        found: dict[Pair, list[Bundle]] = {}
        for bundle in self.bundles:
            for pair in bundle.pairs:
                found.setdefault(pair, []).append(bundle)
        return MappingProxyType({pair: tuple(bundles) for pair, bundles in found.items()})

    @cached_property
    def terms(self) -> Mapping[str, ClauseTerms]:
        """What goes with each clause, by clause."""
        return MappingProxyType({term.clause: term for bundle in self.bundles for term in bundle.terms})

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, sorted, each once. Made anew at each call: for tests, reports and small generations."""
        return in_order(rule for bundle in self.bundles for rule in bundle.rules)

    def between(self, controller: str, body: str) -> tuple[Rule, ...]:
        """The rules between two bodies, sorted, each once."""
        return between(self.by_pair.get((controller, body), ()), (controller, body))


def between(bundles: Iterable[Bundle], pair: Pair) -> tuple[Rule, ...]:
    """The rules about one pair of bodies in some bundles, sorted, each once."""
    every = (rule for bundle in bundles for rule in bundle.rules)
    return in_order(rule for rule in every if (rule.controller, rule.requesting_body) == pair)


def in_order(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Sorted, each once."""
    by_row = {rule.row(): rule for rule in rules}
    return tuple(by_row[row] for row in sorted(by_row))


EMPTY = Generation.of(())


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new generation adds and removes; both sorted."""

    added: tuple[Rule, ...]
    removed: tuple[Rule, ...]


def difference(old: Generation, new: Generation) -> Difference:
    """The rules that come and go. Only bundles that differ are compared."""
    kept = {bundle.digest for bundle in old.bundles} & {bundle.digest for bundle in new.bundles}
    shared = {rule for bundle in new.bundles if bundle.digest in kept for rule in bundle.rules}
    before = {rule for bundle in old.bundles if bundle.digest not in kept for rule in bundle.rules} - shared
    after = {rule for bundle in new.bundles if bundle.digest not in kept for rule in bundle.rules} - shared
    return Difference(tuple(sorted(after - before)), tuple(sorted(before - after)))


def load(plain: Mapping[str, Any]) -> Bundle:
    """Read a stored bundle; ``inputs`` is lost, so the generator makes it again when it is asked.

    Raises:
        Fault: ``policy-unavailable`` when its form is another or its digest does not match.
    """
    try:
        if plain["format"] != BUNDLE_FORMAT:
            raise Fault(FaultKind.POLICY_UNAVAILABLE, "a bundle of another format")
        rules = [Rule(*_strings(row)) for row in plain["rules"]]
        terms = [
            ClauseTerms(**{**term, "sources": tuple(term["sources"]), "obligations": tuple(term["obligations"])})
            for term in plain["terms"]
        ]
        bundle = Bundle.of(plain["document"], plain["version"], plain["sha256"], rules, terms)
    except (KeyError, TypeError) as error:
        raise Fault(FaultKind.POLICY_UNAVAILABLE, "a bundle without its members") from error
    if bundle.digest != plain.get("digest"):
        raise Fault(FaultKind.POLICY_UNAVAILABLE, "a bundle that is not what its digest says", where=bundle.document)
    return bundle


def stored(bundle: Bundle) -> dict[str, Any]:
    """The stored form with its digest: what ``load`` reads."""
    return {**bundle.plain(), "digest": bundle.digest}


def _strings(row: Iterable[Any]) -> tuple[str, ...]:
    values = tuple(row)
    if not all(type(value) is str for value in values):
        raise Fault(FaultKind.POLICY_UNAVAILABLE, "a rule holds something other than strings")
    return values


def _plain(
    document: str, version: int, sha256: str, rules: tuple[Rule, ...], terms: tuple[ClauseTerms, ...]
) -> dict[str, Any]:
    return {
        "format": BUNDLE_FORMAT,
        "document": document,
        "version": version,
        "sha256": sha256,
        "rules": [rule.row() for rule in rules],
        "terms": [
            {**asdict(term), "sources": list(term.sources), "obligations": list(term.obligations)} for term in terms
        ],
    }
