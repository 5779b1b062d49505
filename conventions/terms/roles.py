"""Roles: in which capacity a person or a service acts; the deed says what each may do."""

from conventions.terms.word import Word


class Role(Word):
    """A role of section 3 of the requirements; ``JUDICIAL_POLICE_QUALIFIED`` is an attribute beside one."""

    # The controller's own.
    MAYOR = "mayor", "sindaco", "LEV art. 24; PM art. 6"
    DESIGNATED_MANAGER = "designated-manager", "designato", "LEV art. 17; BEL art. 10"
    PL_COMMANDER = "pl-commander", "comandante di polizia locale", "LEV art. 24"
    LOCAL_POLICE_OPERATOR = "local-police-operator", "operatore di polizia locale", "LEV art. 25; PM art. 2"
    EXTRACTION_OPERATOR = "extraction-operator", "addetto all'estrazione", "LEV art. 24"
    SYSTEM_ADMINISTRATOR = "system-administrator", "amministratore di sistema", "PM art. 3; LEV art. 38"
    SYSTEM_PASSWORD_CUSTODIAN = "system-password-custodian", "custode delle password di sistema", "LEV art. 15"
    USER_PASSWORD_CUSTODIAN = "user-password-custodian", "custode delle parole chiave", "LEV art. 15"
    DPO = "dpo", "responsabile della protezione dei dati", "MC-3.3a"
    LOG_REVIEWER = "log-reviewer", "incaricato della verifica dei registri", "LEV art. 38"
    AUDITOR = "auditor", "revisore", "PM art. 7; LEV art. 17"
    GIUNTA = "giunta", "giunta comunale", "LEV art. 28; BEL art. 9"
    COUNCIL = "council", "consiglio comunale", "LEV art. 45"

    # Those who work for it.
    EXTERNAL_PROCESSOR = "external-processor", "responsabile esterno", "LEV art. 18"
    MAINTENANCE_TECHNICIAN = "maintenance-technician", "tecnico manutentore", "LEV art. 34"
    HUB_MANAGER = "hub-manager", "gestore del centro unico", "LEV art. 32"
    COORDINATOR = "coordinator", "soggetto referente", "MC-2.3"
    LEAD_BODY = "lead-body", "ente capofila", "MC-2.4"
    NVR_ADAPTER = "nvr-adapter", "servizio di collegamento al registratore", "PM-3.14"

    # The partner's.
    PARTNER_SIGNATORY = "partner-signatory", "firmatario dell'ente fruitore", "PM art. 6"
    PARTNER_RESPONSIBLE = "partner-responsible", "responsabile dell'ente fruitore", "PM art. 2"
    PARTNER_OPERATOR = "partner-operator", "operatore dell'ente fruitore", "PM art. 2"
    JUDICIAL_POLICE_QUALIFIED = (
        "judicial-police-qualified", "operatore con funzioni di polizia giudiziaria", "PM-3.6",
    )  # fmt: skip
    OPS_ROOM = "ops-room", "sala operativa", "MC premise; LEV art. 32"
    PRIVATE_PARTNER = "private-partner", "partner privato", "LEV-13.2"

    # Those who ask.
    JUDICIAL_AUTHORITY = "judicial-authority", "autorità giudiziaria", "LEV art. 31"
    JUDICIAL_POLICE = "judicial-police", "polizia giudiziaria", "LEV art. 31"
    ROAD_POLICE_BODY = "road-police-body", "organo di polizia stradale", "LEV art. 31"
    DEFENCE_COUNSEL = "defence-counsel", "difensore", "LEV art. 31"
    PUBLIC_ADMINISTRATION = "public-administration", "altra pubblica amministrazione", "LEV art. 43"
    DATA_SUBJECT = "data-subject", "interessato", "LEV art. 30; BEL art. 12"
    SUBJECT_DELEGATE = "subject-delegate", "delegato dell'interessato", "LEV art. 30"
    VICTIM_OR_WITNESS = "victim-or-witness", "vittima o testimone", "LEV-31.6"
    VIOLATION_ADDRESSEE = "violation-addressee", "destinatario del verbale", "LEV art. 10"
    AUTHORISED_THIRD_PARTY = "authorised-third-party", "terzo autorizzato", "BEL art. 6"

    # Those who oversee, assent or receive.
    DPA = "dpa", "Garante per la protezione dei dati personali", "MC-3.2a; LEV art. 30"
    DPA_INSPECTOR = "dpa-inspector", "ispettore del Garante", "LEV art. 30"
    MINISTRY_INTERIOR = "ministry-interior", "Ministero dell'interno", "MC-1.2"
    PREFETTURA = "prefettura", "prefettura", "MC-5.1"
    QUESTURA = "questura", "questura", "MC-5.1"
    CARABINIERI_PROVINCIAL_COMMAND = (
        "carabinieri-provincial-command", "comando provinciale dei Carabinieri", "MC-5.1",
    )  # fmt: skip
