"""What a trust document may claim beside the others: checked before it is published, since it counts for everybody.

Issuers and machines are known to the whole installation. A second document that says something else of the same issuer
would weaken or lock out another controller's people; a key that cannot be read would keep every door shut.
Source: design 5; PM-2.7, LEV-32.1.
"""

from collections.abc import Iterable

from broker.identity.machines import RegisteredMachine, public_keys
from broker.identity.trust import Issuers, IssuerTrust
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.schema import EnforcementPoint, IssuerEntry, Trust


def trust_of(entry: IssuerEntry) -> IssuerTrust:
    """An issuer of a signed document, as sign-in knows it."""
    return IssuerTrust(
        issuer=entry.issuer,
        bodies=tuple(map(BodyId, entry.bodies)),
        client_id=entry.client_id,
        name=entry.name,
        algorithms=tuple(entry.algorithms),
        acr_accepted=tuple(entry.acr_required),
    )


def machine_of(point: EnforcementPoint) -> RegisteredMachine:
    """An enforcement point of a signed document, as the token endpoint knows it."""
    return RegisteredMachine(point.client_id, BodyId(point.controller), point.public_jwk)


def check_claims(document: Trust, others: Iterable[Trust]) -> None:
    """Check a trust document by itself, and against every other one that counts or will.

    Raises:
        Fault: ``document-malformed`` for an address or key that cannot be used; ``document-contradictory`` for an
            issuer, its place in our addresses, or a machine, of which another document says something else.
    """
    Issuers(trust_of(entry) for entry in document.issuers)
    for point in document.enforcement_points:
        public_keys(machine_of(point))
    for other in others:
        issuers = {entry.issuer: entry for entry in other.issuers}
        paths = {trust_of(entry).path: entry.issuer for entry in other.issuers}
        points = {point.client_id: point for point in other.enforcement_points}
        for entry in document.issuers:
            agrees = issuers.get(entry.issuer, entry) == entry
            if not agrees or paths.get(trust_of(entry).path, entry.issuer) != entry.issuer:
                raise _claimed(entry.issuer, other)
        for point in document.enforcement_points:
            if points.get(point.client_id, point) != point:
                raise _claimed(point.client_id, other)


def _claimed(where: str, other: Trust) -> Fault:
    return Fault(FaultKind.DOCUMENT_CONTRADICTORY, f"{other.id} says something else of it", where=where)
