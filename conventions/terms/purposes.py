"""Purposes of access and grounds for opening recordings, of all controllers together.

Each controller allows a subset; what a controller excludes, it excludes by its regulation. The regime on a
purpose is a proposal for the data protection officer, since the texts rarely state one.
"""

from typing import Self

from conventions.terms.kinds import Regime
from conventions.terms.word import Word


class Purpose(Word):
    """A *finalità istituzionale*; mandatory on every request."""

    proposed_regime: Regime

    def __new__(cls, value: str, italian: str = "", source: str = "", regime: Regime = Regime.BOTH) -> Self:
        """Keep the proposed regime beside the word."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.italian = italian
        word.source = source
        word.proposed_regime = regime
        return word

    # Territory and police.
    INTEGRATED_SECURITY = "integrated-security", "sicurezza integrata", "MC art. 1; PM art. 1", Regime.BOTH
    URBAN_SECURITY = "urban-security", "sicurezza urbana", "MC premise; PM art. 1; LEV art. 5", Regime.BOTH
    POLICE_INSTITUTIONAL_DUTIES = (
        "police-institutional-duties", "compiti istituzionali di polizia", "MC art. 1", Regime.LED,
    )  # fmt: skip
    VEHICLE_INVESTIGATION = "vehicle-investigation", "indagine o controllo su veicoli", "MC premise", Regime.LED
    COORDINATED_TERRITORY_CONTROL = (
        "coordinated-territory-control", "controllo coordinato del territorio", "MC premise", Regime.LED,
    )  # fmt: skip
    NATIONAL_PLATE_NETWORK = (
        "national-plate-network", "collegamento al sistema nazionale targhe", "MC-1.2", Regime.LED,
    )  # fmt: skip
    LIVE_TRAFFIC_FLOW = "live-traffic-flow", "flusso veicolare in tempo reale", "PM-1.2", Regime.LED
    CIVIL_PROTECTION = "civil-protection", "protezione civile", "PM art. 1", Regime.BOTH
    INTEGRATED_PLATE_NETWORK = "integrated-plate-network", "rete integrata di lettura targhe", "PM-1.3", Regime.LED
    PUBLIC_ORDER_SECURITY = (
        "public-order-security", "ordine e sicurezza pubblica", "PM art. 1; BEL-1.1", Regime.LED,
    )  # fmt: skip
    CRIME_PREVENTION_REPRESSION = (
        "crime-prevention-repression", "prevenzione e repressione dei reati", "PM art. 1; LEV art. 5", Regime.LED,
    )  # fmt: skip
    INTEGRATED_SYSTEM_MANAGEMENT = (
        "integrated-system-management", "gestione dei sistemi integrati", "PM art. 1", Regime.GDPR,
    )  # fmt: skip
    ENVIRONMENT_HERITAGE_REPORT = (
        "environment-heritage-report", "segnalazione su ambiente e patrimonio", "PM art. 3", Regime.BOTH,
    )  # fmt: skip
    PROCESSING_OVERSIGHT = (
        "processing-oversight", "verifica dei trattamenti", "PM artt. 2, 7; LEV artt. 17, 38", Regime.GDPR,
    )  # fmt: skip
    JUDICIAL_INVESTIGATION = (
        "judicial-investigation", "indagine dell'autorità giudiziaria", "LEV artt. 19, 31; BEL art. 7", Regime.LED,
    )  # fmt: skip
    POLICE_INVESTIGATION = (
        "police-investigation", "indagine di polizia", "LEV artt. 5, 26; BEL art. 7", Regime.LED,
    )  # fmt: skip
    INTEGRATED_TERRITORY_CONTROL = (
        "integrated-territory-control", "controllo integrato del territorio", "LEV artt. 5, 32", Regime.BOTH,
    )  # fmt: skip
    SENSITIVE_PLACES_PREVENTION = (
        "sensitive-places-prevention", "prevenzione in luoghi sensibili", "BEL art. 1", Regime.GDPR,
    )  # fmt: skip

    # The municipality's own care of places, roads and things.
    VANDALISM_PREVENTION_DETECTION = (
        "vandalism-prevention-detection", "prevenzione e rilevazione di vandalismi", "LEV art. 5", Regime.BOTH,
    )  # fmt: skip
    VANDALISM_RECONSTRUCTION = (
        "vandalism-reconstruction", "ricostruzione di atti vandalici", "BEL art. 1", Regime.GDPR,
    )  # fmt: skip
    DANGER_DETECTION = "danger-detection", "rilevazione di pericoli", "LEV art. 5; BEL art. 1", Regime.BOTH
    PUBLIC_PLACES_VIGILANCE = (
        "public-places-vigilance", "vigilanza su luoghi pubblici", "LEV art. 5", Regime.LED,
    )  # fmt: skip
    ROAD_SAFETY = "road-safety", "sicurezza stradale", "LEV art. 5", Regime.GDPR
    VEHICLE_STATUS_CHECK = (
        "vehicle-status-check", "veicoli rubati, non assicurati o non revisionati", "LEV-5.2", Regime.BOTH,
    )  # fmt: skip
    MUNICIPAL_ASSETS_PROTECTION = (
        "municipal-assets-protection", "tutela del patrimonio comunale", "LEV art. 5; BEL art. 1", Regime.GDPR,
    )  # fmt: skip
    WASTE_CONTROL = "waste-control", "controllo di depositi e abbandoni di rifiuti", "LEV-9.1", Regime.GDPR
    ADMINISTRATIVE_OFFENCE_EVIDENCE = (
        "administrative-offence-evidence", "accertamento di illeciti amministrativi", "LEV art. 5", Regime.GDPR,
    )  # fmt: skip
    TRAFFIC_CODE_ENFORCEMENT = (
        "traffic-code-enforcement", "accertamento di violazioni stradali", "LEV art. 10", Regime.GDPR,
    )  # fmt: skip
    ZTL_ENFORCEMENT = "ztl-enforcement", "controllo degli accessi alla ZTL", "LEV-12.1", Regime.GDPR
    SCHOOL_ASSET_PROTECTION = "school-asset-protection", "tutela degli edifici scolastici", "LEV-8.1", Regime.GDPR
    TRAFFIC_FLOW_ANALYSIS = "traffic-flow-analysis", "analisi anonima dei flussi", "LEV art. 22", Regime.GDPR
    TRAFFIC_CONDITIONS = "traffic-conditions", "condizioni del traffico", "BEL art. 1", Regime.GDPR
    PREMISES_SECURITY = "premises-security", "sicurezza degli edifici", "BEL principles", Regime.GDPR
    ACCIDENT_INQUIRY = "accident-inquiry", "fascicolo di incidente stradale", "LEV art. 31", Regime.BOTH
    BODY_DASH_CAMERA_DUTY = (
        "body-dash-camera-duty", "servizio con telecamere indossate o di bordo", "LEV art. 29", Regime.LED,
    )  # fmt: skip
    AERIAL_CAPTURE = "aerial-capture", "riprese con drone", "LEV art. 29", Regime.BOTH

    # Rights, and the running of the system.
    DEFENCE_OF_RIGHTS = "defence-of-rights", "difesa in giudizio", "LEV art. 6; BEL principles", Regime.GDPR
    DEFENCE_INVESTIGATION = "defence-investigation", "indagine difensiva", "LEV art. 31", Regime.GDPR
    DATA_SUBJECT_RIGHTS = "data-subject-rights", "diritti dell'interessato", "LEV art. 30; BEL art. 12", Regime.GDPR
    CITIZEN_PRESERVATION = "citizen-preservation", "conservazione chiesta dal cittadino", "LEV-31.6", Regime.BOTH
    EXCEPTIONAL_DISCLOSURE = "exceptional-disclosure", "divulgazione eccezionale anonima", "LEV-31.8", Regime.GDPR
    SYSTEM_ADMINISTRATION_MAINTENANCE = (
        "system-administration-maintenance", "amministrazione e manutenzione", "LEV art. 34; BEL art. 6", Regime.GDPR,
    )  # fmt: skip


class Ground(Word):
    """A *presupposto dell'accesso*: the facts that open recordings; separate from the purpose."""

    REPORTED_OR_DETECTED_OFFENCE = "reported-or-detected-offence", "reato denunciato o rilevato", "PM-3.1"
    JUDICIAL_POLICE_OWN_INITIATIVE = (
        "judicial-police-own-initiative", "polizia giudiziaria di iniziativa", "PM-3.1",
    )  # fmt: skip
    JUDICIAL_POLICE_DELEGATED = "judicial-police-delegated", "polizia giudiziaria delegata", "PM-3.1"
    URBAN_SECURITY_PUBLIC_ORDER = (
        "urban-security-public-order", "sicurezza urbana, ordine e sicurezza pubblica", "PM-3.1",
    )  # fmt: skip
