"""The demonstration documents, really signed and really published, as a state that decisions can rest on."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache

from joserfc.jwk import OKPKey

from broker.decision.snapshot import Snapshot
from broker.decision.state import State
from broker.publication import admit
from conventions import signing
from conventions.demo import ISSUER_BODIES, DemoDocument, certificates, documents, signer_roles
from conventions.identifiers import INSTALLATION
from conventions.keys import issue_signer, make_authority
from conventions.register import Register
from conventions.spans import NEVER
from policies.engine import Engine
from policies.generator import generate

NOW_UTC = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
"""A Saturday morning."""
ISSUERS = {body: f"http://127.0.0.1:9/{body}" for body in ISSUER_BODIES}
PUBLIC_JWK = json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False))
YEARS = timedelta(days=3 * 365)


class SignedDemo:
    """Authorities, certificates of every signer, and the register that grows."""

    def __init__(self, now_utc: datetime = NOW_UTC) -> None:
        self.now_utc = now_utc
        start_utc, end_utc = now_utc - YEARS, now_utc + YEARS
        root = make_authority("root", start_utc=start_utc, end_utc=end_utc)
        bodies = make_authority("bodies", start_utc=start_utc, end_utc=end_utc)
        needed = certificates(documents(now_utc, ISSUERS))
        self._signers = {
            signer: issue_signer(
                root if signer.body == INSTALLATION else bodies,
                signer.body,
                signer.role,
                f"{signer.role} 1",
                start_utc=start_utc,
                end_utc=end_utc,
            )
            for signer in needed
        }
        self.anchors_pem = (root.certificate_pem,)
        vouched = sorted({signer.body for signer in needed} - {INSTALLATION})
        anchor = {"name": "ca", "bodies": vouched, "certificate_pem": bodies.certificate_pem}
        self.texts = documents(now_utc, ISSUERS, public_jwk=PUBLIC_JWK, anchors=(anchor,))
        self.register = Register()

    def sealed(self, text: DemoDocument) -> bytes:
        raw: object = text.plain
        for signer in signer_roles(text.plain):
            raw = signing.sign(raw, self._signers[signer], self.now_utc)
        return raw

    def publish(self, text: DemoDocument, at_utc: datetime | None = None) -> None:
        at_utc = at_utc or self.now_utc
        admitted = admit(self.register, self.sealed(text), self.anchors_pem, at_utc, text.name)
        self.register = self.register.published(admitted, at_utc)

    def state(self, at_utc: datetime | None = None) -> State:
        at_utc = at_utc or self.now_utc
        generation = generate(self.register.known())
        in_force = tuple(found.document for found in self.register.in_force(at_utc))
        return State(Snapshot.of(in_force, at_utc), Engine(generation), generation.digest, NEVER)


@cache
def published() -> SignedDemo:
    """All of them, in order. Do not publish more into this one."""
    demo = SignedDemo()
    for text in demo.texts:
        demo.publish(text)
    return demo


@cache
def state() -> State:
    return published().state()
