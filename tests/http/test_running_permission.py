"""A permission that ends while somebody watches: the stream is cut, the reason written, the next request refused.

The time from the event to the last byte is printed, not asserted: it is a figure for the benchmarks.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from broker.demo.acts import CONVENTION, WINDOW
from broker.demo.visitor import Visitor
from conventions.canonical import digest
from conventions.spans import instant
from tests.http.town import CARABINIERI, CLOCK, INSTALLATION, NORTH, SQUARE, TOWN, Town, live, recorded
from tests.world.providers import sign_out_at_issuer

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

OPINION = "c_g917/dpo-opinion/carabinieri"
LIST = "c_g917/operator-list/carabinieri"
WAIT_S = 10.0


@dataclass
class Watching:
    """A player: keeps fetching playlist and newest fragment until it is told no more."""

    visitor: Visitor
    grant: str
    entry: int
    refused: int = 0
    last_byte_s: float = 0.0
    bytes_count: int = 0
    began: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def play(self) -> None:
        folder = f"/api/v1/viewings/{self.grant}"
        while not self.refused:
            status, text = self.visitor.bytes_of(f"{folder}/index.m3u8")
            names = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
            if status == 200 and names:
                status, data = self.visitor.bytes_of(f"{folder}/{names[-1]}")
                if status == 200:
                    self.bytes_count += len(data)
                    self.last_byte_s = CLOCK.monotonic_s()
                    self.began.set()
            if status != 200 and status != 404:  # 404: the fragment went out of the window meanwhile
                self.refused = status
        self.ended.set()

    @property
    def status(self) -> Mapping[str, Any]:
        return self.visitor.ask("GET", f"/api/v1/viewings/{self.grant}/status").body


@contextmanager
def watching(visitor: Visitor, wish: dict[str, Any]) -> Iterator[Watching]:
    said = visitor.ask("POST", "/api/v1/viewings", wish)
    assert said.status == 201, said
    player = Watching(visitor, said.body["grant"], said.body["receipt"]["index"])
    thread = threading.Thread(target=player.play, daemon=True)
    thread.start()
    assert player.began.wait(20), "no picture came"
    yield player
    thread.join(WAIT_S)


def cut(town: Town, player: Watching, event: Callable[[], object], what: str) -> Mapping[str, Any]:
    """What happens, and what the ledger then says of the viewing."""
    event()
    happened_s = CLOCK.monotonic_s()
    assert player.ended.wait(WAIT_S), f"still playing {WAIT_S} s after: {what}"
    last_ms = (player.last_byte_s - happened_s) * 1000
    print(f"\n{what}: last byte {last_ms:.0f} ms after, {player.bytes_count} bytes in all")
    closing = town.books.closing_of(TOWN, player.entry)
    while closing is None:
        closing = town.books.closing_of(TOWN, player.entry)
    assert (closing["ending"], closing["grant"]) == ("cut", player.grant)
    assert closing["bytes_count"] >= player.bytes_count > 0
    return closing


def decided_again(town: Town, player: Watching, reason: str) -> None:
    """The second decision on the same question stands after the first, as a refusal."""
    first = town.books.entry(TOWN, player.entry)

    def again() -> list[tuple[str, str]]:
        later = [entry.body for entry in town.books.entries(TOWN, player.entry + 1) if entry.body["kind"] == "decision"]
        found = [body for body in later if body["request_id"] == first["request_id"]]
        return [(body["decision"], body["reasons"][0]) for body in found]

    until(lambda: bool(again()))
    assert again() == [("refuse", reason)]


@contextmanager
def put_right(visitor: Visitor, case: str, put_back: Callable[[], object]) -> Iterator[None]:
    """Whatever comes of the test, the documents are as before, and the same request is permitted again."""
    try:
        yield
    finally:
        put_back()
        until(lambda: visitor.ask("POST", "/api/v1/viewings", live(case)).status == 201)


def until(holds: Callable[[], bool]) -> None:
    ends_s = CLOCK.monotonic_s() + WAIT_S
    while not holds():
        assert CLOCK.monotonic_s() < ends_s


@pytest.mark.requirement("PM-6.4")
def test_a_suspension_ends_what_is_watched(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor)
    put_back = partial(filmed.acts.end_suspension, "fine-sospensione-71", "sospensione-71")
    with put_right(visitor, case, put_back), watching(visitor, live(case)) as player:
        closing = cut(filmed, player, lambda: filmed.acts.suspend("sospensione-71"), "suspension")
        assert closing["reason"] == "convention-suspended"
        assert player.refused == 410
        ended = {"state": "terminated", "ending": "cut", "reason": "convention-suspended"}
        assert ended.items() <= player.status.items()
        assert "sospesa" in player.status["sentence"]
        decided_again(filmed, player, "convention-suspended")
        assert visitor.ask("POST", "/api/v1/viewings", live(case)).reason == "convention-suspended"


@pytest.mark.requirement("PM-2.6", "PM-2.2")
def test_a_person_taken_off_the_list_watches_no_longer(filmed: Town) -> None:
    before = filmed.acts.text_of(LIST)

    def published(persons: list[Any]) -> None:
        text = {**before, "persons": persons, "version": filmed.acts.next_version(LIST)}
        filmed.acts.publish(filmed.acts.sealed(text, (CARABINIERI, "partner-signatory")))

    visitor = filmed.demo.visitor(CARABINIERI, "resp-100")
    case = filmed.case(visitor)
    others = [person for person in before["persons"] if person["subject"] != "resp-100"]
    put_back = partial(published, before["persons"])
    with put_right(visitor, case, put_back), watching(visitor, live(case)) as player:
        closing = cut(filmed, player, lambda: published(others), "off the list")
        assert closing["reason"] == "operator-not-listed"
        decided_again(filmed, player, "operator-not-listed")


@pytest.mark.requirement("PM-1.2")
def test_a_window_that_ends_ends_what_it_opened(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor, purpose="live-traffic-flow", ground=None, reference="viabilità")
    published = filmed.acts.window_until(4.0)
    ends_s = CLOCK.monotonic_s() + 4.0
    document, version = published.split("@")
    until(lambda: in_force(visitor, document) == version)
    with watching(visitor, live(case)) as player:
        closing = cut(filmed, player, lambda: wait_until(ends_s), "end of the window")
    assert closing["reason"] == "camera-time-window"
    assert visitor.ask("POST", "/api/v1/viewings", live(case)).reason == "camera-time-window"
    filmed.acts.window_until(12 * 3600)


def test_a_text_that_begins_meanwhile_for_somebody_else_cuts_nobody(filmed: Town) -> None:
    """At that instant everything is decided again, and whoever may go on sees no gap."""
    visitor = filmed.person(CARABINIERI, "op-102")
    begins_s = CLOCK.monotonic_s() + 3.0
    text = filmed.acts.text_of(WINDOW) | {"version": filmed.acts.next_version(WINDOW)}
    text["ends"] = instant(CLOCK.now_utc() + timedelta(seconds=3))
    with watching(visitor, live(filmed.case(visitor))) as player:
        filmed.acts.publish(filmed.acts.sealed(text, (TOWN, "pl-commander")))
        wait_until(begins_s + 1.5)
        had = player.bytes_count
        until(lambda: player.bytes_count > had)
        assert (player.refused, player.status["state"]) == (0, "permitting")
        assert visitor.ask("DELETE", f"/api/v1/viewings/{player.grant}").status == 204
    filmed.acts.window_until(12 * 3600)


def wait_until(at_s: float) -> None:
    while CLOCK.monotonic_s() < at_s:
        threading.Event().wait(0.02)


def in_force(visitor: Visitor, document: str) -> str:
    documents = visitor.ask("GET", "/api/v1/documents").body["documents"]
    return next((str(one["version"]) for one in documents if one["id"] == document), "")


def test_signing_out_at_the_issuer_ends_what_is_watched(filmed: Town) -> None:
    visitor = filmed.demo.visitor(CARABINIERI, "op-101")
    issuer = filmed.world.issuers[CARABINIERI]
    with watching(visitor, live(filmed.case(visitor))) as player, visitor_browser(visitor) as browser:
        size = filmed.books.size(INSTALLATION)
        closing = cut(filmed, player, lambda: sign_out_at_issuer(browser, issuer), "sign-out at the issuer")
    assert closing["reason"] == "session-ended"
    ended_for_good(filmed, player, size, "logged-out-at-issuer")


@contextmanager
def visitor_browser(visitor: Visitor) -> Iterator[Any]:
    """The same cookies in a second connection: the player has the first one."""
    other = Visitor(visitor.base_url, visitor.issuer, visitor.code, CLOCK)
    for cookie in visitor.http.cookies.jar:
        other.http.cookies.jar.set_cookie(copy.copy(cookie))
    yield other.http
    other.close()


@pytest.mark.requirement("PM-2.8")
def test_the_same_credential_elsewhere_ends_what_is_watched_here(filmed: Town) -> None:
    visitor = filmed.demo.visitor(CARABINIERI, "op-101")
    with watching(visitor, live(filmed.case(visitor))) as player:
        size = filmed.books.size(INSTALLATION)
        closing = cut(filmed, player, lambda: filmed.demo.visitor(CARABINIERI, "op-101"), "second sign-in")
    assert closing["reason"] == "session-ended"
    ended_for_good(filmed, player, size, "credential-shared")


def test_signing_out_here_ends_what_is_watched(filmed: Town) -> None:
    visitor = filmed.demo.visitor(CARABINIERI, "op-101")
    with watching(visitor, live(filmed.case(visitor))) as player, visitor_browser(visitor) as browser:
        size = filmed.books.size(INSTALLATION)
        cut(filmed, player, lambda: browser.post("/logout"), "sign-out")
    ended_for_good(filmed, player, size, "logged-out")


def ended_for_good(town: Town, player: Watching, size: int, ending: str) -> None:
    """401 from now on, each attempt written under whose session it was."""
    assert player.refused in (401, 410)
    said = player.visitor.ask("GET", f"/api/v1/viewings/{player.grant}/status")
    assert (said.status, said.reason) == (401, "session-ended")
    told = [entry.body for entry in town.books.entries(INSTALLATION, size)]
    assert [one["ending"] for one in told if one.get("event") == "session-closed"] == [ending]
    attempts = [one for one in told if one.get("event") == "refused"]
    assert {(one["reason"], one["ending"]) for one in attempts} == {("session-ended", ending)}


@pytest.mark.requirement("PM-3.18")
def test_a_case_that_is_closed_ends_what_runs_for_it(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor)
    with watching(visitor, live(case)) as player, visitor_browser(visitor) as browser:
        closing = cut(filmed, player, lambda: browser.post("/caso/chiusura", data={"caso": case}), "case closed")
    assert closing["reason"] == "purpose-missing"
    decided_again(filmed, player, "purpose-missing")


def test_a_reference_that_arrives_goes_on_with_what_runs(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor, reference=None, reference_follows=True)
    with watching(visitor, live(case)) as player:
        given = {"reference": "annotazione di servizio 73"}
        assert visitor.ask("POST", f"/api/v1/cases/{case}/reference", given).status == 200
        had = player.bytes_count
        until(lambda: player.bytes_count > had)
        assert player.status["state"] == "permitting"
        visitor.ask("DELETE", f"/api/v1/viewings/{player.grant}")
    closing = filmed.books.closing_of(TOWN, player.entry)
    assert closing is not None
    assert closing["ending"] == "closed"


def test_an_issuer_that_is_trusted_no_longer_ends_what_its_people_watch(filmed: Town) -> None:
    trust = f"{INSTALLATION}/trust/dimostrazione"
    before = filmed.acts.text_of(trust)

    def published(issuers: list[Any]) -> None:
        text = {**before, "issuers": issuers, "version": filmed.acts.next_version(trust)}
        filmed.acts.publish(filmed.acts.sealed(text, (INSTALLATION, "system-administrator")))

    visitor = filmed.demo.visitor(CARABINIERI, "op-101")
    case = filmed.case(visitor)
    others = [entry for entry in before["issuers"] if CARABINIERI not in entry["bodies"]]
    put_back = partial(published, before["issuers"])
    with put_right(visitor, case, put_back), watching(visitor, live(case)) as player:
        closing = cut(filmed, player, lambda: published(others), "issuer not trusted")
        assert closing["reason"] == "not-authenticated"


def test_an_amended_text_that_asks_for_more_ends_what_runs_on_less(filmed: Town) -> None:
    """The new version wants views blurred: what runs is not, so it ends, and what cannot be done is not delivered."""
    before = filmed.acts.text_of(CONVENTION)
    clauses = [
        {**one, "obligations": [*one["obligations"], "blur"]} if one["number"] == "3.4" else one
        for one in before["clauses"]
    ]

    def published(wanted: list[Any]) -> None:
        text = {**before, "clauses": wanted, "version": filmed.acts.next_version(CONVENTION)}
        opinion = filmed.acts.text_of(OPINION) | {"version": filmed.acts.next_version(OPINION)}
        opinion |= {"on_version": text["version"], "on_sha256": digest(text)}
        filmed.acts.publish(filmed.acts.sealed(opinion, (TOWN, "dpo")))
        parties = [(str(party["body"]), str(party["signs_as"])) for party in before["parties"]]
        filmed.acts.publish(filmed.acts.sealed(text, *parties))

    visitor = filmed.person(CARABINIERI, "op-102")
    case = filmed.case(visitor)
    put_back = partial(published, before["clauses"])
    with put_right(visitor, case, put_back), watching(visitor, live(case)) as player:
        closing = cut(filmed, player, lambda: published(clauses), "further obligation")
        assert closing["reason"] == "minimisation"
        said = visitor.ask("POST", "/api/v1/viewings", live(case))
        assert (said.status, said.reason) == (500, "delivery-failed")


def test_a_grant_is_its_own_sessions(filmed: Town) -> None:
    visitor, other = filmed.person(CARABINIERI, "op-102"), filmed.person(TOWN, "ag-201")
    grant = visitor.ask("POST", "/api/v1/viewings", live(filmed.case(visitor))).body["grant"]
    folder = f"/api/v1/viewings/{grant}"
    for path in ("index.m3u8", "init.mp4", "0.m4s", "file/0", "status"):
        assert other.ask("GET", f"{folder}/{path}").status == 404
    assert other.ask("DELETE", folder).status == 404
    assert visitor.ask("GET", f"{folder}/status").status == 200
    assert visitor.ask("GET", f"{folder}/file/0").status == 404
    assert visitor.ask("DELETE", folder).status == 204
    for path in ("index.m3u8", "init.mp4", "0.m4s"):
        assert visitor.ask("GET", f"{folder}/{path}").status == 410
    assert visitor.ask("GET", f"{folder}/status").body["state"] == "terminated"
    assert visitor.ask("DELETE", folder).status == 410


def test_a_recording_is_played_and_its_end_is_written(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    wish = recorded(filmed.case(visitor), ago=timedelta(minutes=2), lasts=timedelta(minutes=1))
    said = visitor.ask("POST", "/api/v1/viewings", wish)
    assert said.status == 201, said
    seen = visitor.footage(said.body["grant"])
    assert seen["frames"] > 0
    assert visitor.ask("DELETE", f"/api/v1/viewings/{said.body['grant']}").status == 204
    closing = filmed.books.closing_of(TOWN, said.body["receipt"]["index"])
    assert closing is not None
    assert closing["bytes_count"] > 0
    assert wish["starts"] <= closing["footage"]["start"] < closing["footage"]["end"] <= wish["ends"]


def test_a_recording_of_a_camera_without_footage_is_no_refusal(filmed: Town) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    wish = recorded(filmed.case(visitor), camera=SQUARE, ago=timedelta(hours=2))
    said = visitor.ask("POST", "/api/v1/viewings", wish)
    assert (said.status, said.reason) == (404, "footage-missing")


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-1", "bytes=a-b", "bytes=0-1,3-4", "items=0-1", "bytes=-", "bytes=" + "9" * 5000 + "-", "bytes=99999999-"],
)
def test_a_range_that_cannot_be_served(filmed: Town, asked: str) -> None:
    visitor = filmed.person(CARABINIERI, "op-102")
    wish = recorded(filmed.case(visitor), ago=timedelta(minutes=2), lasts=timedelta(minutes=1)) | {
        "operation": "data.download"
    }
    copy = visitor.ask("POST", "/api/v1/viewings", wish)
    assert copy.status == 201, copy
    path = f"/api/v1/viewings/{copy.body['grant']}/file/0"
    answer = visitor.http.get(path, headers={"Range": asked})
    assert (answer.status_code, answer.json()["type"]) == (416, "urn:varco:fault:range-unsatisfiable")
    whole = visitor.http.get(path)
    part = visitor.http.get(path, headers={"Range": "bytes=10-19"})
    assert (whole.status_code, part.status_code, part.content) == (200, 206, whole.content[10:20])
    visitor.ask("DELETE", f"/api/v1/viewings/{copy.body['grant']}")


def test_live_says_when_it_was_asked(filmed: Town) -> None:
    """The entry's instant is the decision's, before the first byte."""
    visitor = filmed.person(CARABINIERI, "op-102")
    before = instant(CLOCK.now_utc())
    said = visitor.ask("POST", "/api/v1/viewings", live(filmed.case(visitor), camera=NORTH))
    entry = filmed.books.entry(TOWN, said.body["receipt"]["index"])
    assert before <= entry["at"] <= instant(CLOCK.now_utc())
    visitor.ask("DELETE", f"/api/v1/viewings/{said.body['grant']}")
