"""Which authorities are believed, and for whom: the anchors that installation and controllers have signed for.

The installation's own anchors come from the settings and vouch for signers of the installation only; every other anchor
comes from a verified trust document and vouches for the bodies it names. A controller's trust document counts only in
documents that concern that controller alone, or for that controller's own signers: no town can vouch for another.

Source: design 3 (trust); C-17.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import verification

from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION, BodyId
from conventions.keys import UNREADABLE
from conventions.schema import Trust
from conventions.verified import VerifiedDocument


@dataclass(frozen=True, slots=True)
class Anchor:
    """An authority, the bodies whose signers it vouches for, and who said so."""

    certificate: x509.Certificate
    bodies: frozenset[BodyId]
    origin: BodyId


@dataclass(frozen=True, slots=True)
class TrustSet:
    """The anchors believed at one moment."""

    anchors: tuple[Anchor, ...]
    _paths: "dict[_Question, _Validity]" = field(default_factory=dict, compare=False, repr=False)
    """Paths already found: most documents are signed by the same few certificates."""

    @staticmethod
    def of(anchors_pem: Iterable[str], trust_documents: Iterable[VerifiedDocument] = ()) -> "TrustSet":
        """The installation's anchors, and those of trust documents already verified.

        Raises:
            Fault: ``settings-invalid`` for an anchor that is not a certificate.
        """
        anchors = [_anchor(pem, frozenset({INSTALLATION}), INSTALLATION) for pem in anchors_pem]
        for verified in trust_documents:
            if isinstance(verified.document, Trust):
                origin = BodyId(verified.document.controller)
                for entry in verified.document.anchors:
                    anchors.append(_anchor(entry.certificate_pem, frozenset(map(BodyId, entry.bodies)), origin))
        return TrustSet(tuple(anchors))

    def accept(
        self, chain: tuple[x509.Certificate, ...], body: BodyId, concerned: frozenset[str], at_utc: datetime
    ) -> None:
        """Check that a signer's chain ends in an anchor believed for its body, all valid at an instant.

        Raises:
            Fault: ``signer-not-trusted``.
        """
        question = (chain, body, concerned)
        start_utc, end_utc = self._paths.get(question, _NEVER)
        if not start_utc <= at_utc <= end_utc:
            self._paths[question] = self._found(chain, body, concerned, at_utc)

    def _found(
        self, chain: tuple[x509.Certificate, ...], body: BodyId, concerned: frozenset[str], at_utc: datetime
    ) -> "_Validity":
        """When the path to an anchor holds, from which to which instant."""
        anchors = [anchor.certificate for anchor in self.anchors if _counts(anchor, body, concerned)]
        if not anchors:
            raise Fault(FaultKind.SIGNER_NOT_TRUSTED, f"no authority vouches for {body} here")
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(anchors))
            .time(at_utc)
            .max_chain_depth(2)
            .extension_policies(ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(), ee_policy=_SIGNER)
            .build_client_verifier()
        )
        try:
            path = verifier.verify(chain[0], list(chain[1:])).chain
        except (verification.VerificationError, *UNREADABLE) as error:
            reason = str(error).removeprefix("validation failed: ").split("(")[0].strip()[:120]
            raise Fault(FaultKind.SIGNER_NOT_TRUSTED, f"the certificate does not hold for {body}: {reason}") from None
        return max(each.not_valid_before_utc for each in path), min(each.not_valid_after_utc for each in path)


_Question = tuple[tuple[x509.Certificate, ...], BodyId, frozenset[str]]
_Validity = tuple[datetime, datetime]
_NEVER: _Validity = (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC))


def _counts(anchor: Anchor, body: BodyId, concerned: frozenset[str]) -> bool:
    if body not in anchor.bodies:
        return False
    return anchor.origin in (INSTALLATION, body) or concerned == {anchor.origin}


def _anchor(pem: str, bodies: frozenset[BodyId], origin: BodyId) -> Anchor:
    try:
        return Anchor(x509.load_pem_x509_certificate(pem.encode("ascii")), bodies, origin)
    except UNREADABLE:
        raise Fault(FaultKind.SETTINGS_INVALID, "a trust anchor that is not a certificate") from None


def _commits(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage) -> None:
    if not usage.content_commitment:
        raise ValueError("the certificate is not for signing documents")


_SIGNER = verification.ExtensionPolicy.permit_all().require_present(
    x509.KeyUsage, verification.Criticality.AGNOSTIC, _commits
)
