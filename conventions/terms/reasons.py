"""Why a request was refused: the law's reasons and the system's, one closed list.

Every refusal has exactly one primary reason (``terms.precedence``); the others follow as secondary. The codes are
stable: logs, replay and tests rest on them.
"""

from conventions.terms.word import Word


class Reason(Word):
    """A reason code."""

    # The deed and what it rests on.
    NO_CONVENTION = "no-convention", "nessuna convenzione", "MC-2.1, MC-3.1c, PM-P.1, LEV-5.3, BEL-1.2"
    CONVENTION_EXPIRED = "convention-expired", "convenzione scaduta", "PM-6.1"
    CONVENTION_SUSPENDED = "convention-suspended", "convenzione sospesa", "MC-3.2b"
    CONVENTION_WITHDRAWN = "convention-withdrawn", "recesso dalla convenzione", "PM-6.3, PM-6.4"
    LEGAL_BASIS_EXPIRED = "legal-basis-expired", "atto presupposto scaduto", "requirements 10.5"
    ANNEX_MISSING = "annex-missing", "allegato mancante", "MC-2.2"
    NOTICE_MISSING = "notice-missing", "informativa mancante", "LEV-6.6, LEV-32.3"
    ASSENT_MISSING = "assent-missing", "assenso ministeriale mancante", "MC-1.2"
    LEGAL_TERM_PENDING = "legal-term-pending", "termine di legge non decorso", "LEV-19.1"

    # What the request must state.
    PURPOSE_MISSING = "purpose-missing", "finalità non dichiarata", "MC-1.1c"
    PURPOSE_NOT_GRANTED = (
        "purpose-not-granted", "finalità non concessa",
        "MC-1.1c, PM-1.4, PM-3.18, LEV-5.1, LEV-9.1, LEV-10.3, BEL-1.1",
    )  # fmt: skip
    GROUND_MISSING = "ground-missing", "presupposto mancante", "MC-P.1, PM-3.1"
    NECESSITY_MISSING = "necessity-missing", "necessità non dichiarata", "PM-P.3"
    REQUEST_INCOMPLETE = "request-incomplete", "richiesta incompleta", "LEV-25.3"

    # What the deed grants.
    APPLICANT_NOT_ENTITLED = (
        "applicant-not-entitled", "richiedente non legittimato", "MC-1.1b, LEV-13.2, LEV-31.3, LEV-43.1, BEL-6.7",
    )  # fmt: skip
    CLASS_NOT_GRANTED = "class-not-granted", "tipo di dato non concesso", "MC-1.1a"
    ROLE_NOT_GRANTED = (
        "role-not-granted", "ruolo non abilitato",
        "PM-3.6, LEV-6.5, LEV-14.2, LEV-24.5, LEV-26.3, LEV-33.1, LEV-34.3, BEL-6.8",
    )  # fmt: skip
    LEVEL_INSUFFICIENT = "level-insufficient", "livello insufficiente", "PM-2.3, LEV-34.2"
    OPERATION_UNKNOWN = "operation-unknown", "operazione non prevista", "LEV-14.1, BEL-5.1"
    OUTSIDE_TERRITORY = "outside-territory", "fuori dal territorio concesso", "PM-1.1"
    ROUTE_OUTSIDE_COMPETENCE = "route-outside-competence", "percorso fuori competenza", "LEV-33.2"
    CONTROLLER_SEPARATION = "controller-separation", "separazione fra titolari", "LEV-32.1, LEV-32.6"
    CROSS_CONTROLLER_CORRELATION = "cross-controller-correlation", "correlazione fra titolari", "LEV-32.2"
    READ_ONLY = "read-only", "sola lettura", "PM-3.16"
    BACKUP_FORBIDDEN = "backup-forbidden", "copia di riserva non prevista", "BEL-6.10"
    COPY_TO_CITIZEN = "copy-to-citizen", "copia non consegnabile al cittadino", "LEV-31.2, BEL-12.6"
    THIRD_PARTY_DISCLOSURE = "third-party-disclosure", "divulgazione a terzi", "PM-3.17"
    LOG_READER_NOT_ALLOWED = "log-reader-not-allowed", "lettura dei registri non consentita", "PM-3.5"
    LOG_IMMUTABLE = "log-immutable", "registro non modificabile", "LEV-14.3, LEV-38.2"
    URGENT_NOT_GRANTED = "urgent-not-granted", "urgenza non prevista", "requirements 10.5"

    # The person and the workstation.
    OPERATOR_NOT_LISTED = "operator-not-listed", "operatore non in elenco", "MC-P.2, PM-2.2, PM-2.6"
    OPERATOR_ACT_MISSING = "operator-act-missing", "atto di autorizzazione mancante", "PM-2.4"
    OPERATOR_ACK_MISSING = "operator-ack-missing", "istruzioni non accettate", "PM-2.10"
    OPERATOR_SUSPENDED = "operator-suspended", "operatore sospeso", "LEV-39.1"
    CREDENTIAL_SHARED = "credential-shared", "credenziale usata su due postazioni", "PM-2.8"
    WORKSTATION_NOT_ENABLED = "workstation-not-enabled", "postazione non abilitata", "PM-3.10, LEV-34.1, BEL-6.4"
    REFERENCE_OVERDUE = "reference-overdue", "riferimento non comunicato nei termini", "requirements 10.5"
    URGENT_REVIEW_PENDING = "urgent-review-pending", "verifica dell'urgenza in attesa", "requirements 10.5"

    # The camera and its hours.
    CAMERA_NOT_AUTHORISED = (
        "camera-not-authorised", "telecamera non autorizzata", "LEV-12.1, LEV-22.2, LEV-28.1, BEL-PR.1, BEL-9.1",
    )  # fmt: skip
    CAMERA_TIME_WINDOW = "camera-time-window", "fuori orario", "PM-1.2, LEV-8.1, BEL-5.3"
    CAMERA_MASK_REQUIRED = "camera-mask-required", "oscuramento mancante", "LEV-8.3"
    INDOOR_AREA = "indoor-area", "luogo chiuso", "LEV-7.1"
    PRIVATE_AREA = "private-area", "area privata", "LEV-25.1"
    PTZ_LIMIT = "ptz-limit", "limite di brandeggio", "PM-3.9, LEV-22.3, LEV-25.2"
    AUDIO_FORBIDDEN = "audio-forbidden", "audio vietato", "LEV-6.2"
    BIOMETRIC_NOT_CLEARED = "biometric-not-cleared", "funzione intelligente non autorizzata", "LEV-33.4"
    ADAPTER_UNTRUSTED = "adapter-untrusted", "registratore non documentato", "PM-3.14, LEV-35.1"
    CONNECTIVITY_WINDOW = "connectivity-window", "connessione fuori dall'atto scritto", "LEV-35.3"

    # The state of the data.
    RETENTION_ELAPSED = (
        "retention-elapsed", "termine di conservazione decorso",
        "LEV-12.2, LEV-23.1, LEV-31.1, LEV-31.5, BEL-6.1, BEL-12.7",
    )  # fmt: skip
    DATA_BLOCKED = "data-blocked", "dati bloccati", "LEV-1.2, LEV-30.3"
    HOLD_PREVENTS_DELETE = "hold-prevents-delete", "conservazione in corso", "LEV-30.10"
    HOLD_ONLY = "hold-only", "sola conservazione", "requirements 10.5"

    # How much, how often, and what must accompany it.
    MINIMISATION = "minimisation", "richiesta più ampia del necessario", "PM-3.15"
    BULK_DUPLICATION = "bulk-duplication", "duplicazione massiva", "PM-3.19"
    REPEAT_TOO_SOON = "repeat-too-soon", "istanza ripetuta troppo presto", "LEV-30.2"
    AUTHORISATION_MISSING = (
        "authorisation-missing", "autorizzazione scritta mancante",
        "LEV-19.4, LEV-24.1, LEV-24.3, LEV-30.9, BEL-5.2, BEL-A.4",
    )  # fmt: skip
    JUDICIAL_ORDER_REQUIRED = "judicial-order-required", "serve un provvedimento giudiziario", "requirements 10.5"
    PAYMENT_MISSING = "payment-missing", "costi non versati", "LEV-31.4"
    MEDIA_NOT_ENCRYPTED = "media-not-encrypted", "supporto non cifrato", "LEV-24.4"
    ANONYMISATION_REQUIRED = "anonymisation-required", "anonimizzazione incompleta", "LEV-31.8, BEL-12.5"
    SUPERVISOR_ABSENT = "supervisor-absent", "manca chi deve assistere", "LEV-34.4"

    # The system's own; the same words are kinds of fault.
    NOT_AUTHENTICATED = "not-authenticated", "accesso non effettuato", "design 4"
    ASSURANCE_TOO_LOW = "assurance-too-low", "identificazione troppo debole", "design 4"
    SESSION_ENDED = "session-ended", "sessione terminata", "design 4"
    REQUEST_MALFORMED = "request-malformed", "richiesta non leggibile", "design 4"
    RESOURCE_UNKNOWN = "resource-unknown", "risorsa sconosciuta", "design 4"
    FACT_MISSING = "fact-missing", "dato mancante per decidere", "design 4"
    ENGINE_FAULT = "engine-fault", "guasto nella decisione", "design 4"
    POLICY_UNAVAILABLE = "policy-unavailable", "regole non disponibili", "design 4"
    SOURCE_UNAVAILABLE = "source-unavailable", "registratore non raggiungibile", "design 4"
    CLOCK_UNTRUSTED = "clock-untrusted", "ora non affidabile", "design 4"
    LEDGER_UNAVAILABLE = "ledger-unavailable", "registro non scrivibile", "design 4"


SYSTEM_REASONS: frozenset[Reason] = frozenset(
    {
        Reason.NOT_AUTHENTICATED,
        Reason.ASSURANCE_TOO_LOW,
        Reason.SESSION_ENDED,
        Reason.REQUEST_MALFORMED,
        Reason.RESOURCE_UNKNOWN,
        Reason.FACT_MISSING,
        Reason.ENGINE_FAULT,
        Reason.POLICY_UNAVAILABLE,
        Reason.SOURCE_UNAVAILABLE,
        Reason.CLOCK_UNTRUSTED,
        Reason.LEDGER_UNAVAILABLE,
    }
)
LAW_REASONS: frozenset[Reason] = frozenset(Reason) - SYSTEM_REASONS
