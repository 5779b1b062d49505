"""Kinds of fault: what stops the work, as opposed to what the law refuses.

A *refusal* is a value with reasons (``terms.Reason``); a *fault* is an exception with a kind.
The first group of kinds doubles as the system's reason codes in the ledger.
"""

from enum import StrEnum


class FaultKind(StrEnum):
    """Every kind of fault; ``broker.problems`` maps each to a status and a title."""

    # The system's own reasons: recorded as the primary code of a refusal when one follows.
    NOT_AUTHENTICATED = "not-authenticated"
    ASSURANCE_TOO_LOW = "assurance-too-low"
    SESSION_ENDED = "session-ended"
    REQUEST_MALFORMED = "request-malformed"
    RESOURCE_UNKNOWN = "resource-unknown"
    FACT_MISSING = "fact-missing"
    ENGINE_FAULT = "engine-fault"
    POLICY_UNAVAILABLE = "policy-unavailable"
    SOURCE_UNAVAILABLE = "source-unavailable"
    CLOCK_UNTRUSTED = "clock-untrusted"
    LEDGER_UNAVAILABLE = "ledger-unavailable"

    # Documents at load, lint or publication.
    DOCUMENT_MALFORMED = "document-malformed"
    DOCUMENT_CONTRADICTORY = "document-contradictory"
    VOCABULARY_UNKNOWN = "vocabulary-unknown"
    SIGNATURE_MISSING = "signature-missing"
    SIGNATURE_INVALID = "signature-invalid"
    SIGNER_NOT_TRUSTED = "signer-not-trusted"
    DOCUMENT_EXPIRED = "document-expired"
    DOCUMENT_ROLLED_BACK = "document-rolled-back"
    DOCUMENT_UNKNOWN = "document-unknown"

    # Sources and delivery, after a grant exists.
    SOURCE_TIMEOUT = "source-timeout"
    SOURCE_MALFORMED = "source-malformed"
    FOOTAGE_MISSING = "footage-missing"
    DELIVERY_FAILED = "delivery-failed"
    RANGE_UNSATISFIABLE = "range-unsatisfiable"
    GRANT_ENDED = "grant-ended"

    # The installation.
    SETTINGS_INVALID = "settings-invalid"
    LEDGER_CORRUPT = "ledger-corrupt"
    METHOD_NOT_ALLOWED = "method-not-allowed"


class Fault(Exception):
    """A fault with its kind.

    ``detail`` is lower case, without full stop, and carries no plate, name or address.
    ``where`` points into the input: a file, a path inside a document, a parameter name.
    """

    def __init__(self, kind: FaultKind, detail: str, *, where: str = "") -> None:
        super().__init__(f"{kind}: {where + ': ' if where else ''}{detail}")
        self.kind = kind
        self.detail = detail
        self.where = where
