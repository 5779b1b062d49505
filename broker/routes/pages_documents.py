"""The documents in force, readable, with who signed them and a mark on what is invented.

Lists of persons and their acts are shown to the body whose persons they are and to the controller, to nobody else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from broker.routes.documents import readable
from broker.routes.pages_frame import Desk, Visitor
from conventions.faults import Fault, FaultKind
from conventions.identifiers import INSTALLATION
from conventions.schema import Deed
from conventions.terms import DocumentKind
from conventions.verified import VerifiedDocument

ORDER = tuple(DocumentKind)
SHOWN_APART = frozenset(
    {
        "format", "kind", "id", "version", "title", "language", "zone", "invented", "sources", "valid_from",
        "valid_until", "clauses", "own", "sections",
    }
)  # fmt: skip


class DocumentPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def list(self, request: Request, visitor: Visitor) -> Response:
        """Everything in force that this person may read, by controller."""
        found = [one for one in self._desk.services.documents() if readable(one, visitor.caller, visitor.snapshot)]
        names = _names(found, visitor)
        frame = {**visitor.frame, "names": names}
        return self._desk.pages.page(request, "documents.html", **frame, groups=_groups(found, names))

    async def one(self, request: Request, visitor: Visitor) -> Response:
        """One document in force."""
        wanted = "/".join(request.path_params[name] for name in ("controller", "kind", "slug"))
        documents = self._desk.services.documents()
        frame = {**visitor.frame, "names": _names(documents, visitor)}
        found = next(
            (one for one in documents if one.id == wanted and readable(one, visitor.caller, visitor.snapshot)), None
        )
        if found is None:
            raise Fault(FaultKind.DOCUMENT_UNKNOWN, "no such document in force")
        text = found.document
        sections = getattr(text, "sections", None)
        written = sections.model_dump(exclude_none=True) if sections is not None else {}
        return self._desk.pages.page(
            request,
            "document.html",
            **frame,
            found=found,
            text=text,
            clauses=getattr(text, "clauses", None) or getattr(text, "own", ()),
            sections=tuple(written.items()),
            rest=_rest(text.model_dump(mode="python", exclude_none=True)),
        )


def _names(found: Iterable[VerifiedDocument], visitor: Visitor) -> dict[str, str]:
    """How bodies are called, parties of framework protocols included, which decide nothing."""
    parties = (party for one in found if isinstance(one.document, Deed) for party in one.document.parties)
    return {**{party.body: party.name for party in parties}, **visitor.snapshot.names}


def _groups(found: Iterable[VerifiedDocument], names: Mapping[str, str]) -> list[tuple[str, list[VerifiedDocument]]]:
    by_controller: dict[str, list[VerifiedDocument]] = {}
    for one in found:
        by_controller.setdefault(one.document.controller, []).append(one)
    ordered = sorted(by_controller, key=lambda body: (body == INSTALLATION, names.get(body, body)))
    return [
        ("" if body == INSTALLATION else names.get(body, body),
         sorted(by_controller[body], key=lambda one: (ORDER.index(one.document.kind), one.id)))
        for body in ordered
    ]  # fmt: skip


def _rest(dumped: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in dumped.items() if name not in SHOWN_APART and value not in ((), [], "")}
