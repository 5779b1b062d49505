"""Machines: a registered key, an assertion used once, a token that can be taken back."""

import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from broker.changes import Changes
from broker.evidence import Machine
from broker.identity.machines import ASSERTION_TYPE, Machines, RegisteredMachine
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId

KEY, OTHER_KEY = (ECKey.generate_key("P-256", {"kid": "gate"}) for _ in range(2))
LEVANTO = BodyId("levanto")


def public(key):
    return json.dumps(key.as_dict(private=False))


GATE = RegisteredMachine("gate-1", LEVANTO, public(KEY))
OTHER = RegisteredMachine("gate-2", LEVANTO, public(OTHER_KEY))


@pytest.fixture
def machines(installation):
    installation.machines.publish([GATE, OTHER])
    return installation.machines


def form(installation, *, key=KEY, algorithm="ES256", header=(), **changes):
    now_s = int(installation.clock.now_utc().timestamp())
    claims = {
        "iss": "gate-1", "sub": "gate-1", "aud": f"{installation.base_url}/oauth2/token", "exp": now_s + 60,
        "iat": now_s, "jti": "one", **changes,
    }  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    assertion = jwt.encode({"alg": algorithm, **dict(header)}, claims, key, algorithms=[algorithm])
    return {
        "grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion,
    }  # fmt: skip


def refused(call, *given):
    with pytest.raises(Fault) as caught:
        call(*given)
    return caught.value.kind


def test_an_assertion_buys_a_token_that_names_the_machine(installation, machines, tmp_path):
    issued = machines.issue(form(installation))
    machine = machines.identify(f"Bearer {issued.token}")
    assert machine == Machine("gate-1", LEVANTO, issued.machine.token_id)
    assert machines.identify(f"bearer {issued.token}") == machine
    assert issued.token not in repr(issued)
    assert all(issued.token.encode() not in file.read_bytes() for file in tmp_path.glob("installation.db*"))


def test_the_issuer_is_an_audience_too(installation, machines):
    machines.issue(form(installation, aud=[installation.base_url, "b"]))


def test_an_assertion_is_good_once(installation, machines):
    given = form(installation)
    machines.issue(given)
    assert refused(machines.issue, given) is FaultKind.NOT_AUTHENTICATED
    restarted = Machines(
        installation.store, Changes(), installation.clock, audiences=[f"{installation.base_url}/oauth2/token"],
        registered=[GATE],
    )  # fmt: skip
    assert refused(restarted.issue, given) is FaultKind.NOT_AUTHENTICATED


def test_two_machines_may_choose_the_same_identifier(installation, machines):
    machines.issue(form(installation))
    machines.issue(form(installation, key=OTHER_KEY, iss="gate-2", sub="gate-2"))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "gate-2"}, {"sub": "gate-2"}, {"iss": None}, {"sub": None}, {"sub": ["gate-1"]},
        {"aud": "https://elsewhere.example"}, {"aud": None}, {"exp": None}, {"exp": 1_000_000_000},
        {"exp": 4_000_000_000}, {"jti": None}, {"jti": ""}, {"jti": "x" * 256}, {"jti": 7}, {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000}, {"iss": "gate-9", "sub": "gate-9"},
    ],
)  # fmt: skip
def test_an_assertion_that_does_not_fit(installation, machines, changes):
    assert refused(machines.issue, form(installation, **changes)) is FaultKind.NOT_AUTHENTICATED


def test_an_assertion_by_another_key(installation, machines):
    assert refused(machines.issue, form(installation, key=OTHER_KEY)) is FaultKind.NOT_AUTHENTICATED


def test_an_assertion_by_the_public_key_as_a_secret(installation, machines):
    secret = OctKey.import_key(public(KEY).encode())
    given = form(installation, key=secret, algorithm="HS256")
    assert refused(machines.issue, given) is FaultKind.NOT_AUTHENTICATED


def test_an_id_token_is_no_assertion(installation, machines):
    given = form(installation, header={"typ": "logout+jwt"}.items())
    assert refused(machines.issue, given) is FaultKind.NOT_AUTHENTICATED


def test_a_client_id_beside_the_assertion_must_agree(installation, machines):
    machines.issue({**form(installation), "client_id": "gate-1"})
    given = {**form(installation, jti="two"), "client_id": "gate-2"}
    assert refused(machines.issue, given) is FaultKind.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "changes",
    [
        {"grant_type": "password"}, {"grant_type": ""}, {"client_assertion_type": "x"}, {"client_assertion": ""},
    ],
)  # fmt: skip
def test_another_form(installation, machines, changes):
    assert refused(machines.issue, {**form(installation), **changes}) is FaultKind.REQUEST_MALFORMED


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "\udcff", "x" * 20_000, "eyJhbGciOiJub25lIn0.e30."])
def test_an_assertion_that_is_none(installation, machines, assertion):
    given = {**form(installation), "client_assertion": assertion}
    assert refused(machines.issue, given) is FaultKind.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic x", "Bearer x", "Bearer " + "x" * 300, "Bearer \udcff"]
)
def test_no_token(installation, machines, header):
    machines.issue(form(installation))
    assert refused(machines.identify, header) is FaultKind.NOT_AUTHENTICATED


def test_a_token_lasts_ten_minutes(installation, machines):
    header = f"Bearer {machines.issue(form(installation)).token}"
    installation.clock.moved = timedelta(minutes=9, seconds=55)
    machines.identify(header)
    installation.clock.moved = timedelta(minutes=10)
    assert refused(machines.identify, header) is FaultKind.SESSION_ENDED


def test_a_revoked_token(installation, machines):
    one = machines.issue(form(installation))
    two = machines.issue(form(installation, jti="two"))
    machines.identify(f"Bearer {one.token}")
    assert machines.revoke("gate-2", one.machine.token_id) == 0
    assert machines.revoke("gate-1", one.machine.token_id) == 1
    assert refused(machines.identify, f"Bearer {one.token}") is FaultKind.SESSION_ENDED
    machines.identify(f"Bearer {two.token}")
    assert machines.revoke("gate-1") == 1
    assert refused(machines.identify, f"Bearer {two.token}") is FaultKind.SESSION_ENDED


def test_a_machine_whose_registration_ends_or_moves(installation, machines):
    header = f"Bearer {machines.issue(form(installation)).token}"
    machines.identify(header)
    for registered in ([OTHER], [RegisteredMachine("gate-1", BodyId("bellinzago"), public(KEY))]):
        machines.publish(registered)
        assert refused(machines.identify, header) is FaultKind.NOT_AUTHENTICATED


@pytest.mark.parametrize(
    "jwk",
    [
        json.dumps(KEY.as_dict(private=True)),
        json.dumps(RSAKey.generate_key(2048).as_dict(private=True)),
        json.dumps(OctKey.generate_key(256).as_dict(private=True)),
        "{}", "[]", "x", '{"kty":"EC"}',
    ],
    ids=["private-ec", "private-rsa", "shared-secret", "no-members", "a-list", "not-json", "no-curve"],
)  # fmt: skip
def test_a_registered_key_is_public(machines, jwk):
    given = [RegisteredMachine("gate-3", LEVANTO, jwk)]
    assert refused(machines.publish, given) is FaultKind.DOCUMENT_MALFORMED


def test_a_machine_stands_once(machines):
    assert refused(machines.publish, [GATE, GATE]) is FaultKind.DOCUMENT_CONTRADICTORY
