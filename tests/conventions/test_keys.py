"""Keys on disk are their owner's alone, and a certificate says body, role and pseudonym, never a name."""

import stat

import pytest
from cryptography.x509.oid import NameOID

from conventions.faults import Fault, FaultKind
from conventions.keys import (
    SigningKey,
    issue_signer,
    load_authority,
    load_signer,
    store_authority,
    store_signer,
    subject_of,
)
from conventions.terms import Role
from tests.conventions.town import FAR, LONG_AGO


@pytest.fixture
def signer(town) -> SigningKey:
    return town.key("c_g917", Role.MAYOR)


def test_what_is_stored_is_read_back(tmp_path, signer, town):
    assert load_signer(*store_signer(tmp_path / "keys", "sindaco", signer)).chain == signer.chain
    stored = load_authority(*store_authority(tmp_path / "ca", "ca", town.bodies))
    assert stored.certificate_pem == town.bodies.certificate_pem


def test_files_are_readable_by_their_owner_only(tmp_path, signer):
    for path in store_signer(tmp_path, "sindaco", signer):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(tmp_path, signer):
    store_signer(tmp_path, "sindaco", signer)
    with pytest.raises(FileExistsError):
        store_signer(tmp_path, "sindaco", signer)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_may_read_is_refused(tmp_path, signer, mode):
    key, certificate = store_signer(tmp_path, "sindaco", signer)
    key.chmod(mode)
    with pytest.raises(Fault, match="readable by others"):
        load_signer(key, certificate)


def test_a_certificate_of_another_key_is_refused(tmp_path, signer, town):
    key, _ = store_signer(tmp_path, "sindaco", signer)
    _, other = store_signer(tmp_path, "comandante", town.key("c_g917", Role.PL_COMMANDER))
    with pytest.raises(Fault, match="another key"):
        load_signer(key, other)


@pytest.mark.parametrize("content", [b"", b"not a key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key(tmp_path, signer, content):
    key, certificate = store_signer(tmp_path, "sindaco", signer)
    key.write_bytes(content)
    with pytest.raises(Fault) as caught:
        load_signer(key, certificate)
    assert caught.value.kind is FaultKind.SETTINGS_INVALID


def test_a_private_key_is_not_shown(signer, town):
    assert "private" not in repr(signer)
    assert "private" not in repr(town.bodies)


def test_the_subject_names_body_role_and_pseudonym_only(signer):
    kinds = {attribute.oid for attribute in signer.chain[0].subject}
    assert kinds == {NameOID.ORGANIZATION_IDENTIFIER, NameOID.TITLE, NameOID.PSEUDONYM}
    assert subject_of(signer.chain[0]) == signer.subject


def test_a_body_that_is_no_identifier_gets_no_certificate(town):
    with pytest.raises(Fault):
        issue_signer(town.bodies, "../c_g917", Role.MAYOR, "x", start_utc=LONG_AGO, end_utc=FAR)


def test_an_authority_states_no_body_and_signs_as_nobody(town):
    with pytest.raises(Fault) as caught:
        subject_of(town.bodies.certificate)
    assert caught.value.kind is FaultKind.SIGNER_NOT_TRUSTED
