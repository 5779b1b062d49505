"""What the document commands do, apart from printing: open the register, draft notices and windows, publish.

Publishing writes to the register's folder only; a broker that is running sees the new manifest within a second and
takes it over by itself (``broker.publication.follow``). Source: design 6 (CLI); PM-1.2, 10.1 PM-6.4.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from broker.publication import admit
from broker.settings import load
from conventions import envelope, schema, shelf, text
from conventions.calendars import local_date
from conventions.faults import Fault, FaultKind
from conventions.keys import SigningKey, Subject
from conventions.register import Register
from conventions.schema import AnyDocument, EventWindow
from conventions.signing import sign
from conventions.spans import instant, parse_instant
from conventions.terms import DocumentKind, Purpose
from conventions.text import Plain
from conventions.trust_set import TrustSet
from conventions.verification import VerifiedDocument, read

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\n.*?-----END CERTIFICATE-----\n?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Desk:
    """An installation's register, open for the commands."""

    folder: Path
    anchors_pem: tuple[str, ...]
    register: Register

    def trust(self, at_utc: datetime) -> TrustSet:
        return TrustSet.of(self.anchors_pem, self.register.trust_documents(at_utc))

    def admitted(self, raw: bytes, at_utc: datetime, where: str) -> VerifiedDocument:
        """Verified and free of errors: it could be published now."""
        return admit(self.register, raw, self.anchors_pem, at_utc, where)

    def publish(self, raw: bytes, at_utc: datetime, where: str) -> tuple["Desk", VerifiedDocument]:
        """Verify, check, and put on the disk.

        Raises:
            Fault: the document's; nothing has changed then.
        """
        verified = self.admitted(raw, at_utc, where)
        register = shelf.append(self.folder, self.register, verified, at_utc)
        published = register.current(verified.id)
        return Desk(self.folder, self.anchors_pem, register), published or verified


def open_desk(settings_file: Path) -> Desk:
    """The register of the installation whose settings these are; every document in it is verified again."""
    settings = load(settings_file)
    home = settings_file.resolve().parent
    anchors = tuple(_PEM.findall(_read(home / settings.anchors_file).decode("ascii", "replace")))
    if not anchors:
        raise Fault(FaultKind.SETTINGS_INVALID, "no certificate in the anchors file", where=settings.anchors_file)
    folder = home / settings.data_dir / "register"
    return Desk(folder, anchors, shelf.load(folder, anchors))


def read_source(path: Path) -> tuple[bytes, dict[str, Plain], bool]:
    """A file's bytes, its plain values, and whether it is signed."""
    raw = _read(path)
    if path.name.endswith(envelope.SUFFIX):
        return raw, envelope.parse(raw, path.name).plain, True
    return raw, text.read(raw, path.name), False


def parsed(path: Path) -> AnyDocument:
    """The document in a file, signed or not; the fault names the line where it can."""
    raw, plain, is_signed = read_source(path)
    if is_signed:
        return read(envelope.parse(raw, path.name), path.name)
    try:
        return schema.parse(plain)
    except Fault as fault:
        line = text.line_of(raw, fault.where)
        raise Fault(fault.kind, fault.detail, where=f"{path.name}, line {line}, {fault.where}") from None


def signed_file(path: Path, signer: SigningKey, at_utc: datetime) -> tuple[Path, bytes]:
    """Sign a text, or add a signature to an envelope; the file to write and its bytes.

    Raises:
        Fault: ``document-malformed`` for a text the schema refuses, ``document-contradictory`` when a signed file of
            another text is already there.
    """
    parsed(path)
    raw, plain, is_signed = read_source(path)
    target = (
        path if is_signed else path.with_name(path.name.removesuffix(".yaml").removesuffix(".yml") + envelope.SUFFIX)
    )
    if is_signed:
        return target, sign(raw, signer, at_utc)
    if target.exists():
        held = _read(target)
        if envelope.parse(held, target.name).plain != plain:
            raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "already signed with another text", where=target.name)
        return target, sign(held, signer, at_utc)
    return target, sign(plain, signer, at_utc)


def suspension(register: Register, deed_id: str, who: Subject, reason: str, at_utc: datetime) -> dict[str, Plain]:
    """The notice by which a controller suspends a deed."""
    return _notice(register, deed_id, who, reason, at_utc) | {"act": "suspension"}


def suspension_end(register: Register, deed_id: str, who: Subject, reason: str, at_utc: datetime) -> dict[str, Plain]:
    """The notice that ends the suspension this body made.

    Raises:
        Fault: ``document-unknown`` when it has suspended nothing.
    """
    notices = register.notices(deed_id)
    ended = {each.ends for each in notices}
    lasting = [each for each in notices if each.act == "suspension" and each.by == who.body and each.id not in ended]
    if not lasting:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no suspension by this body lasts", where=deed_id)
    return _notice(register, deed_id, who, reason, at_utc) | {"act": "suspension-end", "ends": lasting[-1].id}


def window(
    cameras: list[str], purpose: Purpose, who: Subject, reason: str, start_utc: datetime, end_utc: datetime
) -> dict[str, Plain]:
    """An event window on cameras of one controller."""
    controller = cameras[0].split("/", 1)[0]
    return {
        "format": schema.FORMAT,
        "kind": DocumentKind.EVENT_WINDOW.value,
        "id": f"{controller}/{DocumentKind.EVENT_WINDOW}/{who.body[:40]}-{_stamp(start_utc)}",
        "version": "1",
        "title": f"Finestra aperta da {who.pseudonym}",
        "valid_from": local_date(start_utc).isoformat(),
        "opened_by": who.body,
        "signs_as": who.role.value,
        "purpose": purpose.value,
        "cameras": list(cameras),
        "starts": instant(start_utc),
        "ends": instant(end_utc),
        "reason": reason,
    }


def window_closed(register: Register, window_id: str, who: Subject, at_utc: datetime) -> dict[str, Plain]:
    """The next version of a window, which ends now; one that has not begun is moved into the past.

    Raises:
        Fault: ``document-unknown``; ``document-contradictory`` when it is already over.
    """
    found = register.current(window_id)
    if found is None or not isinstance(found.document, EventWindow):
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such window is published", where=window_id)
    held = found.document
    if parse_instant(held.ends) <= at_utc:
        raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "this window is already over", where=window_id)
    starts_utc = min(parse_instant(held.starts), at_utc - timedelta(seconds=1))
    plain: dict[str, Plain] = dict(envelope.parse(found.envelope).plain)
    plain |= {"version": str(held.version + 1), "signs_as": who.role.value}
    return plain | {"starts": instant(starts_utc), "ends": instant(at_utc)}


def _notice(register: Register, deed_id: str, who: Subject, reason: str, at_utc: datetime) -> dict[str, Plain]:
    if register.current(deed_id) is None:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such deed is published", where=deed_id)
    controller, _, slug = deed_id.split("/")
    return {
        "format": schema.FORMAT,
        "kind": DocumentKind.NOTICE.value,
        "id": f"{controller}/{DocumentKind.NOTICE}/{slug[:40]}-{_stamp(at_utc)}",
        "version": "1",
        "title": f"Comunicazione di {who.pseudonym}",
        "valid_from": local_date(at_utc).isoformat(),
        "on": deed_id,
        "by": who.body,
        "signs_as": who.role.value,
        "reason": reason,
        "effective_from": instant(at_utc),
    }


def _stamp(at_utc: datetime) -> str:
    return at_utc.strftime("%Y%m%d-%H%M%S-%f")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, error.strerror or "unreadable", where=str(path)) from None


__all__ = [
    "Desk",
    "open_desk",
    "parsed",
    "read_source",
    "signed_file",
    "suspension",
    "suspension_end",
    "window",
    "window_closed",
]
