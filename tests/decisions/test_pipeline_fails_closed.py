"""The door with one part broken at a time: each refuses with its own code, is written down, and opens no adapter."""

import json
import logging
from collections.abc import Callable
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from broker.decision.snapshot import Snapshot
from broker.decision.state import State
from broker.evidence import Refused
from broker.logs import Places
from broker.pipeline import LIVE, RECORDED
from conventions.faults import FaultKind
from conventions.schema import Calendar
from conventions.spans import NEVER, instant
from conventions.terms import Operation, Reason
from policies.bundle import EMPTY, Bundle, Generation
from policies.engine import Answer, Engine
from policies.facts import Facts
from tests.decisions.door import SCHOOL, TOWN, Careless, Door, diagnostics, door, refused
from tests.world.signed_demo import NOW_UTC, published, state

__all__ = ["diagnostics", "door"]


class Raising(Engine):
    """An engine with a bug."""

    def ask(self, facts: Facts) -> Answer:
        return {}["no such thing"]  # type: ignore[no-any-return]


class AllowingNobodyKnowsWhat(Engine):
    """An engine that allows by a clause that no document holds."""

    def ask(self, facts: Facts) -> Answer:
        return Answer(allowed=True, clause="c_g917/convention/carabinieri@1#99", not_after=NEVER)


def with_engine(engine: Engine) -> State:
    whole = state()
    return State(whole.snapshot, engine, whole.generation, NEVER)


def without_its_terms() -> Generation:
    """The rules of the demonstration, whose clauses nobody knows any more."""
    return Generation.of(
        Bundle.of(one.document, one.version, one.sha256, one.rules, ()) for one in state().engine.generation.bundles
    )


def without_calendars() -> State:
    demo = published()
    in_force = (found.document for found in demo.register.in_force(NOW_UTC))
    snapshot = Snapshot.of((text for text in in_force if not isinstance(text, Calendar)), NOW_UTC)
    return State(snapshot, state().engine, state().generation, NEVER)


async def test_the_whole_door_permits_and_reaches_the_recorder(door: Door) -> None:
    door.standing.swap(state())
    assert await door.asks() is FaultKind.SOURCE_UNAVAILABLE
    assert door.recorder.reached == ["live.view"]
    decided, closed = door.entries()
    assert (decided["decision"], closed["grant"], closed["ending"]) == ("permit", decided["grant"], "unavailable")
    assert door.ledger.open_grants() == ()


@pytest.mark.requirement("MC-3.1c")
@pytest.mark.parametrize(
    ("made", "reason"),
    [
        pytest.param(lambda: with_engine(Engine(EMPTY)), Reason.NO_CONVENTION, id="an empty rule set"),
        pytest.param(lambda: with_engine(Engine(without_its_terms())), Reason.ENGINE_FAULT, id="clauses without text"),
        pytest.param(lambda: with_engine(AllowingNobodyKnowsWhat(EMPTY)), Reason.ENGINE_FAULT, id="an unknown clause"),
        pytest.param(lambda: with_engine(Raising(EMPTY)), Reason.ENGINE_FAULT, id="an exception in the engine"),
        pytest.param(lambda: None, Reason.POLICY_UNAVAILABLE, id="no state at all"),
    ],
)  # fmt: skip
async def test_a_broken_policy_refuses_with_its_code(door: Door, made: Callable[[], State], reason: Reason) -> None:
    door.standing.swap(made())
    refused(door, await door.asks(), reason)


async def test_a_rule_that_is_no_text_refuses(door: Door) -> None:
    """Casbin is never handed what it would compare as something else."""
    bundles = []
    for one in state().engine.generation.bundles:
        rules = [type(rule)(**{each.name: getattr(rule, each.name) for each in fields(rule)}) for rule in one.rules]
        for rule in rules:
            object.__setattr__(rule, "not_after", None)
        bundles.append(Bundle(one.document, one.version, one.sha256, tuple(rules), one.terms, one.digest))
    door.standing.swap(with_engine(Engine(Generation(tuple(bundles), "0" * 64))))
    refused(door, await door.asks(), Reason.ENGINE_FAULT)


async def test_a_fact_that_cannot_be_resolved_refuses(door: Door) -> None:
    door.standing.swap(without_calendars())
    answer = await door.asks(camera=SCHOOL)
    assert isinstance(answer, Refused)
    assert Reason.FACT_MISSING in answer.reasons
    assert door.recorder.reached == []


async def test_a_refusal_for_want_of_rules_stands_in_the_controllers_own_tree(door: Door) -> None:
    answer = await door.asks()
    entry = refused(door, answer, Reason.POLICY_UNAVAILABLE)
    assert (answer.controller, entry["generation"], entry["facts"]) == (TOWN, "", [])


async def test_no_other_operation_opens_a_camera(door: Door) -> None:
    """Whatever the rules permit: listing, reporting or holding is not looking."""
    door.standing.swap(with_engine(Permissive(state().engine.generation)))
    span = {"starts": instant(NOW_UTC - timedelta(minutes=9)), "ends": instant(NOW_UTC - timedelta(minutes=8))}
    for operation in set(Operation) - LIVE - RECORDED:
        answer = await door.asks(operation, **span)
        assert isinstance(answer, Refused)
        assert {Reason.OPERATION_UNKNOWN, Reason.REQUEST_MALFORMED} & set(answer.reasons), operation
        assert door.recorder.reached == []
    assert await door.asks(Operation.RECORDING_VIEW, **span) is FaultKind.SOURCE_UNAVAILABLE
    assert door.recorder.reached == ["recording.view"]


class Permissive(Engine):
    """Rules that permit whatever nothing stands in the way of."""

    def ask(self, facts: Facts) -> Answer:
        return Answer(facts.standing == "clear", "c_g917/convention/carabinieri@1#3.4", NEVER)


async def test_a_recorder_with_a_bug_leaves_no_grant_open(tmp_path: Path) -> None:
    door = Door(tmp_path, Careless())
    door.standing.swap(state())
    with pytest.raises(ZeroDivisionError):
        await door.asks()
    decided, closed = door.entries()
    assert (closed["grant"], closed["ending"], closed["reason"]) == (decided["grant"], "fault", "engine-fault")
    assert door.ledger.open_grants() == ()
    door.close()


async def test_a_camera_that_no_recorder_serves_leaves_no_grant_open(door: Door) -> None:
    door.standing.swap(state())
    assert await door.asks(camera="c_g917/piazza") is FaultKind.SOURCE_UNAVAILABLE
    assert [entry["kind"] for entry in door.entries()] == ["decision", "closing"]
    assert door.ledger.open_grants() == ()


def test_a_logged_exception_says_where_and_never_what(capsys: pytest.CaptureFixture[str]) -> None:
    server = logging.Formatter.formatException
    secret = "ZX987QW"  # noqa: S105 (a plate)
    try:
        raise ValueError(f"no such plate: {secret}") from KeyError(secret)
    except ValueError as error:
        structlog.get_logger().exception("decision.bug", request_id="r")
        told = Places().formatException((type(error), error, error.__traceback__))
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["request_id"]) == ("decision.bug", "r")
    assert line["exception"][0] == "ValueError"
    assert f"{Path(__file__).name}:" in line["exception"][1]
    assert "after" in line["exception"]
    assert secret not in json.dumps(line) + told
    assert Places.formatException is not server
