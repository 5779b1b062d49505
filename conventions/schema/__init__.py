"""The document kinds: frozen and strict. ``parse`` turns plain values into the model of their kind."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from conventions.faults import Fault, FaultKind
from conventions.schema.agreement import Clause, Convention, Deed, FrameworkProtocol, ImplementingAgreement, Party
from conventions.schema.events import (
    Calendar,
    CaseAuthorisation,
    DpoOpinion,
    EventWindow,
    JudicialOrder,
    LegalBasisAct,
    Notice,
)
from conventions.schema.header import FORMAT, Header
from conventions.schema.persons import AppointmentAct, ListedPerson, OperatorList, PowersOfSignature
from conventions.schema.regulation import CameraEntry, Configuration, Level, PurposeEntry, Regulation
from conventions.schema.trust import AnchorEntry, EnforcementPoint, IssuerEntry, Trust

AnyDocument = (
    Regulation
    | Convention
    | FrameworkProtocol
    | ImplementingAgreement
    | OperatorList
    | AppointmentAct
    | PowersOfSignature
    | DpoOpinion
    | Notice
    | EventWindow
    | Calendar
    | LegalBasisAct
    | CaseAuthorisation
    | JudicialOrder
    | Trust
)
_ADAPTER: TypeAdapter[AnyDocument] = TypeAdapter(Annotated[AnyDocument, Field(discriminator="kind")])
_WORD_ERRORS = {"enum", "union_tag_invalid", "literal_error"}


def parse(plain: Any) -> AnyDocument:
    """Check plain values (all scalars strings) against the schema of their kind.

    Raises:
        Fault: ``vocabulary-unknown`` for a word outside a closed list, else ``document-malformed``; ``where`` is
            the path of the first defect, e.g. ``clauses.2.purposes.0``.
    """
    try:
        return _ADAPTER.validate_python(plain)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = ".".join(str(step) for step in first["loc"][1:] or first["loc"])
        kind = FaultKind.VOCABULARY_UNKNOWN if first["type"] in _WORD_ERRORS else FaultKind.DOCUMENT_MALFORMED
        raise Fault(kind, first["msg"].rstrip(".").replace("Input should", "should"), where=path) from None


def json_schema() -> dict[str, Any]:
    """JSON Schema of all kinds, for editors."""
    return _ADAPTER.json_schema()


__all__ = [
    "FORMAT",
    "AnchorEntry",
    "AnyDocument",
    "AppointmentAct",
    "Calendar",
    "CameraEntry",
    "CaseAuthorisation",
    "Clause",
    "Configuration",
    "Convention",
    "Deed",
    "DpoOpinion",
    "EnforcementPoint",
    "EventWindow",
    "FrameworkProtocol",
    "Header",
    "ImplementingAgreement",
    "IssuerEntry",
    "JudicialOrder",
    "LegalBasisAct",
    "Level",
    "ListedPerson",
    "Notice",
    "OperatorList",
    "Party",
    "PowersOfSignature",
    "PurposeEntry",
    "Regulation",
    "Trust",
    "json_schema",
    "parse",
]
