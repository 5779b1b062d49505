"""Kinds of document, types of organisation, and the two regimes of personal data law."""

from conventions.terms.word import Word


class Regime(Word):
    """Which law governs a processing; ``both`` means that the controller chooses per grant."""

    GDPR = "gdpr", "regolamento (UE) 2016/679", "MC-P.3"
    LED = "led", "decreto legislativo 51/2018", "MC-P.3"
    BOTH = "both", "entrambi, a scelta del titolare", "MC-P.3"


class OrgType(Word):
    """What an organisation is; a convention grants to organisations of the types it names."""

    STATE_POLICE = "state-police", "forza di polizia dello Stato", "PM-1.4"
    LOCAL_POLICE = "local-police", "polizia locale", "PM-1.4"
    MUNICIPALITY = "municipality", "comune", "MC-1.1b"
    UNION_OF_MUNICIPALITIES = "union-of-municipalities", "unione o consorzio di comuni", "PM-P.1"
    JUDICIAL_AUTHORITY = "judicial-authority", "autorità giudiziaria", "LEV-31.3"
    JUDICIAL_POLICE = "judicial-police", "polizia giudiziaria", "LEV-31.3"
    PUBLIC_ADMINISTRATION = "public-administration", "altra pubblica amministrazione", "LEV-43.1"
    PREFECTURE = "prefecture", "prefettura", "MC-5.1"
    SUPERVISORY_AUTHORITY = "supervisory-authority", "Garante per la protezione dei dati personali", "LEV-30.6"
    HUB = "hub", "centro unico", "LEV-32.2"
    SUPPLIER = "supplier", "responsabile esterno, fornitore", "LEV-18.1"
    PRIVATE_PARTNER = "private-partner", "partner privato", "LEV-13.2"


class DocumentKind(Word):
    """Every kind of document that the register takes; what each carries is in ``conventions.schema``."""

    REGULATION = "regulation", "regolamento", "LEV art. 4; BEL art. 9"
    CONVENTION = "convention", "convenzione", "PM art. 1"
    FRAMEWORK_PROTOCOL = "framework-protocol", "protocollo d'intesa", "MC-2.1"
    IMPLEMENTING_AGREEMENT = "implementing-agreement", "accordo attuativo", "MC-2.4"
    ACCESSION = "accession", "adesione successiva", "MC-4.2"
    PARTICIPATION = "participation", "videosorveglianza partecipata", "LEV-13.1"
    OPERATOR_LIST = "operator-list", "elenco degli operatori", "PM-2.2"
    APPOINTMENT_ACT = "appointment-act", "atto di autorizzazione", "PM-2.4"
    LEGAL_BASIS_ACT = "legal-basis-act", "atto presupposto", "requirements 10.6"
    POWERS_OF_SIGNATURE = "powers-of-signature", "poteri di firma", "requirements 10.4"
    DPO_OPINION = "dpo-opinion", "parere del responsabile della protezione dei dati", "MC-3.3a"
    NOTICE = "notice", "comunicazione scritta", "PM-6.2"
    EVENT_WINDOW = "event-window", "finestra dell'evento", "PM-1.2"
    CALENDAR = "calendar", "calendario", "LEV-8.1"
    CASE_AUTHORISATION = "case-authorisation", "autorizzazione scritta per il caso", "LEV-24.1"
    JUDICIAL_ORDER = "judicial-order", "provvedimento dell'autorità giudiziaria", "requirements 10.5"
    TRUST = "trust", "atto di fiducia", "design 3"
