"""From the suspension of a convention to the last byte of a running stream, in one process. Prints JSON.

The real application serves a copy of a very long recording to a person who reads as fast as loopback gives. In that
process a notice that suspends the convention is put in force and the change feed is told; the instant before is the
event. The client notes when its last byte came; both read the same monotonic clock. Then the suspension ends, the
person opens the recording again, and so on. A notice published by another process is noticed up to 100 ms later.

Run: ``python -m tests.benchmarks.bench_cut [--cuts 20]``.
"""

import argparse
import json
import multiprocessing
import sqlite3
import tempfile
import threading
import time
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx2

from adapters.folder.index import INDEX_FILE, SCHEMA, file_name, microseconds
from broker.changes import DocumentChanged
from broker.cli_serve import serve_app
from broker.clock import SystemClock
from conventions.identifiers import BodyId
from conventions.spans import instant
from tests.benchmarks.bench_bytes import await_port, free_port
from tests.benchmarks.loaded import ISSUER, PURPOSE, assemble, force, town
from tests.decisions import made

CAMERA = f"{town(0)}/one"
FILM_BYTES = 64 << 30
"""Sparse: it takes no room and never comes to its end."""
FILM_MS = 30_000
READ_BYTES = 1 << 20
WATCHED_S = 0.3
"""How long a stream runs before it is cut."""
SOURCE = f'\n[[sources]]\nname = "long"\nkind = "folder"\nroot = "long"\ncameras = ["{CAMERA}"]\n'


def lay(root: Path, start_utc: datetime) -> None:
    """One segment that is far longer than anybody reads."""
    (root / CAMERA).mkdir(parents=True)
    with (root / CAMERA / file_name(start_utc, FILM_MS)).open("wb") as film:
        film.write((24).to_bytes(4, "big") + b"ftypisom" + bytes(12))
        film.truncate(FILM_BYTES)
    index = sqlite3.connect(root / INDEX_FILE)
    with index:
        index.execute(SCHEMA)
        row = (CAMERA, microseconds(start_utc), FILM_MS, FILM_BYTES, "h264")
        index.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?)", row)
    index.close()


def serve(folder: Path, port: int, told: Connection) -> None:
    """The broker's process: gives a cookie, then suspends and restores the convention as it is told."""
    loaded = assemble(folder, 1, 1, port, SOURCE)
    services = loaded.app.state.services
    _, cookie, _ = services.identities.sessions.open(
        issuer=ISSUER, subject=f"{force(0)}-agent", body=BodyId(force(0)), acr="high", issuer_session=None,
        workstation="benchmark", cookie_before=None,
    )  # fmt: skip
    told.send(cookie)

    def follow() -> None:
        while (word := told.recv()) != "end":
            event_s = time.monotonic()
            stopping = made.notice(on=f"{town(0)}/convention/{force(0)}", by=town(0), id=f"{town(0)}/notice/stop",
                                   effective=instant(services.clock.now_utc() - timedelta(seconds=1)))  # fmt: skip
            loaded.put([*loaded.texts, *made.read(*([stopping] if word == "suspend" else []))])
            services.publication._changes.publish(DocumentChanged(BodyId(town(0)), None))
            told.send(event_s)

    threading.Thread(target=follow, daemon=True).start()
    serve_app(loaded.app, "127.0.0.1", port)


def cut(client: httpx2.Client, case: str, start_utc: datetime, told: Connection) -> float:
    """Watch, have the convention suspended, and give the seconds from the event to the last byte."""
    ends = instant(start_utc + timedelta(milliseconds=FILM_MS))
    asked = {"operation": "recording.extract", "controller": town(0), "camera": CAMERA, "case": case}
    opened = client.post("/api/v1/viewings", json=asked | {"starts": instant(start_utc), "ends": ends})
    if opened.status_code != httpx2.codes.CREATED:
        raise SystemExit(f"not opened: {opened.text}")
    grant, last_s, begun_s, suspended = opened.json()["grant"], 0.0, time.monotonic(), False
    try:
        with client.stream("GET", f"/api/v1/viewings/{grant}/file/0") as film:
            for _ in film.iter_raw(READ_BYTES):
                last_s = time.monotonic()
                if not suspended and last_s - begun_s > WATCHED_S:
                    told.send("suspend")
                    suspended = True
    except httpx2.TransportError:
        pass  # the connection is dropped: that is the cut
    event_s: float = told.recv()
    said = client.get(f"/api/v1/viewings/{grant}/status").json()
    if said.get("reason") != "convention-suspended":
        raise SystemExit(f"ended otherwise: {said}")
    told.send("restore")
    told.recv()

    return last_s - event_s


def measure(cuts_count: int) -> dict[str, Any]:
    spawn = multiprocessing.get_context("spawn")
    start_utc = SystemClock().now_utc().replace(microsecond=0) - timedelta(hours=1)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        lay(folder / "long", start_utc)
        told, given = spawn.Pipe()
        broker = spawn.Process(target=serve, args=(folder, port, given))
        broker.start()
        try:
            cookie = told.recv()
            await_port(port)
            base = f"http://127.0.0.1:{port}"
            headers = {"Origin": base, "Cookie": f"varco={cookie}"}
            with httpx2.Client(base_url=base, headers=headers, trust_env=False, timeout=20) as client:
                wish = {"purpose": PURPOSE, "ground": "urban-security-public-order", "reference": "RG-2025/4711"}
                case = client.post("/api/v1/cases", json=wish).json()["case"]
                took_ms = sorted(1000 * cut(client, case, start_utc, told) for _ in range(cuts_count))
        finally:
            told.send("end")
            broker.terminate()
            broker.join()
    shares = quantiles(took_ms, n=100, method="inclusive")
    return {"cuts_count": cuts_count, "p50_ms": round(shares[49], 1), "p99_ms": round(shares[98], 1),
            "longest_ms": round(took_ms[-1], 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=20)
    print(json.dumps(measure(parser.parse_args().cuts), indent=1))


if __name__ == "__main__":
    main()
