"""From settings to named sources, and which source serves a camera. The only module that names concrete adapters."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from adapters.folder import FolderSource, FolderTransits
from adapters.port import SourceHealth, TransitSource, VideoSource
from conventions.faults import Fault, FaultKind
from conventions.identifiers import CAMERA_FORM, CameraId


@dataclass(frozen=True, slots=True)
class FolderVideoSettings:
    """A recorder whose footage lies below ``root`` with its index."""

    name: str
    root: Path
    cameras: tuple[CameraId, ...]
    clock_offset_ms: int = 0


@dataclass(frozen=True, slots=True)
class FolderTransitSettings:
    """A plate store in one SQLite file."""

    name: str
    path: Path
    cameras: tuple[CameraId, ...]


S = TypeVar("S", VideoSource, TransitSource)
SourceSettings = FolderVideoSettings | FolderTransitSettings


class Registry:
    """The sources of an installation; a camera has at most one of each kind."""

    def __init__(self, video: Sequence[VideoSource], transits: Sequence[TransitSource]) -> None:
        self._all: tuple[VideoSource | TransitSource, ...] = (*video, *transits)
        names = [source.name for source in self._all]
        if len(set(names)) != len(names):
            raise Fault(FaultKind.SETTINGS_INVALID, "two sources have the same name", where="sources")
        self._video: Mapping[CameraId, VideoSource] = _by_camera(video)
        self._transits: Mapping[CameraId, TransitSource] = _by_camera(transits)

    def video_of(self, camera: CameraId) -> VideoSource:
        """The recorder of a camera.

        Raises:
            Fault: ``resource-unknown``.
        """
        return _serving(self._video, camera)

    def transits_of(self, cameras: Sequence[CameraId]) -> TransitSource:
        """The one plate store that serves all of these cameras.

        Raises:
            Fault: ``resource-unknown``; ``source-unavailable`` when several stores share them, since the answer of
                one would pass for the answer of all.
        """
        found = {source.name: source for source in (_serving(self._transits, camera) for camera in cameras)}
        if len(found) != 1:
            raise Fault(FaultKind.SOURCE_UNAVAILABLE, "the cameras are served by several stores")
        return found.popitem()[1]

    def cameras(self) -> tuple[CameraId, ...]:
        return tuple(sorted({*self._video, *self._transits}))

    async def check(self) -> dict[str, SourceHealth]:
        """Health by name of the source."""
        found = await asyncio.gather(*(source.check() for source in self._all))
        return {source.name: health for source, health in zip(self._all, found, strict=True)}


def connect(settings: Sequence[SourceSettings], now_utc: Callable[[], datetime]) -> Registry:
    """Build every source that the settings name. Nothing is contacted yet.

    Raises:
        Fault: ``settings-invalid``.
    """
    video: list[VideoSource] = []
    transits: list[TransitSource] = []
    for one in settings:
        if not one.cameras or any(CAMERA_FORM.match(camera) is None for camera in one.cameras):
            raise Fault(FaultKind.SETTINGS_INVALID, "a source names its cameras as body/slug", where=one.name)
        match one:
            case FolderVideoSettings():
                video.append(FolderSource(one.name, one.root, one.cameras, now_utc, one.clock_offset_ms))
            case FolderTransitSettings():
                transits.append(FolderTransits(one.name, one.path, one.cameras, now_utc))
    return Registry(video, transits)


def _by_camera(sources: Sequence[S]) -> dict[CameraId, S]:
    found: dict[CameraId, S] = {}
    for source in sources:
        for camera in source.cameras():
            if camera in found:
                raise Fault(FaultKind.SETTINGS_INVALID, "two sources serve the same camera", where=source.name)
            found[camera] = source
    return found


def _serving(sources: Mapping[CameraId, S], camera: CameraId) -> S:
    source = sources.get(camera)
    if source is None:
        raise Fault(FaultKind.RESOURCE_UNKNOWN, "no source serves the camera")
    return source
