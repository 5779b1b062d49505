"""The demonstration's provider starts, says that it is one, and stops with whoever started it."""

import subprocess
import sys

import httpx2
import pytest

from broker.demo.provider import DemoAccount, DemoIssuer, DemoProvider, free_ports, running
from conventions.faults import Fault, FaultKind


def issuer(port):
    return DemoIssuer(port, f"http://127.0.0.1:{port}", "Forza <di prova>", [], [DemoAccount("a-1", "Anna", "2")])


def test_it_stops_by_its_process_id(tmp_path):
    (port,) = free_ports(1)
    with running([issuer(port)], tmp_path) as provider:
        assert provider.process_id is not None
        assert httpx2.get(f"http://127.0.0.1:{port}/jwks", trust_env=False).status_code == 200
    assert provider.process_id is None
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"http://127.0.0.1:{port}/jwks", trust_env=False)


def test_a_port_in_use(tmp_path):
    (port,) = free_ports(1)
    with running([issuer(port)], tmp_path / "first"):
        second = DemoProvider([issuer(port), issuer(*free_ports(1))], tmp_path / "second")
        with pytest.raises(Fault) as caught:
            second.start()
    assert caught.value.kind is FaultKind.SETTINGS_INVALID
    assert second.process_id is None


def test_an_address_that_is_not_loopback(tmp_path):
    provider = DemoProvider([DemoIssuer(1, "http://192.0.2.1:1", "Forza", [], [])], tmp_path)
    with pytest.raises(Fault):
        provider.start()
    assert "only loopback" in provider.log_file.read_text(encoding="utf-8")


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path):
    (port,) = free_ports(1)
    program = f"""
import os
from pathlib import Path
from broker.demo.provider import *
DemoProvider([DemoIssuer({port}, "http://127.0.0.1:{port}", "Forza", [], [])], Path({str(tmp_path)!r})).start()
os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", program]).returncode == -9
    gone = False
    for _ in range(100):
        try:
            httpx2.get(f"http://127.0.0.1:{port}/jwks", trust_env=False)
        except httpx2.TransportError:
            gone = True
            break
    assert gone
