"""Untouched bytes per second under a grant, beside nginx ``proxy_pass`` and a plain asyncio file server. Prints JSON.

All serve the same file over loopback to the same client, in one run; each figure is the best of some rounds. The
broker side is the real path: grant, viewing, folder source, counted chunks, uvicorn. nginx proxies to its own
file server and is measured when it is installed or named. Also: from the order to cut until the last byte.

Run: ``python -m tests.benchmarks.bench_bytes [--mib 256] [--clients 1,8] [--rounds 3] [--nginx /usr/sbin/nginx]``.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from adapters.folder import FolderSource
from adapters.folder.index import INDEX_FILE, SCHEMA, file_name, microseconds
from broker.delivery.minimise import minimise
from broker.delivery.viewings import Viewing, Viewings
from broker.delivery.workers import Workers
from conventions.faults import Fault
from conventions.identifiers import CameraId, SessionId
from conventions.terms import Reason
from tests.adapters.contract import NOON, TestClock, grant_of, seconds

CAMERA = CameraId("porto/varco-1")
SESSION = SessionId("bench")
BUFFER_BYTES = 1 << 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lay(root: Path, size_bytes: int) -> Path:
    """One segment of the size, warm in the page cache."""
    (root / CAMERA).mkdir(parents=True)
    file = root / CAMERA / file_name(NOON, 30_000)
    with file.open("wb") as out:
        out.write((24).to_bytes(4, "big") + b"ftypisom" + bytes(12))
        left = size_bytes - 24
        while left > 0:
            left -= out.write(os.urandom(min(left, BUFFER_BYTES)))
    db = sqlite3.connect(root / INDEX_FILE)
    with db:
        db.execute(SCHEMA)
        row = (CAMERA, microseconds(NOON), 30_000, file.stat().st_size, "h264")
        db.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?)", row)
    db.close()
    return file


class Broker:
    """The least of an application around the real delivery path: one viewing for each request."""

    def __init__(self, root: Path) -> None:
        self.clock = TestClock()
        self.source = FolderSource("folder", root, (CAMERA,), self.clock.now_utc)
        self.viewings = Viewings(self.clock, self.ended)
        self.workers = Workers()
        self.count = 0

    async def ended(self, grant: object, outcome: object) -> None:
        """Nothing is written here: the ledger has its own benchmark."""

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        self.count += 1
        grant = grant_of(
            CAMERA,
            span=seconds(0, 30),
            operation="recording.extract",
            grant_id=f"0198a000-0000-7000-8000-{self.count:012}",
        )
        viewing = self.viewings.open(
            grant, await minimise(await self.source.open_recording(grant), grant, self.workers), SESSION
        )
        headers = [(b"content-length", str(viewing.total_bytes).encode()), (b"content-type", b"video/mp4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

        async def body(chunk: bytes) -> None:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

        await viewing.pump(body)
        await send({"type": "http.response.body", "body": b""})
        await self.viewings.close(grant.grant_id, SESSION)


def serve_broker(root: str, port: int) -> None:
    uvicorn.run(Broker(Path(root)), host="127.0.0.1", port=port, loop="uvloop", http="httptools", lifespan="off",
                log_level="error")  # fmt: skip


def serve_plain(file: str, port: int) -> None:
    """What asyncio does at its best: ``sendfile`` of a whole file, no grant, no counting."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await reader.readline():
            writer.close()
            return
        await reader.readuntil(b"\r\n\r\n")
        size = Path(file).stat().st_size  # noqa: ASYNC240 one stat
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        with open(file, "rb") as opened:  # noqa: ASYNC230, PTH123 handed to sendfile
            await asyncio.get_running_loop().sendfile(writer.transport, opened)
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
            await server.serve_forever()

    asyncio.run(run())


def start_nginx(binary: str, root: Path, file: Path, port: int, static: int) -> "subprocess.Popen[bytes]":
    """One worker; ``port`` proxies to ``static``, which nginx serves itself."""
    conf = root / "nginx.conf"
    user = "user root; " if os.geteuid() == 0 else ""  # the folder is its owner's only
    conf.write_text(
        f"{user}worker_processes 1; daemon off; pid {root}/nginx.pid; error_log {root}/error.log;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; sendfile on; client_body_temp_path {root}/b; proxy_temp_path {root}/p;\n"
        f"fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n"
        f"server {{ listen 127.0.0.1:{port}; location / {{ proxy_http_version 1.1; proxy_buffers 16 256k;\n"
        f"proxy_buffer_size 256k; proxy_pass http://127.0.0.1:{static}; }} }}\n"
        f"server {{ listen 127.0.0.1:{static}; location = /film {{ alias {file}; }} }} }}\n"
    )
    return subprocess.Popen([binary, "-c", str(conf), "-p", str(root)], stderr=subprocess.DEVNULL)


def fetch(port: int) -> int:
    """Read one answer to its end and count it."""
    buffer, total = bytearray(BUFFER_BYTES), 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /film HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
        while got := connection.recv_into(buffer):
            total += got
    return total


def rate(port: int, size_bytes: int, clients_count: int, rounds_count: int) -> float:
    """Best MB/s over the rounds, all clients together."""
    best = 0.0
    for _ in range(rounds_count):
        begin = time.perf_counter()
        with ThreadPoolExecutor(clients_count) as pool:
            totals = list(pool.map(fetch, [port] * clients_count))
        took_s = time.perf_counter() - begin
        assert all(total > size_bytes for total in totals), "an answer was not whole"
        best = max(best, sum(totals) / took_s / 1e6)
    return round(best)


async def cuts(root: Path, count: int) -> dict[str, float]:
    """Milliseconds from the order to cut until the client has read its last byte, in one process.

    The client reads as fast as it can from a socket pair; the ending is handed over, not written to a ledger.
    """
    broker, took_ms = Broker(root), []
    loop = asyncio.get_running_loop()
    for number in range(count):
        grant = grant_of(
            CAMERA, span=seconds(0, 30), operation="recording.extract", grant_id=f"0198b000-0000-7000-8000-{number:012}"
        )
        clear = await broker.source.open_recording(grant)
        viewing = broker.viewings.open(grant, await minimise(clear, grant, broker.workers), SESSION)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)

        def drain(end: socket.socket = theirs) -> float:
            buffer, last_s = bytearray(BUFFER_BYTES), 0.0
            while end.recv_into(buffer):
                last_s = time.perf_counter()
            end.close()
            return last_s

        async def pump(viewing: Viewing = viewing, ours: socket.socket = ours) -> None:
            with contextlib.suppress(Fault):
                while True:
                    await viewing.pump(lambda chunk: loop.sock_sendall(ours, chunk))
            ours.close()

        async with asyncio.TaskGroup() as group:
            reading = loop.run_in_executor(None, drain)
            group.create_task(pump())
            await asyncio.sleep(0.02)
            ordered_s = time.perf_counter()
            await broker.viewings.cut(grant.grant_id, Reason.CONVENTION_SUSPENDED)
        took_ms.append(max(0.0, (await reading - ordered_s) * 1000))
    took_ms.sort()
    broker.workers.close()
    return {
        "count": count,
        "p50_ms": round(took_ms[len(took_ms) // 2], 2),
        "p99_ms": round(took_ms[-max(1, len(took_ms) // 100)], 2),
        "worst_ms": round(took_ms[-1], 2),
    }


def await_port(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nothing answers on port {port}")


def resident_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024


def measure(size_bytes: int, clients: list[int], rounds_count: int, nginx: str | None) -> dict[str, Any]:
    """All servers up, then each measured in turn."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        file = lay(root, size_bytes)
        ports = {"broker": free_port(), "plain_asyncio": free_port()}
        processes = {
            "broker": spawn.Process(target=serve_broker, args=(str(root), ports["broker"]), daemon=True),
            "plain_asyncio": spawn.Process(target=serve_plain, args=(str(file), ports["plain_asyncio"]), daemon=True),
        }
        for process in processes.values():
            process.start()
        proxy = None
        if nginx is not None:
            ports["nginx_proxy_pass"], static = free_port(), free_port()
            proxy = start_nginx(nginx, root, file, ports["nginx_proxy_pass"], static)
        try:
            for port in ports.values():
                await_port(port)
            idle_mib = resident_mib(processes["broker"].pid or 0)
            found: dict[str, Any] = {"file_mib": size_bytes >> 20, "rounds_count": rounds_count}
            for count in clients:
                found[f"clients_{count}_mb_per_s"] = {
                    name: rate(port, size_bytes, count, rounds_count) for name, port in ports.items()
                }
            found["cut_to_last_byte"] = asyncio.run(cuts(root, 200))
            found["broker_memory_mib"] = {"idle": idle_mib, "highest": resident_mib(processes["broker"].pid or 0)}
            return found
        finally:
            for process in processes.values():
                process.terminate()
                process.join()
            if proxy is not None:
                proxy.send_signal(signal.SIGTERM)
                proxy.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--clients", default="1,8")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nginx", default=shutil.which("nginx"))
    args = parser.parse_args()
    clients = [int(count) for count in args.clients.split(",")]
    print(json.dumps(measure(args.mib << 20, clients, args.rounds, args.nginx), indent=2))


if __name__ == "__main__":
    main()
