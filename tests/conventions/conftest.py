"""A town and its register, made once: tests that change the world make their own."""

import pytest

from conventions.register import Register
from tests.conventions.town import Town, new_town, publish_all


@pytest.fixture(scope="session")
def town() -> Town:
    return new_town()


@pytest.fixture(scope="session")
def register(town: Town) -> Register:
    return publish_all(town)
