"""Killed with signal 9 at any moment, under load: no acknowledged entry is lost, no grant stands without its entry.

The moments come from a seeded generator; the load is what clients really do: searches, viewings, evaluations.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import numpy as np
import pytest

from broker.demo.visitor import Visitor
from conventions import shelf
from tests.http.test_authzen import ask, asks_for_a_token, assertion, question
from tests.http.town import (
    CARABINIERI,
    CLOCK,
    TOWN,
    Books,
    Town,
    World,
    filmed_world,
    live,
    plate,
    serving,
)

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

ROUNDS_COUNT = 3
SEED = 20260314


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return filmed_world(tmp_path_factory.mktemp("crash"))


@dataclass
class Acknowledged:
    """What clients were told: tree, index, and the identifier that the entry there must carry."""

    told: list[tuple[str, int, str, str]] = field(default_factory=list)
    grants: set[str] = field(default_factory=set)

    def evaluation(self, body: dict[str, Any]) -> None:
        context = body["context"]
        if body["decision"]:
            receipt = context["receipt"]
            self.told.append((receipt["tree"], receipt["index"], "evaluation", context["evaluation_id"]))
        else:
            self.told.append((context["controller"], context["entry"], "request_id", context["request_id"]))

    def viewing(self, status: int, body: dict[str, Any]) -> None:
        if status == 201:
            self.told.append((body["receipt"]["tree"], body["receipt"]["index"], "grant", body["grant"]))
            self.grants.add(body["grant"])
        elif status == 403:
            self.told.append((body["controller"], body["entry"], "request_id", body["request_id"]))

    def search(self, body: dict[str, Any]) -> None:
        for section in body.get("sections", ()):
            if section["outcome"] == "answered":
                self.grants.add(section["grant"])
            elif section["outcome"] == "refused":
                self.told.append((section["controller"], section["entry"], "request_id", section["request_id"]))


@contextmanager
def load(town: Town, visitor: Visitor, acknowledged: Acknowledged) -> Iterator[None]:
    """Clients that ask until nobody answers."""
    case = town.case(visitor)
    token = asks_for_a_token(town, assertion(town)).json()["access_token"]
    cookies = visitor.http.cookies["varco"]

    def another() -> Visitor:
        other = Visitor(visitor.base_url, visitor.issuer, visitor.code, CLOCK)
        other.http.cookies.set("varco", cookies)
        return other

    def evaluates() -> None:
        acknowledged.evaluation(ask(town, token, question()).json())
        elsewhere = {"resource": {"type": "camera", "id": "c_e542/porto"}}
        acknowledged.evaluation(ask(town, token, question(**elsewhere)).json())

    def watches(own: Visitor) -> None:
        said = own.ask("POST", "/api/v1/viewings", live(case))
        acknowledged.viewing(said.status, said.body)
        folder = f"/api/v1/viewings/{said.body.get('grant')}"
        own.bytes_of(f"{folder}/index.m3u8")
        own.bytes_of(f"{folder}/init.mp4")
        refused = own.ask("POST", "/api/v1/viewings", live(case, camera="c_g917/scuola"))
        acknowledged.viewing(refused.status, refused.body)

    def searches(own: Visitor) -> None:
        wish = plate(case, controllers=[TOWN, "c_e542"])
        acknowledged.search(own.ask("POST", "/api/v1/plates/search", wish).body)

    def until_nobody_answers(work: Callable[[], None]) -> None:
        try:
            while True:
                work()
        except httpx2.TransportError:
            return

    people = [another() for _ in range(4)]
    works: list[Callable[[], None]] = [evaluates, evaluates]
    works += [lambda own=own: watches(own) for own in people[:2]]  # type: ignore[misc]
    works += [lambda own=own: searches(own) for own in people[2:]]  # type: ignore[misc]
    threads = [threading.Thread(target=until_nobody_answers, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    for own in people:
        own.close()


def check(books: Books, acknowledged: Acknowledged) -> None:
    """The files as the dead process left them, or as the next one goes on from them."""
    for tree in books.trees:
        report = books.verified(tree)
        assert report.finding is None, (tree, report.finding)
    for tree, index, member, value in acknowledged.told:
        assert books.entry(tree, index)[member] == value, (tree, index)
    granted = {
        entry.body["grant"]
        for tree in (TOWN, "c_e542")
        for entry in books.entries(tree)
        if entry.body.get("decision") == "permit" and "grant" in entry.body
    }
    assert acknowledged.grants <= granted, "a grant without its entry"


def open_grants(books: Books) -> int:
    return sum(len(books.reading(tree).open_grants()) for tree in books.trees)


@pytest.mark.requirement("PM-3.2")
def test_killed_under_load_nothing_acknowledged_is_lost_and_it_starts_clean(world: World) -> None:
    chance = np.random.default_rng(SEED)
    acknowledged, left_open, cookie = Acknowledged(), 0, ""
    for number in range(ROUNDS_COUNT):
        with serving(world) as town:
            assert open_grants(town.books) == 0, "what the run before left open is closed at the start"
            closed = [entry.body for entry in town.books.entries(TOWN) if entry.body.get("ending") == "unknown"]
            assert len(closed) == left_open
            visitor = Visitor(town.demo.base_url, CARABINIERI, "op-102", CLOCK)
            if cookie:
                visitor.http.cookies.set("varco", cookie)
                assert visitor.ask("GET", "/api/v1/cases").status == 200, "a session outlives the process"
            else:
                visitor.sign_in()
                cookie = visitor.http.cookies["varco"]
            had = len(acknowledged.told)
            with load(town, visitor, acknowledged):
                threading.Event().wait(0.6 + float(chance.random()) * 1.5)
                town.demo.process.kill()
                town.demo.process.wait(10)
            visitor.close()
        books = Books(world)
        check(books, acknowledged)
        left_open += open_grants(books)
        told_count = len(acknowledged.told) - had
        print(f"\nround {number}: {told_count} entries acknowledged, {open_grants(books)} grants left open")
    assert len(acknowledged.told) > 50
    assert left_open > 0, "at no round was anybody watching"
    with serving(world) as town:
        check(town.books, acknowledged)
        assert open_grants(town.books) == 0
        answer = ask(town, asks_for_a_token(town, assertion(town)).json()["access_token"], question())
        assert answer.json()["decision"] is True


def test_killed_while_it_publishes_there_is_one_generation_or_the_other(world: World) -> None:
    chance = np.random.default_rng(SEED)
    with serving(world) as town:
        visitor = town.person(CARABINIERI, "op-101")
        for _ in range(4):
            before = len(shelf.manifest(town.acts.folder))
            command = [sys.executable, "-m", "tests.end_to_end.publishing", str(world.folder)]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as publisher:
                assert publisher.stdout is not None
                publisher.stdout.readline()
                threading.Event().wait(float(chance.random()) * 0.3)
                publisher.kill()
                told_count = 1 + len(publisher.stdout.read().split())
            rows = shelf.manifest(town.acts.folder)
            assert told_count <= len(rows) - before <= told_count + 1
            assert len(town.acts.register()) == len(rows), "the folder reads well, whole"
            newest = max(row.version for row in rows if row.id == "c_g917/event-window/fiera")
            ends_s = CLOCK.monotonic_s() + 10
            while in_force(visitor) != newest:
                assert CLOCK.monotonic_s() < ends_s
        assert town.acts.window_until(3600).endswith(f"@{newest + 1}"), "the next publisher goes on"


def in_force(visitor: Visitor) -> int:
    said = visitor.ask("GET", "/api/v1/documents")
    assert said.status == 200, said
    return next(one["version"] for one in said.body["documents"] if one["id"] == "c_g917/event-window/fiera")


def test_killed_while_it_starts_it_starts_again(world: World) -> None:
    chance = np.random.default_rng(SEED)
    command = [sys.executable, "-m", "broker", "demo", "--keep", "--data", str(world.folder)]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            threading.Event().wait(1.0 + float(chance.random()) * 2.0)
            process.kill()
    with serving(world) as town:
        assert town.operator().ask("GET", "/api/v1/cases").status == 200
        for tree in town.books.trees:
            assert town.books.verified(tree).finding is None
