from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.ledger.ledger import Ledger
from tests.ledger.made import Town, build


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return build(tmp_path)


@pytest.fixture
def ledger(town: Town) -> Iterator[Ledger]:
    """A ledger that runs."""
    running = town.ledger()
    running.start()
    yield running
    running.stop()
