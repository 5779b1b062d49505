"""One session cannot take every reader and renderer: beyond a number of viewings it is refused, and recorded."""

from datetime import timedelta

import pytest

from broker.clock import SystemClock
from broker.pipeline import AT_ONCE_COUNT
from tests.world.demo import RunningDemo, demo, demo_world

__all__ = ["demo", "demo_world"]
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]


@pytest.mark.requirement("PM-3.15")
def test_a_session_holds_only_so_many_viewings_at_once(demo: RunningDemo):
    visitor = demo.visitor("carabinieri-mantova", "op-101")
    case = visitor.case("crime-prevention-repression", "reported-or-detected-offence", "annotazione 12")
    starts_utc = SystemClock().now_utc() - timedelta(minutes=3)
    opened = [visitor.recording("c_g917/varco-nord", case, starts_utc, 1) for _ in range(AT_ONCE_COUNT)]
    assert [said.status for said in opened] == [201] * AT_ONCE_COUNT
    refused = visitor.recording("c_g917/varco-nord", case, starts_utc, 1)
    assert (refused.status, refused.reason) == (403, "minimisation")
    assert visitor.ask("DELETE", f"/api/v1/viewings/{opened[0].body['grant']}").status == 204
    assert visitor.recording("c_g917/varco-nord", case, starts_utc, 1).status == 201
