"""The decision API as a registered enforcement point meets it: token, question, answer, and every way to be refused."""

import json
import sqlite3
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import uuid_utils
from joserfc import jwt
from joserfc.jwk import ECKey

from broker.identity.machines import ASSERTION_TYPE
from conventions.spans import instant
from tests.http.town import (
    CARABINIERI,
    CLOCK,
    CRIME,
    INSTALLATION,
    LEVANTO,
    NORTH,
    OFFENCE,
    PORT,
    SCHOOL,
    SQUARE,
    TOWN,
    Town,
)

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

POINT = "centrale-porto-mantovano"
PERSON = f"{CARABINIERI}/op-101"


def assertion(town: Town, key: ECKey | None = None, **other: Any) -> str:
    """A signed assertion that is believed; every test differs from it in one claim. ``None`` leaves a claim out."""
    own = key or ECKey.import_key(json.loads((town.world.keys / "machine.jwk").read_text(encoding="utf-8")))
    now_s = int(CLOCK.now_utc().timestamp())
    claims = {
        "iss": POINT,
        "sub": POINT,
        "aud": town.demo.base_url,
        "iat": now_s,
        "exp": now_s + 120,
        "jti": str(uuid_utils.uuid7()),
        **other,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": own.kid}, claims, own, algorithms=["ES256"])


def asks_for_a_token(town: Town, signed: str, **other: str) -> httpx2.Response:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
        **other,
    }
    return httpx2.post(f"{town.demo.base_url}/oauth2/token", data=form, trust_env=False)


@pytest.fixture(scope="module")
def token(town: Town) -> str:
    answer = asks_for_a_token(town, assertion(town))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def question(**other: Any) -> dict[str, Any]:
    """The question that is permitted."""
    return {
        "subject": {"type": "person", "id": PERSON},
        "action": {"name": "live.view"},
        "resource": {"type": "camera", "id": NORTH},
        "context": {"purpose": CRIME, "ground": OFFENCE, "reference": "annotazione di servizio 72"},
        **other,
    }


def about_a_recording(**other: str) -> dict[str, Any]:
    now_utc = CLOCK.now_utc()
    context = {
        **question()["context"],
        "starts": instant(now_utc - timedelta(minutes=10)),
        "ends": instant(now_utc - timedelta(minutes=8)),
        **other,
    }
    context = {name: value for name, value in context.items() if value}
    return question(action={"name": "recording.view"}, context=context)


def ask(town: Town, token: str, asked: Any, **headers: str) -> httpx2.Response:
    return httpx2.post(
        f"{town.demo.base_url}/access/v1/evaluation",
        json=asked,
        headers={"Authorization": f"Bearer {token}", **headers},
        trust_env=False,
    )


def test_discovery_says_where_to_ask(town: Town) -> None:
    answer = httpx2.get(f"{town.demo.base_url}/.well-known/authzen-configuration", trust_env=False)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "policy_decision_point": town.demo.base_url,
        "access_evaluation_endpoint": f"{town.demo.base_url}/access/v1/evaluation",
    }


@pytest.mark.parametrize("asked", [question(), about_a_recording()], ids=["live", "recording"])
def test_a_permit_carries_what_the_point_must_do_and_the_proof_that_it_is_written(
    town: Town, token: str, asked: dict[str, Any]
) -> None:
    answer = ask(town, token, asked)
    assert (answer.status_code, answer.json()["decision"]) == (200, True), answer.text
    context = answer.json()["context"]
    assert {"id": "mark-view"} in context["obligations"]
    assert {"id": "no-audio"} in context["obligations"]
    receipt = context["receipt"]
    entry = town.books.entry(receipt["tree"], receipt["index"])
    assert (entry["decision"], entry["evaluation"]) == ("permit", context["evaluation_id"])
    assert entry["caller"] == {"kind": "machine", "client": POINT}
    assert "grant" not in entry, "nothing is delivered here, so nothing is left open"
    assert instant(CLOCK.now_utc()) < entry["valid_until"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        pytest.param({"resource": {"type": "camera", "id": SCHOOL}}, "camera-time-window", id="closed now"),
        pytest.param({"resource": {"type": "camera", "id": "c_g917/nessuna"}}, "outside-territory", id="unknown"),
        pytest.param({"resource": {"type": "camera", "id": "c_g917/VARCO"}}, "request-malformed", id="no name"),
        pytest.param({"action": {"name": "live.peek"}}, "operation-unknown", id="unknown operation"),
        pytest.param({"action": {"name": "data.download"}}, "request-incomplete", id="a copy without a span"),
        pytest.param({"subject": {"type": "person", "id": f"{CARABINIERI}/op-103"}}, "operator-act-missing", id="act"),
        pytest.param({"subject": {"type": "person", "id": f"{CARABINIERI}/op-9"}}, "operator-not-listed", id="list"),
        pytest.param({"subject": {"type": "person", "id": "nobody at all"}}, "operator-not-listed", id="nobody's"),
        pytest.param({"subject": {"type": "person", "id": ""}}, "operator-not-listed", id="nobody"),
        pytest.param({"subject": {"type": "person", "id": f"{LEVANTO}/ag-301"}}, "no-convention", id="another body's"),
        pytest.param({"context": {}}, "purpose-missing", id="no purpose"),
        pytest.param({"context": {"purpose": "curiosity"}}, "purpose-not-granted", id="unknown purpose"),
        pytest.param({"context": {"purpose": "accident-inquiry"}}, "purpose-not-granted", id="not granted"),
    ],
)  # fmt: skip
@pytest.mark.requirement("PM-2.2", "PM-2.4", "PM-3.18", "MC-1.1c", "LEV-8.1")
def test_a_question_that_differs_in_one_line_is_refused_and_written(
    town: Town, token: str, changed: dict[str, Any], reason: str
) -> None:
    answer = ask(town, token, question() | changed)
    assert (answer.status_code, answer.json()["decision"]) == (200, False)
    context = answer.json()["context"]
    assert context["reason"] == reason, context
    assert all(context[member] for member in ("sentence", "article", "ask", "request_id"))
    entry = town.books.entry(context["controller"], context["entry"])
    assert (entry["decision"], entry["shown"], entry["request_id"]) == ("refuse", reason, context["request_id"])
    assert "grant" not in entry


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ground": ""}, "ground-missing"),
        ({"reference": ""}, "ground-missing"),
        ({"reference": "..."}, "ground-missing"),
        ({"starts": "yesterday"}, "request-malformed"),
        ({"ends": "0001-01-01T00:00:00.000000Z"}, "request-malformed"),
        ({"starts": instant(CLOCK.now_utc() - timedelta(days=9))}, "retention-elapsed"),
        ({"starts": instant(CLOCK.now_utc() - timedelta(hours=5))}, "minimisation"),
        ({"plate": "*"}, "request-malformed"),
    ],
)
@pytest.mark.requirement("PM-3.1", "PM-3.15")
def test_a_recording_that_differs_in_one_line(town: Town, token: str, changed: dict[str, str], reason: str) -> None:
    context = ask(town, token, about_a_recording(**changed)).json()["context"]
    assert context["reason"] == reason


@pytest.mark.requirement("LEV-32.1")
@pytest.mark.parametrize("camera", [PORT, "c_a752/municipio"])
def test_a_point_asks_within_its_own_controller(town: Town, token: str, camera: str) -> None:
    answer = ask(town, token, question(resource={"type": "camera", "id": camera})).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "controller-separation")
    assert town.books.entry(camera.split("/")[0], answer["context"]["entry"])["shown"] == "controller-separation"


def test_a_point_asks_for_the_operations_it_is_registered_for(town: Town, token: str) -> None:
    asked = question(action={"name": "inventory.list"})
    assert ask(town, token, asked).json()["context"]["reason"] == "role-not-granted"


@pytest.mark.requirement("PM-1.1")
def test_a_camera_outside_the_deed_and_one_that_does_not_exist_are_answered_alike(town: Town, token: str) -> None:
    """Member for member, save the numbers of the request; the ledger keeps the difference."""
    now_utc = CLOCK.now_utc()
    span = {"starts": instant(now_utc - timedelta(hours=1)), "ends": instant(now_utc)}
    context = {**question()["context"], **span, "plate": "AB123CD"}
    told, reasons = [], []
    for camera in (SQUARE, "c_g917/nessuna"):
        asked = question(action={"name": "plate.search"}, resource={"type": "camera", "id": camera}, context=context)
        given = ask(town, token, asked).json()["context"]
        assert given["reason"] == "outside-territory"
        reasons.append(town.books.entry(TOWN, given["entry"])["reasons"])
        told.append({**given, "request_id": "", "entry": 0})
    assert told[0] == told[1]
    assert "resource-unknown" in reasons[1]
    assert "resource-unknown" not in reasons[0]
    assert ask(town, token, question(action={"name": "plate.search"}, context=context)).json()["decision"] is True


def test_the_same_question_is_decided_anew_and_alike(town: Town, token: str) -> None:
    first, second = (ask(town, token, question()).json() for _ in range(2))
    assert first["decision"] is second["decision"] is True
    assert first["context"]["obligations"] == second["context"]["obligations"]
    assert first["context"]["evaluation_id"] != second["context"]["evaluation_id"]
    assert first["context"]["receipt"]["index"] < second["context"]["receipt"]["index"]


@pytest.mark.parametrize(("given", "echoed"), [("a-1", "a-1"), ("x" * 500, "x" * 128), ("è", "è")])
def test_the_request_id_is_echoed(town: Town, token: str, given: str, echoed: str) -> None:
    for sent_token in (token, "none"):
        answer = httpx2.post(
            f"{town.demo.base_url}/access/v1/evaluation",
            json=question(),
            headers={"Authorization": f"Bearer {sent_token}", "X-Request-ID": given.encode("latin-1")},  # type: ignore[dict-item]
            trust_env=False,
        )
        assert answer.headers["x-request-id"].encode("latin-1").decode("latin-1") == echoed


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"", "application/json"),
        (b"{}", "text/plain"),
        (b"{}", ""),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"\xff", "application/json"),
        (b"[" * 50_000, "application/json"),
        (b" " * 70_000 + b"{}", "application/json"),
        (json.dumps({**question(), "subject": None}).encode(), "application/json"),
        (json.dumps({**question(), "subject": PERSON}).encode(), "application/json"),
        (json.dumps({**question(), "subject": {"type": "person"}}).encode(), "application/json"),
        (json.dumps({**question(), "subject": {"id": PERSON}}).encode(), "application/json"),
        (json.dumps({**question(), "subject": {"type": "person", "id": 7}}).encode(), "application/json"),
        (json.dumps({**question(), "action": "live.view"}).encode(), "application/json"),
        (json.dumps({**question(), "action": {}}).encode(), "application/json"),
        (json.dumps({**question(), "resource": {"id": NORTH}}).encode(), "application/json"),
        (json.dumps({**question(), "context": []}).encode(), "application/json"),
        (json.dumps({**question(), "context": {"purpose": 7}}).encode(), "application/json"),
        (json.dumps({**question(), "context": {"starts": {}}}).encode(), "application/json"),
        (json.dumps({**question(), "context": {"reference": "\ud800"}}).encode(), "application/json"),
        (json.dumps({"subject": question()["subject"], "resource": {}}).encode(), "application/json"),
    ],
    ids=range(22),
)  # fmt: skip
def test_malformed_input_is_400(town: Town, token: str, content: bytes, declared: str) -> None:
    sizes = town.books.sizes()
    answer = httpx2.post(
        f"{town.demo.base_url}/access/v1/evaluation",
        content=content,
        headers={"Authorization": f"Bearer {token}", "Content-Type": declared},
        trust_env=False,
    )
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert answer.json()["type"] == "urn:varco:fault:request-malformed"
    assert town.books.sizes() == sizes


def test_members_that_are_open_in_the_standard_are_let_pass(town: Town, token: str) -> None:
    asked = question()
    asked["subject"]["properties"] = {"department": "any"}
    asked["context"]["time"] = "2026-01-01T00:00:00Z"
    assert ask(town, token, asked).json()["decision"] is True


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"aud": "https://elsewhere.example"}, id="another audience"),
        pytest.param({"exp": None}, id="no end"),
        pytest.param({"exp": 1_000_000_000}, id="over"),
        pytest.param({"exp": 4_000_000_000}, id="without end"),
        pytest.param({"jti": None}, id="no identifier"),
        pytest.param({"iss": "somebody-else"}, id="another issuer"),
        pytest.param({"sub": "somebody-else"}, id="another subject"),
        pytest.param({"sub": None}, id="no subject"),
        pytest.param({"nbf": 4_000_000_000}, id="not yet"),
    ],
)
def test_an_assertion_that_differs_in_one_claim_buys_nothing(town: Town, claims: dict[str, Any]) -> None:
    size = town.books.size(INSTALLATION)
    answer = asks_for_a_token(town, assertion(town, **claims))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert town.books.tells_of("machine-refused", 1, size)


def test_an_assertion_by_another_key_or_none(town: Town) -> None:
    stolen = ECKey.generate_key("P-256", auto_kid=True)
    header, payload, signature = assertion(town).split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    for signed in (assertion(town, stolen), f"{unsigned}.{payload}.", f"{header}.{payload}.{signature[:-4]}AAAA", "x"):
        assert asks_for_a_token(town, signed).status_code == 401


def test_an_assertion_is_used_once(town: Town) -> None:
    signed = assertion(town)
    assert [asks_for_a_token(town, signed).status_code for _ in range(2)] == [200, 401]


@pytest.mark.parametrize("given", ["", "Bearer", "Basic YTpi", "Bearer forged", "Bearer é" * 100])
def test_a_caller_without_a_token_is_recorded_and_told_how(town: Town, given: str) -> None:
    size = town.books.size(INSTALLATION)
    answer = httpx2.post(
        f"{town.demo.base_url}/access/v1/evaluation",
        json=question(),
        headers={"Authorization": given.encode("latin-1")},  # type: ignore[dict-item]
        trust_env=False,
    )
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:varco:fault:not-authenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert town.books.tells_of("refused", 1, size)


def test_a_persons_cookie_is_no_machine_and_a_machines_token_is_no_person(town: Town, token: str) -> None:
    cookie = town.operator().http.cookies["varco"]
    assert ask(town, cookie, question()).status_code == 401
    wish = {"Authorization": f"Bearer {token}", "Origin": town.demo.base_url}
    answer = httpx2.get(f"{town.demo.base_url}/api/v1/cases", headers=wish, trust_env=False)
    assert answer.status_code == 401


def test_the_decision_is_in_the_ledger_before_it_is_answered(town: Town, token: str) -> None:
    """Asked the file itself, by another connection, in the instant of the answer."""
    receipt = ask(town, token, question(resource={"type": "camera", "id": SQUARE})).json()["context"]["receipt"]
    file = town.world.folder / "data" / "ledger" / TOWN / "ledger.sqlite"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        [(body,)] = database.execute("SELECT body FROM entries WHERE idx = ?", (receipt["index"],)).fetchall()
    database.close()
    assert json.loads(body)["cameras"] == [SQUARE]
    assert town.books.verified(TOWN).finding is None


def test_the_token_of_a_point_that_is_registered_no_more_stops_being_one(town: Town, token: str) -> None:
    """A new version of the trust document, and its return."""
    trust = f"{INSTALLATION}/trust/dimostrazione"
    before = town.acts.text_of(trust)

    def published(text: dict[str, Any]) -> None:
        text["version"] = town.acts.next_version(trust)
        town.acts.publish(town.acts.sealed(text, (INSTALLATION, "system-administrator")))

    def until(status: int) -> httpx2.Response:
        answer = ask(town, token, question())
        ends_s = CLOCK.monotonic_s() + 5
        while answer.status_code != status and CLOCK.monotonic_s() < ends_s:
            answer = ask(town, token, question())
        return answer

    published({name: value for name, value in before.items() if name != "enforcement_points"})
    assert until(401).json()["type"] == "urn:varco:fault:not-authenticated"
    assert asks_for_a_token(town, assertion(town)).status_code == 401
    published(dict(before))
    assert until(200).status_code == 200
