"""The description of the interface is whole, and its errors are what it says: problem documents, everywhere."""

import re
from typing import Any

import pytest

from broker.demo.visitor import Visitor
from broker.problems import MEDIA_TYPE
from broker.routes.described import METHODS, OAUTH_PATHS
from conventions.faults import FaultKind
from conventions.terms import Reason
from tests.http.town import CARABINIERI, CLOCK, Town

pytestmark = [pytest.mark.xdist_group("http"), pytest.mark.timeout(300)]

FOR_PEOPLE = ("/login", "/login/{path}", "/callback/{path}", "/logout")


@pytest.fixture(scope="module")
def description(town: Town) -> dict[str, Any]:
    answer = town.operator().http.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(description: dict[str, Any]) -> list[tuple[str, str]]:
    return [(path, method) for path, item in description["paths"].items() for method in METHODS if method in item]


def test_every_route_that_answers_machines_is_described(description: dict[str, Any]) -> None:
    assert {path for path, _ in operations(description)} >= {
        "/access/v1/evaluation",
        "/.well-known/authzen-configuration",
        "/oauth2/token",
        "/api/v1/cases",
        "/api/v1/cases/{case_id}/reference",
        "/api/v1/plates/search",
        "/api/v1/coverage",
        "/api/v1/controllers/{controller}/cameras",
        "/api/v1/recordings/{controller}/{camera}",
        "/api/v1/viewings",
        "/api/v1/viewings/{grant}",
        "/api/v1/viewings/{grant}/index.m3u8",
        "/api/v1/viewings/{grant}/{number}.m4s",
        "/api/v1/viewings/{grant}/status",
        "/api/v1/documents",
        "/api/v1/ledger/{controller}/entries",
        "/api/v1/ledger/{controller}/verification",
        "/api/v1/ledger/{controller}/replay",
    }
    assert len({description["paths"][path][method]["operationId"] for path, method in operations(description)}) == len(
        operations(description)
    )


def test_every_operation_says_that_its_errors_are_problem_documents(description: dict[str, Any]) -> None:
    for path, method in operations(description):
        said = description["paths"][path][method]
        assert "422" not in said["responses"], path
        if path not in OAUTH_PATHS:
            assert list(said["responses"]["default"]["content"]) == [MEDIA_TYPE], path
        if path.startswith("/api/"):
            assert said["security"] == [{"session": []}], path


def test_nothing_described_is_answered_to_a_stranger(town: Town, description: dict[str, Any]) -> None:
    """Each path with its method, without a session or a token: 401, and nothing but the kind of fault."""
    stranger = Visitor(town.demo.base_url, CARABINIERI, "", CLOCK)
    checked = 0
    for path, method in operations(description):
        if path in (*FOR_PEOPLE, *OAUTH_PATHS, "/.well-known/authzen-configuration"):
            continue
        answer = stranger.http.request(method, re.sub(r"\{[^}]+\}", "1", path), json={})
        assert (answer.status_code, answer.headers["content-type"]) == (401, MEDIA_TYPE), (path, method)
        assert set(answer.json()) <= {"type", "title", "status"}
        checked += 1
    stranger.close()
    assert checked >= 20


@pytest.mark.parametrize(
    ("path", "content"),
    [("/oauth2/token", b"grant_type=client_credentials"), ("/backchannel-logout/nobody", b"logout_token=x")],
)
def test_oauth_errors_have_the_form_that_their_clients_know(town: Town, path: str, content: bytes) -> None:
    stranger = Visitor(town.demo.base_url, CARABINIERI, "", CLOCK)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = stranger.http.post(path, content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    stranger.close()


def test_a_problem_names_a_kind_or_a_reason_of_the_closed_lists(description: dict[str, Any]) -> None:
    members = description["components"]["schemas"]["Problem"]
    assert members["required"] == ["type", "title", "status"]
    assert {kind.value for kind in FaultKind} & {reason.value for reason in Reason} >= {"request-malformed"}
