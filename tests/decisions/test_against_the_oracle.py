"""Oracle, slice, memo and the whole set say the same, decision and reasons, on random worlds."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from conventions.schema import AnyDocument
from policies.engine import Engine, request_of
from policies.generator import draft
from policies.matcher import RuleSet
from policies.reasons import why
from tests import oracle
from tests.decisions.worlds import questions, worlds


@given(worlds(), st.data())
@pytest.mark.requirement("MC-3.1c")
def test_the_engine_decides_like_the_law_and_for_the_same_reasons(documents: list[AnyDocument], data: st.DataObject):
    engine = Engine(draft(documents))
    rules = engine.generation.rules
    whole = RuleSet(rules)
    for one in data.draw(st.lists(questions(rules), min_size=12, max_size=12)):
        allowed, reasons = oracle.decide(documents, one.question)
        event(f"allowed {allowed}")
        event(f"primary {reasons[0] if reasons else 'none'}")
        answer = engine.ask(one.facts)
        assert answer.allowed == allowed
        assert engine.ask(one.facts) is answer, "the memo gives the very answer"
        assert whole.decide(request_of(one.facts))[0] == allowed
        assert why(engine.between(one.facts.controller, one.facts.requesting_body), one.facts) == reasons


@given(worlds(), st.data())
def test_the_parsed_matcher_answers_like_the_plain_enforcer(documents: list[AnyDocument], data: st.DataObject):
    rules = draft(documents).rules[:60]
    parsed, plain = RuleSet(rules), RuleSet(rules, parsed_once=False)
    for one in data.draw(st.lists(questions(rules), min_size=6, max_size=6)):
        assert parsed.decide(request_of(one.facts)) == plain.decide(request_of(one.facts))


@given(worlds(), st.data())
def test_what_is_remembered_holds_whichever_way_the_clock_moves(documents: list[AnyDocument], data: st.DataObject):
    warm = Engine(draft(documents))
    asked = data.draw(st.lists(questions(warm.generation.rules), min_size=8, max_size=8))
    for one in [*asked, *reversed(asked), *sorted(asked, key=lambda each: each.facts.at)]:
        assert warm.ask(one.facts) == Engine(warm.generation).ask(one.facts)
