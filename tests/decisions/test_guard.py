"""The engine's traps, each sprung on purpose: none of them opens anything."""

from collections.abc import Callable

import casbin
import pytest

from conventions.faults import Fault, FaultKind
from policies import matcher
from policies.engine import Engine, request_of
from policies.generator import draft, rules_of
from policies.matcher import MODEL, RuleSet
from policies.rules import Rule
from tests.decisions import made
from tests.decisions.made import facts

DEED = made.read(made.regulation(), made.convention(), made.operators())
RULES = rules_of(DEED)


def changed(rule: Rule, **other: str) -> Rule:
    return Rule(**{name: getattr(rule, name) for name in rule.__dataclass_fields__} | other)


def fault_of(work: Callable[[], object]) -> FaultKind:
    with pytest.raises(Fault) as raised:
        work()
    return raised.value.kind


def test_the_model_in_the_package_passes_the_guard():
    matcher.check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("some(where (p.eft == allow)) && !some(where (p.eft == deny))", "some(where (p.eft == allow))"),
        ("some(where (p.eft == allow)) && !some(where (p.eft == deny))", "!some(where (p.eft == deny))"),
        ("clause, eft, reason, version", "eft, clause, reason, version"),
        ("window, span_s, at, standing", "window, span_s, at"),
        ("r.standing == \"clear\" && ", ""),
        ("&& p.max_span_s >= r.span_s", "&& p.max_span_s >= r.span_s || r.role == \"anybody\" || r.unit == \"unit\""),
        ("p.max_span_s >= r.span_s", "keyMatch(p.max_span_s, r.span_s)"),
        ("p.max_span_s >= r.span_s", "eval(p.reason)"),
        ("p.max_span_s >= r.span_s", "p.max_span_s >= 0"),
        ("r.purpose == p.purpose", "r.purpose != p.purpose"),
    ],
)  # fmt: skip
def test_a_model_that_says_something_else_is_refused(old: str, new: str):
    assert old in MODEL
    assert fault_of(lambda: matcher.check(MODEL.replace(old, new))) is FaultKind.ENGINE_FAULT


CONJUNCTS = next(line for line in MODEL.splitlines() if line.startswith("m = "))[4:].split(" && ")


@pytest.mark.parametrize("conjunct", CONJUNCTS)
def test_a_matcher_that_forgets_a_column_is_refused(conjunct: str):
    forgetful = MODEL.replace(conjunct, "r.at == r.at", 1)
    assert forgetful != MODEL
    assert fault_of(lambda: matcher.check(forgetful)) is FaultKind.ENGINE_FAULT


@pytest.mark.parametrize("effect", ["Allow", "allow ", "", "permit", "indeterminate"])
def test_an_effect_that_is_neither_allow_nor_deny_is_refused(effect: str):
    assert fault_of(lambda: RuleSet([changed(RULES[0], effect=effect)])) is FaultKind.ENGINE_FAULT


def test_a_value_that_is_no_string_is_refused():
    assert fault_of(lambda: RuleSet([changed(RULES[0], not_after=None)])) is FaultKind.ENGINE_FAULT


@pytest.mark.parametrize("unit", ["any\np, x", "a, b, allow", '" || 1 == 1 || "', "r_unit", "any"])
def test_a_rule_is_a_value_and_never_text_that_is_parsed(unit: str):
    rules = RuleSet([changed(RULES[0], unit=unit)])
    assert rules.decide(_request())[0] == (unit == "any")


def test_casbin_itself_allows_an_empty_set_that_nothing_contradicts():
    """Why the sentinel exists: an enforcer without rules asks its matcher about empty texts."""
    model = MODEL[: MODEL.index("m = ")] + "m = r.at >= p.not_before"
    enforcer = casbin.Enforcer(casbin.Enforcer.new_model(text=model))
    assert enforcer.enforce(*_request()) is True
    assert RuleSet((), model=model).decide(_request())[0] is False


def test_an_exception_inside_the_engine_is_a_fault_and_not_an_answer():
    engine = Engine(draft(DEED))
    assert engine.ask(facts()).allowed
    (slice_,) = engine._slices.values()
    for pair in engine._pairs.values():
        pair.memo.clear()
    slice_.rules._enforcer.model["m"]["m"].value = "r_nowhere == p_nowhere"
    assert fault_of(lambda: engine.ask(facts())) is FaultKind.ENGINE_FAULT


def test_an_enforcer_that_was_switched_off_does_not_allow():
    rules = RuleSet(RULES)
    rules._enforcer.enabled = False
    assert fault_of(lambda: rules.decide(_request())) is FaultKind.ENGINE_FAULT


def test_an_unknown_clause_is_a_fault():
    assert fault_of(lambda: Engine(draft(DEED)).terms("aa/convention/c@1#99")) is FaultKind.ENGINE_FAULT


def _request() -> tuple[str, ...]:
    return request_of(facts())
