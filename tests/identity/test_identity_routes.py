"""The routes over real HTTP, where the real providers expect them."""

import pytest
from starlette.responses import Response

from broker.identity.events import (
    MachineAdmitted,
    MachineRefused,
    SessionClosed,
    SignedIn,
    SignInRefused,
)
from broker.identity.machines import RegisteredMachine
from broker.routes.signin import Cookies
from conventions.identifiers import BodyId
from tests.identity.test_machines import KEY, form, public
from tests.world.providers import CARABINIERI, LOCAL_POLICE, browser, sign_in, sign_in_at_issuer, sign_out_at_issuer


@pytest.fixture
def person():
    with browser() as client:
        yield client


def test_the_chooser_names_every_issuer(person, site):
    page = person.get(f"{site}/login", params={"return_to": "/telecamere"})
    assert page.headers["cache-control"] == "no-store"
    for expected in ("Carabinieri, comando provinciale", "pl-porto-mantovano /telecamere"):
        assert expected in page.text


def test_sign_in_from_end_to_end(person, site, town):
    answer = sign_in(person, site, CARABINIERI, "cc-7", return_to="/who")
    assert (answer.status_code, answer.headers["location"]) == (303, "/who")
    given = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("varco="))
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=43200"} <= set(given.split("; "))
    assert person.get(f"{site}/who").json() == {"person": "cc-mantova/op-7", "body": "cc-mantova"}
    assert [type(event) for event in town.recorded] == [SignedIn]


def test_with_tls_the_cookie_is_bound_to_the_host():
    answer, cookies = Response(), Cookies(secure=True)
    cookies.set(answer, cookies.session, "x", 60)
    assert answer.headers["set-cookie"] == "__Host-varco=x; HttpOnly; Max-Age=60; Path=/; SameSite=lax; Secure"


def test_without_a_session(person, site):
    assert person.get(f"{site}/who").status_code == 401


@pytest.mark.parametrize("away", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "javascript:1"])
def test_signing_in_leads_nowhere_else(person, site, away):
    assert sign_in(person, site, CARABINIERI, "cc-7", return_to=away).headers["location"] == "/"


def test_an_unknown_issuer(person, site, town):
    assert person.get(f"{site}/login/nobody").status_code == 404
    assert person.get(f"{site}/callback/nobody?state=x").status_code == 404
    assert [event.issuer for event in town.recorded] == [""]


def test_a_refused_answer_is_recorded_and_gives_no_cookie(person, site, town, providers):
    begun = person.get(f"{site}/login/{CARABINIERI}")
    url = sign_in_at_issuer(person, begun.headers["location"], "cc-7", base_url=site)
    for wrong in (f"{url}&code=again", f"{site}/callback/{CARABINIERI}?code=x&state=y"):
        answer = person.get(wrong)
        assert answer.status_code in (400, 401)
        assert "set-cookie" not in answer.headers
    assert [type(event) for event in town.recorded] == [SignInRefused, SignInRefused]
    assert {event.issuer for event in town.recorded} == {providers.by_path[CARABINIERI].issuer}


@pytest.mark.requirement("PM-2.8")
def test_the_same_credential_at_two_workstations(site, town):
    with browser() as first, browser() as second:
        sign_in(first, site, CARABINIERI, "cc-7")
        sign_in(second, site, CARABINIERI, "cc-7")
        assert first.get(f"{site}/who").status_code == 401
        assert second.get(f"{site}/who").status_code == 200
    assert [each.ending for each in town.recorded[1].displaced] == ["credential-shared"]


def test_signing_out_at_the_issuer_ends_the_session_here(person, site, town, providers):
    sign_in(person, site, CARABINIERI, "cc-7")
    with browser() as other:
        sign_in(other, site, LOCAL_POLICE, "pl-1")
        sign_out_at_issuer(person, providers.by_path[CARABINIERI].issuer)
        assert person.get(f"{site}/who").status_code == 401
        assert other.get(f"{site}/who").status_code == 200
    assert [each.ending for each in town.recorded if isinstance(each, SessionClosed)] == ["logged-out-at-issuer"]


def test_a_forged_back_channel_call(person, site, town):
    sign_in(person, site, CARABINIERI, "cc-7")
    for data in ({"logout_token": "x.y.z"}, {}, {"logout_token": ["a", "b"]}):
        answer = person.post(f"{site}/backchannel-logout/{CARABINIERI}", data=data)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert person.get(f"{site}/who").status_code == 200
    assert len([event for event in town.recorded if isinstance(event, SignInRefused)]) == 3


def test_signing_out_here(person, site, town):
    sign_in(person, site, CARABINIERI, "cc-7")
    cookie = person.cookies["varco"]
    answer = person.post(f"{site}/logout", headers={"Origin": site})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    with browser() as thief:
        thief.cookies.set("varco", cookie)
        assert thief.get(f"{site}/who").json()["type"] == "urn:varco:fault:session-ended"
    assert town.recorded[-1].ending == "logged-out"


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_nobody_else_signs_a_person_out(person, site, headers):
    sign_in(person, site, CARABINIERI, "cc-7")
    assert person.post(f"{site}/logout", headers=headers).status_code == 400
    assert person.get(f"{site}/who").status_code == 200


def test_a_new_sign_in_asks_the_person_again(site, town):
    """A colleague who finds the browser open at the issuer is not taken for the one before."""
    with browser() as shared:
        sign_in(shared, site, CARABINIERI, "cc-7")
        answer = sign_in(shared, site, CARABINIERI, "cc-9")
        assert answer.status_code == 303
        assert shared.get(f"{site}/who").json()["person"].startswith("cc-mantova/unlisted-")


def test_a_sign_in_that_cannot_be_recorded_gives_no_session(person, site, town):
    begun = person.get(f"{site}/login/{CARABINIERI}")
    url = sign_in_at_issuer(person, begun.headers["location"], "cc-7", base_url=site)
    town.ledger_is_full = True
    answer = person.get(url)
    assert answer.status_code == 503
    assert "set-cookie" not in answer.headers


def test_a_machine_gets_a_token_over_http(person, site, town):
    town.machines.publish([RegisteredMachine("gate-1", BodyId("levanto"), public(KEY))])
    given = form(town)
    answer = person.post(f"{site}/oauth2/token", data=given)
    assert answer.headers["cache-control"] == "no-store"
    assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 600)
    assert town.machines.identify(f"Bearer {answer.json()['access_token']}").client_id == "gate-1"
    again = person.post(f"{site}/oauth2/token", data=given)
    assert (again.status_code, again.json()) == (401, {"error": "invalid_client"})
    other = person.post(f"{site}/oauth2/token", data={**given, "grant_type": "password"})
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    assert [type(event) for event in town.recorded] == [MachineAdmitted, MachineRefused, MachineRefused]


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded"),
        (b"a=" + b"x" * 40_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a%d=1" % index for index in range(30)), "application/x-www-form-urlencoded"),
        (b"a=%ff", "application/x-www-form-urlencoded"),
        (b"a=\xff", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"", ""),
    ],
)
def test_a_form_of_another_shape(person, site, content, declared):
    answer = person.post(f"{site}/oauth2/token", content=content, headers={"Content-Type": declared})
    assert answer.status_code == 400
