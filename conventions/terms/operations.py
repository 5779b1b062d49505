"""Operations: what a person or a service may be allowed to do, each word granted separately.

The closed list of a controller is the twenty-five types of LEV art. 14 together with what the other
articles name; banned operations are listed so that a request for one is refused by its own name.
"""

from conventions.terms.word import Word


class Operation(Word):
    """A *trattamento*; a level is a named set of these, never a number."""

    # The types of LEV art. 14, in the order of the text.
    CAMERA_INSTALL = "camera.install", "installare e attivare telecamere", "LEV art. 14 n. 1"
    PROFILE_MANAGE = "profile.manage", "gestire gruppi e profili", "LEV art. 14 n. 2"
    LIVE_VIEW = "live.view", "vedere in tempo reale", "LEV art. 14 n. 3"
    PTZ_CONTROL = "ptz.control", "brandeggio", "LEV art. 14 n. 4"
    PTZ_LIMIT_SET = "ptz.limit.set", "limitare il brandeggio", "LEV art. 14 n. 5"
    MASK_STATIC_SET = "mask.static.set", "oscurare zone fisse", "LEV art. 14 n. 6"
    RECORDING_MAKE = "recording.make", "registrare", "LEV art. 14 n. 7"
    RECORDING_DELETE = "recording.delete", "cancellare immagini", "LEV art. 14 n. 8"
    RETENTION_SET = "retention.set", "impostare la conservazione", "LEV art. 14 n. 9"
    RECORDING_VIEW = "recording.view", "vedere le registrazioni", "LEV art. 14 n. 10"
    RECORDING_EXTRACT = "recording.extract", "estrarre registrazioni", "LEV art. 14 n. 11"
    MOTION_AREA_SET = "motion.area.set", "definire aree di movimento", "LEV art. 14 n. 12"
    MOTION_ACTION_SET = "motion.action.set", "definire azioni sul movimento", "LEV art. 14 n. 13"
    LIGHT_ACTIVATE = "light.activate", "accendere luci o infrarossi", "LEV art. 14 n. 14"
    AUDIO_SPEAK = "audio.speak", "parlare dall'altoparlante", "LEV art. 14 n. 15"
    INVENTORY_IP = "inventory.ip", "censire indirizzi IP", "LEV art. 14 n. 16"
    INVENTORY_MAC = "inventory.mac", "censire indirizzi MAC", "LEV art. 14 n. 17"
    SOFTWARE_APP_INSTALL = "software.app.install", "installare software applicativo", "LEV art. 14 n. 18"
    SOFTWARE_BASE_INSTALL = "software.base.install", "installare software di base", "LEV art. 14 n. 19"
    SOFTWARE_PATCH = "software.patch", "aggiornare il software", "LEV art. 14 n. 20"
    REMOTE_CONNECT = "remote.connect", "attivare connessioni remote", "LEV art. 14 n. 21"
    SYSTEM_MAINTAIN = "system.maintain", "manutenere il sistema", "LEV art. 14 n. 22"
    LOG_CONFIGURE = "log.configure", "configurare i registri", "LEV art. 14 n. 23"
    LOG_EXTRACT_SIGN = "log.extract-sign", "estrarre e firmare i registri", "LEV art. 14 n. 24"
    LOG_ARCHIVE = "log.archive", "conservare i registri", "LEV art. 14 n. 25"

    # Watching and recording.
    PTZ_ZOOM = "ptz.zoom", "zoom", "LEV art. 34"
    RECORDING_ADHOC = "recording.adhoc", "ripresa ad hoc", "LEV art. 19"
    RECORDING_CHECK_EXISTENCE = "recording.check-existence", "verificare che la ripresa esista", "BEL-12.5; LEV-24.5"
    ROUTE_RECONSTRUCT = "route.reconstruct", "ricostruire un percorso", "LEV art. 33"
    SUBJECT_VIEW = "subject.view", "visione dell'interessato", "BEL art. 12"
    VIOLATION_PORTAL_VIEW = "violation.portal.view", "vedere la violazione sul portale", "LEV art. 10"
    MOBILE_DEPLOY = "mobile.deploy", "collocare telecamere mobili", "LEV art. 29"
    BODYCAM_ACTIVATE = "bodycam.activate", "attivare la telecamera indossata", "LEV art. 29"
    DRONE_MISSION = "drone.mission", "missione con drone", "LEV art. 29"

    # Plates.
    TRANSIT_SHARE = "transit.share", "condividere i transiti", "MC-1.1a"
    PLATE_SEARCH = "plate.search", "cercare una targa", "MC premise; PM art. 1"
    PLATE_STREAM = "plate.stream", "seguire i transiti in tempo reale", "PM art. 1"
    PLATE_WATCHLIST_IMPORT = "plate.watchlist.import", "importare liste di targhe", "PM art. 1"
    PLATE_WATCHLIST_MATCH = "plate.watchlist.match", "confrontare con le liste", "PM art. 1; LEV-5.2"
    CONNECTOR_SCNTT = "connector.scntt", "collegare il sistema nazionale targhe", "MC-1.2"
    LINK_OPS_ROOM = "link.ops-room", "collegare la sala operativa", "LEV art. 32"

    # Copies, media and holds.
    DATA_DOWNLOAD = "data.download", "scaricare dati", "PM-3.10"
    PRESERVE_ON_MEDIA = "preserve.on-media", "conservare su supporto", "PM art. 3; LEV art. 26"
    EVENT_REPORT = "event.report", "segnalare un evento", "PM art. 3; LEV art. 26"
    MEDIA_WRITE = "media.write", "masterizzare", "LEV art. 24; BEL art. 12"
    MEDIA_DELIVER = "media.deliver", "consegnare un supporto", "LEV art. 24; BEL art. 7"
    MEDIA_STORE = "media.store", "custodire un supporto", "LEV art. 24; BEL art. 6"
    MEDIA_DESTROY = "media.destroy", "distruggere un supporto", "BEL artt. 6, 12"
    HOLD_PLACE = "hold.place", "disporre la conservazione", "LEV artt. 23, 31"
    HOLD_RELEASE = "hold.release", "cessare la conservazione", "LEV artt. 23, 31"
    AUTODELETE_SUSPEND = "autodelete.suspend", "sospendere la cancellazione", "LEV art. 23"
    DATA_BLOCK = "data.block", "bloccare i dati", "LEV art. 30"
    DATA_UNBLOCK = "data.unblock", "sbloccare i dati", "LEV art. 30"
    DATA_ANONYMISE = "data.anonymise", "anonimizzare", "LEV artt. 22, 31; BEL definitions"
    MASK_THIRD_PARTIES = "mask.third-parties", "schermare terzi", "BEL-12.6; LEV art. 10"
    DATA_COMMUNICATE = "data.communicate", "comunicare dati", "LEV artt. 19, 43"
    BACKUP_REMOTE = "backup.remote", "copia di riserva remota", "LEV art. 35; BEL-6.10"

    # Named in order to be refused, save where a text opens them.
    DATA_DISSEMINATE = "data.disseminate", "diffondere dati", "PM-3.17; LEV art. 31"
    DATA_MODIFY = "data.modify", "alterare dati", "PM-3.16"
    DUPLICATION_BULK = "duplication.bulk", "duplicare la banca dati", "PM-3.19"
    CORRELATION_CROSS_CONTROLLER = "correlation.cross-controller", "correlare fra titolari", "LEV-32.2"
    AUDIO_LISTEN = "audio.listen", "ascoltare l'audio", "LEV-6.2"
    BIOMETRIC_ANALYSE = "biometric.analyse", "analisi biometrica", "LEV-33.4"
    BEHAVIOUR_ANALYSE = "behaviour.analyse", "analisi dei comportamenti", "LEV-33.4"

    # Logs and oversight.
    LOG_READ = "log.read", "leggere i registri", "PM-3.5"
    LOG_READ_OWN = "log.read-own", "leggere le proprie operazioni", "design 2"
    LOG_REVIEW = "log.review", "verificare i registri", "LEV artt. 17, 38"
    DECISION_REPLAY = "decision.replay", "rivedere una decisione", "PM art. 7; LEV art. 17"
    INVENTORY_LIST = "inventory.list", "elencare le telecamere", "design 2"

    # People and credentials.
    CREDENTIAL_ISSUE = "credential.issue", "rilasciare credenziali", "PM art. 2"
    CREDENTIAL_SUSPEND = "credential.suspend", "sospendere credenziali", "LEV art. 39"
    CREDENTIAL_DISABLE = "credential.disable", "disattivare credenziali", "LEV art. 39"
    BREAKGLASS_OPEN = "breakglass.open", "usare il segreto custodito", "LEV art. 15"
    OPERATOR_APPOINT = "operator.appoint", "designare un operatore", "LEV artt. 20, 21; BEL art. 11"
    OPERATOR_LIST_UPDATE = "operator.list.update", "aggiornare l'elenco degli operatori", "PM art. 2"
    OPERATOR_LIST_VERIFY = "operator.list.verify", "verificare l'elenco degli operatori", "PM art. 2"

    # Deeds.
    CONVENTION_DRAFT = "convention.draft", "proporre un testo", "MC-3.3b"
    CONVENTION_APPROVE = "convention.approve", "approvare un testo", "MC art. 2"
    CONVENTION_SIGN = "convention.sign", "sottoscrivere", "PM art. 6"
    CONVENTION_NOTICE = "convention.notice", "comunicare la disdetta", "PM-6.2"
    CONVENTION_WITHDRAW = "convention.withdraw", "recedere", "PM-6.3"
    CONVENTION_ACCEDE = "convention.accede", "aderire", "MC-4.2"
