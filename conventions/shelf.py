"""The register on disk: signed envelopes that are only ever added, and a manifest that says which of them count.

``<folder>/<controller>/<sequence>-<kind>-<slug>.varco.json`` and ``<folder>/manifest.json``, each written beside and
renamed, after its bytes are on the disk. The manifest comes last: a process killed at any point leaves one generation
or the other, never half of one; a file that the manifest does not name does not count. Loading replays every
publication in order, each verified as at its own instant under the trust of that instant. The register's signed list
(``signed_list``) spares that work for what it names.

Source: design 3, 9; issue 2 ("Bad input gets").
"""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conventions.canonical import canonical
from conventions.envelope import SUFFIX, strict_json
from conventions.faults import Fault, FaultKind
from conventions.register import EMPTY, Growing, Register
from conventions.spans import instant, parse_instant
from conventions.trust_set import TrustSet
from conventions.verification import Signer, VerifiedDocument, attested, verify

MANIFEST = "manifest.json"
FORMAT = "varco-register/1"
MANY_COUNT = 64
"""Above this many new files the disk is flushed once for all of them, still before the manifest."""


@dataclass(frozen=True, slots=True)
class Row:
    """One publication as the manifest names it."""

    controller: str
    sequence: int
    id: str
    version: int
    sha256: str
    published_utc: datetime

    @property
    def file(self) -> str:
        """Where the envelope lies, inside the folder."""
        controller, kind, slug = self.id.split("/")
        return f"{controller}/{self.sequence:06d}-{kind}-{slug}{SUFFIX}"

    def plain(self) -> dict[str, str]:
        return {
            "controller": self.controller,
            "sequence": str(self.sequence),
            "id": self.id,
            "version": str(self.version),
            "sha256": self.sha256,
            "file": self.file,
            "published_utc": instant(self.published_utc),
        }


def load(
    folder: Path, anchors_pem: tuple[str, ...], vouched: Mapping[str, tuple[Signer, ...]] = MappingProxyType({})
) -> Register:
    """Read the register back, replaying every publication.

    Args:
        folder: where it lies.
        anchors_pem: the installation's own authorities, from the settings.
        vouched: signers by digest, from the register's signed list (``signed_list.opened``): not verified again here.

    Raises:
        Fault: of the kind of the first defect, with the file.
    """
    rows = manifest(folder)
    growing = Growing()
    trust, trusted_by = TrustSet.of(anchors_pem), ()
    for row in rows:
        raw = _read(folder / row.file, row.file)
        if row.sha256 in vouched:
            verified = attested(raw, row.sha256, vouched[row.sha256], row.file)
        else:
            documents = growing.trust_documents(row.published_utc)
            if documents != trusted_by:
                trust, trusted_by = TrustSet.of(anchors_pem, documents), documents  # type: ignore[assignment]
            verified = verify(raw, trust, row.published_utc, known=growing, where=row.file)
        try:
            published = growing.publish(verified, row.published_utc)
        except Fault as fault:
            raise Fault(fault.kind, fault.detail, where=f"{row.file}: {fault.where}") from None
        _agree(row, published)
    return growing.register()


def append(folder: Path, register: Register, verified: VerifiedDocument, at_utc: datetime) -> Register:
    """Publish one more document and put it on the disk; the register given must be the folder's.

    Raises:
        Fault: as ``Register.published``; ``document-rolled-back`` when the folder holds other documents by now.
    """
    with _locked(folder):
        held = {row.sha256 for row in manifest(folder)}
        if held != {each.sha256 for each in register}:
            raise Fault(FaultKind.DOCUMENT_ROLLED_BACK, "the folder holds other documents by now: load it again")
        after = register.published(verified, at_utc)
        _save(folder, after, register)
        return after


def save(folder: Path, register: Register) -> None:
    """Write a whole register into an empty folder."""
    with _locked(folder):
        if manifest(folder):
            raise Fault(FaultKind.DOCUMENT_ROLLED_BACK, "the folder already holds a register")
        _save(folder, register, EMPTY)


def manifest(folder: Path) -> tuple[Row, ...]:
    """What counts, in the order of publication; nothing when there is no manifest yet."""
    path = folder / MANIFEST
    if not path.exists():
        return ()
    plain = strict_json(_read(path, MANIFEST), MANIFEST)
    try:
        if plain["format"] != FORMAT:
            raise KeyError("format")
        return tuple(_row(entry) for entry in plain["entries"])
    except (KeyError, TypeError, ValueError, Fault):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "not a manifest of a register", where=MANIFEST) from None


def _save(folder: Path, register: Register, before: Register) -> None:
    had = {each.sha256 for each in before}
    new = [each for each in register if each.sha256 not in had]
    many = len(new) > MANY_COUNT
    for each in new:
        _write(folder / row_of(each).file, each.envelope, flush=not many)
    if many:
        os.sync()
    rows = [*manifest(folder), *map(row_of, new)]
    _write(folder / MANIFEST, canonical({"format": FORMAT, "entries": [row.plain() for row in rows]}))


def _agree(row: Row, verified: VerifiedDocument) -> None:
    """A file under another row, or a row that says something else than its file (mix-and-match)."""
    if row_of(verified) != row:
        raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "the manifest says something else than the file", where=row.file)


def row_of(verified: VerifiedDocument) -> Row:
    """The manifest's row of a published document."""
    document = verified.document
    if verified.published_utc is None:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, f"{document.id} is not published")
    return Row(
        document.controller,
        verified.sequence,
        document.id,
        document.version,
        verified.sha256,
        verified.published_utc,
    )


def _row(entry: Any) -> Row:
    row = Row(
        entry["controller"],
        int(entry["sequence"]),
        entry["id"],
        int(entry["version"]),
        entry["sha256"],
        parse_instant(entry["published_utc"]),
    )
    if row.plain() != entry:
        raise KeyError("members")
    return row


def _read(path: Path, where: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise Fault(FaultKind.DOCUMENT_UNKNOWN, "the file cannot be read", where=where) from None


def _write(path: Path, content: bytes, *, flush: bool = True) -> None:
    """Write beside, flush to the disk, rename, flush the folder."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        _flush(path.parent.parent)
    beside = path.with_name(path.name + ".new")
    beside.unlink(missing_ok=True)  # left by a process that died; a link laid here is not followed
    with beside.open("xb") as file:
        file.write(content)
        file.flush()
        if flush:
            os.fsync(file.fileno())
    beside.rename(path)
    if flush:
        _flush(path.parent)


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time, whichever process."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


__all__ = ["FORMAT", "MANIFEST", "Row", "append", "load", "manifest", "row_of", "save"]
