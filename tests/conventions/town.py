"""The simulated town: authorities, signers and signed documents, made anew in every run."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from conventions import demo
from conventions.canonical import digest
from conventions.keys import Authority, SigningKey, issue_signer, make_authority
from conventions.register import Growing, Register
from conventions.signing import sign
from conventions.terms import Role
from conventions.trust_set import TrustSet
from conventions.verification import VerifiedDocument, verify

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
LONG = timedelta(days=900)
LONG_AGO, FAR = NOW - LONG, NOW + LONG
ISSUERS = {body: f"http://127.0.0.1:1/{body}" for body in demo.ISSUER_BODIES}


@dataclass
class Town:
    """Two authorities: the installation's own, and one that vouches for the bodies of the documents."""

    root: Authority
    bodies: Authority
    now_utc: datetime = NOW
    keys: dict[tuple[str, Role], SigningKey] = field(default_factory=dict)
    written: list[demo.DemoDocument] = field(default_factory=list)
    """The demonstration's texts, filled in once; tests change copies."""

    @property
    def anchors(self) -> tuple[str, ...]:
        return (self.root.certificate_pem,)

    def key(self, body: str, role: Role) -> SigningKey:
        if (body, role) not in self.keys:
            authority = self.root if body == "installation" else self.bodies
            made = issue_signer(
                authority, body, role, f"{role}-1", start_utc=self.now_utc - LONG, end_utc=self.now_utc + LONG
            )
            self.keys[body, role] = made
        return self.keys[body, role]

    def signed(self, plain: dict[str, Any], *signers: tuple[str, Role]) -> bytes:
        """Signed by those given, else by those whom the demonstration names."""
        who = signers or tuple((one.body, one.role) for one in demo.signer_roles(plain))
        source: Any = plain
        for body, role in who:
            source = sign(source, self.key(body, role), self.now_utc)
        assert isinstance(source, bytes)
        return source


def new_town(now_utc: datetime = NOW) -> Town:
    validity = {"start_utc": now_utc - LONG, "end_utc": now_utc + LONG}
    return Town(
        make_authority("Autorità dell'installazione (prova)", **validity),
        make_authority("Autorità degli enti (prova)", **validity),
        now_utc,
    )


def bodies_of(documents: list[demo.DemoDocument]) -> list[str]:
    found = {signer.body for signer in demo.certificates(documents)}
    return sorted(found - {"installation"})


def texts(town: Town) -> list[demo.DemoDocument]:
    if not town.written:
        bodies = bodies_of(demo.documents(town.now_utc, ISSUERS))
        anchor = {"name": "Autorità degli enti", "bodies": bodies, "certificate_pem": town.bodies.certificate_pem}
        town.written = demo.documents(town.now_utc, ISSUERS, anchors=(anchor,))
    return town.written


def text(town: Town, document_id: str) -> dict[str, Any]:
    return next(each.plain for each in texts(town) if each.id == document_id)


def publish_all(town: Town) -> Register:
    growing, at_utc = Growing(), town.now_utc
    for each in texts(town):
        trust = TrustSet.of(town.anchors, growing.trust_documents(at_utc))
        growing.publish(verify(town.signed(each.plain), trust, at_utc, known=growing), at_utc)
    return growing.register()


def verified(town: Town, register: Register, raw: bytes, at_utc: datetime = NOW) -> VerifiedDocument:
    return verify(raw, TrustSet.of(town.anchors, register.trust_documents(at_utc)), at_utc, known=register)


def changed(plain: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {**plain, **members}


__all__ = [
    "FAR",
    "LONG_AGO",
    "NOW",
    "Town",
    "changed",
    "digest",
    "new_town",
    "publish_all",
    "text",
    "texts",
    "verified",
]
