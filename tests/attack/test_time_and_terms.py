"""Time is not won by writing a text anew, nor by setting the clock back."""

from datetime import timedelta
from pathlib import Path

import pytest

from broker.changes import Changes
from broker.decision.state import Standing
from broker.evidence import Permit
from broker.publication import Publication
from conventions.terms import Reason
from tests.attack.world import NOW_UTC, asks, signed_in, state, town
from tests.decisions import made
from tests.ledger.made import StillClock
from tests.world.signed_demo import SignedDemo


@pytest.mark.requirement("PM-2.4")
@pytest.mark.parametrize(("begun", "admitted"), [("2025-01-01", False), ("2026-03-10", True)])
def test_an_amendment_does_not_give_the_time_without_an_act_anew(begun: str, admitted: bool):
    law, _, listed, _, trust = town()
    first = made.convention(version="1", valid_from=begun, act_grace="P30D")
    amended = made.convention(version="2", valid_from="2026-03-12", act_grace="P30D")
    here = state([law, amended, listed, trust], past=[law, first, amended, listed, trust])
    decided = asks(here, signed_in(here, "true"))
    assert isinstance(decided, Permit) is admitted
    assert admitted or decided.primary is Reason.OPERATOR_ACT_MISSING


def test_what_is_in_force_follows_a_clock_that_is_set_back(tmp_path: Path):
    demo, standing, clock = SignedDemo(), Standing(), StillClock(NOW_UTC)
    clock.at_utc = demo.now_utc
    publication = Publication(tmp_path, demo.anchors_pem, standing, Changes(), clock)
    (tmp_path / "register").mkdir()
    publication.publish(demo.sealed(demo.texts[0]))
    assert not publication.follow()
    clock.at_utc -= timedelta(days=1)
    assert publication.follow()
    assert standing.state.snapshot.at_utc == clock.at_utc
    assert not publication.follow()
