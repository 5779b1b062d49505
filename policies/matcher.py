"""The one place that imports Casbin: a plain ``Enforcer`` whose matcher is parsed once, and the guard around it.

Casbin parses the matcher again on every call and walks the tree node by node for every rule. Here the same expression
is parsed once, checked to hold nothing but ``==``, ``<``, ``>=``, ``and``, ``or`` over names and texts, and compiled;
Casbin's own loop, effect and explanation stay as they are. ``tests/decisions`` proves the answers equal.

INVARIANT: an enforcer is filled once, in process, before anybody else sees it, and never changed.
Source: design 4 ("Facts about the engine"); decision record 0001.
"""

import ast
from collections.abc import Iterable, Mapping
from copy import copy
from functools import lru_cache
from importlib.resources import files
from types import CodeType
from typing import Any

import casbin

from conventions.faults import Fault, FaultKind
from conventions.spans import BEGINNING, NEVER
from policies.facts import CLEAR
from policies.rules import ALLOW, COLUMNS, DENY, RULE_VERSION, Rule

MODEL = files("policies").joinpath("model.conf").read_text(encoding="utf-8")
DENY_OVERRIDES = "some(where (p_eft == allow)) && !some(where (p_eft == deny))"
REQUEST = (
    "controller", "requesting_body", "unit", "role", "qualification", "operation", "data_class", "purpose", "ground",
    "camera", "area", "municipality", "province", "window", "span_s", "at", "standing",
)  # fmt: skip

ENGINE_ERRORS = (
    RuntimeError, TypeError, ValueError, LookupError, NameError, AttributeError, ArithmeticError, SyntaxError,
    AssertionError, MemoryError, OSError,
)  # fmt: skip
"""What Casbin, or a wrong value handed to it, may raise: each becomes ``engine-fault`` and so a refusal."""

_NO_BODY = "-"
"""Never the identifier of a body, a camera or anything else: the sentinel speaks about nobody."""

SENTINEL = Rule(
    controller=_NO_BODY, requesting_body=_NO_BODY, unit=_NO_BODY, role=_NO_BODY, qualification=_NO_BODY,
    operation=_NO_BODY, data_class=_NO_BODY, purpose=_NO_BODY, ground=_NO_BODY, territory=_NO_BODY, window=_NO_BODY,
    max_span_s="0", not_before=NEVER, not_after=BEGINNING, clause=_NO_BODY, effect=DENY, reason="engine-fault",
    version=RULE_VERSION,
)  # fmt: skip
"""Denies nobody, so that no set of rules is ever empty: Casbin asks the matcher of an empty set about empty texts."""

_ALLOWED_NODES = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Eq, ast.Lt, ast.GtE, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip


class _Parsed:
    """What Casbin calls an expression: it has ``eval``, and keeps nothing between two calls."""

    __slots__ = ("_code",)
    _NOTHING: Mapping[str, Any] = {"__builtins__": {}}

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def eval(self, parameters: dict[str, str]) -> object:
        return eval(self._code, dict(self._NOTHING), parameters)  # noqa: S307 - model.conf's own matcher, node by node


@lru_cache(maxsize=8)
def _parsed(expression: str) -> _Parsed:
    text = expression.replace("&&", "and").replace("||", "or").strip()
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        constant_of_text = not isinstance(node, ast.Constant) or isinstance(node.value, str)
        if not isinstance(node, _ALLOWED_NODES) or not constant_of_text:
            raise Fault(FaultKind.ENGINE_FAULT, f"the matcher holds {type(node).__name__}", where="model.conf")
    return _Parsed(compile(tree, "model.conf", "eval"))


@lru_cache(maxsize=8)
def _read_model(text: str) -> casbin.Model:
    return casbin.Enforcer.new_model(text=text)


def _model(text: str) -> casbin.Model:
    """A model without rules, read from the text once; the rules and the matcher are its own, the rest is shared."""
    fresh = casbin.Model()
    for section, assertions in _read_model(text).items():
        own = section in ("p", "m")
        fresh[section] = {name: copy(assertion) for name, assertion in assertions.items()} if own else assertions
    fresh["p"]["p"].policy = []
    fresh["p"]["p"].policy_map = {}
    return fresh


class _Enforcer(casbin.Enforcer):  # type: ignore[misc]  # pycasbin has no types
    """Casbin's enforcer, with its matcher parsed once."""

    @staticmethod
    def _get_expression(expr: str, functions: object = None) -> _Parsed:
        return _parsed(expr)


class RuleSet:
    """A fixed set of rules that Casbin decides by. Deny overrides; what no rule allows is refused."""

    __slots__ = ("_enforcer",)

    def __init__(self, rules: Iterable[Rule], *, model: str = MODEL, parsed_once: bool = True) -> None:
        """Fill an enforcer and check that it holds what it was given.

        Raises:
            Fault: ``engine-fault``.
        """
        try:
            kind = _Enforcer if parsed_once else casbin.Enforcer
            enforcer = kind(_model(model))
            policy = enforcer.get_model()["p"]["p"].policy
            rows = [list(rule.row()) for rule in (SENTINEL, *rules)]
            for row in rows:
                if row[15] not in (ALLOW, DENY) or not all(type(value) is str for value in row):
                    raise Fault(FaultKind.ENGINE_FAULT, "a rule that is neither allow nor deny, or not of strings")
            policy.extend(rows)
            _check_shape(enforcer, len(rows))
        except ENGINE_ERRORS as error:
            raise Fault(FaultKind.ENGINE_FAULT, f"a set of rules could not be built: {type(error).__name__}") from error
        self._enforcer: Any = enforcer

    def decide(self, request: tuple[str, ...]) -> tuple[bool, list[str]]:
        """Casbin's answer, and the row that it explains it by (the last that allowed, or the first that denied).

        Raises:
            Fault: ``engine-fault`` for whatever goes wrong inside.
        """
        try:
            allowed, explained = self._enforcer.enforce_ex(*request)
        except ENGINE_ERRORS as error:
            raise Fault(FaultKind.ENGINE_FAULT, f"the engine failed: {type(error).__name__}") from error
        if allowed is not True and allowed is not False:
            raise Fault(FaultKind.ENGINE_FAULT, "the engine answered neither yes nor no")
        if allowed and (not explained or explained[15] != ALLOW):
            raise Fault(FaultKind.ENGINE_FAULT, "the engine allowed without a rule that allows")
        return allowed, explained


def _check_shape(enforcer: Any, rows_count: int) -> None:
    """The model must say what this module believes of it: columns, effect, enforcement switched on."""
    model = enforcer.get_model()
    held = len(model["p"]["p"].policy)
    columns = tuple(token.removeprefix("p_") for token in model["p"]["p"].tokens)
    request = tuple(token.removeprefix("r_") for token in model["r"]["r"].tokens)
    effect = model["e"]["e"].value
    if enforcer.enabled is not True:
        raise Fault(FaultKind.ENGINE_FAULT, "enforcement is switched off")
    if effect != DENY_OVERRIDES:
        raise Fault(FaultKind.ENGINE_FAULT, "the model does not let deny override", where="model.conf")
    if columns != tuple("eft" if name == "effect" else name for name in COLUMNS) or request != REQUEST:
        raise Fault(FaultKind.ENGINE_FAULT, "the model has other columns", where="model.conf")
    if held != rows_count or held == 0 or "g" in model.keys():
        raise Fault(FaultKind.ENGINE_FAULT, "the engine does not hold the rules it was given")


def check(model: str = MODEL) -> None:
    """Prove on small sets that the engine refuses what it must: nothing granted, denied, and each column alone.

    Raises:
        Fault: ``engine-fault``; nothing may be served.
    """
    noon, later = "2026-01-01T12:00:00.000000Z", "2026-01-02T12:00:00.000000Z"
    columns = (
        "controller", "body", "unit", "role", "qualification", "operation", "class", "purpose", "ground", "place",
        "open", "0000000009", noon, later, "clause",
    )  # fmt: skip
    allow, deny = Rule(*columns, ALLOW), Rule(*columns, DENY, "convention-suspended")
    asked = (
        "controller", "body", "unit", "role", "qualification", "operation", "class", "purpose", "ground", "place",
        "", "", "", "open", "0000000009", noon, CLEAR,
    )  # fmt: skip
    holding = [asked[:9] + places + asked[13:] for places in _each_place("place")]
    other = [(*asked[:index], "other", *asked[index + 1 :]) for index in range(len(asked)) if not 10 <= index <= 12]
    refused = [
        *((rules, asked) for rules in ((), (allow, deny), (deny, allow), (deny,))),
        *(((allow,), question) for question in (*other, (*asked[:15], later, CLEAR), (*asked[:15], BEGINNING, CLEAR))),
        ((), ("",) * len(REQUEST)),
    ]
    if any(RuleSet(rules, model=model).decide(question)[0] for rules, question in refused):
        raise Fault(FaultKind.ENGINE_FAULT, "the engine allows what it must refuse")
    if not all(RuleSet((allow,), model=model).decide(question)[0] for question in holding):
        raise Fault(FaultKind.ENGINE_FAULT, "the engine refuses what it must allow")


def _each_place(name: str) -> list[tuple[str, ...]]:
    """A territory as the camera itself, its area, its municipality, its province."""
    return [tuple(name if index == place else "" for index in range(4)) for place in range(4)]
