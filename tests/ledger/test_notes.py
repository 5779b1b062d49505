"""Notes, checkpoints and keys in the forms of C2SP."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from broker.ledger import offline
from broker.ledger.notes import Checkpoint, Signer, open_checkpoint, open_note, proof_text, read_vkey, sign_note
from conventions.faults import Fault, FaultKind

ORIGIN = "varco/prova/c_g917"
SIGNER = Signer.of(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer.of(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))

# The example note and key of the reference implementation (golang.org/x/mod/sumdb/note).
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_reference_example_verifies():
    assert open_note(PETER_NOTE, [read_vkey(PETER)]).startswith("If you think")
    assert read_vkey(PETER).vkey == PETER
    assert offline.read_key(PETER).key_id == "c74f20a3"


@given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_reads_back(size, root):
    checkpoint = Checkpoint(ORIGIN, size, root)
    note = sign_note(checkpoint.text, [SIGNER])
    assert open_checkpoint(note, [SIGNER.verifier], ORIGIN) == checkpoint
    assert offline.notes.read_checkpoint(note, [offline.read_key(SIGNER.verifier.vkey)]) == (ORIGIN, size, root)


def test_a_checkpoint_has_three_lines_and_a_signature_line():
    note = sign_note(Checkpoint(ORIGIN, 7, bytes(32)).text, [SIGNER])
    lines = note.split("\n")
    assert lines[:4] == [ORIGIN, "7", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ""]
    mark, name, signature = lines[4].split(" ")
    assert (mark, name, lines[5:]) == ("—", ORIGIN, [""])
    assert b64decode(signature)[:4].hex() == SIGNER.verifier.key_id


def test_every_signature_of_a_known_key_must_hold():
    text = Checkpoint(ORIGIN, 7, bytes(32)).text
    note = sign_note(text, [SIGNER, OTHER])
    both = [SIGNER.verifier, OTHER.verifier]
    assert open_note(note, both) == open_note(note, both[:1]) == open_note(note, both[1:]) == text
    other_line = sign_note("x\n", [OTHER]).split("\n\n")[1]
    mixed = sign_note(text, [SIGNER]) + other_line
    assert open_note(mixed, both[:1]) == text
    with pytest.raises(Fault):
        open_note(mixed, both)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.replace("\n7\n", "\n8\n"),
        lambda note: note.replace("\n7\n", "\n07\n"),
        lambda note: note.replace(ORIGIN, "varco/prova/c_e557", 1),
        lambda note: note[:-1],
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("—", "-"),
        lambda note: note.split("\n\n")[0] + "\n\n",
        lambda _: "",
    ],
)  # fmt: skip
def test_a_spoilt_checkpoint_is_refused(spoil):
    note = sign_note(Checkpoint(ORIGIN, 7, bytes(32)).text, [SIGNER])
    with pytest.raises(Fault) as caught:
        open_checkpoint(spoil(note), [SIGNER.verifier], ORIGIN)
    assert caught.value.kind is FaultKind.SIGNATURE_INVALID
    with pytest.raises(offline.Unproved):
        offline.notes.read_checkpoint(spoil(note), [offline.read_key(SIGNER.verifier.vkey)])


@pytest.mark.parametrize(
    "text", [f"{ORIGIN}\n7\n{'A' * 43}=\nextension\n", f"{ORIGIN}\n7\nAAAA\n", f"{ORIGIN}\n-7\n{'A' * 43}=\n", "x\n"]
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text):
    with pytest.raises(Fault):
        open_checkpoint(sign_note(text, [SIGNER]), [SIGNER.verifier], ORIGIN)


@pytest.mark.parametrize("vkey", ["", "a+b", "a+00000000+AAAA", PETER.replace("c74f", "c74e"), PETER[:-2] + "=="])
def test_a_key_that_is_none_is_refused(vkey):
    with pytest.raises(Fault):
        read_vkey(vkey)
    with pytest.raises(offline.Unproved):
        offline.read_key(vkey)


def test_a_proof_has_the_form_of_the_standard():
    note = sign_note(Checkpoint(ORIGIN, 2, bytes(32)).text, [SIGNER])
    text = proof_text(1, [bytes(32)], note)
    assert text == f"c2sp.org/tlog-proof@v1\nindex 1\n{'A' * 43}=\n\n{note}"


@pytest.mark.parametrize(
    "text",
    ["", "index 0\n\n", "c2sp.org/tlog-proof@v1\n\nx", "c2sp.org/tlog-proof@v1\nindex 01\n\nx"],
)
def test_a_proof_of_another_form_is_refused(text):
    with pytest.raises(offline.Unproved):
        offline.verify_receipt(text, b"", [SIGNER.verifier.vkey])
