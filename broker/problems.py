"""Two vocabularies of error and the one table between them: kinds of fault, and RFC 9457 problem documents.

A refusal of the law is 403 and carries its reason; a fault carries its kind. Detail is shown only where the table
says so; nobody learns more than the kind of what failed inside. Source: RFC 9457, design 6, style 5.
"""

from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from broker.evidence import Refused
from broker.refusals import sentence
from conventions.faults import Fault, FaultKind

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """How a kind of fault looks from outside. ``retry`` tells whether trying again can help."""

    status: int
    title: str
    shows_detail: bool
    retry: bool


_DOCUMENT = Problem(422, "Documento non accettato", True, False)

PROBLEMS: dict[FaultKind, Problem] = {
    FaultKind.NOT_AUTHENTICATED: Problem(401, "Accesso non autenticato", False, False),
    FaultKind.ASSURANCE_TOO_LOW: Problem(401, "Autenticazione non sufficiente", False, False),
    FaultKind.SESSION_ENDED: Problem(401, "Sessione terminata", False, False),
    FaultKind.REQUEST_MALFORMED: Problem(400, "Richiesta non valida", True, False),
    FaultKind.RESOURCE_UNKNOWN: Problem(404, "Risorsa non trovata", False, False),
    FaultKind.FACT_MISSING: Problem(503, "Manca un dato necessario alla decisione", False, True),
    FaultKind.ENGINE_FAULT: Problem(500, "Errore interno", False, True),
    FaultKind.POLICY_UNAVAILABLE: Problem(503, "Regole non disponibili", False, True),
    FaultKind.SOURCE_UNAVAILABLE: Problem(502, "Registratore non raggiungibile", False, True),
    FaultKind.CLOCK_UNTRUSTED: Problem(503, "Orologio non affidabile", False, True),
    FaultKind.LEDGER_UNAVAILABLE: Problem(503, "Registro delle decisioni non disponibile", False, True),
    FaultKind.DOCUMENT_MALFORMED: _DOCUMENT,
    FaultKind.DOCUMENT_CONTRADICTORY: _DOCUMENT,
    FaultKind.VOCABULARY_UNKNOWN: _DOCUMENT,
    FaultKind.SIGNATURE_MISSING: _DOCUMENT,
    FaultKind.SIGNATURE_INVALID: _DOCUMENT,
    FaultKind.SIGNER_NOT_TRUSTED: _DOCUMENT,
    FaultKind.DOCUMENT_EXPIRED: _DOCUMENT,
    FaultKind.DOCUMENT_ROLLED_BACK: Problem(409, "Versione superata", True, False),
    FaultKind.DOCUMENT_UNKNOWN: Problem(404, "Documento non trovato", False, False),
    FaultKind.SOURCE_TIMEOUT: Problem(504, "Il registratore non risponde", False, True),
    FaultKind.SOURCE_MALFORMED: Problem(502, "Filmato non leggibile", False, False),
    FaultKind.FOOTAGE_MISSING: Problem(404, "Filmato non presente", False, False),
    FaultKind.DELIVERY_FAILED: Problem(500, "Consegna non riuscita", False, True),
    FaultKind.RANGE_UNSATISFIABLE: Problem(416, "Intervallo di byte non valido", False, False),
    FaultKind.GRANT_ENDED: Problem(410, "Visione terminata", False, False),
    FaultKind.SETTINGS_INVALID: Problem(500, "Impostazioni non valide", False, False),
    FaultKind.LEDGER_CORRUPT: Problem(503, "Registro delle decisioni alterato", False, False),
    FaultKind.METHOD_NOT_ALLOWED: Problem(405, "Metodo non previsto", False, False),
}


def problem(fault: Fault, request_id: str = "") -> JSONResponse:
    """The problem document of a fault."""
    row = PROBLEMS[fault.kind]
    body: dict[str, Any] = {"type": f"urn:varco:fault:{fault.kind}", "title": row.title, "status": row.status}
    if row.shows_detail:
        body["detail"] = f"{fault.where}: {fault.detail}" if fault.where else fault.detail
    if request_id:
        body["request_id"] = request_id
    headers = {"Retry-After": "5"} if row.retry and row.status == 503 else None
    return JSONResponse(body, status_code=row.status, media_type=MEDIA_TYPE, headers=headers)


def refusal_members(refused: Refused) -> dict[str, Any]:
    """What a refused caller is told: one sentence, the article, whom to ask."""
    words = sentence(refused.shown)
    return {
        "reason": refused.shown,
        "sentence": words.italian,
        "article": words.article,
        "ask": words.ask,
        "controller": refused.controller,
        "request_id": refused.request_id,
        "entry": refused.entry_index,
    }


def refusal(refused: Refused) -> JSONResponse:
    """A refusal as a problem document: 403."""
    body = {
        "type": f"urn:varco:reason:{refused.shown}",
        "title": "Richiesta rifiutata",
        "status": 403,
        "detail": sentence(refused.shown).italian,
        **refusal_members(refused),
    }
    return JSONResponse(body, status_code=403, media_type=MEDIA_TYPE)
