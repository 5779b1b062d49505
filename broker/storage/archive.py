"""Generations as files, named by their digests: what a replay of years later reads its rules from.

``<folder>/bundles/<digest>.json`` and ``<folder>/generations/<digest>.json`` (the sorted list of bundle digests).
Written once, never changed; a file that is not what its name says is refused. Source: design 4, 7 (replay).
"""

import json
import os
from pathlib import Path
from typing import Any

from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from policies.bundle import Generation, load, stored


def keep(folder: Path, generation: Generation) -> None:
    """Store a generation and those of its bundles that are not there yet; durable when it returns."""
    target = folder / "generations" / f"{generation.digest}.json"
    if target.exists():
        return
    for bundle in generation.bundles:
        file = folder / "bundles" / f"{bundle.digest}.json"
        if not file.exists():
            _write(file, canonical(stored(bundle)))
    _write(target, canonical([bundle.digest for bundle in generation.bundles]))


def recall(folder: Path, digest: str) -> Generation:
    """Read a generation back.

    Raises:
        Fault: ``policy-unavailable`` when it, or a bundle of it, is missing or altered.
    """
    names = _read(folder / "generations" / f"{digest}.json")
    generation = Generation.of(load(_read(folder / "bundles" / f"{name}.json")) for name in names)
    if generation.digest != digest:
        raise Fault(FaultKind.POLICY_UNAVAILABLE, "a generation that is not what its name says", where=digest)
    return generation


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        raise Fault(FaultKind.POLICY_UNAVAILABLE, "a generation or bundle cannot be read", where=file.stem) from None


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(f".{os.getpid()}.new")
    beside.unlink(missing_ok=True)  # left by a process that died; a link laid here is not followed
    with beside.open("xb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(file)
