"""Footage made once a session; each test spoils its own copy."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.folder import FolderSource
from adapters.folder.index import INDEX_FILE, file_name, microseconds
from adapters.folder.recorder import FilmedCamera, Recorder
from conventions.identifiers import CameraId
from tests.adapters.contract import NOON, TestClock

CAMERA = CameraId("porto/varco-1")
OTHER = CameraId("porto/varco-2")
STARTS = tuple(NOON + timedelta(seconds=30) * place for place in (0, 1, 2, 4))


def record_footage(root: Path) -> Path:
    """Three segments, a gap, one more; the first camera with sound."""
    recorder = Recorder(root, (FilmedCamera(CAMERA, with_audio=True), FilmedCamera(OTHER)))
    for start in STARTS:
        recorder.record(recorder.cameras[0], start)
    recorder.record(recorder.cameras[1], NOON)
    return root


@pytest.fixture(scope="session")
def recorded(tmp_path_factory) -> Path:
    return record_footage(tmp_path_factory.mktemp("footage"))


@dataclass
class FolderWorld:
    root: Path
    clock: TestClock
    camera: CameraId = CAMERA
    other_camera: CameraId = OTHER

    @property
    def source(self) -> FolderSource:
        return self.source_ahead(timedelta())

    def source_ahead(self, ahead: timedelta) -> FolderSource:
        offset_ms = ahead // timedelta(milliseconds=1)
        return FolderSource("folder", self.root, (self.camera, self.other_camera), self.clock.now_utc, offset_ms)

    def file(self, number: int, camera: CameraId = CAMERA) -> Path:
        return self.root / camera / file_name(STARTS[number], 30_000)

    def vanish(self, number: int) -> None:
        self.file(number).unlink()

    def truncate(self, number: int) -> None:
        data = self.file(number).read_bytes()
        self.file(number).write_bytes(data[: len(data) // 2])

    def replace(self, number: int, content: bytes) -> None:
        self.file(number).write_bytes(content)
        self.list_size(STARTS[number], len(content))

    def list_size(self, start_utc: datetime, size_bytes: int) -> None:
        import sqlite3

        db = sqlite3.connect(self.root / INDEX_FILE)
        with db:
            db.execute(
                "UPDATE segment SET size_bytes = ? WHERE camera = ? AND start_us = ?",
                (size_bytes, CAMERA, microseconds(start_utc)),
            )
        db.close()

    def fingerprint(self) -> object:
        return {
            str(path.relative_to(self.root)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
            for path in sorted(self.root.rglob("*"))
        }


@pytest.fixture
def world(recorded, tmp_path) -> FolderWorld:
    root = tmp_path / "footage"
    shutil.copytree(recorded, root)
    return FolderWorld(root, TestClock())
