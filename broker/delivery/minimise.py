"""Step 5: how much of it. The obligations of the grant choose the delivery; one that cannot be met stops it.

| obligations | delivery |
|---|---|
| ``bit-exact`` | untouched: whole segments inside the span; with ``no-audio`` only where there is no audio track |
| ``mark-view`` | rendered |
| ``no-audio`` | remuxed; rendered where the codec does not go into MP4, or no key frame lies in the span |
| none of these | remuxed; to copy, untouched where the span covers every segment |
| ``blur``, or a word that is not in the list | none: ``delivery-failed`` |

Views that are remuxed or rendered never carry sound.
"""

from adapters.port import Clear, Grant, LiveClear
from broker.delivery import plan
from broker.delivery.container import REMUXABLE
from broker.delivery.deliverable import Kind, Played
from broker.delivery.live import Live
from broker.delivery.recorded import Remuxed, Rendered, look_into, look_into_all
from broker.delivery.untouched import Untouched
from broker.delivery.workers import Workers
from conventions.faults import Fault, FaultKind
from conventions.terms import Operation
from policies.obligations import Obligation

COPIES = frozenset(
    {
        Operation.RECORDING_EXTRACT.value,
        Operation.DATA_DOWNLOAD.value,
        Operation.MEDIA_WRITE.value,
        Operation.PRESERVE_ON_MEDIA.value,
    }
)
"""Operations that hand footage over; every other one shows it."""


async def minimise(clear: Clear | LiveClear, grant: Grant, workers: Workers) -> Untouched | Played:
    """Choose and begin the delivery. Owns ``clear`` from here: closes it when nothing can be delivered.

    Raises:
        Fault: ``delivery-failed`` when an obligation cannot be met; ``footage-missing`` when nothing lies in the
            span; what the source raises.
    """
    try:
        obligations = _understood(grant)
        if clear.grant_id != grant.grant_id:
            raise Fault(FaultKind.DELIVERY_FAILED, "the footage was opened under another grant")
        if isinstance(clear, LiveClear):
            return _live(clear, grant, workers, obligations)
        return await _recorded(clear, grant, workers, obligations)
    except Fault:
        await clear.close()
        raise


def _understood(grant: Grant) -> frozenset[Obligation]:
    """The obligations as words of the list; an unknown one stops the delivery, as AuthZEN asks."""
    if not grant.obligations <= {obligation.value for obligation in Obligation}:
        raise Fault(FaultKind.DELIVERY_FAILED, "an obligation is not understood")
    found = frozenset(Obligation(word) for word in grant.obligations)
    if Obligation.BLUR in found:
        raise Fault(FaultKind.DELIVERY_FAILED, "blurring is not available")
    if Obligation.MARK_VIEW in found and Obligation.BIT_EXACT in found:
        raise Fault(FaultKind.DELIVERY_FAILED, "a marked view cannot be bit-exact")
    if Obligation.MARK_VIEW in found and not grant.mark.strip():
        raise Fault(FaultKind.DELIVERY_FAILED, "the view must be marked and the grant has no mark")
    return found


def _live(clear: LiveClear, grant: Grant, workers: Workers, obligations: frozenset[Obligation]) -> Live:
    if Obligation.BIT_EXACT in obligations:
        raise Fault(FaultKind.DELIVERY_FAILED, "live cannot be copied bit for bit")
    kind = Kind.RENDERED if Obligation.MARK_VIEW in obligations else Kind.REMUXED
    live = Live(clear, grant, workers, kind)
    live.begin()
    return live


async def _recorded(
    clear: Clear, grant: Grant, workers: Workers, obligations: frozenset[Obligation]
) -> Untouched | Played:
    if grant.span is None:
        raise Fault(FaultKind.DELIVERY_FAILED, "a recording needs a span")
    clipped = plan.parts(clear.segments, grant.span)
    if not clipped:
        raise Fault(FaultKind.FOOTAGE_MISSING, "no footage in the span")
    if Obligation.BIT_EXACT in obligations:
        return await _copy(clear, grant, workers, no_audio=Obligation.NO_AUDIO in obligations)
    if Obligation.MARK_VIEW in obligations:
        return Rendered(clear, grant, workers, clipped, await look_into(clear, clipped[0], workers))
    whole = all(grant.span.covers(segment.span) for segment in clear.segments)
    if grant.operation in COPIES and Obligation.NO_AUDIO not in obligations and whole:
        return Untouched(clear, grant, clear.segments)
    tracks = await look_into_all(clear, clipped, workers)
    if all(track.codec in REMUXABLE for track in tracks):
        remuxed = Remuxed(clear, grant, workers, list(zip(clipped, tracks, strict=True)))
        if remuxed.spans:
            return remuxed
    return Rendered(clear, grant, workers, clipped, tracks[0])


async def _copy(clear: Clear, grant: Grant, workers: Workers, *, no_audio: bool) -> Untouched:
    span = grant.span
    inside = tuple(segment for segment in clear.segments if span is not None and span.covers(segment.span))
    if not inside:
        raise Fault(FaultKind.DELIVERY_FAILED, "a bit-exact copy holds whole segments: none lies inside the span")
    if no_audio and span is not None:
        tracks = await look_into_all(clear, plan.parts(inside, span), workers)
        if any(track.has_audio for track in tracks):
            raise Fault(FaultKind.DELIVERY_FAILED, "the copy would carry sound")
    return Untouched(clear, grant, inside)
