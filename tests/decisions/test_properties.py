"""What must hold of every set of rules: silence refuses, a prohibition wins, order and repetition mean nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions.faults import Fault, FaultKind
from conventions.schema import AnyDocument
from conventions.terms import Reason
from policies.bundle import Bundle, Generation, difference
from policies.engine import Engine, request_of
from policies.generator import draft, rules_of
from policies.matcher import RuleSet
from policies.reasons import why
from policies.rules import DENY
from tests.decisions import made
from tests.decisions.made import facts
from tests.decisions.worlds import questions, worlds


def allowed(documents: list[AnyDocument], asked: Any) -> bool:
    return Engine(draft(documents)).ask(asked.facts).allowed


@given(questions())
@pytest.mark.requirement("MC-3.1c")
def test_without_documents_everything_is_refused_for_lack_of_a_convention(asked: Any):
    engine = Engine(draft([]))
    answer = engine.ask(asked.facts)
    assert not answer.allowed
    assert Reason.NO_CONVENTION in why(engine.between(asked.facts.controller, asked.facts.requesting_body), asked.facts)


@given(questions())
def test_an_empty_set_of_rules_refuses(asked: Any):
    assert not RuleSet(()).decide(request_of(asked.facts))[0]


@given(worlds(), st.data())
def test_a_rule_that_denies_wins_over_every_rule_that_allows(documents: list[AnyDocument], data: st.DataObject):
    rules = rules_of(documents)
    asked = data.draw(questions(rules))
    request = request_of(asked.facts)
    whole = RuleSet(rules)
    answer, explained = whole.decide(request)
    if answer:
        columns = list(explained)
        columns[15], columns[16] = DENY, "convention-suspended"
        denying = type(rules[0])(*columns)
        assert not RuleSet((*rules, denying)).decide(request)[0]
        assert not RuleSet((denying, *rules)).decide(request)[0]


@given(worlds(), st.data())
def test_order_and_repetition_of_documents_do_not_matter(documents: list[AnyDocument], data: st.DataObject):
    shuffled = data.draw(st.permutations(documents))
    assert draft([*shuffled, *documents]).digest == draft(documents).digest
    rules = rules_of(documents)
    turned = data.draw(st.permutations(rules)) if rules else []
    asked = data.draw(questions(rules))
    request = request_of(asked.facts)
    assert RuleSet([*turned, *rules]).decide(request)[0] == RuleSet(rules).decide(request)[0]


@given(worlds(), st.data())
def test_removing_a_clause_never_permits_more(documents: list[AnyDocument], data: st.DataObject):
    holding = [document for document in documents if len(getattr(document, "clauses", ())) > 1]
    if holding:
        deed = data.draw(st.sampled_from(holding))
        gone = data.draw(st.integers(0, len(deed.clauses) - 1))
        kept = tuple(clause for index, clause in enumerate(deed.clauses) if index != gone)
        fewer = [one if one is not deed else deed.model_copy(update={"clauses": kept}) for one in documents]
        asked = data.draw(questions(rules_of(documents)))
        assert allowed(documents, asked) or not allowed(fewer, asked)


@given(worlds(), st.data())
@pytest.mark.requirement("PM-6.4")
def test_a_suspension_or_a_withdrawal_never_permits_more(documents: list[AnyDocument], data: st.DataObject):
    deeds = sorted({document.id for document in documents if document.kind in ("convention", "regulation")})
    act = data.draw(st.sampled_from(["suspension", "withdrawal", "unilateral-withdrawal"]))
    on = data.draw(st.sampled_from(deeds)) if deeds else "aa/convention/c"
    by = data.draw(st.sampled_from(["aa", "bb", "cc"]))
    (stop,) = made.read(made.notice(act, "2025-04-01T00:00:00.000000Z", id="aa/notice/more", on=on, by=by))
    asked = data.draw(questions(rules_of(documents)))
    assert allowed(documents, asked) or not allowed([*documents, stop], asked)


@given(worlds(), st.data())
def test_a_longer_register_takes_over_only_what_is_the_same(documents: list[AnyDocument], data: st.DataObject):
    cut = data.draw(st.integers(0, len(documents)))
    before, after = draft(documents[:cut]), draft(documents)
    engine = Engine(after, Engine(before))
    asked = data.draw(st.lists(questions(after.rules), min_size=4, max_size=4))
    for one in asked:
        Engine(before).ask(one.facts)
        assert engine.ask(one.facts) == Engine(after).ask(one.facts)
    changes = difference(before, after)
    assert set(after.rules) == (set(before.rules) | set(changes.added)) - set(changes.removed)
    assert not set(changes.added) & set(before.rules)


@given(worlds())
def test_every_rule_names_a_clause_whose_terms_are_known(documents: list[AnyDocument]):
    generation = draft(documents)
    for rule in generation.rules:
        terms = generation.terms[rule.clause]
        assert rule.clause == f"{terms.document}@{terms.version}#{rule.clause.split('#', 1)[1]}"
        assert terms.article
        assert (rule.effect == DENY) == bool(rule.reason)
        assert rule.not_before < rule.not_after
        assert all(type(value) is str and value for value in rule.row()[:16])


@pytest.mark.parametrize("name", ["controller", "role", "operation", "camera", "at", "span_s"])
def test_a_fact_that_is_no_string_is_a_fault_and_never_a_yes(name: str):
    engine = Engine(draft(made.read(made.regulation(), made.convention(), made.operators())))
    with pytest.raises(Fault) as raised:
        engine.ask(facts_with(**{name: 1}))
    assert raised.value.kind is FaultKind.ENGINE_FAULT


def facts_with(**other: Any) -> Any:
    plain = facts()
    return type(plain)(**{name: getattr(plain, name) for name in plain.__dataclass_fields__} | other)


def test_a_bundle_and_a_generation_do_not_depend_on_order():
    rules = rules_of(made.read(made.regulation(), made.convention(), made.operators()))
    one = Bundle.of("aa/convention/c", 1, "", rules, ())
    two = Bundle.of("aa/convention/c", 1, "", [*reversed(rules), *rules], ())
    assert one.digest == two.digest
    assert Generation.of([one, two]).bundles == (one,)
