"""What must hold before a deed is published: it may ask nothing that its own regulation excludes.

``compile_document`` is what a signatory meets: a contradiction is named with its clause before anybody signs, and the
generation in force stays. The same conjunction bounds the rules again at every generation (``policies.asking``).

Source: requirements 1.2 R3, C-11; MC-P.3, MC-1.1a, LEV-5.1, LEV-14.1, LEV-21.1, BEL-PR.2, scenario S4 step 1.
"""

from collections.abc import Iterable, Iterator

from conventions.faults import Fault, FaultKind
from conventions.schema import AnyDocument, Clause, Convention, ImplementingAgreement, Regulation
from conventions.terms import DataClass
from policies.books import Granting
from policies.bundle import Bundle
from policies.conjunction import ON_MEDIA
from policies.generator import draft_of
from policies.operations import CLASSES, NEVER_COMPILED


def compile_document(document: AnyDocument, known: Iterable[AnyDocument]) -> tuple[Bundle, ...]:
    """The bundles that a document would have beside what is known; none for a kind that grants nothing (MC-2.1).

    Raises:
        Fault: ``document-contradictory``; ``where`` is the clause, the detail says what it asks in vain.
    """
    if not isinstance(document, Regulation | Convention | ImplementingAgreement):
        return ()
    others = [other for other in known if (other.id, other.version) != (document.id, document.version)]
    for where, detail in findings(document, others):
        raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, detail, where=where)
    return draft_of(document, others)


def findings(document: Granting, others: Iterable[AnyDocument]) -> Iterator[tuple[str, str]]:
    """Every contradiction of a deed with the regulations that bound it: clause and sentence, in reading order."""
    regulations = _latest_regulations(others)
    if isinstance(document, Regulation):
        for index, clause in enumerate(document.own):
            yield from _of_clause(f"own.{index}", clause, document, document.body, pooled=False)
        return
    if isinstance(document, Convention) and document.rests_on not in {found.id for found in regulations}:
        yield "rests_on", f"the regulation {document.rests_on} is not published"
    parties = {party.body for party in document.parties}
    for index, clause in enumerate(document.clauses):
        where = f"clauses.{index}"
        for body in clause.bodies:
            if body not in parties:
                yield where, f"clause {clause.number}: {body} is no party"
        for camera in clause.cameras:
            if camera.split("/", 1)[0] not in document.controllers:
                yield where, f"clause {clause.number}: {camera} belongs to no controller of this deed"
        for regulation in regulations:
            bounds = regulation.body in document.controllers
            if isinstance(document, Convention) and document.rests_on.startswith(f"{regulation.body}/"):
                bounds = bounds and regulation.id == document.rests_on
            if bounds:
                pooled = isinstance(document, ImplementingAgreement)
                for body in clause.bodies:
                    yield from _of_clause(where, clause, regulation, body, pooled=pooled)


def _latest_regulations(documents: Iterable[AnyDocument]) -> list[Regulation]:
    latest: dict[str, Regulation] = {}
    for document in documents:
        if isinstance(document, Regulation) and document.state == "enforceable":
            held = latest.get(document.id)
            if held is None or held.version < document.version:
                latest[document.id] = document
    return [latest[name] for name in sorted(latest)]


def _of_clause(
    where: str, clause: Clause, regulation: Regulation, body: str, *, pooled: bool
) -> Iterator[tuple[str, str]]:
    number = f"clause {clause.number}"
    regimes = {entry.purpose for entry in regulation.purposes}
    for purpose in clause.purposes:
        if purpose in regulation.purposes_excluded:
            yield where, f"{number}: the regulation excludes the purpose {purpose}"
        elif purpose not in regimes:
            yield where, f"{number}: the regulation gives the purpose {purpose} no regime"
    for operation in clause.operations:
        if operation in NEVER_COMPILED:
            yield where, f"{number}: no text may grant {operation}"
        elif operation not in regulation.operations:
            yield where, f"{number}: the regulation does not list the operation {operation}"
        elif not set(CLASSES[operation]) & set(clause.classes):
            yield where, f"{number}: {operation} touches none of the classes named"
        elif body != regulation.body and regulation.configuration.police_access == "media-only":
            if operation not in ON_MEDIA:
                yield where, f"{number}: this controller hands over media only, not {operation}"
    for data_class in clause.classes:
        if pooled and data_class is not DataClass.TRANSIT_RECORD:
            yield where, f"{number}: a pool holds transits only, not {data_class}"
    annex = {entry.id for entry in regulation.cameras}
    for camera in clause.cameras:
        if camera.startswith(f"{regulation.body}/") and camera not in annex:
            yield where, f"{number}: the camera {camera} is not in the annex"
