"""What the signatories of the demonstration do while it runs: sign an act with their key and publish it.

The same way in as everybody's: an envelope that verifies, appended to the register's folder, which the broker follows.
"""

from datetime import timedelta
from typing import Any

from broker.clock import Clock
from broker.demo.world import World
from broker.publication import admit
from conventions import envelope, shelf, signing
from conventions.calendars import local_date
from conventions.faults import Fault, FaultKind
from conventions.keys import load_signer
from conventions.register import Register
from conventions.spans import instant

CONVENTION = "c_g917/convention/carabinieri"
WINDOW = "c_g917/event-window/fiera"
GATES = ["c_g917/varco-nord", "c_g917/varco-sud", "c_g917/varco-est"]


class Acts:
    """Signs and publishes as the offices of the demonstration."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self._anchors = ((world.keys / "anchors.pem").read_text(encoding="ascii"),)

    @property
    def folder(self) -> Any:
        return self._world.folder / "data" / "register"

    def register(self) -> Register:
        return shelf.load(self.folder, self._anchors)

    def sealed(self, plain: dict[str, Any], *signers: tuple[str, str]) -> bytes:
        """Sign a text with the keys of some (body, role) pairs."""
        raw: bytes | dict[str, Any] = plain
        for body, role in signers:
            raw = signing.sign(raw, load_signer(*self._world.signer(body, role)), self._clock.now_utc())
        if not isinstance(raw, bytes):
            raise Fault(FaultKind.SIGNATURE_MISSING, "nobody signs")
        return raw

    def publish(self, raw: bytes) -> str:
        """Publish an envelope; gives the identifier and version.

        Raises:
            Fault: the document's.
        """
        register, now_utc = self.register(), self._clock.now_utc()
        verified = admit(register, raw, self._anchors, now_utc)
        shelf.append(self.folder, register, verified, now_utc)
        return f"{verified.id}@{verified.version}"

    def text_of(self, document_id: str) -> dict[str, Any]:
        """The plain text of the current version, as it was signed."""
        found = self.register().current(document_id)
        if found is None:
            raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such document", where=document_id)
        return dict(envelope.parse(found.envelope).plain)

    def next_version(self, document_id: str) -> str:
        found = self.register().current(document_id)
        return str(found.version + 1 if found else 1)

    def window_until(self, seconds: float) -> str:
        """The municipality's window on the three gates, from now until so many seconds from now."""
        now_utc = self._clock.now_utc()
        plain = self.text_of(WINDOW) | {
            "version": self.next_version(WINDOW),
            "starts": instant(now_utc - timedelta(minutes=1)),
            "ends": instant(now_utc + timedelta(seconds=seconds)),
            "cameras": GATES,
        }
        return self.publish(self.sealed(plain, ("c_g917", "pl-commander")))

    def suspend(self, slug: str) -> str:
        """The mayor suspends the convention at once."""
        return self.publish(self.sealed(self._notice(slug, "suspension"), ("c_g917", "mayor")))

    def end_suspension(self, slug: str, ended: str) -> str:
        """The mayor ends a suspension."""
        more = {"ends": f"c_g917/notice/{ended}"}
        return self.publish(self.sealed(self._notice(slug, "suspension-end") | more, ("c_g917", "mayor")))

    def _notice(self, slug: str, act: str) -> dict[str, Any]:
        now_utc = self._clock.now_utc()
        return {
            "format": "varco-document/1",
            "kind": "notice",
            "id": f"c_g917/notice/{slug}",
            "version": "1",
            "title": "Avviso di prova della dimostrazione",
            "sources": ["PM-6.4"],
            "valid_from": local_date(now_utc).isoformat(),
            "on": CONVENTION,
            "act": act,
            "by": "c_g917",
            "signs_as": "mayor",
            "reason": "Prova della dimostrazione: verifica di una violazione degli obblighi.",
            "effective_from": instant(now_utc),
        }
