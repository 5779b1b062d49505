"""Attacks on signed documents, each by its name. A test changes the world and looks at the kind of the fault."""

import base64
import hmac
import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from conventions import envelope
from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from conventions.keys import issue_signer, make_authority
from conventions.signing import sign
from conventions.terms import Role
from conventions.trust_set import TrustSet
from conventions.verification import verdicts, verify
from tests.conventions.town import FAR, LONG_AGO, NOW, Town, changed, text

CONVENTION = "c_g917/convention/carabinieri"
MAYOR = ("c_g917", Role.MAYOR)
PARTNER = ("carabinieri-mantova", Role.PARTNER_SIGNATORY)


@pytest.fixture(scope="module")
def plain(town):
    return text(town, CONVENTION)


@pytest.fixture(scope="module")
def signed(town, plain) -> bytes:
    return town.signed(plain)


@pytest.fixture(scope="module")
def trust(town, register) -> TrustSet:
    return TrustSet.of(town.anchors, register.trust_documents(NOW))


@pytest.fixture
def kind_of(register, trust):
    def kind(raw, at_utc=NOW):
        with pytest.raises(Fault) as caught:
            verify(raw, trust, at_utc, known=register, where="conv.varco.json")
        assert caught.value.where.startswith("conv.varco.json")
        return caught.value.kind

    return kind


def opened(raw):
    return json.loads(raw)


def header_of(part):
    return json.loads(base64.urlsafe_b64decode(part["protected"] + "=="))


def encoded(value) -> str:
    return envelope.encode(json.dumps(value).encode())


def test_a_document_signed_by_every_party_is_verified(signed, trust, register):
    verified = verify(signed, trust, NOW, known=register)
    assert [(signer.body, signer.role) for signer in verified.signers] == [MAYOR, PARTNER]
    assert verified.signers[0].signed_utc == NOW
    assert verified.document.id == CONVENTION
    assert verified.sequence == 0
    assert verified.published_utc is None


def test_the_second_signature_leaves_the_first_as_it_was(town, plain):
    once = town.signed(plain, MAYOR)
    twice = sign(once, town.key(*PARTNER), NOW)
    assert opened(twice)["payload"] == opened(once)["payload"]
    assert opened(twice)["signatures"][0] == opened(once)["signatures"][0]


@pytest.mark.requirement("PM-P.4")
def test_dropped_signature(signed, kind_of):
    for kept in (0, 1):
        dropped = opened(signed)
        dropped["signatures"] = [dropped["signatures"][kept]]
        assert kind_of(json.dumps(dropped).encode()) is FaultKind.SIGNATURE_MISSING


def test_the_missing_signer_is_named(town, plain, trust, register):
    with pytest.raises(Fault, match="not signed by carabinieri-mantova as partner-signatory"):
        verify(town.signed(plain, MAYOR), trust, NOW, known=register)


def test_no_signature_at_all(signed, kind_of):
    stripped = opened(signed) | {"signatures": []}
    assert kind_of(json.dumps(stripped).encode()) is FaultKind.SIGNATURE_MISSING


def test_doubled_signature(signed, kind_of):
    doubled = opened(signed)
    doubled["signatures"] = [doubled["signatures"][0]] * 2
    assert kind_of(json.dumps(doubled).encode()) is FaultKind.SIGNATURE_MISSING


def test_a_signature_nobody_asked_for(town, plain, kind_of):
    raw = town.signed(plain, MAYOR, PARTNER, ("c_g917", Role.PL_COMMANDER))
    assert kind_of(raw) is FaultKind.SIGNATURE_INVALID


def test_the_same_certificate_does_not_sign_twice(town, signed):
    with pytest.raises(Fault, match="has signed already"):
        sign(signed, town.key(*MAYOR), NOW)


def test_the_right_body_in_the_wrong_role(town, plain, kind_of):
    assert kind_of(town.signed(plain, MAYOR, ("carabinieri-mantova", Role.PARTNER_OPERATOR))) is (
        FaultKind.SIGNATURE_MISSING
    )


def test_an_operator_does_not_bind_a_party_even_when_the_text_says_so(town, plain, kind_of):
    parties = [plain["parties"][0], {**plain["parties"][1], "signs_as": "partner-operator"}]
    raw = town.signed(changed(plain, parties=parties), MAYOR, ("carabinieri-mantova", Role.PARTNER_OPERATOR))
    assert kind_of(raw) is FaultKind.DOCUMENT_CONTRADICTORY


def test_payload_swap(town, plain, signed, kind_of):
    swapped = opened(signed)
    swapped["payload"] = envelope.encode(canonical(changed(plain, title="Un altro testo")))
    assert kind_of(json.dumps(swapped).encode()) is FaultKind.SIGNATURE_INVALID


def test_one_changed_byte_of_a_signature(signed, kind_of):
    touched = opened(signed)
    signature = bytearray(envelope.decode(touched["signatures"][1]["signature"], ""))
    signature[7] ^= 1
    touched["signatures"][1]["signature"] = envelope.encode(bytes(signature))
    assert kind_of(json.dumps(touched).encode()) is FaultKind.SIGNATURE_INVALID


def test_mix_and_match(town, plain, signed, kind_of):
    """A signature over another version of the same document does not carry over."""
    other = opened(town.signed(changed(plain, version="2")))
    mixed = opened(signed)
    mixed["signatures"][1] = other["signatures"][1]
    assert kind_of(json.dumps(mixed).encode()) is FaultKind.SIGNATURE_INVALID


def test_foreign_anchor(town, plain, kind_of):
    stranger = make_authority("Autorità sconosciuta", start_utc=LONG_AGO, end_utc=FAR)
    forged = Town(stranger, stranger)
    assert kind_of(forged.signed(plain)) is FaultKind.SIGNER_NOT_TRUSTED


def test_an_authority_of_the_same_name_is_not_the_authority(town, plain, kind_of):
    twin = make_authority("Autorità degli enti (prova)", start_utc=LONG_AGO, end_utc=FAR)
    assert kind_of(Town(twin, twin).signed(plain)) is FaultKind.SIGNER_NOT_TRUSTED


def test_the_installation_does_not_vouch_for_a_town(town, plain, kind_of):
    assert kind_of(Town(town.root, town.root).signed(plain)) is FaultKind.SIGNER_NOT_TRUSTED


def test_a_signer_does_not_issue_certificates(town, plain, kind_of):
    """A chain through a signer's own key: the signer is no authority."""
    mayor = town.key(*MAYOR)
    issuing = type(town.bodies)(mayor.chain[0], mayor.private_key)
    forged = issue_signer(issuing, "carabinieri-mantova", Role.PARTNER_SIGNATORY, "x", start_utc=LONG_AGO, end_utc=FAR)
    chained = type(forged)((*forged.chain, mayor.chain[0]), forged.private_key)
    raw = sign(sign(plain, mayor, NOW), chained, NOW)
    assert kind_of(raw) is FaultKind.SIGNER_NOT_TRUSTED


def test_the_authority_itself_does_not_sign_documents(town, plain, kind_of):
    key = type(town.key(*MAYOR))((town.bodies.certificate,), town.bodies.private_key)
    assert kind_of(sign(plain, key, NOW)) is FaultKind.SIGNER_NOT_TRUSTED


@pytest.mark.parametrize("days", [(-800, -1), (1, 800)], ids=["expired", "not yet valid"])
def test_certificate_outside_its_time(town, plain, kind_of, days):
    start_utc, end_utc = (NOW + timedelta(days=count) for count in days)
    late = issue_signer(town.bodies, "c_g917", Role.MAYOR, "sindaco-9", start_utc=start_utc, end_utc=end_utc)
    raw = sign(sign(plain, late, NOW), town.key(*PARTNER), NOW)
    assert kind_of(raw) is FaultKind.SIGNER_NOT_TRUSTED


def test_back_dating_does_not_revive_an_expired_certificate(town, plain, kind_of):
    start_utc, end_utc = NOW - timedelta(days=800), NOW - timedelta(days=1)
    late = issue_signer(town.bodies, "c_g917", Role.MAYOR, "sindaco-9", start_utc=start_utc, end_utc=end_utc)
    raw = sign(sign(plain, late, NOW - timedelta(days=30)), town.key(*PARTNER), NOW)
    assert kind_of(raw) is FaultKind.SIGNER_NOT_TRUSTED


def test_signed_in_the_future(town, plain, kind_of):
    raw = sign(town.signed(plain, MAYOR), town.key(*PARTNER), NOW + timedelta(seconds=1))
    assert kind_of(raw) is FaultKind.SIGNATURE_INVALID


# Algorithm confusion: every way of signing with something that the certificate's key is not.


def resigned(raw, key, **header):
    """The first signature made again under another header and key."""
    taken = opened(raw)
    protected = header_of(taken["signatures"][0]) | header
    payload = envelope.decode(taken["payload"], "")
    made = jws.serialize_json([{"protected": protected}], payload, key, registry=BIG)
    taken["signatures"][0] = made["signatures"][0]
    return json.dumps(taken).encode()


class _Big(jws.JWSRegistry):
    max_header_length = 65536
    max_payload_length = 1 << 22


BIG = _Big(algorithms=["Ed25519", "ES256"], strict_check_header=False)


def test_algorithm_confusion_public_key_as_secret(town, signed, kind_of):
    public = town.key(*MAYOR).private_key.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    taken = opened(signed)
    protected = encoded(header_of(taken["signatures"][0]) | {"alg": "HS256"})
    mac = hmac.digest(der, f"{protected}.{taken['payload']}".encode(), "sha256")
    taken["signatures"][0] = {"protected": protected, "signature": envelope.encode(mac)}
    assert kind_of(json.dumps(taken).encode()) is FaultKind.SIGNATURE_INVALID


def test_algorithm_confusion_another_curve(signed, kind_of):
    assert kind_of(resigned(signed, OKPKey.generate_key("Ed25519"), alg="Ed25519")) is FaultKind.SIGNATURE_INVALID


def test_algorithm_none(signed, kind_of):
    taken = opened(signed)
    header = header_of(taken["signatures"][0]) | {"alg": "none"}
    taken["signatures"][0] = {"protected": encoded(header), "signature": ""}
    assert kind_of(json.dumps(taken).encode()) is FaultKind.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": {"kty": "EC"}},
        {"jku": "https://example.org/keys"},
        {"x5u": "https://example.org/chain"},
        {"kid": "1"},
        {"crit": ["b64"], "b64": False},
        {"b64": False},
        {"cty": "x"},
    ],
    ids=lambda extra: "+".join(extra),
)
def test_header_members_beyond_the_four(town, signed, kind_of, extra):
    taken = opened(signed)
    taken["signatures"][0]["protected"] = encoded(header_of(taken["signatures"][0]) | extra)
    assert kind_of(json.dumps(taken).encode()) is FaultKind.SIGNATURE_INVALID


def test_a_validly_signed_embedded_key_is_still_refused(signed, kind_of):
    key = ECKey.generate_key("P-256")
    raw = resigned(signed, key, jwk=key.as_dict(private=False))
    assert kind_of(raw) is FaultKind.SIGNATURE_INVALID


def test_a_signature_for_something_else(town, signed, kind_of):
    pem = town.key(*MAYOR).private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    raw = resigned(signed, ECKey.import_key(pem), typ="JWT")
    assert kind_of(raw) is FaultKind.SIGNATURE_INVALID


def test_unprotected_header(signed, kind_of):
    taken = opened(signed)
    taken["signatures"][0]["header"] = {"kid": "1"}
    assert kind_of(json.dumps(taken).encode()) is FaultKind.DOCUMENT_MALFORMED


# Two readers, two texts.


def wrapped(town, payload: bytes) -> bytes:
    """An envelope around bytes that no honest writer makes, properly signed."""
    signer = town.key(*MAYOR)
    chain = [base64.b64encode(signer.chain[0].public_bytes(serialization.Encoding.DER)).decode()]
    header = {"alg": "ES256", "typ": envelope.TYPE, "x5c": chain, "sigT": envelope.signed_at(NOW)}
    pem = signer.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = jws.serialize_json([{"protected": header}], payload, ECKey.import_key(pem), registry=BIG)
    return json.dumps(made).encode()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"id":"a","id":"b"}',
        b'{"id": "a"}',
        b'{"b":"1","a":"2"}',
        b'{"version":1}',
        b'{"version":1.5}',
        b'{"version":NaN}',
        b'{"version":null}',
        b'{"version":true}',
        b'{"a":"\\u202e"}',
        '{"a":"\u202e"}'.encode(),
        b'{"a":"\\u0000"}',
        b'{"a":"x\\\\\\ty"}',
        b'{"a":"\x7f"}',
        b'{"a":"\\ud800"}',
        b'{"a":"perche\\u0301"}',
        b"[]",
        b'"x"',
        b"",
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"a":"b"}',
        b'{"a":' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 100_000,
    ],
    ids=[
        "duplicate member", "space", "order", "number", "fraction", "NaN", "null", "boolean", "bidi escaped", "bidi",
        "zero", "tab", "delete", "surrogate", "not composed", "list", "string", "empty", "UTF-16", "byte order mark",
        "deep", "bomb",
    ],
)  # fmt: skip
def test_signed_bytes_that_are_not_one_canonical_text(town, kind_of, payload):
    assert kind_of(wrapped(town, payload)) is FaultKind.DOCUMENT_MALFORMED


def test_duplicate_member_of_the_envelope(signed, kind_of):
    raw = signed.replace(b'{"payload":', b'{"payload":"e30","payload":', 1)
    assert kind_of(raw) is FaultKind.DOCUMENT_MALFORMED


def test_duplicate_member_of_a_protected_header(signed, kind_of):
    taken = opened(signed)
    header = json.dumps(header_of(taken["signatures"][0]))[:-1] + ', "alg": "none"}'
    taken["signatures"][0]["protected"] = envelope.encode(header.encode())
    assert kind_of(json.dumps(taken).encode()) is FaultKind.DOCUMENT_MALFORMED


def test_padded_base64(signed, kind_of):
    taken = opened(signed)
    taken["payload"] += "="
    assert kind_of(json.dumps(taken).encode()) is FaultKind.DOCUMENT_MALFORMED


def test_lookalike_in_a_word_of_the_vocabulary(town, plain, kind_of):
    clauses = [{**plain["clauses"][0], "purposes": ["live-traffic-flоw"]}]  # noqa: RUF001 (the attack)
    assert kind_of(town.signed(changed(plain, clauses=clauses))) is FaultKind.VOCABULARY_UNKNOWN


def test_lookalike_in_an_identifier(town, plain, kind_of):
    assert kind_of(town.signed(changed(plain, id="c_g917/convention/cаrabinieri"))) is (  # noqa: RUF001 (the attack)
        FaultKind.DOCUMENT_MALFORMED
    )


def test_unknown_member(town, plain, kind_of):
    assert kind_of(town.signed(changed(plain, override="true"))) is FaultKind.DOCUMENT_MALFORMED


def test_oversized(kind_of):
    assert kind_of(b" " * (envelope.MAX_ENVELOPE_BYTES + 1)) is FaultKind.DOCUMENT_MALFORMED


def test_expired_at_load(town, plain, kind_of):
    ended = changed(plain, renewal="by-agreement")
    assert kind_of(town.signed(ended), NOW + timedelta(days=800)) is FaultKind.DOCUMENT_EXPIRED


def test_a_backslash_in_a_text_is_no_control_character(town, plain, trust, register):
    raw = town.signed(changed(plain, title="c:\\temp\\uno \\\\t"))
    assert verify(raw, trust, NOW, known=register).document.title == "c:\\temp\\uno \\\\t"


# What a document may dispose of.


@pytest.mark.parametrize(
    "change",
    [
        {"id": "c_g917/notice/carabinieri"},
        {"id": "c_e542/convention/carabinieri"},
    ],
    ids=["another kind", "a stranger's identifier"],
)
def test_an_identifier_that_is_not_its_own(town, plain, kind_of, change):
    assert kind_of(town.signed(changed(plain, **change))) is FaultKind.DOCUMENT_CONTRADICTORY


@pytest.mark.requirement("PM-1.1")
@pytest.mark.parametrize(
    "change",
    [
        {"cameras": ["c_e542/ingresso"]},
        {"territories": ["c_e542/area/porto"]},
        {"bodies": ["carabinieri-novara"]},
    ],
    ids=["camera", "area", "body"],
)
def test_a_clause_about_what_is_not_the_parties(town, plain, kind_of, change):
    clauses = [{**plain["clauses"][0], **change}]
    assert kind_of(town.signed(changed(plain, clauses=clauses))) is FaultKind.DOCUMENT_CONTRADICTORY


def test_verdicts_name_the_good_and_the_bad(signed, trust):
    touched = opened(signed)
    touched["signatures"][1]["signature"] = touched["signatures"][0]["signature"]
    good, bad = verdicts(json.dumps(touched).encode(), trust, NOW)
    assert good.role is Role.MAYOR
    assert bad.kind is FaultKind.SIGNATURE_INVALID
    assert bad.where == "signature 2"


# Never anything but a fault.

ACCEPTABLE = {
    FaultKind.DOCUMENT_MALFORMED,
    FaultKind.SIGNATURE_MISSING,
    FaultKind.SIGNATURE_INVALID,
    FaultKind.SIGNER_NOT_TRUSTED,
    FaultKind.VOCABULARY_UNKNOWN,
    FaultKind.DOCUMENT_CONTRADICTORY,
}


def outcome(raw, trust) -> FaultKind | None:
    try:
        verify(raw, trust, NOW)
    except Fault as fault:
        return fault.kind
    return None


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(trust, raw):
    assert outcome(raw, trust) in ACCEPTABLE


@given(st.integers(min_value=0), st.integers(1, 255))
def test_any_changed_byte_is_refused(trust, signed, at, by):
    touched = bytearray(signed)
    touched[at % len(touched)] ^= by
    assert outcome(bytes(touched), trust) in ACCEPTABLE


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@given(st.integers(min_value=0), st.integers(1, 255))
@example(at=12, by=1)  # found by a long run: version 4 of X.509
def test_any_changed_byte_of_a_certificate_is_refused(trust, signed, at, by):
    taken = opened(signed)
    header = header_of(taken["signatures"][0])
    der = bytearray(base64.b64decode(header["x5c"][0]))
    der[at % len(der)] ^= by
    header["x5c"] = [base64.b64encode(bytes(der)).decode()]
    taken["signatures"][0]["protected"] = encoded(header)
    assert outcome(json.dumps(taken).encode(), trust) in ACCEPTABLE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_any_json_in_the_places_of_an_envelope_is_refused(trust, payload, protected, signature):
    parts = [{"protected": encoded(protected), "signature": signature}]
    for raw in ({"payload": payload, "signatures": parts}, {"payload": "e30", "signatures": parts}, signature):
        assert outcome(json.dumps(raw).encode(), trust) in ACCEPTABLE
