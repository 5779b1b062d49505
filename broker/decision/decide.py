"""Step 2, whether: the decision on one request about one controller.

1. Gather the facts: one question per camera, one alternative per role of the person (``facts``).
2. Ask Casbin every question of an alternative; the first alternative with all allowed wins.
3. A deny that matched under any role refuses, whatever another role would get.
4. More cameras at once than a clause allows is refused ``minimisation``.
5. Permit: obligations are the union over the clauses, the end is the earliest of what it rests on.
6. Refuse: the reasons of every question of the nearest alternative, in the one order, the primary first.

The caller must still write the result down: a ``Permit`` opens nothing. Source: requirements 1.2 R2; design 2, 4.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from broker.decision.facts import gather, person_asked
from broker.decision.state import State
from broker.evidence import AccessRequest, Basis, Caller, Machine, Permit, Refusal
from conventions.identifiers import BodyId, PersonId
from conventions.spans import parse_instant
from conventions.terms import Purpose, Reason, Regime
from policies.engine import Answer
from policies.facts import Facts, by_precedence
from policies.reasons import answering, nearest_clauses, why
from policies.rules import ClauseTerms

DECIDER = "varco-decider/1"
DECIDED_AGAIN_AFTER = timedelta(minutes=10)
"""A running grant is decided again at the latest after this."""

Questions = tuple[tuple[Facts, Answer], ...]
"""One alternative: the questions of all cameras under one role, answered."""

POLICE_REGIMES = frozenset({Regime.LED, Regime.BOTH})


def decide(caller: Caller, request: AccessRequest, state: State, at_utc: datetime) -> Permit | Refusal:
    """Decide a request.

    Raises:
        Fault: ``engine-fault`` or ``fact-missing``; the pipeline turns any exception into a recorded refusal.
    """
    alternatives = gather(caller, request, state.snapshot, at_utc)
    person = person_asked(caller, request)[0]
    under = state.snapshot.under.get((request.controller, person), frozenset()) if person is not None else frozenset()
    answered = [tuple(_asked(facts, state, under) for facts in questions) for questions in alternatives]
    denied = any(answer.denied for questions in answered for _, answer in questions)
    for questions in answered:
        if not denied and questions and all(answer.allowed for _, answer in questions):
            if too_many([state.engine.terms(answer.clause) for _, answer in questions]):
                basis = _basis(caller, request, tuple(facts for facts, _ in questions), state.generation, at_utc, state)
                return Refusal(basis, (Reason.MINIMISATION,), tuple(answer.clause for _, answer in questions))
            return _permit(caller, request, state, at_utc, questions)
    return _refusal(caller, request, state, at_utc, answered)


def _asked(facts: Facts, state: State, under: frozenset[str]) -> tuple[Facts, Answer]:
    """The engine's answer; a clause answers only for those listed under its own deed (PM-2.2).

    Where another deed's clause answers first, one of theirs that allows the same stands in its place.
    """
    answer = state.engine.ask(facts)
    if not answer.allowed or answer.clause.split("@", 1)[0] in under:
        return facts, answer
    for rule in answering(state.engine.between(facts.controller, facts.requesting_body), facts):
        if rule.clause.split("@", 1)[0] in under:
            return facts, Answer(True, rule.clause, min(rule.not_after, answer.not_after))
    unlisted = facts.obstructed_by(Reason.OPERATOR_NOT_LISTED)
    return unlisted, state.engine.ask(unlisted)


def too_many(terms: Sequence[ClauseTerms]) -> bool:
    """Whether more cameras are asked at once than a clause allows: one question per camera (PM-3.15)."""
    return any(term.max_cameras is not None and len(terms) > term.max_cameras for term in terms)


def faulted(caller: Caller, request: AccessRequest, reason: Reason, generation: str, at_utc: datetime) -> Refusal:
    """The refusal that follows a fault before any grant: recorded like any other (style 5)."""
    return Refusal(_basis(caller, request, (), generation, at_utc, None), (reason,), ())


def _permit(
    caller: Caller,
    request: AccessRequest,
    state: State,
    at_utc: datetime,
    questions: Questions,
) -> Permit:
    facts = tuple(fact for fact, _ in questions)
    clauses = tuple(answer.clause for _, answer in questions)
    terms = [state.engine.terms(clause) for clause in clauses]
    ends = [at_utc + DECIDED_AGAIN_AFTER, parse_instant(state.next_change)]
    ends += [parse_instant(answer.not_after) for _, answer in questions]
    if not isinstance(caller, Machine):
        ends.append(caller.session.expires_utc)
    case = request.case
    if case is not None:
        ends.append(case.closes_utc)
    obligations = frozenset(word for term in terms for word in term.obligations)
    pending = case is not None and case.reference is None and case.reference_due_utc is not None
    return Permit(
        basis=_basis(caller, request, facts, state.generation, at_utc, state),
        clauses=clauses,
        obligations=obligations | ({"complete-reference"} if pending else set()),
        valid_until_utc=min(ends),
        complete_by_utc=case.reference_due_utc if case is not None and pending else None,
        mark=_mark(person_asked(caller, request)[0], at_utc),
    )


def _refusal(
    caller: Caller,
    request: AccessRequest,
    state: State,
    at_utc: datetime,
    answered: Sequence[Questions],
) -> Refusal:
    """Reasons of the alternative whose primary reason comes last: the one that came nearest to a yes."""
    read: list[tuple[tuple[Reason, ...], tuple[Facts, ...]]] = []
    for questions in answered:
        if questions and all(answer.allowed for _, answer in questions):
            continue  # allowed under this role, and another role is denied: that one says why
        found: set[Reason] = set()
        for facts, answer in questions:
            if not answer.allowed:
                found |= set(why(state.engine.between(facts.controller, facts.requesting_body), facts))
        read.append((by_precedence(found or {Reason.ENGINE_FAULT}), tuple(facts for facts, _ in questions)))
    order = by_precedence({reasons[0] for reasons, _ in read})
    reasons, nearest = max(read, key=lambda pair: order.index(pair[0][0]))
    clauses: dict[str, None] = {}
    for facts in nearest:
        clauses |= dict.fromkeys(nearest_clauses(state.engine.between(facts.controller, facts.requesting_body), facts))
    basis = _basis(caller, request, nearest, state.generation, at_utc, state)
    return Refusal(basis, reasons, tuple(clauses))


def _basis(
    caller: Caller,
    request: AccessRequest,
    facts: tuple[Facts, ...],
    generation: str,
    at_utc: datetime,
    state: State | None,
) -> Basis:
    regime = _regime(request.purpose, request.controller, state)
    return Basis(
        caller=caller,
        request=request,
        facts=facts,
        generation=generation,
        decider=DECIDER,
        decided_utc=at_utc,
        regime=regime,
        two_key=regime in POLICE_REGIMES and _is_partner(caller, request),
    )


def _regime(purpose: Purpose | None, controller: BodyId, state: State | None) -> Regime:
    """The regime the regulation gives the purpose; unknown counts as ``led``, which is kept longest (C-30)."""
    if state is None or purpose is None:
        return Regime.LED
    home = state.snapshot.controllers.get(controller)
    return home.regimes.get(purpose, Regime.LED) if home is not None else Regime.LED


def _is_partner(caller: Caller, request: AccessRequest) -> bool:
    return person_asked(caller, request)[1] != request.controller


def _mark(person: PersonId | None, at_utc: datetime) -> str:
    """What rendered views carry: the operator's code and the day, never a name (PM-3.17)."""
    return f"{person or 'macchina'} {at_utc:%Y-%m-%d %H:%M}Z"
