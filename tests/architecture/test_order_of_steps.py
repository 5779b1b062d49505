"""The type checker rejects a path that leaves out or turns round a step of ``broker/pipeline.py``.

Each sample is the right path with one line changed; mypy must object to that line and to nothing else.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RIGHT = """\
from datetime import datetime

from adapters.port import VideoSource
from broker.decision.decide import decide
from broker.decision.state import State
from broker.delivery.minimise import minimise
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.evidence import AccessRequest, Caller, Outcome, Refused, Session
from broker.ledger.ledger import Ledger
from conventions.identifiers import SessionId


async def path(
    session: Session, caller: Caller, request: AccessRequest, state: State, at_utc: datetime, ledger: Ledger,
    source: VideoSource, viewings: Viewings, workers: Workers, session_id: SessionId, outcome: Outcome,
) -> None:
    decided = decide(caller, request, state, at_utc)
    granted = await ledger.record(decided)
    if isinstance(granted, Refused):
        return
    clear = await source.open_recording(granted)
    deliverable = await minimise(clear, granted, workers)
    viewings.open(granted, deliverable, session_id)
    await ledger.close(granted, outcome)
"""

WRONG = {
    "decide about nobody who was identified": ("decide(caller, request, state", "decide(session, request, state"),
    "record what was not decided": ("ledger.record(decided)", "ledger.record(request)"),
    "open a source on a permit": ("open_recording(granted)", "open_recording(decided)"),
    "minimise what was not opened": ("minimise(clear, granted", "minimise(source, granted"),
    "minimise on a permit": ("minimise(clear, granted", "minimise(clear, decided"),
    "deliver what was not minimised": ("viewings.open(granted, deliverable", "viewings.open(granted, clear"),
    "close what was not granted": ("ledger.close(granted, outcome)", "ledger.close(decided, outcome)"),
    "take a refusal for a grant": ("    if isinstance(granted, Refused):\n        return\n", ""),
}


@pytest.fixture(scope="module")
def objections(tmp_path_factory) -> dict[str, list[tuple[str, str]]]:
    """Sample to (line of code, error code), from one run of mypy over all samples."""
    folder = tmp_path_factory.mktemp("order")
    names = {"right": RIGHT} | {name: RIGHT.replace(*change) for name, change in WRONG.items()}
    files = {folder / f"sample_{number}.py": name for number, name in enumerate(names)}
    for file, name in files.items():
        file.write_text(names[name], encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--no-pretty",
        "--no-error-summary",
        "--hide-error-context",
        *map(str, files),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in names}
    for path, line, code in re.findall(r"^(.+?):(\d+): error: .* \[([a-z-]+)\]$", done.stdout, re.MULTILINE):
        file = ROOT / path
        name = next(name for known, name in files.items() if known.name == file.name)
        found[name].append((names[name].splitlines()[int(line) - 1].strip(), code))
    return found


def test_the_right_order_is_accepted(objections):
    assert objections["right"] == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_order_is_rejected(objections, name):
    before, after = WRONG[name]
    assert before in RIGHT
    assert objections[name], "mypy accepts it"
    codes = {code for _, code in objections[name]}
    assert codes == {"arg-type"}
    if after:
        assert all(after in line for line, _ in objections[name])
