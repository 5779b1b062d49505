"""From settings to sources."""

import pytest

from adapters.port import SourceState, TransitSource, VideoSource
from adapters.registry import FolderTransitSettings, FolderVideoSettings, connect
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CameraId
from tests.adapters.conftest import CAMERA, OTHER
from tests.adapters.contract import grant_of, seconds


def two_sources(world, **change):
    video = {"name": "recorder", "root": world.root, "cameras": (CAMERA, OTHER)} | change
    plates = FolderTransitSettings("plates", world.root / "transits.sqlite", (CAMERA,))
    return connect([FolderVideoSettings(**video), plates], world.clock.now_utc)


async def test_a_camera_is_served_by_its_source(world):
    source: VideoSource = two_sources(world).video_of(CAMERA)
    clear = await source.open_recording(grant_of(CAMERA, span=seconds(0, 30)))
    assert len(clear.segments) == 1


def test_a_gate_is_searched_in_its_store(world):
    store: TransitSource = two_sources(world).transits_of([CAMERA])
    assert store.name == "plates"
    assert two_sources(world).cameras() == (CAMERA, OTHER)


def test_a_camera_without_source_is_unknown(world):
    registry = two_sources(world)
    for asked in (lambda: registry.video_of(CameraId("porto/none")), lambda: registry.transits_of([OTHER])):
        with pytest.raises(Fault) as fault:
            asked()
        assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN


@pytest.mark.parametrize("change", [{"name": "plates"}, {"cameras": ()}, {"cameras": (CameraId("../etc"),)}])
def test_settings_that_cannot_be_are_refused(world, change):
    with pytest.raises(Fault) as fault:
        two_sources(world, **change)
    assert fault.value.kind is FaultKind.SETTINGS_INVALID


def test_a_camera_has_one_recorder(world):
    recorders = [FolderVideoSettings(name, world.root, (CAMERA,)) for name in ("one", "two")]
    with pytest.raises(Fault) as fault:
        connect(recorders, world.clock.now_utc)
    assert fault.value.kind is FaultKind.SETTINGS_INVALID


async def test_health_is_told_by_name(world):
    health = await two_sources(world).check()
    assert health["plates"].state is SourceState.DOWN
    assert health["recorder"].state is not SourceState.DOWN


def test_gates_of_two_stores_are_not_half_answered(world):
    path = world.root / "transits.sqlite"
    stores = [FolderTransitSettings("one", path, (CAMERA,)), FolderTransitSettings("two", path, (OTHER,))]
    with pytest.raises(Fault) as fault:
        connect(stores, world.clock.now_utc).transits_of([CAMERA, OTHER])
    assert fault.value.kind is FaultKind.SOURCE_UNAVAILABLE
