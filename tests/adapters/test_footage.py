"""Footage for the demonstration: real film, a clock that tells true times, and sound on the camera that has it."""

import threading
from datetime import timedelta

import av
import numpy as np
import pytest

from adapters.folder import FolderSource
from adapters.folder.film import FPS, burn, film_of
from adapters.folder.footage import prepare, slots
from adapters.folder.recorder import SEGMENT_S, FilmedCamera, Recorder, slot_of
from conventions.identifiers import CameraId
from tests.adapters.conftest import CAMERA, OTHER
from tests.adapters.contract import NOON, grant_of, seconds

BAR_PX = 20


def luma(path, second: float):
    """The brightness plane of the picture at a second of a file."""
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            if float(picture.time) >= second:
                return picture.to_ndarray(format="yuv420p")[: picture.height].astype(int)
    raise AssertionError("no such picture")


def difference(one, two) -> float:
    return float(np.abs(one - two).mean())


def test_pictures_move_and_are_of_the_film(world):
    one, two = luma(world.file(0), 3), luma(world.file(0), 6)
    assert difference(one[BAR_PX:], two[BAR_PX:]) > 3
    assert one.std() > 20


def test_the_clock_tells_the_time_of_each_picture(world):
    """The bar of a picture is the bar drawn for its own second, and not the one drawn for another."""

    def bar(second: float):
        frame = np.zeros((270 * 3 // 2, 480), dtype=np.uint8)
        burn(frame, f"{CAMERA.upper()}  {NOON + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}Z")
        return frame[:BAR_PX].astype(int)

    shown = luma(world.file(1), 7.1)[:BAR_PX]  # the second segment begins at 12:00:30
    assert min(range(60), key=lambda second: difference(shown, bar(second))) == 37


def test_only_the_camera_with_sound_has_sound(world):
    with av.open(str(world.file(0))) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        loudest = max(np.abs(block.to_ndarray()).max() for block in container.decode(audio=0))
        assert loudest > 0.1
    with av.open(str(world.file(0, OTHER))) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_a_segment_is_as_long_as_its_name_says(world):
    with av.open(str(world.file(0, OTHER))) as container:
        assert container.streams.video[0].frames == SEGMENT_S * FPS
        assert container.duration == SEGMENT_S * av.time_base


def test_two_cameras_do_not_look_alike():
    assert difference(film_of(0).at(0).astype(int), film_of(2).at(0).astype(int)) > 5


def test_the_loop_has_no_jump():
    film = film_of(0)
    count = len(film.frames)
    step = max(difference(film.at(n).astype(int), film.at(n + 1).astype(int)) for n in range(count - 1))
    for n in (count - 1, 2 * count - 3):
        assert difference(film.at(n).astype(int), film.at(n + 1).astype(int)) <= step


def test_slots_are_the_last_minutes_and_the_first_minute_of_each_hour():
    found = slots(NOON + timedelta(minutes=30, seconds=10), hours=3)
    assert found[0] == NOON + timedelta(minutes=29, seconds=30)
    assert found[15] == NOON + timedelta(minutes=22)
    assert found[16:] == tuple(
        NOON - timedelta(hours=hour) + timedelta(seconds=second) for hour in (0, 1, 2) for second in (30, 0)
    )


def test_slots_never_reach_into_the_future():
    for minute in range(0, 60, 7):
        now_utc = NOON + timedelta(minutes=minute, seconds=1)
        assert all(start + timedelta(seconds=SEGMENT_S) <= now_utc for start in slots(now_utc, hours=2))


async def test_prepare_is_idempotent_and_repairs(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.folder.footage.RECENT", timedelta(minutes=1))
    cameras, now_utc, told = (FilmedCamera(OTHER),), NOON + timedelta(seconds=75), []
    prepare(tmp_path, cameras, now_utc, 0, lambda done, total, camera: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]
    files = sorted((tmp_path / OTHER).iterdir())
    written = [file.stat().st_mtime_ns for file in files]
    prepare(tmp_path, cameras, now_utc, 0)
    assert [file.stat().st_mtime_ns for file in files] == written
    files[0].write_bytes(b"broken off")
    prepare(tmp_path, cameras, now_utc, 0)
    source = FolderSource("folder", tmp_path, (OTHER,), lambda: now_utc)
    clear = await source.open_recording(grant_of(OTHER, span=seconds(0, 75)))
    assert [segment.span for segment in clear.segments] == [seconds(0, 30), seconds(30, 60)]


async def test_the_recorder_goes_on_and_forgets_what_is_old(tmp_path):
    """It runs behind a clock that jumps to the end of the slot: records it, erases what is older than it keeps."""
    recorder, stop = Recorder(tmp_path, (FilmedCamera(OTHER),)), threading.Event()
    recorder.record(recorder.cameras[0], NOON - timedelta(hours=2))
    ticks = iter([NOON + timedelta(seconds=1), NOON + timedelta(seconds=30)])
    latest = NOON + timedelta(seconds=30)

    def now_utc():
        nonlocal latest
        latest = next(ticks, latest)
        if recorder.has(OTHER, NOON) and not recorder.has(OTHER, NOON - timedelta(hours=2)):
            stop.set()
        return latest

    running = threading.Thread(target=recorder.run, args=(now_utc, stop, timedelta(hours=1)))
    running.start()
    for _ in range(600):
        if not recorder.has(OTHER, NOON - timedelta(hours=2)):
            stop.set()
            break
        running.join(0.05)
    running.join(10)
    assert not running.is_alive()
    assert recorder.has(OTHER, NOON)
    assert [file.name for file in (tmp_path / OTHER).iterdir()] == ["2026-03-02T12:00:00.000000Z_30.000.mp4"]


def test_a_slot_holds_its_own_start():
    assert slot_of(NOON) == NOON
    assert slot_of(NOON + timedelta(seconds=29, microseconds=999_999)) == NOON
    assert slot_of(NOON + timedelta(seconds=30)) == NOON + timedelta(seconds=30)


@pytest.mark.parametrize("camera", [CameraId("porto/varco-1"), CameraId("levanto/piazza")])
def test_a_camera_without_a_row_is_not_recorded(tmp_path, camera):
    recorder = Recorder(tmp_path, (FilmedCamera(camera),))
    assert not recorder.has(camera, NOON)
