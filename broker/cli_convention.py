"""``varco convention lint|sign|verify|show|publish|suspend`` and ``varco window open|close``.

Exit status: 0 done, 1 the document is refused or has errors, 2 the command could not be carried out.
"""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from broker.cli_desk import (
    Desk,
    open_desk,
    parsed,
    read_source,
    signed_file,
    suspension,
    suspension_end,
    window_closed,
)
from broker.cli_desk import window as window_text
from broker.cli_show import (
    REFUSED_EXIT,
    console,
    document_panel,
    findings_table,
    local,
    published_plain,
    refused,
    signers_table,
)
from broker.clock import SystemClock
from conventions import schema
from conventions.calendars import ZONE
from conventions.faults import Fault, FaultKind
from conventions.keys import SigningKey, load_signer
from conventions.lint import blocks, lint
from conventions.register import EMPTY
from conventions.signing import sign
from conventions.terms import Purpose
from conventions.text import Plain
from conventions.trust_set import TrustSet
from conventions.verification import verdicts

convention = typer.Typer(help="I documenti firmati, dal testo alla pubblicazione.", no_args_is_help=True)
window = typer.Typer(help="Le finestre degli eventi: aprire e chiudere.", no_args_is_help=True)

DEFAULT = Path("varco.toml")

SettingsFile = Annotated[
    Path, typer.Option("--settings", "-s", help="Il file delle impostazioni.", envvar="VARCO_SETTINGS", dir_okay=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Risposta in JSON.")]
Language = Annotated[str, typer.Option("--lang", help="Lingua dei rilievi: it o en.")]
Document = Annotated[Path, typer.Argument(help="Testo .yaml o busta firmata .varco.json.", exists=True, dir_okay=False)]
Key = Annotated[Path, typer.Option("--key", help="Chiave privata (PEM, leggibile solo da chi firma).", dir_okay=False)]
Certificate = Annotated[Path, typer.Option("--cert", help="Certificato di chi firma (PEM).", dir_okay=False)]
Reason = Annotated[str, typer.Option("--reason", help="Il motivo, come va agli atti.")]


@convention.command("lint")
def lint_command(
    file: Document, settings_file: SettingsFile = DEFAULT, language: Language = "it", as_json: AsJson = False
) -> None:
    """Dice che cosa un giurista rimanderebbe indietro, con la riga e il rimedio.

    Termina con 1 se ci sono errori: gli errori impediscono la pubblicazione.
    Esempio: [bold]varco convention lint bozza.yaml[/]
    """
    register = open_desk(settings_file).register if settings_file.exists() else EMPTY
    try:
        found = lint(parsed(file), register)
    except Fault as fault:
        refused(fault, as_json)
    if as_json:
        console.print_json(json.dumps([asdict(each) for each in found]))
    elif found:
        console.print(findings_table(found, language))
    else:
        console.print("[green]nessun rilievo[/]")
    if blocks(found):
        raise typer.Exit(REFUSED_EXIT)


@convention.command("sign")
def sign_command(file: Document, key: Key, cert: Certificate, as_json: AsJson = False) -> None:
    """Firma un testo, o aggiunge una firma a una busta già firmata da altri.

    Scrive la busta accanto al testo. Esempio: [bold]varco convention sign conv.yaml --key sindaco.key.pem
    --cert sindaco.cert.pem[/]
    """
    signer = load_signer(key, cert)
    try:
        target, raw = signed_file(file, signer, SystemClock().now_utc())
    except Fault as fault:
        refused(fault, as_json)
    target.write_bytes(raw)
    who = signer.subject
    if as_json:
        console.print_json(json.dumps({"file": str(target), "body": who.body, "role": who.role.value}))
    else:
        console.print(f"firmato: {who.body}, {who.role.italian} ({escape(who.pseudonym)}) in {escape(str(target))}")


@convention.command("verify")
def verify_command(file: Document, settings_file: SettingsFile = DEFAULT, as_json: AsJson = False) -> None:
    """Verifica una busta: forma, testo, ogni firma, chi manca.

    Termina con 1 se il documento non si può pubblicare. Esempio: [bold]varco convention verify conv.varco.json[/]
    """
    at_utc = SystemClock().now_utc()
    desk = open_desk(settings_file)
    raw, _, _ = read_source(file)
    try:
        verified = desk.admitted(raw, at_utc, file.name)
    except Fault as fault:
        if not as_json:
            _show_signatures(raw, desk.trust(at_utc), at_utc)
        refused(fault, as_json)
    if as_json:
        console.print_json(json.dumps(published_plain(verified)))
    else:
        console.print(signers_table(verified.signers))
        console.print(f"[green]valido[/]: {verified.id} versione {verified.version}, impronta {verified.sha256}")


@convention.command("show")
def show_command(
    what: Annotated[str, typer.Argument(help="Un file, o l'identificativo di un documento pubblicato.")],
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Mostra un documento come lo legge una persona, con firme e stato.

    Esempio: [bold]varco convention show c_g917/convention/carabinieri[/]
    """
    at_utc = SystemClock().now_utc()
    if Path(what).is_file():
        _show_file(Path(what), settings_file, at_utc, as_json)
        return
    desk = open_desk(settings_file)
    verified = desk.register.current(what)
    if verified is None:
        refused(Fault(FaultKind.DOCUMENT_UNKNOWN, "no such document is published", where=what), as_json)
    if as_json:
        plain = published_plain(verified) | {"document": verified.document.model_dump(mode="json")}
        console.print_json(json.dumps(plain))
        return
    console.print(document_panel(verified.document, desk.register.state(what, at_utc)))
    console.print(signers_table(verified.signers))
    published = local(verified.published_utc) if verified.published_utc else ""
    console.print(f"numero {verified.sequence} del registro del titolare, pubblicato il {published}")


@convention.command("publish")
def publish_command(
    files: Annotated[list[Path], typer.Argument(help="Buste firmate, nell'ordine.", exists=True, dir_okay=False)],
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Pubblica documenti firmati nel registro: da quel momento valgono.

    Si ferma al primo che non va; quelli prima restano pubblicati.
    Esempio: [bold]varco convention publish conv.varco.json[/]
    """
    desk = open_desk(settings_file)
    for file in files:
        desk = _publish(desk, read_source(file)[0], file.name, as_json)


@convention.command("suspend")
def suspend_command(
    deed: Annotated[str, typer.Argument(help="L'identificativo della convenzione.")],
    key: Key,
    cert: Certificate,
    reason: Reason,
    end: Annotated[bool, typer.Option("--end", help="Fa cessare la sospensione disposta da questo ente.")] = False,
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Sospende una convenzione da subito: scrive, firma e pubblica la comunicazione.

    Chi può sospendere lo dice la convenzione. Esempio: [bold]varco convention suspend c_g917/convention/carabinieri
    --key com.key.pem --cert com.cert.pem --reason "violazione accertata"[/]
    """
    at_utc = SystemClock().now_utc()
    desk, signer = open_desk(settings_file), load_signer(key, cert)
    draft = suspension_end if end else suspension
    try:
        plain = draft(desk.register, deed, signer.subject, reason, at_utc)
    except Fault as fault:
        refused(fault, as_json)
    _sign_and_publish(desk, plain, signer, at_utc, as_json)


@window.command("open")
def open_command(
    cameras: Annotated[list[str], typer.Argument(help="Le telecamere, dello stesso titolare.")],
    until: Annotated[datetime, typer.Option("--until", help="Fine, ora locale.", formats=["%Y-%m-%dT%H:%M"])],
    key: Key,
    cert: Certificate,
    reason: Reason,
    since: Annotated[
        datetime | None, typer.Option("--from", help="Inizio, ora locale; senza, adesso.", formats=["%Y-%m-%dT%H:%M"])
    ] = None,
    purpose: Annotated[Purpose, typer.Option("--purpose", help="La finalità.")] = Purpose.LIVE_TRAFFIC_FLOW,
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Apre la finestra di un evento su alcune telecamere.

    Esempio: [bold]varco window open c_g917/varco-nord --until 2026-06-02T23:59 --reason "fiera"
    --key com.key.pem --cert com.cert.pem[/]
    """
    at_utc = SystemClock().now_utc()
    desk, signer = open_desk(settings_file), load_signer(key, cert)
    start_utc, end_utc = _instant(since) if since else at_utc, _instant(until)
    plain = window_text(cameras, purpose, signer.subject, reason, start_utc, end_utc)
    _sign_and_publish(desk, plain, signer, at_utc, as_json)


@window.command("close")
def close_command(
    window_id: Annotated[str, typer.Argument(help="L'identificativo della finestra.")],
    key: Key,
    cert: Certificate,
    settings_file: SettingsFile = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Chiude subito una finestra: chi guarda viene interrotto.

    Esempio: [bold]varco window close c_g917/event-window/fiera --key com.key.pem --cert com.cert.pem[/]
    """
    at_utc = SystemClock().now_utc()
    desk, signer = open_desk(settings_file), load_signer(key, cert)
    try:
        plain = window_closed(desk.register, window_id, signer.subject, at_utc)
    except Fault as fault:
        refused(fault, as_json)
    _sign_and_publish(desk, plain, signer, at_utc, as_json)


def _sign_and_publish(desk: Desk, plain: dict[str, Plain], signer: SigningKey, at_utc: datetime, as_json: bool) -> None:
    try:
        schema.parse(plain)
    except Fault as fault:
        refused(fault, as_json)
    _publish(desk, sign(plain, signer, at_utc), str(plain["id"]), as_json)


def _publish(desk: Desk, raw: bytes, where: str, as_json: bool) -> Desk:
    try:
        desk, verified = desk.publish(raw, SystemClock().now_utc(), where)
    except Fault as fault:
        refused(fault, as_json)
    if as_json:
        console.print_json(json.dumps(published_plain(verified)))
    else:
        console.print(f"[green]pubblicato[/]: {verified.id} versione {verified.version}, numero {verified.sequence}")
    return desk


def _show_file(file: Path, settings_file: Path, at_utc: datetime, as_json: bool) -> None:
    """A text, or an envelope with the verdict on each signature where the installation is known."""
    try:
        document = parsed(file)
    except Fault as fault:
        refused(fault, as_json)
    if as_json:
        console.print_json(document.model_dump_json())
        return
    console.print(document_panel(document, None))
    raw, _, is_signed = read_source(file)
    if is_signed and settings_file.exists():
        _show_signatures(raw, open_desk(settings_file).trust(at_utc), at_utc)


def _show_signatures(raw: bytes, trust: TrustSet, at_utc: datetime) -> None:
    """The verdict on each signature, where the envelope can be read at all."""
    try:
        console.print(signers_table(verdicts(raw, trust, at_utc)))
    except Fault:
        return


def _instant(local_time: datetime) -> datetime:
    return local_time.replace(tzinfo=ZONE).astimezone(UTC)
