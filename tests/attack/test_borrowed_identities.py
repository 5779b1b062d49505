"""One person's standing is not lent to another: lists of other towns, second lists, credentials that others claim."""

import pytest

from broker.evidence import Permit
from conventions.terms import Reason
from tests.attack.world import AGENT, asks, person, signed_in, state, town
from tests.decisions import made


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
