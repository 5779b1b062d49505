"""Every bad request: refused with its code, written down in the right tree, no recorder contacted.

The recorder of this town is gone. Who is permitted learns it (502, and a closing entry that says so); who is refused
does not. Each refusal differs from the permitted request in one line.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from broker.demo.visitor import Said, Visitor
from broker.routes.media import ViewingAsked
from conventions.spans import instant
from tests.http.town import (
    CARABINIERI,
    CLOCK,
    INSTALLATION,
    LEVANTO,
    NORTH,
    PORT,
    SCHOOL,
    TOWN,
    Town,
    live,
    plate,
    recorded,
)

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

VIEWINGS, SEARCH = "/api/v1/viewings", "/api/v1/plates/search"


@pytest.fixture(scope="module")
def case(town: Town) -> str:
    return town.case()


def refused(town: Town, said: Said, reason: str, tree: str = TOWN) -> dict[str, Any]:
    """A refusal as a problem document, and its entry: no grant, so that no adapter can have been opened."""
    assert (said.status, said.reason) == (403, reason), said
    assert said.body["type"] == f"urn:varco:reason:{reason}"
    return written(town, said.body, reason, tree)


def written(town: Town, body: dict[str, Any], reason: str, tree: str) -> dict[str, Any]:
    """The entry of a refusal that was answered with these members."""
    assert body["controller"] == tree
    assert all(body[member] for member in ("sentence", "article", "ask"))
    entry = dict(town.books.entry(tree, body["entry"]))
    assert (entry["kind"], entry["decision"], entry["shown"]) == ("decision", "refuse", reason)
    assert entry["request_id"] == body["request_id"]
    assert "grant" not in entry
    return entry


def reached_the_recorder(town: Town, said: Said, since: int) -> None:
    """A permitted request: the recorder was asked, in vain, and the entry of the end says so (PM-4.1)."""
    assert (said.status, said.reason) == (502, "source-unavailable"), said
    decided, closed = [entry.body for entry in town.books.entries(TOWN, since)][-2:]
    assert (decided["decision"], closed["kind"]) == ("permit", "closing")
    assert (closed["grant"], closed["ending"], closed["bytes_count"]) == (decided["grant"], "unavailable", 0)


@pytest.mark.requirement("PM-4.1")
@pytest.mark.parametrize("wish", [live, recorded])
def test_what_is_permitted_reaches_for_the_recorder(town: Town, case: str, wish: Callable[..., dict[str, Any]]) -> None:
    since = town.books.size(TOWN)
    reached_the_recorder(town, town.operator().ask("POST", VIEWINGS, wish(case)), since)


def test_a_plate_that_may_be_searched_reaches_for_the_store(town: Town, case: str) -> None:
    since = town.books.size(TOWN)
    said = town.operator().ask("POST", SEARCH, plate(case))
    [section] = said.body["sections"]
    assert (said.status, section["outcome"], section["fault"]) == (200, "unavailable", "source-unavailable")
    decided, closed = [entry.body for entry in town.books.entries(TOWN, since)]
    assert (decided["decision"], closed["ending"], closed["rows_count"]) == ("permit", "unavailable", 0)


@pytest.mark.parametrize(
    ("changed", "reason", "tree"),
    [
        pytest.param({"camera": SCHOOL}, "camera-time-window", TOWN, id="closed by its calendar"),
        pytest.param({"camera": "c_g917/nessuna"}, "outside-territory", TOWN, id="no such camera"),
        pytest.param({"camera": "../../etc/passwd"}, "request-malformed", TOWN, id="not a camera's name"),
        pytest.param({"camera": "C_G917/VARCO-NORD"}, "request-malformed", TOWN, id="another spelling"),
        pytest.param({"camera": "c_g917/varco-nord\n"}, "request-malformed", TOWN, id="a line more"),
        pytest.param({"camera": "c_g917/" + "a" * 50_000}, "request-malformed", TOWN, id="a name without end"),
        pytest.param({"camera": PORT}, "controller-separation", TOWN, id="another controller's, under this one"),
        pytest.param({"controller": LEVANTO, "camera": PORT}, "no-convention", LEVANTO, id="another controller's"),
        pytest.param({"controller": LEVANTO}, "controller-separation", LEVANTO, id="this one's, under another"),
        pytest.param({"controller": "nobody", "camera": "nobody/gate"}, "no-convention", INSTALLATION, id="nobody's"),
        pytest.param({"controller": ""}, "controller-separation", INSTALLATION, id="no controller"),
        pytest.param({"controller": "installation"}, "controller-separation", INSTALLATION, id="the installation"),
        pytest.param({"case": None}, "purpose-missing", TOWN, id="no purpose"),
        pytest.param({"operation": "live.peek"}, "operation-unknown", TOWN, id="a word that is no operation"),
        pytest.param({"operation": ""}, "operation-unknown", TOWN, id="no operation"),
        pytest.param({"operation": "data.modify"}, "read-only", TOWN, id="a write"),
        pytest.param({"operation": "audio.listen"}, "audio-forbidden", TOWN, id="sound"),
        pytest.param({"camera": ""}, "request-incomplete", TOWN, id="no camera"),
    ],
)  # fmt: skip
@pytest.mark.requirement("PM-3.15", "PM-3.16", "LEV-6.2", "LEV-8.1", "LEV-32.1")
def test_a_live_request_that_differs_in_one_line(
    town: Town, case: str, changed: dict[str, Any], reason: str, tree: str
) -> None:
    entry = refused(town, town.operator().ask("POST", VIEWINGS, live(case) | changed), reason, tree)
    assert entry["controller"] == tree


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"lasts": timedelta(hours=3), "ago": timedelta(hours=4)}, "minimisation", id="too wide"),
        pytest.param({"lasts": timedelta(minutes=-2)}, "request-malformed", id="reversed"),
        pytest.param({"lasts": timedelta()}, "request-malformed", id="empty"),
        pytest.param({"ago": timedelta(days=8)}, "retention-elapsed", id="past retention"),
        pytest.param({"ago": timedelta(minutes=-1)}, "request-malformed", id="to come"),
        pytest.param({"ago": timedelta(minutes=1)}, "request-malformed", id="not over yet"),
        pytest.param({"ends": None}, "request-malformed", id="without an end"),
        pytest.param({"starts": None, "ends": None}, "request-incomplete", id="without a span"),
        pytest.param({"starts": "2026-01-01"}, "request-malformed", id="another form of instant"),
        pytest.param({"starts": "0001-01-01T00:00:00.000000Z"}, "retention-elapsed", id="from the beginning of time"),
        pytest.param({"ends": "9999-12-31T23:59:59.999999Z"}, "request-malformed", id="to the end of time"),
        pytest.param({"operation": "data.download"}, "role-not-granted", id="a copy, without the qualification"),
    ],
)
@pytest.mark.requirement("PM-3.1", "PM-3.6", "PM-3.15", "MC-1.1c")
def test_a_recording_that_differs_in_one_line(town: Town, case: str, changed: dict[str, Any], reason: str) -> None:
    refused(town, town.operator().ask("POST", VIEWINGS, recorded(case, **changed)), reason)


def test_a_school_recording_of_two_thousand_years_is_refused_at_once(town: Town, case: str) -> None:
    """Its calendar is not unrolled over the span that somebody asks for."""
    wish = recorded(case, camera=SCHOOL, starts="0001-01-02T00:00:00.000000Z")
    refused(town, town.operator().ask("POST", VIEWINGS, wish), "request-malformed")


@pytest.mark.parametrize(
    ("case_differs", "reason"),
    [
        pytest.param({"ground": None}, "ground-missing", id="no ground"),
        pytest.param({"reference": None}, "ground-missing", id="no reference, and nothing defers it"),
        pytest.param({"reference": "."}, "ground-missing", id="a reference that says nothing"),
        pytest.param({"purpose": "live-traffic-flow"}, "purpose-not-granted", id="a purpose for another operation"),
        pytest.param({"purpose": "accident-inquiry"}, "purpose-not-granted", id="a purpose that no clause names"),
    ],
)
@pytest.mark.requirement("PM-3.1", "MC-P.1", "MC-1.1c", "PM-3.18")
def test_a_recording_for_a_case_that_differs_in_one_line(
    town: Town, case: str, case_differs: dict[str, Any], reason: str
) -> None:
    other = town.case(**case_differs)
    refused(town, town.operator().ask("POST", VIEWINGS, recorded(other)), reason)
    assert town.operator().ask("POST", VIEWINGS, recorded(case)).status == 502


def test_a_reference_that_follows_lets_a_recording_be_opened(town: Town) -> None:
    follows = town.case(reference=None, reference_follows=True)
    assert town.operator().ask("POST", VIEWINGS, recorded(follows)).status == 502


@pytest.mark.parametrize(
    "typed", ["-", "*", "", "A", "AB%", "AB123CD OR 1=1", "AB123CDEF99", "\u0410\u0412123CD", "AB\x00123CD"]
)
@pytest.mark.requirement("MC-P.1")
def test_what_is_no_plate_searches_nothing(town: Town, case: str, typed: str) -> None:
    said = town.operator().ask("POST", SEARCH, plate(case, plate=typed))
    [section] = said.body["sections"]
    assert (section["outcome"], section["reason"]) == ("refused", "request-malformed")
    entry = written(town, section, "request-malformed", TOWN)
    assert typed not in entry.values()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"starts": "", "ends": ""}, "request-incomplete", id="no span"),
        pytest.param({"starts": "9999-12-31T00:00:00.000000Z"}, "request-malformed", id="reversed"),
        pytest.param({"starts": instant(CLOCK.now_utc() - timedelta(days=30))}, "retention-elapsed", id="too old"),
    ],
)
def test_a_plate_search_that_differs_in_one_line(town: Town, case: str, changed: dict[str, Any], reason: str) -> None:
    said = town.operator().ask("POST", SEARCH, plate(case, **changed))
    [section] = said.body["sections"]
    assert section["outcome"] == "refused"
    written(town, section, reason, TOWN)


@pytest.mark.requirement("LEV-32.1")
def test_each_controller_answers_for_itself_in_its_own_tree(town: Town, case: str) -> None:
    """One decision, one entry and one section each; one that refuses says nothing about another (R4)."""
    said = town.operator().ask("POST", SEARCH, plate(case, controllers=[TOWN, LEVANTO, "nobody", TOWN]))
    own, levanto, nobody = said.body["sections"]
    assert own["outcome"] == "unavailable"
    written(town, levanto, "no-convention", LEVANTO)
    written(town, nobody, "no-convention", INSTALLATION)


@pytest.mark.parametrize(
    ("issuer", "code", "reason"),
    [
        (CARABINIERI, "op-103", "operator-act-missing"),
        (CARABINIERI, "op-199", "operator-not-listed"),
        (LEVANTO, "ag-301", "no-convention"),
        (TOWN, "adm-1", "class-not-granted"),
        (TOWN, "ag-201", "purpose-not-granted"),
    ],
)
@pytest.mark.requirement("PM-2.2", "PM-2.4")
def test_the_same_request_from_somebody_else(town: Town, issuer: str, code: str, reason: str) -> None:
    visitor = town.person(issuer, code)
    refused(town, visitor.ask("POST", VIEWINGS, live(town.case(visitor))), reason)


def test_live_is_never_judged_on_another_time(town: Town, case: str) -> None:
    """With a span of last night a camera that is closed now would look open."""
    span = {"starts": instant(CLOCK.now_utc() - timedelta(minutes=5)), "ends": instant(CLOCK.now_utc())}
    entry = refused(town, town.operator().ask("POST", VIEWINGS, live(case) | span), "request-malformed")
    assert entry["operation"] == "live.view"


@pytest.mark.parametrize("operation", ["inventory.list", "event.report", "preserve.on-media"])
def test_what_is_permitted_for_something_else_opens_no_camera(town: Town, operation: str) -> None:
    """Listing where footage exists is not looking at it, though the same person may list without a ground."""
    bare = town.case(ground=None, reference=None, purpose="public-order-security")
    if operation == "inventory.list":
        wish = recorded(bare, operation=operation)
        asked = {name: wish[name] for name in ("controller", "camera", "case", "starts", "ends")}
        assert town.operator().ask("POST", "/api/v1/coverage", asked).status == 502
    entry = refused(
        town, town.operator().ask("POST", VIEWINGS, recorded(bare, operation=operation)), "operation-unknown"
    )
    assert entry["operation"] == operation
    assert entry["unknown"] == ["operation-unknown"]


@pytest.mark.requirement("PM-1.1")
def test_unknown_cameras_are_answered_alike(town: Town) -> None:
    """Byte for byte, save the two numbers of the request; the ledger keeps the difference."""
    visitor = town.person(TOWN, "ag-201")
    case = town.case(visitor, purpose="urban-security")
    bodies, entries = [], []
    for camera in ("c_g917/nessuna", "c_g917/sconosciuta", "c_g917/varco-nor"):
        said = visitor.ask("POST", VIEWINGS, live(case, camera=camera))
        entries.append(refused(town, said, "outside-territory"))
        bodies.append({**said.body, "request_id": "", "entry": 0})
    assert bodies[0] == bodies[1] == bodies[2]
    assert [entry["cameras"] for entry in entries] == [["c_g917/nessuna"], ["c_g917/sconosciuta"], ["c_g917/varco-nor"]]


@pytest.mark.requirement("PM-3.18")
def test_a_case_is_its_own_persons_and_its_purpose_stays(town: Town, case: str) -> None:
    other = town.person(CARABINIERI, "op-103")
    size = town.books.size(INSTALLATION)
    for visitor, wish in ((other, live(case)), (town.operator(), live("0197-no-such-case")), (other, plate(case))):
        path = SEARCH if "plate" in wish else VIEWINGS
        said = visitor.ask("POST", path, wish)
        assert (said.status, said.reason) == (404, "resource-unknown")
    told = [entry.body for entry in town.books.entries(INSTALLATION, size)]
    assert [(one["event"], one["reason"], one["of"]) for one in told] == [("refused", "resource-unknown", "case")] * 3
    said = town.operator().ask("POST", VIEWINGS, live(case) | {"purpose": "public-order-security"})
    assert (said.status, said.reason) == (400, "request-malformed")


def test_a_closed_case_opens_nothing(town: Town) -> None:
    visitor = town.operator()
    closed = town.case()
    assert visitor.ask("POST", VIEWINGS, live(closed)).status == 502
    assert visitor.http.post("/caso/chiusura", data={"caso": closed}).status_code == 303
    assert visitor.ask("POST", VIEWINGS, live(closed)).status == 404


@pytest.mark.parametrize(
    "wish",
    [
        {"purpose": "curiosity"},
        {"purpose": None},
        {},
        {"purpose": "crime-prevention-repression", "ground": "boredom"},
        {"purpose": "crime-prevention-repression", "reference": ""},
        {"purpose": "crime-prevention-repression", "reference": "x" * 121},
        {"purpose": "crime-prevention-repression", "reference": "a\u202eb"},
        {"purpose": "crime-prevention-repression", "reference": "given", "reference_follows": True},
        {"purpose": "crime-prevention-repression", "on_behalf_of": "x" * 81},
        {"purpose": "crime-prevention-repression", "closes": "9999"},
    ],
)
def test_a_case_without_its_words_is_not_opened(town: Town, wish: dict[str, Any]) -> None:
    said = town.operator().ask("POST", "/api/v1/cases", wish)
    assert (said.status, said.reason) == (400, "request-malformed")


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"\\ud800": 1, "operation": "live.view"}', "application/json"),
        (b'{"operation": ["live.view"]}', "application/json"),
        (b'{"operation": 1e999}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"operation": "' + b"x" * 2_000_000 + b'"}', "application/json"),
        (b"operation=live.view", "application/x-www-form-urlencoded"),
        (b"<operation/>", "text/xml"),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_a_body_that_cannot_be_read(town: Town, content: bytes, declared: str) -> None:
    size = town.books.sizes()
    answer = town.operator().http.post(VIEWINGS, content=content, headers={"Content-Type": declared})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["type"] == "urn:varco:fault:request-malformed"
    assert town.books.sizes() == size


@pytest.mark.parametrize("member", sorted(ViewingAsked.model_fields))
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}, "\x00", "\ud800", "a" * 60_000])
def test_no_member_of_another_kind_brings_it_down(town: Town, case: str, member: str, value: Any) -> None:
    content = json.dumps(live(case) | {member: value})  # written out: a lone surrogate travels as an escape
    answer = town.operator().http.post(VIEWINGS, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 403, 404), answer.text


def test_without_a_session_nothing_is_asked_and_the_attempt_is_recorded(town: Town, case: str) -> None:
    stranger = Visitor(town.demo.base_url, CARABINIERI, "", CLOCK)
    size = town.books.size(INSTALLATION)
    for cookie in (None, "forged", "A" * 43, "é" * 43):
        headers = {} if cookie is None else {"Cookie": f"varco={cookie}".encode("latin-1")}
        answer = stranger.http.post(VIEWINGS, json=live(case), headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:varco:fault:not-authenticated")
    stranger.close()
    assert town.books.tells_of("refused", 4, size)


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_sites_page_asks_nothing_in_a_persons_name(town: Town, case: str, headers: dict[str, str]) -> None:
    answer = town.operator().http.post(VIEWINGS, json=live(case), headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:varco:fault:request-malformed")


@pytest.mark.requirement("PM-3.16")
@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
def test_a_write_verb_is_refused_by_its_own_name(town: Town, case: str, method: str) -> None:
    entry = refused(town, town.operator().ask(method, f"/api/v1/recordings/{NORTH}"), "read-only")
    assert entry["operation"] == "data.modify"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/api/v1/nothing", 404, "resource-unknown"),
        ("GET", "/api/v1/viewings", 405, "method-not-allowed"),
        ("DELETE", "/api/v1/plates/search", 405, "method-not-allowed"),
        ("TRACE", "/api/v1/cases", 405, "method-not-allowed"),
        ("GET", "/access/v1/evaluation", 405, "method-not-allowed"),
        ("PUT", "/oauth2/token", 405, "method-not-allowed"),
        ("GET", "/api/v1/documents/c_g917/convention/none", 404, "document-unknown"),
        ("GET", "/api/v1/viewings/0197/status", 404, "resource-unknown"),
        ("GET", "/api/v1/viewings/0197/-1.m4s", 404, "resource-unknown"),
        ("GET", "/api/v1/viewings/0197/" + "9" * 5000 + ".m4s", 400, "request-malformed"),
        ("GET", "/api/v1/viewings/0197/one.m4s", 400, "request-malformed"),
        ("GET", "/api/v1/ledger/c_g917/entries?first=x", 400, "request-malformed"),
        ("POST", "/api/v1/cases/0197/reference", 400, "request-malformed"),
    ],
)
def test_every_fault_is_a_problem_document(town: Town, method: str, path: str, status: int, kind: str) -> None:
    answer = town.operator().http.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    body = answer.json()
    assert (body["type"], body["status"]) == (f"urn:varco:fault:{kind}", status)
    assert body["title"]
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.requirement("PM-3.5")
@pytest.mark.parametrize("path", ["entries", "verification", "replay"])
def test_only_those_on_the_controllers_list_read_its_ledger(town: Town, path: str) -> None:
    assert town.person(TOWN, "adm-1").ask("GET", f"/api/v1/ledger/{TOWN}/{path}").status == 200
    for issuer, code in ((TOWN, "aud-1"), (TOWN, "dpo-1"), (CARABINIERI, "op-101")):
        said = town.person(issuer, code).ask("GET", f"/api/v1/ledger/{TOWN}/{path}")
        refused(town, said, "log-reader-not-allowed")
    said = town.person(TOWN, "adm-1").ask("GET", f"/api/v1/ledger/{LEVANTO}/{path}")
    refused(town, said, "no-convention", LEVANTO)
    said = town.person(TOWN, "adm-1").ask("GET", f"/api/v1/ledger/installation/{path}")
    refused(town, said, "no-convention", INSTALLATION)
