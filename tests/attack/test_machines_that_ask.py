"""A machine that asks day and night leaves entries, and nothing that stays open, grows or delays the start."""

import pytest

from adapters.port import Grant
from broker.evidence import Basis, Machine, Permit
from broker.ledger import offline
from broker.ledger.ledger import Ledger
from tests.ledger.conftest import ledger, town
from tests.ledger.made import CLAUSE, NOON, TOWN, Town, facts, request

__all__ = ["ledger", "town"]


@pytest.mark.requirement("PM-3.2", "LEV-32.4")
async def test_an_evaluation_is_written_and_leaves_no_grant_open(town: Town, ledger: Ledger):
    machine = Machine("client-1", TOWN, "token-9")
    basis = Basis(machine, request(), (facts(),), "ab" * 32, "varco-decider/1", NOON, "gdpr", two_key=False)
    permit = Permit(basis, (CLAUSE,), frozenset(), NOON, None, "machine")
    for _ in range(3):
        answer = await ledger.record(permit)
        assert isinstance(answer, Grant)
        assert ledger.reading(TOWN).entry(answer.receipt.entry_index).body["evaluation"] == answer.grant_id
    assert ledger.open_grants() == ()
    assert not ledger._regimes
    assert offline.verify(town.file(), [town.vkeys[TOWN]]).finding is None
