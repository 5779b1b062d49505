"""A controller's trust document counts for the whole installation: it must neither weaken nor lock out the others."""

import json
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from broker.identity.claims import check_claims
from conventions.faults import Fault, FaultKind
from conventions.schema import Trust, parse
from tests.attack.world import ISSUER, trust
from tests.world.signed_demo import SignedDemo

JWK = json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False))


def read(plain: dict[str, Any]) -> Trust:
    document = parse(plain)
    assert isinstance(document, Trust)
    return document


def machine(controller: str = "bb", jwk: str = JWK) -> dict[str, Any]:
    return {
        "client_id": "reader",
        "controller": controller,
        "name": "reader",
        "public_jwk": jwk,
        "operations": ["live.view"],
    }


def refused(attack: dict[str, Any], *others: dict[str, Any]) -> FaultKind:
    with pytest.raises(Fault) as raised:
        check_claims(read(attack), map(read, others))
    return raised.value.kind


def test_a_trust_document_that_agrees_with_the_others_is_admitted():
    check_claims(read(trust("bb")), [read(trust())])


@pytest.mark.requirement("PM-2.7")
@pytest.mark.parametrize(
    "claim",
    [
        {"acr_required": []},
        {"bodies": ("bb",)},
        {"client_id": "other"},
        {"issuer": "https://second.example"},
    ],
    ids=["weaker sign-in", "for other bodies", "for another client", "in the place of another issuer"],
)
def test_another_controller_cannot_speak_otherwise_of_an_issuer_that_is_trusted(claim: dict[str, Any]):
    assert refused(trust("bb", **claim), trust()) is FaultKind.DOCUMENT_CONTRADICTORY


@pytest.mark.requirement("LEV-32.1")
def test_a_machine_is_not_taken_over_by_another_controllers_document():
    theirs = trust() | {"enforcement_points": [machine("aa")]}
    ours = trust("bb") | {"enforcement_points": [machine()]}
    assert refused(ours, theirs) is FaultKind.DOCUMENT_CONTRADICTORY


@pytest.mark.parametrize(
    "jwk",
    [
        "{}",
        "no json",
        '{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}',
        json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)),
    ],
    ids=["empty", "not json", "a shared secret", "a private key"],
)
def test_a_key_that_would_keep_every_door_shut_is_refused_before_publication(jwk: str):
    assert refused(trust("bb") | {"enforcement_points": [machine(jwk=jwk)]}) is FaultKind.DOCUMENT_MALFORMED


def test_an_issuer_that_cannot_be_used_is_refused_before_publication():
    assert refused(trust("bb", issuer="http://issuer.example")) is FaultKind.DOCUMENT_MALFORMED
    one, two = trust()["issuers"][0], trust(issuer=f"{ISSUER}/two")["issuers"][0]
    assert refused(trust() | {"issuers": [one, two]}) is FaultKind.DOCUMENT_CONTRADICTORY


def test_the_register_does_not_take_what_would_keep_every_door_shut():
    demo = SignedDemo()
    first = next(text for text in demo.texts if text.plain["kind"] == "trust")
    demo.publish(first)
    first.plain["version"] = "2"
    first.plain["enforcement_points"][0]["public_jwk"] = "{}"
    with pytest.raises(Fault) as raised:
        demo.publish(first)
    assert raised.value.kind is FaultKind.DOCUMENT_MALFORMED
    assert demo.register.current(first.id).version == 1
