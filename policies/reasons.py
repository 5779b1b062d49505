"""Why a question was refused: read from the same rules and facts that Casbin was given, beside it, never in its place.

1. What typed code found in the way (the obstacles) stands as it is.
2. The deed: no rule between the two bodies; all stopped by a notice; all expired.
3. Rules that deny and match: their reason, whatever the person's standing.
4. The content, narrowing column by column over the rules in force: where no rule is left, that column's reason, and
   the narrowing goes on without that column, so that everything missing is told at once.

For an allowed question the answer is empty; for a refused one it never is. Pure. Source: design 4 ("Reasons");
requirements 1.3, 10.5; the order is ``terms.PRECEDENCE``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from conventions.terms import PRECEDENCE_GROUPS, Reason
from policies.facts import ANY, NONE, Facts, by_precedence
from policies.operations import NEVER_COMPILED, READS_THE_LOG
from policies.rules import ALLOW, DENY, Rule

OF_THE_DEED = frozenset(reason.value for name, group in PRECEDENCE_GROUPS if name == "deed" for reason in group)
"""Reasons that speak of a deed as a whole: a rule that denies for one of them leaves nothing else to say about it."""

Test = Callable[[Rule, Facts], bool]

COLUMNS: tuple[tuple[str, Test], ...] = (
    ("data_class", lambda rule, facts: rule.data_class == facts.data_class),
    ("operation", lambda rule, facts: rule.operation == facts.operation),
    ("role", lambda rule, facts: rule.role in (ANY, facts.role)),
    ("unit", lambda rule, facts: rule.unit in (ANY, facts.unit)),
    ("qualification", lambda rule, facts: rule.qualification in (ANY, facts.qualification)),
    ("purpose", lambda rule, facts: rule.purpose == facts.purpose),
    ("ground", lambda rule, facts: rule.ground in (ANY, facts.ground)),
    ("territory", lambda rule, facts: rule.territory in facts.places),
    ("window", lambda rule, facts: rule.window in (ANY, facts.window)),
    ("span", lambda rule, facts: rule.max_span_s >= facts.span_s),
)
"""The columns in the order in which they narrow; the last word on each is ``_missing``."""

_REASON = {
    "data_class": Reason.CLASS_NOT_GRANTED,
    "operation": Reason.ROLE_NOT_GRANTED,
    "role": Reason.ROLE_NOT_GRANTED,
    "unit": Reason.ROLE_NOT_GRANTED,
    "qualification": Reason.ROLE_NOT_GRANTED,
    "purpose": Reason.PURPOSE_NOT_GRANTED,
    "ground": Reason.GROUND_MISSING,
    "territory": Reason.OUTSIDE_TERRITORY,
    "window": Reason.CAMERA_TIME_WINDOW,
    "span": Reason.MINIMISATION,
}

_OWN_NAME: dict[str, Reason] = {operation.value: reason for operation, reason in NEVER_COMPILED.items()}
_SAID_OF_PURPOSE = frozenset({Reason.PURPOSE_MISSING, Reason.PURPOSE_NOT_GRANTED})
_SAID_OF_OPERATION = frozenset({Reason.OPERATION_UNKNOWN, Reason.BACKUP_FORBIDDEN})
_SAID_OF_CAMERA = frozenset({Reason.RESOURCE_UNKNOWN, Reason.CAMERA_NOT_AUTHORISED, Reason.REQUEST_INCOMPLETE})


def why(rules: Iterable[Rule], facts: Facts) -> tuple[Reason, ...]:
    """Every reason against a question, the primary first; none when the rules and the facts allow it.

    ``rules`` are all the rules between the two bodies (``Engine.between``), in any order.
    """
    given = tuple(rules)
    active = [rule for rule in given if rule.not_before <= facts.at < rule.not_after]
    found = set(facts.obstacles)
    if facts.operation in _OWN_NAME:
        found.add(_OWN_NAME[facts.operation])
    if _stands(active):
        found |= _of_content(active, facts)
        if _expired(given, active, facts):
            found.add(Reason.CONVENTION_EXPIRED)
    else:
        found |= _of_deed(given, active, facts)
    if not found and not _allows(active, facts):
        found.add(Reason.ENGINE_FAULT)
    return by_precedence(found)


def nearest_clauses(rules: Iterable[Rule], facts: Facts) -> tuple[str, ...]:
    """The clauses that speak against it, else those that come nearest; for the DPO and the auditor.

    Nearest: the rules left when the narrowing first finds nothing.
    """
    all_rules = list(rules)
    active = [rule for rule in all_rules if rule.not_before <= facts.at < rule.not_after]
    against = {rule.clause for rule in active if rule.effect == DENY and matches(rule, facts)}
    if against:
        return tuple(sorted(against))
    remaining = active or all_rules
    for _, test in COLUMNS:
        kept = [rule for rule in remaining if test(rule, facts)]
        if not kept:
            break
        remaining = kept
    return tuple(sorted({rule.clause for rule in remaining}))[:8]


def answering(rules: Iterable[Rule], facts: Facts) -> Iterator[Rule]:
    """The rules that allow an allowed question: Casbin names the first one, each would do."""
    return (
        rule
        for rule in rules
        if rule.effect == ALLOW and rule.not_before <= facts.at < rule.not_after and matches(rule, facts)
    )


def matches(rule: Rule, facts: Facts) -> bool:
    """Whether every column but time and standing matches."""
    return all(test(rule, facts) for _, test in COLUMNS)


def _stands(active: Sequence[Rule]) -> bool:
    """Whether something between the two bodies is in force and not stopped as a whole."""
    stops = [rule for rule in active if rule.effect == DENY and rule.reason in OF_THE_DEED]
    granted = [rule for rule in active if rule.effect == ALLOW]
    if not granted:
        return bool(active) and not stops
    stopped = {_key(rule) for rule in stops}
    return any(_key(rule) not in stopped for rule in granted)


def _key(rule: Rule) -> tuple[str, ...]:
    return (*rule.slice_key, rule.data_class, rule.territory)


def _of_deed(given: Sequence[Rule], active: Sequence[Rule], facts: Facts) -> set[Reason]:
    """Nothing stands: what stopped it, or that it has ended, or that there never was anything."""
    stops = {Reason(rule.reason) for rule in active if rule.effect == DENY and rule.reason in OF_THE_DEED}
    if stops:
        return stops
    ended = any(rule.effect == ALLOW and rule.not_after <= facts.at for rule in given)
    return {Reason.CONVENTION_EXPIRED if ended else Reason.NO_CONVENTION}


def _expired(given: Sequence[Rule], active: Sequence[Rule], facts: Facts) -> bool:
    """Whether a deed that has ended as a whole would have granted what those in force do not."""
    ended = [rule for rule in given if rule.effect == ALLOW and rule.not_after <= facts.at and matches(rule, facts)]
    standing = {rule.clause.split("@", 1)[0] for rule in active} if ended else set()
    return any(rule.clause.split("@", 1)[0] not in standing for rule in ended) and not _allows(active, facts)


def _allows(active: Sequence[Rule], facts: Facts) -> bool:
    hits = [rule for rule in active if matches(rule, facts)]
    return bool(hits) and all(rule.effect == ALLOW for rule in hits)


def _of_content(active: Sequence[Rule], facts: Facts) -> set[Reason]:
    denied = {Reason(rule.reason) for rule in active if rule.effect == DENY and matches(rule, facts)}
    remaining = list(active)
    missing: list[str] = []
    for column, test in COLUMNS:
        kept = [rule for rule in remaining if test(rule, facts)]
        if kept:
            remaining = kept
        else:
            missing.append(column)
    return denied | {reason for column in missing for reason in _missing(column, missing, facts)}


def _missing(column: str, missing: Sequence[str], facts: Facts) -> set[Reason]:
    """The reason for a column where no rule was left, unless something already said explains it."""
    said = set(facts.obstacles)
    operation = facts.operation
    if column in ("data_class", "operation", "role", "unit", "qualification"):
        if operation in _OWN_NAME or said & _SAID_OF_OPERATION or (operation == NONE and said):
            return set()
        if column == "operation" and "data_class" in missing:
            return set()  # an operation comes with its class: one word is enough
        if column != "data_class" and operation in READS_THE_LOG:
            return {Reason.LOG_READER_NOT_ALLOWED}
        if column in ("role", "unit", "qualification") and facts.role == NONE and said:
            return set()  # nobody on the list: there is no role to speak of
    if column == "purpose" and facts.purpose == NONE:
        return set() if said & _SAID_OF_PURPOSE else {Reason.PURPOSE_MISSING}
    if column == "territory" and said & _SAID_OF_CAMERA and not any(area != NONE for area in facts.areas):
        return set()
    return {_REASON[column]}
