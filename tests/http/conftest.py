"""Two demonstrations, running: one whose recorder cannot be reached, one with a little footage."""

from collections.abc import Iterator

import pytest

from tests.http.town import Town, blind_world, filmed_world, serving


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The whole demonstration, save that its recorder is gone: reaching for it shows."""
    with serving(blind_world(tmp_path_factory.mktemp("blind"))) as found:
        yield found


@pytest.fixture
def filmed(filmed_town: Town) -> Iterator[Town]:
    """The demonstration with footage; whoever watches goes home after the test."""
    yield filmed_town
    filmed_town.rest()


@pytest.fixture(scope="session")
def filmed_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The whole demonstration with two minutes of one gate; its documents are put back by who changes them."""
    with serving(filmed_world(tmp_path_factory.mktemp("filmed"))) as found:
        yield found
