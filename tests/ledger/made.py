"""What the ledger's tests write: decisions of an invented town, and a clock that stands where it is put."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.evidence import (
    AccessRequest,
    Basis,
    Case,
    Ending,
    Machine,
    Operator,
    Outcome,
    Permit,
    Refusal,
    Session,
)
from broker.ledger.homes import Home, create, homes
from broker.ledger.keyfiles import create_body_key
from broker.ledger.ledger import Ledger
from conventions.identifiers import BodyId, CameraId, CaseId, GrantId, PersonId, Plate, RequestId, SessionId
from conventions.spans import Span, instant
from conventions.terms import Ground, Operation, Purpose, Reason
from policies.facts import Facts, padded_s

TOWN, OTHER_TOWN, FORCE = BodyId("c_g917"), BodyId("c_e557"), BodyId("cc-mn")
INSTALLATION_NAME = "prova"
NOON = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
CAMERA = CameraId("c_g917/gate-1")
PLATE, PERSON, REFERENCE, OFFICER = "AB123CD", "cc-mn/rossi", "RG-2025/4711", "pattuglia 12"
CLAUSE = "c_g917/convention/cc-mn@1#3"


@dataclass
class StillClock:
    """Stands still until moved."""

    at_utc: datetime = NOON
    seconds: float = 0.0

    def now_utc(self) -> datetime:
        return self.at_utc

    def monotonic_s(self) -> float:
        return self.seconds

    def pass_s(self, seconds: float) -> None:
        self.at_utc += timedelta(seconds=seconds)
        self.seconds += seconds


def session() -> Session:
    return Session(
        SessionId("s" * 32),
        "https://issuer.example",
        "sub-0042",
        FORCE,
        "high",
        "ws-7",
        NOON,
        NOON + timedelta(hours=8),
    )


def request(controller: BodyId = TOWN, plate: str | None = PLATE, camera: str = CAMERA) -> AccessRequest:
    case = Case(
        CaseId("case-1"), PersonId(PERSON), Purpose.POLICE_INVESTIGATION, Ground.JUDICIAL_POLICE_DELEGATED, REFERENCE,
        None, NOON, NOON + timedelta(hours=8), OFFICER,
    )  # fmt: skip
    return AccessRequest(
        request_id=RequestId("0197-request"),
        controller=controller,
        operation=Operation.PLATE_SEARCH,
        cameras=(CameraId(camera),),
        purpose=Purpose.POLICE_INVESTIGATION,
        ground=Ground.JUDICIAL_POLICE_DELEGATED,
        case=case,
        span=Span(NOON - timedelta(hours=2), NOON),
        plate=None if plate is None else Plate(plate),
        necessity="furto in corso",
    )


def facts(controller: BodyId = TOWN, obstacles: tuple[Reason, ...] = ()) -> Facts:
    return Facts(
        controller=controller,
        requesting_body=FORCE,
        unit="nucleo",
        role="partner-operator",
        qualification="judicial-police-qualified",
        operation="plate.search",
        data_class="transit-record",
        purpose="police-investigation",
        ground="judicial-police-delegated",
        camera=CAMERA,
        areas=("centro", "020045", "020"),
        window="closed",
        span_s=padded_s(7200),
        at=instant(NOON),
        obstacles=obstacles,
    )


def basis(controller: BodyId = TOWN, *, two_key: bool = True, plate: str | None = PLATE, regime: str = "led") -> Basis:
    return Basis(
        caller=Operator(PersonId(PERSON), FORCE, session()),
        request=request(controller, plate),
        facts=(facts(controller),),
        generation="ab" * 32,
        decider="varco-decider/1",
        decided_utc=NOON,
        regime=regime,
        two_key=two_key,
    )


def permit(
    controller: BodyId = TOWN, *, two_key: bool = True, plate: str | None = PLATE, regime: str = "led"
) -> Permit:
    return Permit(
        basis(controller, two_key=two_key, plate=plate, regime=regime),
        (CLAUSE,),
        frozenset({"log-close"}),
        NOON + timedelta(minutes=10),
        None,
        "op. 0042",
    )


def refusal(controller: BodyId = TOWN, *reasons: Reason, two_key: bool = True, plate: str | None = PLATE) -> Refusal:
    return Refusal(basis(controller, two_key=two_key, plate=plate), reasons or (Reason.PURPOSE_NOT_GRANTED,), ())


def machine_refusal() -> Refusal:
    asked = request()
    found = Basis(Machine("client-1", TOWN, "token-9"), asked, (), "", "varco-decider/1", NOON, "gdpr", False)
    return Refusal(found, (Reason.NO_CONVENTION,), ())


def outcome(grant_id: GrantId) -> Outcome:
    return Outcome(grant_id, Ending.COMPLETE, None, 0, 3, None, rows_count=2)


@dataclass
class Town:
    """An installation with two controllers, its keys, and a clock."""

    folder: Path
    clock: StillClock
    vkeys: dict[BodyId, str]

    @property
    def homes(self) -> tuple[Home, ...]:
        return homes((TOWN, OTHER_TOWN), self.folder / "ledger", self.folder / "keys")

    @property
    def body_key_file(self) -> Path:
        return self.folder / "cc-mn.key"

    def file(self, controller: BodyId = TOWN) -> Path:
        return self.folder / "ledger" / controller / "ledger.sqlite"

    def ledger(self) -> Ledger:
        return Ledger(INSTALLATION_NAME, self.homes, self.clock)


def build(folder: Path) -> Town:
    """Set an installation up."""
    town = Town(folder, StillClock(), {})
    town.vkeys = {home.controller: create(INSTALLATION_NAME, home) for home in town.homes}
    public = create_body_key(town.body_key_file)
    for home in town.homes:
        home.key_folder(INSTALLATION_NAME).trust_body(FORCE, public)
    return town
