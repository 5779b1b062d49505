"""The decision peer: Cerbos from npm, with N convention-like policies and its file audit on; it serves AuthZEN too."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

VERSION = "0.55.0"
PACKAGE = "@cerbos/cerbos-linux-x64"
START_WAIT_S = 300
POLICY = """apiVersion: api.cerbos.dev/v1
resourcePolicy:
  version: default
  resource: camera_{number}
  rules:
    - actions: [live, recording, plate]
      effect: EFFECT_ALLOW
      roles: [operator]
      condition:
        match:
          all:
            of:
              - expr: P.attr.body == "org{number}"
              - expr: R.attr.area == "it:{number}"
              - expr: R.attr.purpose in ["urban-security", "judicial-investigation"]
              - expr: now() < timestamp("2099-12-31T00:00:00Z")
"""
CONFIGURATION = """server: {{httpListenAddr: "127.0.0.1:{port}", grpcListenAddr: "127.0.0.1:{other_port}"}}
storage: {{driver: disk, disk: {{directory: "{folder}/policies", watchForChanges: false}}}}
audit:
  enabled: true
  backend: file
  accessLogsEnabled: true
  decisionLogsEnabled: true
  file: {{path: "{folder}/audit.log"}}
telemetry: {{disabled: true}}
"""


def install(folder: Path) -> Path:
    """Fetch the program with npm; gives its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is needed for the peer")
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-fund", "--no-audit", "--silent", "--ignore-scripts")
    subprocess.run([npm, "install", *quiet, "--prefix", str(folder), f"{PACKAGE}@{VERSION}"], check=True)
    return folder / "node_modules" / PACKAGE / "cerbos-linux-x64"


@contextmanager
def serving(program: Path, folder: Path, policies_count: int, ports: tuple[int, int]) -> Iterator[int]:
    """The peer running with so many policies; gives its process id."""
    (folder / "policies").mkdir(parents=True)
    for number in range(policies_count):
        (folder / "policies" / f"c{number}.yaml").write_text(POLICY.format(number=number), encoding="utf-8")
    file = folder / "configuration.yaml"
    file.write_text(CONFIGURATION.format(folder=folder, port=ports[0], other_port=ports[1]), encoding="utf-8")
    with (folder / "peer.log").open("wb") as log:
        peer = subprocess.Popen([program, "server", "--config", file], stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{ports[0]}/_cerbos/health", peer)
        yield peer.pid
    finally:
        peer.terminate()
        peer.wait()


def _await(address: str, peer: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + START_WAIT_S
    while time.monotonic() < until_s and peer.poll() is None:
        try:
            if httpx2.get(address, timeout=1, trust_env=False).is_success:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.3)
    raise SystemExit("the peer does not start")
