"""What a lawyer would send back: every finding, in both languages, with its row and how to mend it. One catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from conventions.finding_entry import Entry, Severity
from conventions.findings_deeds import DEEDS


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. An ``error`` blocks publication; a ``warning`` is shown and left to the controller.

    ``row`` is the requirement row, conflict or defect it comes from; ``where`` the path inside the document.
    """

    row: str
    where: str
    message_it: str
    message_en: str
    severity: Severity
    mend: str
    """In Italian."""
    mend_en: str
    code: str


def finding(code: str, where: str, **values: object) -> Finding:
    """The finding of the catalogue with its values."""
    entry = CATALOGUE[code]
    given = {**values, "where": where}
    it, en, mend, mend_en = (text.format(**given) for text in (entry.it, entry.en, entry.mend, entry.mend_en))
    return Finding(str(values.get("row", entry.row)), where, it, en, entry.severity, mend, mend_en, code)


CATALOGUE: Mapping[str, Entry] = {
    **DEEDS,
    # What every text must do.
    "says-nothing": Entry(
        "error",
        "PM-P.2",
        "«{text}» non dice nulla: {where} è vuoto nella sostanza",
        "{text!r} says nothing: {where} is empty in substance",
        "scrivere il contenuto, o togliere la voce se facoltativa",
        "write the content, or leave the member out if it is optional",
    ),
    "foreign-letter": Entry(
        "error",
        "PM-P.4",
        "in {where} la lettera «{sign}» ({name}) somiglia a un'altra ma non lo è",
        "in {where} the letter {sign!r} ({name}) looks like another and is not",
        "riscrivere la parola con lettere latine",
        "write the word again with Latin letters",
    ),
    # Regulations and calendars.
    "regulation-second": Entry(
        "error",
        "D-29",
        "{regulation} varrebbe insieme a {other}: {controller} ha un solo regolamento per volta",
        "{regulation} would be in force together with {other}: {controller} has one regulation at a time",
        "pubblicare una nuova versione di {other}, o farla prima cessare",
        "publish a new version of {other}, or end it first",
    ),
    "quota-without-effect": Entry(
        "error",
        "PM-3.19",
        "una quota che questa versione non fa ancora rispettare darebbe una sicurezza che non c'è",
        "a quota that this version does not enforce yet would promise what is not there",
        "togliere la quota finché una versione che la applica non è installata",
        "leave the quota out until a version that enforces it is installed",
    ),
    "log-too-short": Entry(
        "error",
        "LEV-32.5",
        "i registri restano {kept}, il minimo è {least} (fino a {days} giorni): mancano fino a {short} giorni",
        "logs are kept {kept}, the minimum is {least} (up to {days} days): up to {short} days are short",
        "log_online: {least}, o un archivio firmato (log_archive_min e log_end_of_life: archive-signed)",
        "log_online: {least}, or a signed archive (log_archive_min and log_end_of_life: archive-signed)",
    ),
    "log-readers-absent": Entry(
        "warning",
        "PM-3.5",
        "nessuno può leggere i registri: log_readers è vuoto",
        "nobody may read the logs: log_readers is empty",
        "dire chi legge i registri",
        "say who reads the logs",
    ),
    "retention-absent": Entry(
        "error",
        "D-04",
        "manca il termine di conservazione delle immagini: le telecamere non si possono attivare",
        "the retention of images is missing: cameras cannot be activated",
        "scrivere retention_images",
        "write retention_images",
    ),
    "collection-purpose": Entry(
        "error",
        "LEV-5.1",
        "{camera} raccoglie per «{italian}», che non è fra le finalità del regolamento",
        "{camera} collects for {purpose}, which is not among the regulation's purposes",
        "togliere la finalità, o aggiungerla",
        "remove the purpose, or add it",
    ),
    "territory-mismatch": Entry(
        "error",
        "LEV-22.2",
        "{camera}: il comune {municipality} non sta nella provincia {province}",
        "{camera}: the municipality {municipality} is not in the province {province}",
        "correggere i codici ISTAT",
        "correct the ISTAT codes",
    ),
    "calendar-unknown": Entry(
        "warning",
        "LEV-8.1",
        "{camera} segue il calendario {calendar}, che non è nel registro: finché manca, è chiusa",
        "{camera} follows the calendar {calendar}, which is not in the register: until then it is shut",
        "pubblicare il calendario",
        "publish the calendar",
    ),
    "indoor": Entry(
        "warning",
        "LEV-7.1",
        "{camera} è al chiuso senza motivazione: resta chiusa",
        "{camera} is indoors without a reason: it stays shut",
        "scrivere indoor_exception, o togliere la telecamera",
        "write indoor_exception, or remove the camera",
    ),
    "level-outside": Entry(
        "error",
        "LEV-14.1",
        "il livello {level} contiene «{italian}», che non è fra i trattamenti del regolamento",
        "the level {level} holds {operation}, which is not among the regulation's operations",
        "togliere {operation} dal livello",
        "remove {operation} from the level",
    ),
    "never-open": Entry(
        "warning",
        "LEV-8.1",
        "nessun orario di apertura: la telecamera resterebbe sempre accesa",
        "no opening hours: the camera would always be on",
        "scrivere opening",
        "write opening",
    ),
    "overnight": Entry(
        "warning",
        "LEV-8.1",
        "dalle {starts} alle {ends}: si intende fino al giorno dopo",
        "from {starts} to {ends}: this is read as ending on the next day",
        "controllare gli orari",
        "check the hours",
    ),
    # People.
    "deed-unknown": Entry(
        "error",
        "PM-2.2",
        "{deed} non è nel registro",
        "{deed} is not in the register",
        "pubblicare prima l'atto da cui l'elenco dipende",
        "publish the deed it depends on first",
    ),
    "not-a-party": Entry(
        "error",
        "PM-2.2",
        "{body} non è parte di {deed}",
        "{body} is no party to {deed}",
        "correggere under o body",
        "correct under or body",
    ),
    "level-unknown": Entry(
        "error",
        "PM-2.3",
        "{person}: il livello {level} non è nel regolamento",
        "{person}: the level {level} is not in the regulation",
        "usare un livello del regolamento",
        "use a level of the regulation",
    ),
    "credential-twice": Entry(
        "error",
        "PM-2.7",
        "{person}: la stessa identità è già legata a {other}",
        "{person}: the same sign-in is already bound to {other}",
        "una identità per persona",
        "one sign-in for one person",
    ),
    "issuer-not-trusted": Entry(
        "warning",
        "C-17",
        "{person}: nessun atto di fiducia dice che {issuer} garantisce per {body}",
        "{person}: no trust document lets {issuer} vouch for {body}",
        "pubblicare l'atto di fiducia, o correggere issuer",
        "publish the trust document, or correct issuer",
    ),
    "person-not-listed": Entry(
        "error",
        "PM-2.4",
        "{person} non è in nessun elenco pubblicato",
        "{person} stands on no published list",
        "pubblicare prima l'elenco",
        "publish the list first",
    ),
    "act-operation": Entry(
        "error",
        "LEV-14.1",
        "l'atto nomina «{italian}», che non è fra i trattamenti del regolamento",
        "the act names {operation}, which is not among the regulation's operations",
        "togliere {operation}",
        "remove {operation}",
    ),
    "window-long": Entry(
        "warning",
        "PM-1.2",
        "la finestra dura {days} giorni: il testo parla di situazioni che si presentano di volta in volta",
        "the window lasts {days} days: the text speaks of situations that arise from time to time",
        "aprire finestre più brevi",
        "open shorter windows",
    ),
    "about-unknown": Entry(
        "warning",
        "MC-3.3a",
        "il parere riguarda un testo che il registro non conosce ancora",
        "the opinion is about a text that the register does not know yet",
        "va bene, se il testo segue",
        "fine, if the text follows",
    ),
}
