"""One person's standing is not lent to another: lists of other towns, second lists, credentials that others claim."""

from pathlib import Path

import pytest

from broker.evidence import Permit
from broker.ledger.homes import create, homes
from broker.ledger.keyfiles import create_body_key
from broker.ledger.ledger import Ledger
from broker.replay import Verdict, replay
from conventions.identifiers import BodyId
from conventions.terms import Reason
from policies.reasons import why
from tests.attack.world import AGENT, NOW_UTC, act, asks, person, signed_in, state, town, trust
from tests.decisions import made
from tests.ledger.made import StillClock


def test_the_agent_is_permitted_when_nobody_attacks():
    here = state(town())
    assert isinstance(asks(here, signed_in(here, "true")), Permit)


@pytest.mark.requirement("PM-2.7", "LEV-32.1")
def test_a_list_of_another_town_does_not_make_a_stranger_the_agent_listed_here():
    theirs = made.operators(id="bb/operator-list/cc", persons=[person("mallory")])
    here = state([*town(), theirs])
    mallory = signed_in(here, "mallory")
    assert mallory.person == AGENT  # the other town says so, and may say so of its own cameras
    decided = asks(here, mallory)
    assert not isinstance(decided, Permit)
    assert decided.primary is Reason.OPERATOR_NOT_LISTED
    assert isinstance(asks(here, signed_in(here, "true")), Permit)


@pytest.mark.requirement("PM-2.6", "LEV-39.1")
@pytest.mark.parametrize("slug", ["a-first", "z-last"])
@pytest.mark.parametrize(
    ("standing", "reason"), [("suspended", Reason.OPERATOR_SUSPENDED), ("ceased", Reason.OPERATOR_NOT_LISTED)]
)
def test_who_is_suspended_on_one_list_does_not_return_through_another(slug: str, standing: str, reason: Reason):
    other = made.operators(id=f"aa/operator-list/{slug}", persons=[person(state=standing)])
    here = state(sorted([*town(), other], key=lambda document: document["id"]))
    decided = asks(here, signed_in(here, "true"))
    assert not isinstance(decided, Permit)
    assert reason in decided.reasons


@pytest.mark.requirement("PM-2.7")
def test_a_body_that_an_issuer_does_not_vouch_for_cannot_claim_its_subjects():
    theirs = made.operators("bb", id="bb/operator-list/bb", persons=[person(name="bb/squatter")])
    here = state([*town(), theirs])
    assert signed_in(here, "true").person == AGENT
    assert isinstance(asks(here, signed_in(here, "true")), Permit)


@pytest.mark.requirement("PM-2.7")
def test_an_office_on_another_towns_list_does_not_lock_an_operator_out():
    theirs = made.operators(id="bb/operator-list/cc", persons=[person(office="official")])
    here = state([*town(), theirs])
    assert signed_in(here, "true").person == AGENT
    assert isinstance(asks(here, signed_in(here, "true")), Permit)


@pytest.mark.requirement("PM-1.4")
def test_a_role_that_is_denied_refuses_with_its_own_reason_whatever_another_role_would_get():
    two_roles = person(roles=["partner-operator", "partner-responsible"])
    listed = made.operators(persons=[two_roles])
    other = made.operators(org_type="municipality", id="aa/operator-list/cc-2", under="aa/convention/d")
    law = made.regulation(
        configuration={"retention_images": "P7D"},
        purposes=[
            {"purpose": word, "regime": "gdpr", "legal_basis": "law", "org_types": ["state-police"]}
            for word in made.PURPOSES
        ],
    )
    second = made.convention(made.clause(roles=["partner-responsible"]), id="aa/convention/d")
    documents = [one for one in town() if one["kind"] not in ("operator-list", "regulation")]
    here = state([*documents, law, listed, other, second])
    decided = asks(here, signed_in(here, "true"))
    assert not isinstance(decided, Permit)
    assert decided.primary is Reason.PURPOSE_NOT_GRANTED


def test_a_convention_binds_every_controller_that_signed_it():
    deed = made.convention(
        parties=[made.party("aa"), made.party("bb"), made.party("cc")], controllers=["aa", "bb"], reference_due="P1D"
    )
    bound = state([made.regulation(), made.regulation("bb"), deed]).snapshot.conventions
    assert {("aa", "cc"), ("bb", "cc")} <= set(bound)


@pytest.mark.requirement("PM-2.7")
@pytest.mark.parametrize("other", ["cc/nobody", "dd/nobody"], ids=["same body", "another body of the issuer"])
@pytest.mark.parametrize("theirs_first", [False, True])
def test_a_second_name_on_another_towns_list_disturbs_nobody_here(other: str, theirs_first: bool):
    body = other.split("/")[0]
    theirs = made.operators(body, id=f"bb/operator-list/{body}", persons=[person(name=other, office="official")])
    here = [one for one in town() if one["kind"] != "trust"] + [trust(bodies=("cc", "dd"))]
    attacked = state([theirs, *here] if theirs_first else [*here, theirs])
    caller = signed_in(attacked, "true")
    assert caller.person == (other if theirs_first else AGENT)  # the first name stays: cases hang on it
    decided = asks(attacked, caller)
    assert isinstance(decided, Permit)
    assert decided.basis.caller.person == AGENT
    assert decided.basis.facts[0].requesting_body == "cc"


@pytest.mark.requirement("PM-2.7")
def test_two_names_on_the_controllers_own_lists_are_nobodys_there():
    second = made.operators(id="aa/operator-list/cc-2", persons=[person(name="cc/second")])
    here = state([*town(), act("cc/second"), second])
    decided = asks(here, signed_in(here, "true"))
    assert not isinstance(decided, Permit)
    assert decided.primary is Reason.OPERATOR_NOT_LISTED


@pytest.mark.requirement("PM-2.2")
@pytest.mark.parametrize("first", ["aa/convention/a", "aa/convention/z"])
def test_who_is_listed_under_one_deed_does_not_use_another_of_the_same_bodies(first: str):
    other = made.convention(made.clause(cameras=["aa/one", "aa/two"], limits={"max_cameras": 1}), id=first)
    here = state(sorted([*town(), other], key=lambda document: document["id"]))
    agent = signed_in(here, "true")
    granted = asks(here, agent)
    assert isinstance(granted, Permit)
    assert granted.clauses == ("aa/convention/c@1#1",)
    refused = asks(here, agent, camera="aa/two")
    assert not isinstance(refused, Permit)
    assert refused.reasons == (Reason.OPERATOR_NOT_LISTED,)
    again = here.engine.between("aa", "cc")
    assert why(again, refused.basis.facts[0]) == refused.reasons, "a replay says the same, without the person"
    both = made.operators(id="aa/operator-list/cc-2", persons=[person()], under=first)
    wider = state([*town(), other, both])
    assert isinstance(asks(wider, signed_in(wider, "true"), camera="aa/two"), Permit)


@pytest.mark.requirement("PM-2.2", "MC-3.1c")
async def test_a_replay_follows_the_clause_of_the_persons_own_deed(tmp_path: Path):
    other = made.convention(made.clause(cameras=["aa/one", "aa/two"], limits={"max_cameras": 1}), id="aa/convention/a")
    own = made.convention(made.clause(cameras=["aa/one", "aa/two"]))
    here = state([other, *(one for one in town() if one["kind"] != "convention"), own])
    agent = signed_in(here, "true")
    granted = asks(here, agent, camera="aa/one", beside=("aa/two",))
    assert isinstance(granted, Permit)
    places = homes((BodyId("aa"),), tmp_path / "ledger", tmp_path / "keys")
    for place in places:
        create("prova", place)
    ledger = Ledger("prova", places, StillClock(NOW_UTC))
    ledger.start()
    places[0].key_folder("prova").trust_body(BodyId("cc"), create_body_key(tmp_path / "cc.key"))
    await ledger.record(granted)
    entries = [(entry.index, entry.body) for entry in ledger.entries(BodyId("aa"))]
    assert [one.verdict for one in replay(entries, lambda _: here.engine)] == [Verdict.IDENTICAL]
    ledger.stop()
