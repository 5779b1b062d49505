"""Decisions become entries, entries become receipts, receipts become grants."""

import asyncio
import json

import pytest

from broker.evidence import Refused
from broker.ledger.ledger import Ledger
from broker.ledger.notes import open_checkpoint, read_vkey
from broker.ledger.tree import leaf_hash, root_from_inclusion
from conventions.canonical import canonical
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId
from conventions.terms import Reason
from tests.ledger import made
from tests.ledger.made import OTHER_TOWN, TOWN, Town


@pytest.mark.requirement("PM-3.2")
async def test_a_permit_becomes_a_grant_whose_receipt_verifies(ledger: Ledger, town: Town):
    grant = await ledger.record(made.permit())
    receipt = grant.receipt
    signed = open_checkpoint(
        receipt.checkpoint, [read_vkey(town.vkeys[TOWN])], f"varco/{made.INSTALLATION_NAME}/{TOWN}"
    )
    path = [bytes.fromhex(step) for step in receipt.proof]
    entry = ledger.reading(TOWN).entry(receipt.entry_index)
    assert leaf_hash(entry.raw).hex() == receipt.leaf_hash
    assert root_from_inclusion(receipt.entry_index, signed.size, leaf_hash(entry.raw), path) == signed.root
    assert (grant.controller, grant.cameras, grant.operation) == (TOWN, (made.CAMERA,), "plate.search")
    assert entry.body["grant"] == grant.grant_id


@pytest.mark.requirement("PM-3.2")
async def test_an_entry_says_what_was_asked_decided_and_why(ledger: Ledger):
    await ledger.record(made.permit())
    body = ledger.reading(TOWN).entry(0).body
    assert body["format"] == "varco-entry/1"
    assert (body["kind"], body["decision"], body["at"]) == ("decision", "permit", "2025-06-02T12:00:00.000000Z")
    assert body["facts"][0]["camera"] == made.CAMERA
    assert body["facts"][0]["areas"] == ["centro", "020045", "020"]
    assert set(body["facts"][0]) == set(made.Facts.__dataclass_fields__)
    assert (body["generation"], body["decider"]) == ("ab" * 32, "varco-decider/1")
    assert (body["clauses"], body["obligations"]) == ([made.CLAUSE], ["log-close"])
    assert (body["regime"], body["retention"], body["period"]) == ("led", "led", "led-2025-06")
    assert body["reference_state"] == "given"


@pytest.mark.requirement("PM-3.2")
async def test_a_refusal_is_written_with_every_reason(ledger: Ledger):
    refused = await ledger.record(made.refusal(TOWN, Reason.PURPOSE_NOT_GRANTED, Reason.OUTSIDE_TERRITORY))
    assert isinstance(refused, Refused)
    body = ledger.reading(TOWN).entry(refused.entry_index).body
    assert body["decision"] == "refuse"
    assert body["reasons"] == ["purpose-not-granted", "outside-territory"]
    assert refused.shown is Reason.PURPOSE_NOT_GRANTED


@pytest.mark.requirement("MC-3.1c")
async def test_a_refusal_without_any_rule_is_written_too(ledger: Ledger):
    refused = await ledger.record(made.machine_refusal())
    body = ledger.reading(TOWN).entry(refused.entry_index).body
    assert (body["reasons"], body["facts"], body["retention"]) == (["no-convention"], [], "access")


async def test_an_unknown_camera_is_shown_as_outside_the_territory(ledger: Ledger):
    unknown = await ledger.record(made.refusal(TOWN, Reason.RESOURCE_UNKNOWN))
    outside = await ledger.record(made.refusal(TOWN, Reason.OUTSIDE_TERRITORY))
    assert unknown.shown is outside.shown is Reason.OUTSIDE_TERRITORY
    entries = [entry.body for entry in ledger.entries(TOWN)]
    assert [entry["reasons"] for entry in entries] == [["resource-unknown"], ["outside-territory"]]


async def test_nothing_that_identifies_stands_in_clear(ledger: Ledger, town: Town):
    grant = await ledger.record(made.permit())
    await ledger.close(grant, made.outcome(grant.grant_id))
    await ledger.record(made.refusal())
    raw = b"".join(file.read_bytes() for file in town.file().parent.iterdir())
    clear = b"".join(entry.raw for entry in ledger.entries(TOWN))
    hidden = [made.PLATE, made.PERSON, made.REFERENCE, made.OFFICER, "furto in corso", "sub-0042", "ws-7", "s" * 32]
    for value in hidden:
        assert value.encode() not in clear
        assert value.encode() not in raw


async def test_entries_are_canonical(ledger: Ledger):
    await ledger.record(made.permit())
    await ledger.note(TOWN, "session", {"what": "sign-in"}, {"person": made.PERSON})
    for entry in ledger.entries(TOWN):
        assert canonical(json.loads(entry.raw)) == entry.raw


async def test_a_closing_says_what_was_delivered(ledger: Ledger):
    grant = await ledger.record(made.permit())
    assert [left.grant_id for left in ledger.open_grants()] == [grant.grant_id]
    await ledger.close(grant, made.outcome(grant.grant_id))
    body = ledger.reading(TOWN).entry(1).body
    assert (body["kind"], body["grant"], body["decision_entry"]) == ("closing", grant.grant_id, 0)
    assert (body["ending"], body["rows_count"], body["retention"]) == ("complete", 2, "led")
    assert ledger.open_grants() == ()


async def test_a_grant_is_closed_once(ledger: Ledger):
    grant = await ledger.record(made.permit())
    results = await asyncio.gather(
        *(ledger.close(grant, made.outcome(grant.grant_id)) for _ in range(3)), return_exceptions=True
    )
    faults = [result for result in results if isinstance(result, Fault)]
    assert [fault.kind for fault in faults] == [FaultKind.GRANT_ENDED] * 2
    assert ledger.reading(TOWN).size() == 2


async def test_many_at_once_share_commits_and_each_gets_its_own_receipt(ledger: Ledger):
    grants = await asyncio.gather(*(ledger.record(made.permit()) for _ in range(200)))
    assert sorted(grant.receipt.entry_index for grant in grants) == list(range(200))
    assert len({grant.grant_id for grant in grants}) == 200
    assert len({grant.receipt.checkpoint for grant in grants}) < 50
    for grant in grants:
        body = ledger.reading(TOWN).entry(grant.receipt.entry_index).body
        assert body["grant"] == grant.grant_id


@pytest.mark.requirement("LEV-32.6")
async def test_each_controller_has_its_own_tree_file_and_keys(ledger: Ledger, town: Town):
    await ledger.record(made.permit(TOWN))
    await ledger.record(made.permit(OTHER_TOWN))
    await ledger.note(INSTALLATION, "session", {"what": "sign-in-failed"}, {})
    assert [ledger.reading(name).size() for name in (TOWN, OTHER_TOWN, INSTALLATION)] == [1, 1, 1]
    assert len(set(town.vkeys.values())) == 3
    entry = ledger.reading(TOWN).entry(0)
    with pytest.raises(Fault) as caught:
        ledger.reading(OTHER_TOWN).part(entry, "person")
    assert caught.value.kind is FaultKind.LEDGER_CORRUPT


@pytest.mark.requirement("LEV-32.6")
async def test_a_controller_without_a_tree_gets_nothing(ledger: Ledger):
    with pytest.raises(Fault) as caught:
        await ledger.record(made.permit(BodyId("c_x999")))
    assert caught.value.kind is FaultKind.LEDGER_UNAVAILABLE


@pytest.mark.requirement("LEV-32.4")
async def test_sign_in_viewing_and_sign_out_stand_with_their_times(ledger: Ledger, town: Town):
    await ledger.note(TOWN, "session", {"what": "sign-in"}, {"person": made.PERSON})
    town.clock.pass_s(5)
    grant = await ledger.record(made.permit())
    town.clock.pass_s(60)
    await ledger.close(grant, made.outcome(grant.grant_id))
    town.clock.pass_s(5)
    await ledger.note(TOWN, "session", {"what": "sign-out"}, {"person": made.PERSON})
    found = [(entry.body["kind"], entry.body["at"][11:19]) for entry in ledger.entries(TOWN)]
    assert found == [
        ("session", "12:00:00"), ("decision", "12:00:00"), ("closing", "12:01:05"), ("session", "12:01:10"),
    ]  # fmt: skip
    assert ledger.reading(TOWN).entry(0).body["retention"] == "session"
    assert ledger.reading(TOWN).find("person", made.PERSON) == [0, 1, 3]


@pytest.mark.parametrize(
    ("kind", "fields", "parts"),
    [
        ("decision", {}, {}), ("invented", {}, {}), ("session", {"at": "never"}, {}), ("session", {"seal": ""}, {}),
        ("session", {}, {"not a name": "x"}), ("session", {}, {"person": "\ud800"}),
    ],
)  # fmt: skip
async def test_an_event_cannot_pass_for_something_else(ledger: Ledger, kind, fields, parts):
    with pytest.raises(Fault) as caught:
        await ledger.note(TOWN, kind, fields, parts)
    assert caught.value.kind is FaultKind.REQUEST_MALFORMED
    assert ledger.reading(TOWN).size() == 0


async def test_one_entry_that_cannot_be_written_does_not_hold_up_the_others(ledger: Ledger):
    results = await asyncio.gather(
        ledger.note(TOWN, "session", {"share": 0.5}),
        ledger.record(made.permit()),
        return_exceptions=True,
    )
    assert isinstance(results[0], Fault)
    assert results[0].kind is FaultKind.DOCUMENT_MALFORMED
    assert results[1].receipt.entry_index == 0


async def test_everything_is_there_after_a_new_start(town: Town):
    first = town.ledger()
    first.start()
    grant = await first.record(made.permit())
    for _ in range(300):
        await first.note(TOWN, "administration", {"n": _})
    first.stop()
    second = town.ledger()
    second.start()
    left = second.open_grants()
    assert [found.grant_id for found in left] == [grant.grant_id]
    receipt = await second.close_left_open(left[0])
    assert receipt.entry_index == 301
    assert second.reading(TOWN).entry(301).body["ending"] == "unknown"
    assert second.open_grants() == ()
    second.stop()


async def test_a_stopped_ledger_takes_nothing(town: Town):
    ledger = town.ledger()
    with pytest.raises(Fault):
        await ledger.record(made.permit())
    ledger.start()
    ledger.stop()
    with pytest.raises(Fault):
        await ledger.record(made.permit())
