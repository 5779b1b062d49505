"""The folder adapter passes the contract, and keeps to its folder."""

import sqlite3

import av
import pytest

from adapters.folder.index import INDEX_FILE, microseconds
from adapters.port import Clear, SourceState
from conventions.faults import Fault, FaultKind
from tests.adapters.contract import NOON, VideoSourceContract, grant_of, read_all, seconds


class TestFolder(VideoSourceContract):
    """The whole contract."""

    @pytest.mark.requirement("PM-3.16", "LEV-24.2")
    async def test_reading_changes_nothing(self, world):
        await super().test_reading_changes_nothing(world)


def change_index(world, statement, *values):
    db = sqlite3.connect(world.root / INDEX_FILE)
    with db:
        db.execute(statement, values)
    db.close()


async def open_first(world):
    return await world.source.open_recording(grant_of(world.camera, span=seconds(0, 30)))


async def kind_of(world) -> FaultKind:
    with pytest.raises(Fault) as fault:
        await open_first(world)
    return fault.value.kind


async def test_a_clear_is_what_the_port_says(world):
    assert isinstance(await open_first(world), Clear)


async def test_a_link_to_footage_is_not_followed(world, tmp_path):
    outside = tmp_path / "outside.mp4"
    world.file(0).rename(outside)
    world.file(0).symlink_to(outside)
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_a_link_to_a_camera_folder_is_not_followed(world, tmp_path):
    folder = world.file(0).parent
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_a_link_put_in_place_while_reading_is_not_followed(world, tmp_path):
    clear = await open_first(world)
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(world.file(0).read_bytes())
    world.file(0).unlink()
    world.file(0).symlink_to(secret)
    with pytest.raises(Fault) as fault:
        await read_all(clear, clear.segments[0])
    assert fault.value.kind is FaultKind.SOURCE_MALFORMED


async def test_a_folder_in_place_of_a_file_is_malformed(world):
    world.file(0).unlink()
    world.file(0).mkdir()
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_a_missing_index_is_an_unavailable_source(world):
    (world.root / INDEX_FILE).unlink()
    assert await kind_of(world) is FaultKind.SOURCE_UNAVAILABLE
    assert (await world.source.check()).state is SourceState.DOWN


async def test_an_index_that_is_no_database_is_malformed(world):
    (world.root / INDEX_FILE).write_bytes(b"not a database, whatever its name says" * 40)
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_an_index_of_another_shape_is_malformed(world):
    change_index(world, "DROP TABLE segment")
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_an_index_with_words_for_numbers_is_malformed(world):
    change_index(world, "UPDATE segment SET size_bytes = 'large'")
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_two_segments_over_the_same_time_are_malformed(world):
    change_index(
        world,
        "INSERT INTO segment VALUES (?, ?, 30000, 1000, 'h264')",
        world.camera,
        microseconds(NOON) + 15_000_000,
    )
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_a_segment_longer_than_any_is_malformed(world):
    change_index(world, "UPDATE segment SET duration_ms = 4000000000 WHERE start_us = ?", microseconds(NOON))
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_an_index_that_lies_about_the_size_is_malformed(world):
    world.list_size(NOON, world.file(0).stat().st_size + 1)
    assert await kind_of(world) is FaultKind.SOURCE_MALFORMED


async def test_old_footage_only_degrades_the_source(world):
    world.clock.at_utc = NOON.replace(hour=20)
    assert (await world.source.check()).state is SourceState.DEGRADED


async def test_current_footage_of_every_camera_is_up(world):
    world.clock.at_utc = NOON.replace(minute=2)
    assert (await world.source.check()).state is SourceState.UP


async def test_live_of_a_camera_without_footage_is_missing(world):
    change_index(world, "DELETE FROM segment WHERE camera = ?", world.camera)
    with pytest.raises(Fault) as fault:
        await world.source.open_live(grant_of(world.camera, span=None))
    assert fault.value.kind is FaultKind.FOOTAGE_MISSING


async def test_live_pictures_run_and_end_with_the_close(world):
    live = await world.source.open_live(grant_of(world.camera, span=None))
    options = {"probesize": "2048", "analyzeduration": "0", "fpsprobesize": "0"}
    with av.open(live.open_input(), options=options) as container:
        pictures = container.decode(video=0)
        first = next(pictures)
        assert (first.pts, first.width, first.height) == (0, 480, 270)
        await live.close()
        assert sum(1 for _ in pictures) < 20


async def test_live_is_opened_once(world):
    live = await world.source.open_live(grant_of(world.camera, span=None))
    await live.close()
    with pytest.raises(Fault) as fault:
        live.open_input()
    assert fault.value.kind is FaultKind.GRANT_ENDED


async def test_live_takes_no_span_and_a_recording_needs_one(world):
    for asked in (
        world.source.open_live(grant_of(world.camera, span=seconds(0, 30))),
        world.source.open_recording(grant_of(world.camera, span=None)),
    ):
        with pytest.raises(Fault) as fault:
            await asked
        assert fault.value.kind is FaultKind.REQUEST_MALFORMED
