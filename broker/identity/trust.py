"""Which issuers are trusted, and for whom each may speak.

INVARIANT: an issuer vouches only for its own bodies, whatever its tokens say. Source: design 5, PM-2.2, PM-2.7.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, PersonId

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"})
"""Signatures by a key that the issuer alone holds: never ``none``, never a shared secret."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class IssuerTrust:
    """One issuer of a signed trust document."""

    issuer: str
    bodies: tuple[BodyId, ...]
    """The bodies it vouches for; the first one is where a subject that nobody listed is counted."""
    client_id: str
    name: str = ""
    slug: str = ""
    """Its part of our addresses, registered there; by default the first body."""
    algorithms: tuple[str, ...] = ("RS256", "ES256", "PS256", "EdDSA")
    acr_accepted: tuple[str, ...] = ()
    """Words of the issuer for how surely a person is known; empty: any, or none."""
    acr_by_operation: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Operations that need one of fewer words."""

    @property
    def path(self) -> str:
        return self.slug or self.bodies[0]

    @property
    def on_loopback(self) -> bool:
        """Plain HTTP is spoken to this machine only, and only because a signed document names the address."""
        return urlsplit(self.issuer).scheme == "http"

    def protects(self, url: str) -> bool:
        """Whether an address that the issuer names may be spoken to."""
        parts = urlsplit(url)
        if parts.username is not None or parts.hostname is None or parts.fragment:
            return False
        return parts.scheme == "https" or (self.on_loopback and parts.scheme == "http" and parts.hostname in LOOPBACK)

    def admits(self, acr: str, operation: str | None = None) -> bool:
        """Whether a sign-in of this strength suffices, at all or for an operation."""
        if self.acr_accepted and acr not in self.acr_accepted:
            return False
        needed = self.acr_by_operation.get(operation) if operation is not None else None
        return needed is None or acr in needed


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Whom an operator list binds to an (issuer, subject) pair. Whether the person may act is decided later."""

    person: PersonId
    body: BodyId
    is_official: bool = False


class Directory(Protocol):
    """Bindings of the operator lists in force."""

    def person_of(self, issuer: str, subject: str) -> ListedPerson | None: ...

    def people_at(self, controller: BodyId, issuer: str, subject: str) -> tuple[ListedPerson, ...]: ...


def unlisted(body: BodyId, issuer: str, subject: str) -> PersonId:
    """The name under which an unlisted subject is refused and recorded: the same one each time, and no one else's."""
    digest = hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()
    return PersonId(f"{body}/unlisted-{digest[:16]}")


class Issuers:
    """The trusted issuers of this moment; replaced as a whole when a trust document changes."""

    def __init__(self, trusted: Iterable[IssuerTrust] = ()) -> None:
        self._by_issuer: Mapping[str, IssuerTrust] = {}
        self._by_path: Mapping[str, IssuerTrust] = {}
        self.publish(trusted)

    def publish(self, trusted: Iterable[IssuerTrust]) -> None:
        """Trust exactly these from now on.

        Raises:
            Fault: ``document-contradictory`` or ``document-malformed``; then the ones before stay.
        """
        by_issuer: dict[str, IssuerTrust] = {}
        by_path: dict[str, IssuerTrust] = {}
        for trust in trusted:
            _check(trust)
            if trust.issuer in by_issuer or trust.path in by_path:
                raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "an issuer or its slug stands twice", where=trust.issuer)
            by_issuer[trust.issuer] = by_path[trust.path] = trust
        self._by_issuer, self._by_path = by_issuer, by_path

    def all(self) -> tuple[IssuerTrust, ...]:
        return tuple(self._by_issuer.values())

    def at(self, path: str) -> IssuerTrust:
        """The issuer with this part in our addresses.

        Raises:
            Fault: ``resource-unknown``.
        """
        trust = self._by_path.get(path)
        if trust is None:
            raise Fault(FaultKind.RESOURCE_UNKNOWN, "no such issuer")
        return trust

    def trust_in(self, issuer: str) -> IssuerTrust:
        """The trust in an issuer.

        Raises:
            Fault: ``not-authenticated`` when there is none, or no longer.
        """
        trust = self._by_issuer.get(issuer)
        if trust is None:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer is not trusted")
        return trust

    def vouches(self, issuer: str, body: BodyId) -> bool:
        """Whether an issuer may speak for the people of a body; no trust, no."""
        trust = self._by_issuer.get(issuer)
        return trust is not None and body in trust.bodies

    def admits(self, issuer: str, acr: str, operation: str) -> bool:
        """Whether a session of this issuer and strength suffices for an operation; no trust, no."""
        trust = self._by_issuer.get(issuer)
        return trust is not None and trust.admits(acr, operation)


def _check(trust: IssuerTrust) -> None:
    parts = urlsplit(trust.issuer)
    if not trust.protects(trust.issuer) or (parts.scheme == "http" and parts.hostname not in LOOPBACK):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "an issuer is reached by https", where=trust.issuer)
    if parts.query or not trust.bodies or not trust.client_id:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "an issuer needs bodies, a client and no query", where=trust.issuer)
    if not trust.algorithms or not ALGORITHMS.issuperset(trust.algorithms):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "an algorithm is not accepted", where=trust.issuer)
