"""The register: order, two times, and its folder. Attacks by their names in The Update Framework."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conventions import shelf, signed_list
from conventions.calendars import end_of_day, start_of_day
from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from conventions.lifecycle import State
from conventions.register import EMPTY, Register
from conventions.spans import parse_instant
from conventions.terms import Role
from tests.conventions.test_signers import DEED, FORCE, MAYOR, notice
from tests.conventions.town import NOW, changed, publish_all, text, verified

LATER = NOW + timedelta(hours=1)
FRAMEWORK = "c_e783/framework-protocol/targhe-intercomunali"


@pytest.fixture(scope="module")
def second(town, register):
    """The second version of the convention, signed by both."""
    return verified(town, register, town.signed(changed(text(town, DEED), version="2", title="Seconda")), LATER)


def kind_of(act) -> FaultKind:
    with pytest.raises(Fault) as caught:
        act()
    return caught.value.kind


def ids(documents) -> set[str]:
    return {each.id for each in documents}


def test_each_controller_counts_its_own_publications_without_a_gap(register):
    numbers: dict[str, list[int]] = {}
    for each in register:
        numbers.setdefault(each.document.controller, []).append(each.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert len(numbers) == 5


def test_publishing_gives_a_new_register_and_leaves_the_old(register, second):
    after = register.published(second, LATER)
    assert register.current(DEED).version == 1
    assert after.current(DEED).version == 2
    assert after.version(DEED, 1) == register.current(DEED)
    assert after.version(DEED, 9) is None
    assert [each.version for each in after.history(DEED)] == [1, 2]
    assert len(after) == len(register) + 1


def test_rollback(register, second, town):
    after = register.published(second, LATER)
    first = verified(town, register, town.signed(text(town, DEED)))
    assert kind_of(lambda: after.published(first, LATER)) is FaultKind.DOCUMENT_ROLLED_BACK
    assert kind_of(lambda: after.published(second, LATER)) is FaultKind.DOCUMENT_ROLLED_BACK


def test_an_identifier_is_never_reused_for_other_parties(register, town):
    plain = changed(text(town, DEED), version="2")
    other = {**plain["parties"][1], "body": "polizia-locale-mantova-nord"}
    clauses = [{**clause, "bodies": [other["body"]]} for clause in plain["clauses"]]
    plain = changed(plain, parties=[plain["parties"][0], other], clauses=clauses)
    found = verified(town, register, town.signed(plain))
    assert kind_of(lambda: register.published(found, LATER)) is FaultKind.DOCUMENT_CONTRADICTORY


def test_a_clock_set_back(register, second):
    assert kind_of(lambda: register.published(second, NOW - timedelta(seconds=1))) is FaultKind.CLOCK_UNTRUSTED


def test_only_the_newest_version_that_has_begun_is_in_force(register, town):
    begins = (NOW + timedelta(days=10)).date().isoformat()
    plain = changed(text(town, DEED), version="2", valid_from=begins, valid_until="2028-01-01")
    after = register.published(verified(town, register, town.signed(plain)), NOW)
    version = {each.id: each.version for each in after.in_force(NOW)}
    assert version[DEED] == 1
    version = {each.id: each.version for each in after.in_force(start_of_day(begins))}
    assert version[DEED] == 2
    assert after.next_change_after(start_of_day(begins) - timedelta(hours=1)) == start_of_day(begins)


def test_when_the_newest_version_has_ended_no_older_one_returns(register, town):
    plain = changed(text(town, DEED), version="2", renewal="by-agreement", valid_until="2026-06-01")
    after = register.published(verified(town, register, town.signed(plain)), NOW)
    end_utc = end_of_day("2026-06-01")
    assert DEED in ids(after.in_force(end_utc - timedelta(microseconds=1)))
    assert DEED not in ids(after.in_force(end_utc))


def test_in_force_as_known_then(register, second):
    after = register.published(second, LATER)
    known_then = {each.id: each.version for each in after.in_force(LATER, NOW)}
    known_now = {each.id: each.version for each in after.in_force(LATER, LATER)}
    assert (known_then[DEED], known_now[DEED]) == (1, 2)
    assert after.in_force(LATER, NOW - timedelta(days=1)) == ()


def test_a_suspended_deed_stays_in_force_with_its_notice(register, town):
    raw = town.signed(notice("suspension", *MAYOR), MAYOR)
    after = register.published(verified(town, register, raw), NOW)
    assert {DEED, "c_g917/notice/n1"} <= ids(after.in_force(NOW))
    assert after.state(DEED, NOW) is State.SUSPENDED
    assert register.state(DEED, NOW) is State.ACTIVE
    assert [each.id for each in after.notices(DEED)] == ["c_g917/notice/n1"]


def test_the_next_change_is_when_something_begins_or_ends(register):
    window = register.current("c_g917/event-window/fiera").document
    assert register.next_change_after(NOW) == parse_instant(window.ends)


def agreement(town):
    framework = text(town, FRAMEWORK)
    clause = {
        "number": "1",
        "article": "art. 1",
        "sources": ["MC-1.1a"],
        "bodies": ["c_e783"],
        "roles": ["local-police-operator"],
        "operations": ["plate.search"],
        "classes": ["transit-record"],
        "purposes": ["integrated-security"],
        "territories": ["it:043"],
    }
    kept = {name: framework[name] for name in ("format", "parties", "controllers", "annexes", "valid_until")}
    return {
        **kept,
        "kind": "implementing-agreement",
        "id": "c_e783/implementing-agreement/targhe",
        "version": "1",
        "title": "Accordo attuativo",
        "valid_from": NOW.date().isoformat(),
        "renewal": "none",
        "implements": FRAMEWORK,
        "prior_consultation": "consultazione svolta",
        "clauses": [clause],
    }


@pytest.mark.requirement("MC-4.1")
def test_a_framework_ends_when_its_agreement_begins(register, town):
    plain = agreement(town)
    raw = town.signed(plain, *[(party["body"], Role.MAYOR) for party in plain["parties"]])
    after = register.published(verified(town, register, raw), NOW)
    begins = start_of_day(NOW.date())
    assert FRAMEWORK in ids(after.in_force(begins - timedelta(seconds=1)))
    assert FRAMEWORK not in ids(after.in_force(NOW))
    assert after.state(FRAMEWORK, NOW) is State.SUPERSEDED
    assert after.state("c_e783/implementing-agreement/targhe", NOW) is State.ACTIVE


@pytest.mark.requirement("MC-4.1")
def test_a_framework_without_a_successor_expires_and_does_not_renew(register):
    end_utc = end_of_day(register.current(FRAMEWORK).document.valid_until)
    assert FRAMEWORK in ids(register.in_force(end_utc - timedelta(seconds=1)))
    assert FRAMEWORK not in ids(register.in_force(end_utc))
    assert register.state(FRAMEWORK, end_utc) is State.EXPIRED


@given(st.integers(-900, 900), st.integers(-900, 900))
def test_at_most_one_version_of_each_is_in_force_and_it_was_known(register, second, at_days, known_days):
    after = register.published(second, LATER)
    at_utc, known_utc = NOW + timedelta(days=at_days), NOW + timedelta(days=known_days)
    found = after.in_force(at_utc, known_utc)
    assert len(ids(found)) == len(found)
    assert all(each.published_utc <= known_utc for each in found)
    assert all(start_of_day(each.document.valid_from) <= at_utc for each in found)


# The folder.


@pytest.fixture
def folder(tmp_path, register):
    shelf.save(tmp_path / "register", register)
    return tmp_path / "register"


def test_the_folder_gives_the_register_back(folder, register, town):
    assert shelf.load(folder, town.anchors) == register


def test_an_absent_folder_is_an_empty_register(tmp_path, town):
    assert shelf.load(tmp_path / "none", town.anchors) == EMPTY


def test_one_more_document_is_added_beside_the_others(folder, register, second, town):
    before = {path: path.read_bytes() for path in folder.rglob("*.varco.json")}
    after = shelf.append(folder, register, second, LATER)
    assert shelf.load(folder, town.anchors) == after
    assert {path: path.read_bytes() for path in before} == before
    assert after.current(DEED).sequence == register.last["c_g917"].sequence + 1


def test_two_writers_do_not_overwrite_each_other(folder, register, second, town):
    shelf.append(folder, register, second, LATER)
    other = verified(town, register, town.signed(changed(text(town, "c_g917/calendar/scuola"), version="2")))
    assert kind_of(lambda: shelf.append(folder, register, other, LATER)) is FaultKind.DOCUMENT_ROLLED_BACK


def test_a_file_that_the_manifest_does_not_name_does_not_count(folder, register, second, town):
    """What a kill between the two renames leaves behind; the next publication takes its place."""
    manifest = (folder / shelf.MANIFEST).read_bytes()
    shelf.append(folder, register, second, LATER)
    (folder / shelf.MANIFEST).write_bytes(manifest)
    assert shelf.load(folder, town.anchors) == register
    other = verified(town, register, town.signed(changed(text(town, "c_g917/calendar/scuola"), version="2")))
    after = shelf.append(folder, register, other, LATER)
    assert shelf.load(folder, town.anchors) == after


@pytest.mark.parametrize("killed_after_count", range(9))
def test_killed_at_any_write_one_generation_or_the_other(
    folder, register, second, town, monkeypatch, killed_after_count
):
    """The process dies at each file operation in turn: what is on the disk is the old register or the new."""

    class Killed(BaseException):
        pass

    count = 0

    def counted(original):
        def call(*arguments, **options):
            nonlocal count
            count += 1
            if count > killed_after_count:
                raise Killed
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(shelf.os, "fsync", counted(shelf.os.fsync))
        patched.setattr(shelf.Path, "rename", counted(shelf.Path.rename))
        patched.setattr(shelf.Path, "open", counted(shelf.Path.open))
        try:
            shelf.append(folder, register, second, LATER)
        except Killed:
            pass
    found = shelf.load(folder, town.anchors)
    assert found in (register, register.published(second, LATER))
    if found == register:
        assert shelf.append(folder, register, second, LATER) == register.published(second, LATER)


def rows(folder):
    return json.loads((folder / shelf.MANIFEST).read_bytes())


def rewrite(folder, manifest):
    (folder / shelf.MANIFEST).write_bytes(canonical(manifest))


def test_a_tampered_file_is_named(folder, town):
    path = next(folder.glob("c_g917/*convention-carabinieri*"))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Fault) as caught:
        shelf.load(folder, town.anchors)
    assert caught.value.where.startswith("c_g917/000005-convention-carabinieri.varco.json")


def test_mix_and_match_of_files(folder, town):
    one, other = sorted(folder.glob("c_g917/*appointment-act-cc-op-10*"))
    other.write_bytes(one.read_bytes())
    assert kind_of(lambda: shelf.load(folder, town.anchors)) in {
        FaultKind.DOCUMENT_ROLLED_BACK,
        FaultKind.DOCUMENT_CONTRADICTORY,
    }


def test_an_order_that_was_never_published(folder, town):
    manifest = rows(folder)
    manifest["entries"].reverse()
    rewrite(folder, manifest)
    assert kind_of(lambda: shelf.load(folder, town.anchors)) is FaultKind.SIGNER_NOT_TRUSTED


@pytest.mark.parametrize("change", [{"version": "2"}, {"sequence": "9"}, {"file": "../../x"}, {"more": "x"}])
def test_a_manifest_that_says_something_else(folder, town, change):
    manifest = rows(folder)
    manifest["entries"][-1] |= change
    rewrite(folder, manifest)
    assert kind_of(lambda: shelf.load(folder, town.anchors)) in {
        FaultKind.DOCUMENT_MALFORMED,
        FaultKind.DOCUMENT_CONTRADICTORY,
        FaultKind.DOCUMENT_UNKNOWN,
    }


def test_a_missing_file(folder, town):
    next(folder.glob("c_g917/*convention-carabinieri*")).unlink()
    assert kind_of(lambda: shelf.load(folder, town.anchors)) is FaultKind.DOCUMENT_UNKNOWN


# The signed list.


@pytest.fixture(scope="module")
def key(town):
    return town.key("installation", Role.SYSTEM_ADMINISTRATOR)


def test_the_signed_list_spares_the_signatures_and_gives_the_same(folder, register, town, key):
    raw = signed_list.signed(register, key, NOW)
    vouched = signed_list.opened(raw, key, shelf.manifest(folder))
    assert len(vouched) == len(register)
    assert shelf.load(folder, (), vouched) == register


def test_what_the_list_does_not_name_is_verified(folder, register, second, town, key):
    raw = signed_list.signed(register, key, NOW)
    after = shelf.append(folder, register, second, LATER)
    vouched = signed_list.opened(raw, key, shelf.manifest(folder))
    assert shelf.load(folder, town.anchors, vouched) == after
    path = folder / shelf.row_of(after.current(DEED)).file
    dropped = json.loads(path.read_bytes())
    del dropped["signatures"][0]
    path.write_bytes(canonical(dropped))
    assert kind_of(lambda: shelf.load(folder, town.anchors, vouched)) is FaultKind.SIGNATURE_MISSING


def test_freeze(folder, register, second, town, key):
    """The folder of yesterday under the list of today."""
    manifest = (folder / shelf.MANIFEST).read_bytes()
    after = shelf.append(folder, register, second, LATER)
    raw = signed_list.signed(after, key, LATER)
    (folder / shelf.MANIFEST).write_bytes(manifest)
    assert kind_of(lambda: signed_list.opened(raw, key, shelf.manifest(folder))) is FaultKind.DOCUMENT_ROLLED_BACK


def test_a_list_by_another_key(folder, register, town, key):
    raw = signed_list.signed(register, town.key(*MAYOR), NOW)
    assert kind_of(lambda: signed_list.opened(raw, key, shelf.manifest(folder))) is FaultKind.SIGNATURE_INVALID
    assert kind_of(lambda: signed_list.opened(b"x.y.z", key, ())) is FaultKind.SIGNATURE_INVALID


def test_a_file_changed_under_a_valid_list(folder, register, town, key):
    vouched = signed_list.opened(signed_list.signed(register, key, NOW), key, shelf.manifest(folder))
    one, other = sorted(folder.glob("c_g917/*appointment-act-cc-op-10*"))
    other.write_bytes(one.read_bytes())
    assert kind_of(lambda: shelf.load(folder, town.anchors, vouched)) is FaultKind.SIGNATURE_INVALID


def test_the_same_texts_give_the_same_register(town, register):
    again = publish_all(town)
    assert isinstance(again, Register)
    assert ids(again) == ids(register)
    assert FORCE in {signer.body for each in again for signer in each.signers}
