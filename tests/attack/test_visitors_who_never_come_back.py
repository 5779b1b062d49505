"""Whoever begins sign-ins without end leaves nothing behind: what is over is forgotten while the broker runs."""

import asyncio
from datetime import timedelta
from pathlib import Path

from broker.lasting import forget
from broker.storage import open_store
from broker.storage.tables import SignInRow
from conventions.spans import instant
from tests.ledger.made import NOON, StillClock


async def test_sign_ins_that_were_only_begun_are_forgotten_once_they_are_over(tmp_path: Path):
    store, clock = open_store(f"sqlite:///{tmp_path / 'varco.sqlite'}"), StillClock()

    def begun(state: str, lasts: timedelta) -> SignInRow:
        return SignInRow(
            state_digest=state, issuer="i", nonce="n", code_verifier="v", browser_digest="b", return_to="/",
            expires_utc=instant(NOON + lasts),
        )  # fmt: skip

    store.sign_ins.add(begun("over", timedelta(minutes=-1)))
    store.sign_ins.add(begun("lasts", timedelta(minutes=1)))
    async with asyncio.TaskGroup() as group:
        forgetting = group.create_task(forget(store, clock, every_s=0.01))
        await asyncio.sleep(0.5)
        forgetting.cancel()
    assert store.sign_ins.take("over") is None
    assert store.sign_ins.take("lasts") is not None
    store.close()
