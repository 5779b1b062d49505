"""Instructions: the partner's declaration suffices, one's own acceptance too, of the version in force and here only."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.changes import Changes
from broker.decision.state import Standing
from broker.evidence import Permit
from broker.identity.acceptances import Acceptances
from broker.identity.claims import trust_of
from broker.identity.identify import Identities
from broker.identity.sessions import Sessions
from broker.identity.trust import Issuers
from broker.instructions import Instructions
from broker.ledger.homes import create, homes
from broker.ledger.ledger import Ledger
from broker.storage import open_store
from broker.witness import Witness
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId
from conventions.terms import Reason
from tests.attack.world import NOW_UTC, asks, directory, person, signed_in, state, town
from tests.decisions import made
from tests.ledger.made import StillClock

TOWN = BodyId("aa")
WITHOUT = [one for one in town() if one["kind"] != "operator-list"] + [
    made.operators(persons=[person(instructions=None)], instructions="2")
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    places = homes((TOWN,), tmp_path / "ledger", tmp_path / "keys")
    for place in places:
        create("prova", place)
    running = Ledger("prova", places, StillClock(NOW_UTC))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def instructions(ledger: Ledger, tmp_path: Path) -> Instructions:
    store, clock, changes = open_store(f"sqlite:///{tmp_path / 'varco.sqlite'}"), StillClock(NOW_UTC), Changes()
    store.migrate()
    standing = Standing()
    standing.swap(state(WITHOUT))
    issuers = Issuers(map(trust_of, standing.state.snapshot.issuers.values()))
    identities = Identities(Sessions(store, changes, clock), issuers, directory(standing.state))
    return Instructions(Acceptances(store, changes, clock), Witness(ledger, clock), identities, standing)


@pytest.mark.requirement("PM-2.10")
@pytest.mark.parametrize(
    ("accepted", "permitted"), [(set(), False), ({"1"}, False), ({"2"}, True)], ids=["none", "an older one", "this one"]
)
def test_who_accepted_the_version_in_force_needs_no_declaration(accepted: set[str], permitted: bool):
    here = state(WITHOUT)
    decided = asks(here, signed_in(here, "true"), accepted=frozenset(accepted))
    assert isinstance(decided, Permit) is permitted
    assert permitted or decided.primary is Reason.OPERATOR_ACK_MISSING


@pytest.mark.requirement("PM-2.10")
async def test_an_acceptance_is_written_in_the_controllers_tree_and_counts_there_only(
    instructions: Instructions, ledger: Ledger
):
    caller = signed_in(state(WITHOUT), "true")
    assert instructions.accepted(caller, TOWN) == frozenset()
    await instructions.accept(caller, TOWN, "2")
    assert instructions.accepted(caller, TOWN) == {"2"}
    assert instructions.accepted(caller, BodyId("bb")) == frozenset()
    (entry,) = ledger.entries(TOWN)
    assert (entry.body["event"], entry.body["version"]) == ("instructions-accepted", "2")
    assert {"person", "session"} <= set(entry.body["parts"])


@pytest.mark.requirement("PM-2.10")
@pytest.mark.parametrize(
    ("subject", "controller", "version"),
    [("true", "aa", "1"), ("true", "aa", "3"), ("true", "bb", "2"), ("mallory", "aa", "2")],
    ids=["an older one", "one to come", "of a town that lists nobody", "somebody who is not listed"],
)
async def test_nobody_accepts_what_is_not_theirs(
    instructions: Instructions, ledger: Ledger, subject: str, controller: str, version: str
):
    caller = signed_in(state(WITHOUT), subject)
    with pytest.raises(Fault) as raised:
        await instructions.accept(caller, BodyId(controller), version)
    assert raised.value.kind is FaultKind.RESOURCE_UNKNOWN
    assert instructions.accepted(caller, BodyId(controller)) == frozenset()
    assert [entry.body["event"] for entry in ledger.entries(INSTALLATION)] == ["refused"]


@pytest.mark.requirement("PM-2.10")
async def test_what_cannot_be_written_is_not_accepted(instructions: Instructions, ledger: Ledger):
    caller = signed_in(state(WITHOUT), "true")
    ledger.stop()
    with pytest.raises(Fault):
        await instructions.accept(caller, TOWN, "2")
    assert instructions.accepted(caller, TOWN) == frozenset()
