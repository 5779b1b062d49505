"""A trusted issuer that lies: every claim that is relied on must be there, and true."""

import base64
import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from broker.identity.trust import ListedPerson
from conventions.faults import Fault, FaultKind
from tests.world.lying_issuer import BODY, lying_issuer
from tests.world.providers import CARABINIERI


@pytest.fixture
def liar(installation):
    with lying_issuer() as liar:
        installation.issuers.publish([liar.trust()])
        installation.lists.bound[(liar.url, "gdf-1")] = ListedPerson("gdf-mantova/op-1", BODY)
        yield liar


async def begun(installation):
    started = await installation.sign_in.begin(BODY)
    question = parse_qs(urlsplit(started.url).query)
    return started.browser, {"state": question["state"][0], "code": "any"}, question["nonce"][0]


def truth(installation, liar, nonce):
    now_s = int(installation.clock.now_utc().timestamp())
    return {
        "iss": liar.url, "sub": "gdf-1", "aud": "varco", "exp": now_s + 300, "iat": now_s, "nonce": nonce,
        "acr": "strong",
    }  # fmt: skip


async def outcome(installation, liar, change=lambda claims: None, *, forge=None):
    """Complete a sign-in with a token whose claims were changed, or forged as a whole."""
    secret, answer, nonce = await begun(installation)
    claims = truth(installation, liar, nonce)
    change(claims)
    liar.token = forge(claims) if forge is not None else liar.sign(claims)
    return await installation.sign_in.complete(BODY, answer, browser=secret, workstation="loopback")


async def test_the_truth_is_believed(installation, liar):
    admission = await outcome(installation, liar)
    assert admission.event.caller.person == "gdf-mantova/op-1"


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "nonce", "acr"])
async def test_a_claim_left_out(installation, liar, claim):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, lambda claims: claims.pop(claim))
    assert (caught.value.kind, caught.value.detail) == (
        FaultKind.NOT_AUTHENTICATED, "the token is not believed (missing_claim)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "value", "error"),
    [
        ("iss", "https://elsewhere.example", "not believed (invalid_claim)"),
        ("aud", "another-client", "not believed (invalid_claim)"),
        ("aud", ["another-client"], "not believed (invalid_claim)"),
        ("aud", ["varco", "another-client"], "names none of them"),
        ("aud", [], "not believed (invalid_claim)"),
        ("nonce", "another", "not believed (invalid_claim)"),
        ("exp", 1_000_000_000, "not believed (expired_token)"),
        ("exp", "tomorrow", "not believed (invalid_claim)"),
        ("exp", float("nan"), "not believed (invalid_claim)"),
        ("iat", 4_000_000_000, "not believed (invalid_claim)"),
        ("iat", 1_000_000_000, "the token is old"),
        ("azp", "another-client", "given to another party"),
        ("sub", 7, "not believed (invalid_claim)"),
        ("sub", "", "not believed (invalid_claim)"),
        ("sub", "x" * 256, "a claim has another type"),
        ("sub", "gdf-1\ud800", "a claim has another type"),
        ("sub", "gdf-1\n", "a claim has another type"),
        ("sid", {"a": 1}, "a claim has another type"),
        ("acr", ["strong"], "a claim has another type"),
        ("nonce", ["another"], "not believed (invalid_claim)"),
    ],
)
async def test_a_claim_that_is_false(installation, liar, claim, value, error):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, lambda claims: claims.update({claim: value}))
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED
    assert caught.value.detail.endswith(error)


async def test_a_token_for_several_parties_that_was_given_to_us(installation, liar):
    admission = await outcome(installation, liar, lambda claims: claims.update(aud=["varco", "b"], azp="varco"))
    assert admission.event.listed


@pytest.mark.parametrize("acr", ["weak", "strong "])
async def test_a_weak_sign_in(installation, liar, acr):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, lambda claims: claims.update(acr=acr))
    assert caught.value.kind is FaultKind.ASSURANCE_TOO_LOW


def unsigned(claims):
    parts = (json.dumps({"alg": "none", "typ": "JWT"}), json.dumps(claims))
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts) + "."


async def test_algorithm_none(installation, liar):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=unsigned)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_public_key_used_as_a_shared_secret(installation, liar):
    def forge(claims):
        secret = OctKey.import_key(json.dumps(liar.key.as_dict(private=False)).encode())
        return jwt.encode({"alg": "HS256", "kid": "lie"}, claims, secret, algorithms=["HS256"])

    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=forge)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_an_algorithm_that_the_trust_does_not_list(installation, liar):
    installation.issuers.publish([liar.trust(algorithms=("RS256",))])
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_a_stranger_signs_under_the_issuers_key_name(installation, liar):
    stranger = ECKey.generate_key("P-256")
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=lambda claims: liar.sign(claims, key=stranger))
    assert caught.value.detail == "the token is not believed (bad_signature)"


async def test_a_changed_payload(installation, liar):
    def forge(claims):
        head, _, signature = liar.sign(claims).split(".")
        body = base64.urlsafe_b64encode(json.dumps({**claims, "sub": "gdf-2"}).encode()).rstrip(b"=").decode()
        return f"{head}.{body}.{signature}"

    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=forge)
    assert caught.value.detail == "the token is not believed (bad_signature)"


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "\N{GREEK SMALL LETTER ALPHA}", "x" * 20_000, "\udcff"])
async def test_a_token_that_is_none(installation, liar, token):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=lambda claims: token)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_a_logout_token_is_no_id_token(installation, liar):
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=lambda claims: liar.sign(claims, typ="logout+jwt"))
    assert caught.value.detail == "the token is of another type"


@pytest.mark.parametrize(
    "header", [{"typ": ["JWT"]}, {"typ": 7}, {"kid": 7}, {"kid": "x"}, {"crit": ["b64"]}, {"x": 1}]
)
async def test_a_header_of_another_form(installation, liar, header):
    def forge(claims):
        _, body, signature = liar.sign(claims).split(".")
        given = {"alg": "ES256", "kid": "lie", **header}
        return f"{base64.urlsafe_b64encode(json.dumps(given).encode()).rstrip(b'=').decode()}.{body}.{signature}"

    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, forge=forge)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


@pytest.mark.requirement("PM-2.2")
async def test_a_token_of_one_issuer_given_by_another(installation, liar, providers):
    """The liar answers with a true token of its own key in which it names the Carabinieri's issuer."""
    theirs = providers.trust(CARABINIERI)
    installation.issuers.publish([liar.trust(), theirs])
    installation.lists.bound[(theirs.issuer, "cc-7")] = ListedPerson("cc-mantova/op-7", CARABINIERI)
    with pytest.raises(Fault) as caught:
        await outcome(installation, liar, lambda claims: claims.update(iss=theirs.issuer, sub="cc-7"))
    assert caught.value.detail == "the token is not believed (invalid_claim)"


@pytest.mark.requirement("PM-2.2")
async def test_a_subject_of_another_issuer_is_nobody_here(installation, liar, providers):
    theirs = providers.trust(CARABINIERI)
    installation.lists.bound[(theirs.issuer, "cc-7")] = ListedPerson("cc-mantova/op-7", CARABINIERI)
    admission = await outcome(installation, liar, lambda claims: claims.update(sub="cc-7"))
    assert not admission.event.listed
    assert admission.event.caller.body == BODY


async def test_a_new_key_is_found_but_not_asked_for_at_every_unknown_name(installation, liar):
    await outcome(installation, liar)
    liar.key = ECKey.generate_key("P-256", {"kid": "new", "use": "sig", "alg": "ES256"})
    asked_count = liar.keys_asked_count
    for _ in range(3):
        with pytest.raises(Fault):
            await outcome(installation, liar, forge=lambda claims: liar.sign(claims, kid="new"))
    assert liar.keys_asked_count == asked_count
    installation.clock.moved = timedelta(seconds=31)
    admission = await outcome(installation, liar, forge=lambda claims: liar.sign(claims, kid="new"))
    assert admission.event.listed


async def test_a_withdrawn_key_stops_being_believed(installation, liar):
    old = liar.key
    await outcome(installation, liar)
    liar.key = ECKey.generate_key("P-256", {"kid": "new", "use": "sig", "alg": "ES256"})
    installation.clock.moved = timedelta(minutes=10, seconds=1)
    with pytest.raises(Fault):
        await outcome(installation, liar, forge=lambda claims: liar.sign(claims, key=old))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "http://127.0.0.1:1"),
        ("authorization_endpoint", None),
        ("token_endpoint", "http://elsewhere.example/token"),
        ("token_endpoint", "ftp://127.0.0.1/token"),
        ("jwks_uri", "http://user@127.0.0.1/jwks"),
    ],
)
async def test_a_discovery_document_that_leads_astray(installation, liar, name, value):
    liar.discovery[name] = value
    with pytest.raises(Fault) as caught:
        await installation.sign_in.begin(BODY)
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED


async def test_an_issuer_that_is_not_there(installation, liar):
    installation.issuers.publish([liar.trust(issuer="http://127.0.0.1:9")])
    with pytest.raises(Fault) as caught:
        await installation.sign_in.begin(BODY)
    assert caught.value.detail == "the issuer does not answer"


# The back channel.


def farewell(installation, liar, **changes):
    now_s = int(installation.clock.now_utc().timestamp())
    claims = {
        "iss": liar.url, "sub": "gdf-1", "aud": "varco", "exp": now_s + 120, "iat": now_s, "jti": "one",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }  # fmt: skip
    claims.update(changes)
    return {name: value for name, value in claims.items() if value is not None}


async def test_a_logout_token_ends_the_session(installation, liar):
    admission = await outcome(installation, liar)
    token = liar.sign(farewell(installation, liar), typ="logout+jwt")
    closed = await installation.sign_in.back_channel_logout(BODY, token)
    assert [each.ending for each in closed] == ["logged-out-at-issuer"]
    with pytest.raises(Fault) as caught:
        installation.identities.identify(admission.cookie)
    assert caught.value.kind is FaultKind.SESSION_ENDED


async def test_a_logout_token_is_good_once(installation, liar):
    token = liar.sign(farewell(installation, liar), typ="logout+jwt")
    await installation.sign_in.back_channel_logout(BODY, token)
    await outcome(installation, liar)
    with pytest.raises(Fault) as caught:
        await installation.sign_in.back_channel_logout(BODY, token)
    assert (caught.value.kind, caught.value.detail) == (FaultKind.NOT_AUTHENTICATED, "the token was used before")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"}, {"aud": "b"}, {"aud": None}, {"exp": 1_000_000_000}, {"exp": None},
        {"iat": None}, {"jti": None}, {"events": None}, {"events": {}}, {"events": ["a"]},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}}, {"nonce": "n"},
        {"sub": None}, {"exp": 4_000_000_000},
    ],
)  # fmt: skip
async def test_a_logout_token_that_is_not_one(installation, liar, changes):
    admission = await outcome(installation, liar)
    with pytest.raises(Fault) as caught:
        await installation.sign_in.back_channel_logout(BODY, liar.sign(farewell(installation, liar, **changes)))
    assert caught.value.kind is FaultKind.NOT_AUTHENTICATED
    assert installation.identities.identify(admission.cookie).person == "gdf-mantova/op-1"


async def test_one_issuer_cannot_log_out_the_people_of_another(installation, liar):
    admission = await outcome(installation, liar)
    with lying_issuer() as other:
        installation.issuers.publish([liar.trust(), other.trust(slug="other")])
        for claimed in (other.url, liar.url):
            token = other.sign(farewell(installation, other, iss=claimed, jti=claimed), typ="logout+jwt")
            if claimed == other.url:
                assert await installation.sign_in.back_channel_logout("other", token) == ()
            else:
                with pytest.raises(Fault):
                    await installation.sign_in.back_channel_logout("other", token)
    assert installation.identities.identify(admission.cookie).person == "gdf-mantova/op-1"
