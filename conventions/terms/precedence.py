"""Which reason comes first when several apply: one table, read from the top.

The groups stand in the order in which a person at the counter would ask: who are you, for whom, on the strength of
what, is the request whole, does the text grant it, is the camera open now, do the data exist, is it not too much,
is what must accompany it there, and only then whether the machinery works.
"""

from collections.abc import Iterable

from conventions.terms.reasons import Reason

PRECEDENCE_GROUPS: tuple[tuple[str, tuple[Reason, ...]], ...] = (
    (
        "session",
        (Reason.NOT_AUTHENTICATED, Reason.ASSURANCE_TOO_LOW, Reason.SESSION_ENDED, Reason.CREDENTIAL_SHARED),
    ),
    (
        "caller and operator",
        (
            Reason.OPERATOR_NOT_LISTED,
            Reason.OPERATOR_SUSPENDED,
            Reason.OPERATOR_ACT_MISSING,
            Reason.OPERATOR_ACK_MISSING,
            Reason.REFERENCE_OVERDUE,
            Reason.URGENT_REVIEW_PENDING,
        ),
    ),
    ("requesting body", (Reason.CONTROLLER_SEPARATION, Reason.CROSS_CONTROLLER_CORRELATION)),
    (
        "deed",
        (
            Reason.NO_CONVENTION,
            Reason.CONVENTION_SUSPENDED,
            Reason.CONVENTION_WITHDRAWN,
            Reason.CONVENTION_EXPIRED,
            Reason.LEGAL_BASIS_EXPIRED,
            Reason.ANNEX_MISSING,
            Reason.NOTICE_MISSING,
            Reason.ASSENT_MISSING,
            Reason.LEGAL_TERM_PENDING,
        ),
    ),
    (
        "completeness of the request",
        (
            Reason.REQUEST_MALFORMED,
            Reason.PURPOSE_MISSING,
            Reason.GROUND_MISSING,
            Reason.NECESSITY_MISSING,
            Reason.REQUEST_INCOMPLETE,
        ),
    ),
    (
        "content of the deed",
        (
            Reason.APPLICANT_NOT_ENTITLED,
            Reason.THIRD_PARTY_DISCLOSURE,
            Reason.COPY_TO_CITIZEN,
            Reason.AUDIO_FORBIDDEN,
            Reason.BIOMETRIC_NOT_CLEARED,
            Reason.LOG_READER_NOT_ALLOWED,
            Reason.CLASS_NOT_GRANTED,
            Reason.LOG_IMMUTABLE,
            Reason.READ_ONLY,
            Reason.BACKUP_FORBIDDEN,
            Reason.OPERATION_UNKNOWN,
            Reason.ROLE_NOT_GRANTED,
            Reason.LEVEL_INSUFFICIENT,
            Reason.WORKSTATION_NOT_ENABLED,
            Reason.PURPOSE_NOT_GRANTED,
            Reason.URGENT_NOT_GRANTED,
            Reason.RESOURCE_UNKNOWN,
            Reason.OUTSIDE_TERRITORY,
            Reason.ROUTE_OUTSIDE_COMPETENCE,
        ),
    ),
    (
        "camera and time",
        (
            Reason.CAMERA_NOT_AUTHORISED,
            Reason.ADAPTER_UNTRUSTED,
            Reason.INDOOR_AREA,
            Reason.PRIVATE_AREA,
            Reason.CAMERA_TIME_WINDOW,
            Reason.CONNECTIVITY_WINDOW,
            Reason.CAMERA_MASK_REQUIRED,
            Reason.PTZ_LIMIT,
        ),
    ),
    (
        "data state",
        (Reason.RETENTION_ELAPSED, Reason.DATA_BLOCKED, Reason.HOLD_PREVENTS_DELETE, Reason.HOLD_ONLY),
    ),
    ("minimisation and quantity", (Reason.MINIMISATION, Reason.BULK_DUPLICATION, Reason.REPEAT_TOO_SOON)),
    (
        "obligation",
        (
            Reason.JUDICIAL_ORDER_REQUIRED,
            Reason.AUTHORISATION_MISSING,
            Reason.PAYMENT_MISSING,
            Reason.MEDIA_NOT_ENCRYPTED,
            Reason.ANONYMISATION_REQUIRED,
            Reason.SUPERVISOR_ABSENT,
        ),
    ),
    (
        "system",
        (
            Reason.CLOCK_UNTRUSTED,
            Reason.POLICY_UNAVAILABLE,
            Reason.FACT_MISSING,
            Reason.ENGINE_FAULT,
            Reason.SOURCE_UNAVAILABLE,
            Reason.LEDGER_UNAVAILABLE,
        ),
    ),
)

PRECEDENCE: tuple[Reason, ...] = tuple(reason for _, group in PRECEDENCE_GROUPS for reason in group)

_RANK = {reason: rank for rank, reason in enumerate(PRECEDENCE)}


def primary(reasons: Iterable[Reason]) -> Reason:
    """The reason that a refusal names first.

    Raises:
        ValueError: no reason at all; a refusal without one is a bug of the caller.
    """
    return min(reasons, key=_RANK.__getitem__)
