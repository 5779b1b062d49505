"""Which delivery the obligations choose; what cannot be met stops it and closes the source."""

import hashlib

import pytest

from broker.delivery.deliverable import Kind
from broker.delivery.minimise import minimise
from broker.delivery.untouched import Untouched, sidecar
from conventions.faults import Fault, FaultKind
from tests.adapters.conftest import CAMERA, OTHER
from tests.adapters.contract import grant_of, seconds

COPY = "recording.extract"


def asked(*obligations, span=None, camera=CAMERA, **more):
    return grant_of(camera, span=span or seconds(0, 60), obligations=frozenset(obligations), **more)


@pytest.mark.parametrize(
    ("grant", "kind"),
    [
        (asked(), Kind.REMUXED),
        (asked("log-close", "complete-reference"), Kind.REMUXED),
        (asked("no-audio"), Kind.REMUXED),
        (asked("mark-view"), Kind.RENDERED),
        (asked("no-audio", "mark-view"), Kind.RENDERED),
        (asked(operation=COPY), Kind.UNTOUCHED),
        (asked("log-close", operation=COPY), Kind.UNTOUCHED),
        (asked("no-audio", operation=COPY), Kind.REMUXED),
        (asked(operation=COPY, span=seconds(0, 59)), Kind.REMUXED),
        (asked("bit-exact", operation=COPY), Kind.UNTOUCHED),
        (asked("bit-exact", operation=COPY, span=seconds(5, 65)), Kind.UNTOUCHED),
        (asked("bit-exact", "no-audio", operation=COPY, camera=OTHER, span=seconds(0, 30)), Kind.UNTOUCHED),
    ],
)
async def test_obligations_choose(door, grant, kind):
    assert (await door.deliverable(grant)).kind is kind


@pytest.mark.parametrize(
    "grant",
    [
        asked("blur"),
        asked("blur", "mark-view"),
        asked("an-obligation-of-tomorrow"),
        asked("mark-view", mark=""),
        asked("mark-view", mark="  "),
        asked("bit-exact", "mark-view", operation=COPY),
        asked("bit-exact", operation=COPY, span=seconds(5, 20)),
        asked("bit-exact", "no-audio", operation=COPY),
    ],
)
async def test_an_obligation_that_cannot_be_met_stops_the_delivery(door, grant):
    clear = await door.source.open_recording(grant)
    with pytest.raises(Fault) as fault:
        await minimise(clear, grant, door.workers)
    assert fault.value.kind is FaultKind.DELIVERY_FAILED
    with pytest.raises(Fault) as closed:
        await anext(clear.read(clear.segments[0]))
    assert closed.value.kind is FaultKind.GRANT_ENDED


async def test_live_is_never_a_copy(door):
    grant = grant_of(CAMERA, span=None, obligations=frozenset({"bit-exact"}))
    with pytest.raises(Fault) as fault:
        await door.deliverable(grant)
    assert fault.value.kind is FaultKind.DELIVERY_FAILED


async def test_footage_of_another_grant_is_not_delivered(door):
    clear = await door.source.open_recording(asked())
    with pytest.raises(Fault) as fault:
        await minimise(clear, asked(grant_id="0198a000-0000-7000-8000-000000000002"), door.workers)
    assert fault.value.kind is FaultKind.DELIVERY_FAILED


async def test_footage_outside_the_span_is_not_there(door):
    clear = await door.source.open_recording(asked(span=seconds(0, 30)))
    with pytest.raises(Fault) as fault:
        await minimise(clear, asked(span=seconds(60, 90)), door.workers)
    assert fault.value.kind is FaultKind.FOOTAGE_MISSING


async def test_a_file_that_only_begins_like_video_is_malformed(door):
    data = door.file(0).read_bytes()
    door.file(0).write_bytes(data[:32] + bytes(len(data) - 32))
    for obligations in ({"no-audio"}, {"mark-view"}):
        with pytest.raises(Fault) as fault:
            await door.deliverable(asked(*obligations, span=seconds(0, 30)))
        assert fault.value.kind is FaultKind.SOURCE_MALFORMED


async def test_footage_that_vanishes_after_the_opening_is_missing(door):
    grant = asked("no-audio", span=seconds(0, 60))
    deliverable = await door.deliverable(grant)
    door.file(1).unlink()
    await deliverable.fragment(0)
    with pytest.raises(Fault) as fault:
        await deliverable.fragment(20)
    assert fault.value.kind is FaultKind.FOOTAGE_MISSING


@pytest.mark.parametrize("obligations", ["no-audio", "mark-view"])
async def test_an_unknown_number_is_unknown(door, obligations):
    deliverable = await door.deliverable(asked(obligations))
    for ask, number in (
        (deliverable.fragment, 30),
        (deliverable.fragment, -1),
        (deliverable.init, 1),
        (deliverable.init, -1),
    ):
        with pytest.raises(Fault) as fault:
            await ask(number)
        assert fault.value.kind is FaultKind.RESOURCE_UNKNOWN


@pytest.mark.requirement("LEV-24.2")
async def test_a_copy_is_the_recording_bit_for_bit_and_its_sidecar_proves_it(door):
    grant = asked("bit-exact", operation=COPY, span=seconds(5, 100))
    before = [door.file(number).read_bytes() for number in (1, 2)]
    copy = await door.deliverable(grant)
    assert isinstance(copy, Untouched)
    assert copy.spans == (seconds(30, 90),)
    copied = [b"".join([chunk async for chunk in copy.chunks(number)]) for number in (0, 1)]
    assert copied == before
    written = (await sidecar(copy, grant)).as_json()
    assert [file["sha256"] for file in written["files"]] == [hashlib.sha256(data).hexdigest() for data in before]
    assert written["grant"] == grant.grant_id
    assert written["ledger_entry"] == 7
    assert written["files"][0]["from"] == "2026-03-02T12:00:30.000000Z"
    assert [door.file(number).read_bytes() for number in (1, 2)] == before
