"""What identifies is sealed, opens only with the right keys and after an entry says so, and can be destroyed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from broker.ledger import offline
from broker.ledger.keyfiles import read_body_key
from broker.ledger.ledger import Ledger
from broker.ledger.sealing import TWO_KEY_PARTS, Sealer, open_box, records, without
from conventions.canonical import digest
from conventions.faults import Fault, FaultKind
from tests.ledger import made
from tests.ledger.made import FORCE, TOWN, Town

NAMES = st.sampled_from(["person", "session", *sorted(TWO_KEY_PARTS)])
PERIOD_KEY = bytes(range(32))
BODY = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_categories=("Cs",))), min_size=1), st.booleans())
def test_every_part_opens_again(parts, two_key):
    digests, box = Sealer().seal(parts, PERIOD_KEY, BODY.public_key() if two_key else None)
    assert digests.keys() == parts.keys()
    for name, value in parts.items():
        assert open_box(box, name, digests[name], PERIOD_KEY, BODY, two_key) == value


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_digest_is_that_of_the_canonical_salted_value(value):
    salt = "00" * 16
    sealer = Sealer()
    sealer._salts = [salt.encode()]
    assert sealer.seal({"person": value}, PERIOD_KEY, None)[0] == {"person": digest({"salt": salt, "value": value})}


def test_the_same_value_never_looks_the_same():
    sealer = Sealer()
    first, second = (sealer.seal({"plate": made.PLATE}, PERIOD_KEY, None) for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


@pytest.mark.parametrize("name", sorted(TWO_KEY_PARTS))
def test_two_keys_means_both(name):
    digests, box = Sealer().seal({name: "x", "person": "p"}, PERIOD_KEY, BODY.public_key())
    assert open_box(box, name, digests[name], PERIOD_KEY, BODY, True) == "x"
    assert open_box(box, "person", digests["person"], PERIOD_KEY, None, True) == "p"
    with pytest.raises(Fault) as caught:
        open_box(box, name, digests[name], PERIOD_KEY, None, True)
    assert caught.value.kind is FaultKind.FACT_MISSING
    for period_key, body in [(bytes(32), BODY), (PERIOD_KEY, X25519PrivateKey.generate())]:
        with pytest.raises(Fault) as caught:
            open_box(box, name, digests[name], period_key, body, True)
        assert caught.value.kind is FaultKind.LEDGER_CORRUPT


def test_a_part_cannot_stand_in_for_another():
    digests, box = Sealer().seal({"person": "a", "session": "b"}, PERIOD_KEY, None)
    with pytest.raises(Fault):
        open_box(box, "person", digests["session"], PERIOD_KEY, None, False)


def test_what_is_left_after_a_part_is_destroyed():
    parts = {"person": "p", "plate": "AB123CD", "reference": "r"}
    digests, box = Sealer().seal(parts, PERIOD_KEY, BODY.public_key())
    left = without(box, "plate")
    assert set(records(left)) == {"@body", "person", "reference"}
    assert open_box(left, "reference", digests["reference"], PERIOD_KEY, BODY, True) == "r"
    assert set(records(without(left, "reference"))) == {"person"}


async def test_an_opening_is_an_entry_before_the_value_is_given(ledger: Ledger, town: Town):
    grant = await ledger.record(made.permit())
    index = grant.receipt.entry_index
    value = await ledger.open_part(
        TOWN, index, "plate", opened_by="c_g917/bianchi", why="ordine del giudice", body_key=_body_key(town)
    )
    assert value == made.PLATE
    opening = ledger.reading(TOWN).entry(1).body
    assert (opening["kind"], opening["entry"], opening["part"], opening["keys"]) == ("opening", 0, "plate", 2)
    assert opening["retention"] == "led"
    assert ledger.reading(TOWN).find("person", "c_g917/bianchi") == [1]


@pytest.mark.parametrize("name", sorted(TWO_KEY_PARTS - {"ground_text"}))
async def test_the_controller_alone_does_not_read_what_police_ask(ledger: Ledger, town: Town, name: str):
    await ledger.record(made.permit())
    with pytest.raises(Fault) as caught:
        await ledger.open_part(TOWN, 0, name, opened_by="x", why="y")
    assert caught.value.kind is FaultKind.FACT_MISSING
    assert ledger.reading(TOWN).size() == 1
    assert await ledger.open_part(TOWN, 0, name, opened_by="x", why="y", body_key=_body_key(town))


async def test_the_controller_alone_reads_who_asked(ledger: Ledger):
    await ledger.record(made.permit())
    assert await ledger.open_part(TOWN, 0, "person", opened_by="x", why="y") == made.PERSON
    assert await ledger.open_part(TOWN, 0, "workstation", opened_by="x", why="y") == "ws-7"


async def test_other_purposes_need_the_controllers_key_alone(ledger: Ledger):
    await ledger.record(made.permit(two_key=False))
    assert await ledger.open_part(TOWN, 0, "plate", opened_by="x", why="y") == made.PLATE


async def test_a_permit_of_a_body_without_a_key_is_not_written(ledger: Ledger, town: Town):
    _forget_body(town)
    with pytest.raises(Fault) as caught:
        await ledger.record(made.permit())
    assert caught.value.kind is FaultKind.FACT_MISSING
    assert ledger.reading(TOWN).size() == 0


async def test_a_refusal_of_a_body_without_a_key_is_written_without_what_cannot_be_sealed(ledger: Ledger, town: Town):
    _forget_body(town)
    await ledger.record(made.refusal())
    body = ledger.reading(TOWN).entry(0).body
    assert body["withheld"] == ["necessity", "on_behalf_of", "plate", "reference"]
    assert set(body["parts"]) == {"person", "session", "subject", "workstation"}


async def test_an_erased_part_is_gone_and_the_tree_verifies(ledger: Ledger, town: Town):
    await ledger.record(made.permit())
    await ledger.record(made.permit())
    assert ledger.reading(TOWN).find("plate", made.PLATE) == [0, 1]
    await ledger.erase_part(TOWN, 0, "plate", "decisione 3/2025")
    with pytest.raises(Fault) as caught:
        await ledger.open_part(TOWN, 0, "plate", opened_by="x", why="y", body_key=_body_key(town))
    assert caught.value.kind is FaultKind.DOCUMENT_UNKNOWN
    assert ledger.reading(TOWN).find("plate", made.PLATE) == [1]
    assert await ledger.open_part(TOWN, 0, "reference", opened_by="x", why="y", body_key=_body_key(town))
    with pytest.raises(Fault):
        await ledger.erase_part(TOWN, 0, "plate", "twice")
    ledger.stop()
    assert offline.verify(town.file(), [town.vkeys[TOWN]]).finding is None


async def test_a_destroyed_period_key_takes_every_part_of_the_month(ledger: Ledger, town: Town):
    await ledger.record(made.permit())
    ledger.stop()
    (town.folder / "keys" / TOWN / "periods" / "led-2025-06.key").unlink()
    ledger.start()
    town.clock.pass_s(40 * 86_400)
    with pytest.raises(Fault) as caught:
        await ledger.open_part(TOWN, 0, "person", opened_by="x", why="y")
    assert caught.value.kind is FaultKind.DOCUMENT_UNKNOWN
    assert offline.verify(town.file(), [town.vkeys[TOWN]]).finding is None


async def test_look_ups_are_keyed_and_closed(ledger: Ledger):
    await ledger.record(made.permit())
    reading = ledger.reading(TOWN)
    assert reading.find("person", made.PERSON) == [0]
    assert reading.find("plate", "ZZ999ZZ") == []
    assert ledger.reading(made.OTHER_TOWN).find("plate", made.PLATE) == []
    with pytest.raises(Fault):
        reading.find("reference", made.REFERENCE)


async def test_parts_of_different_months_and_classes_have_different_keys(ledger: Ledger, town: Town):
    await ledger.record(made.permit())
    await ledger.note(TOWN, "session", {"what": "sign-in"}, {"person": made.PERSON})
    town.clock.pass_s(40 * 86_400)
    await ledger.note(TOWN, "session", {"what": "sign-in"}, {"person": made.PERSON})
    found = sorted(file.name for file in (town.folder / "keys" / TOWN / "periods").iterdir())
    assert found == ["led-2025-06.key", "session-2025-06.key", "session-2025-07.key"]


def _body_key(town: Town) -> X25519PrivateKey:
    return read_body_key(town.body_key_file)


def _forget_body(town: Town) -> None:
    for home in town.homes:
        (home.keys / "bodies" / f"{FORCE}.pub").unlink()


UNUSED = range(22, 26)
"""The counter of the record that carries the body's key: it has none."""


def test_one_changed_byte_of_a_box_never_gives_another_value():
    digests, box = Sealer().seal({"plate": made.PLATE, "person": made.PERSON}, PERIOD_KEY, BODY.public_key())
    for place in range(len(box)):
        changed = box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]
        opened = []
        for name, value in (("plate", made.PLATE), ("person", made.PERSON)):
            try:
                assert open_box(changed, name, digests[name], PERIOD_KEY, BODY, True) == value
                opened.append(name)
            except Fault as fault:
                assert fault.kind in (FaultKind.LEDGER_CORRUPT, FaultKind.DOCUMENT_UNKNOWN)  # noqa: PT017 (each byte)
        assert len(opened) < 2 or place in UNUSED
