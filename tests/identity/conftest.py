"""An installation's identity on a fresh database, with a clock that can be moved, in front of the real providers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from jinja2 import DictLoader, Environment
from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from broker.changes import Changes
from broker.clock import SystemClock
from broker.identity.acceptances import Acceptances
from broker.identity.cases import Cases
from broker.identity.discovery import Discovery
from broker.identity.events import IdentityEvent
from broker.identity.identify import Identities
from broker.identity.machines import Machines
from broker.identity.sessions import Sessions
from broker.identity.sign_in import SignIn
from broker.identity.trust import Issuers, ListedPerson
from broker.problems import problem
from broker.routes.signin import SignInServices, sign_in_routes
from broker.storage import Store, open_store
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from tests.world.providers import Providers, providers

__all__ = ["providers"]

CHOOSER = "{% for issuer in issuers %}{{ issuer.name }} {{ issuer.path }} {{ return_to }}\n{% endfor %}"
"""What the route gives to the page; the page itself is tested in a browser (tests/web)."""


class MovedClock(SystemClock):
    """The machine's clock, moved by so much."""

    moved = timedelta(0)

    def now_utc(self) -> datetime:
        return super().now_utc() + self.moved

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.moved.total_seconds()


@dataclass
class Lists:
    """The operator lists in force, as bindings."""

    bound: dict[tuple[str, str], ListedPerson] = field(default_factory=dict)

    def person_of(self, issuer: str, subject: str) -> ListedPerson | None:
        return self.bound.get((issuer, subject))

    def people_at(self, controller: BodyId, issuer: str, subject: str) -> tuple[ListedPerson, ...]:
        return ()  # as the session says


@dataclass
class Installation:
    store: Store
    clock: MovedClock
    base_url: str
    client_key: ECKey
    lists: Lists = field(default_factory=Lists)
    recorded: list[IdentityEvent] = field(default_factory=list)
    ledger_is_full: bool = False

    def __post_init__(self) -> None:
        self.changes = Changes()
        self.issuers = Issuers()
        self.sessions = Sessions(self.store, self.changes, self.clock)
        self.identities = Identities(self.sessions, self.issuers, self.lists)
        self.discovery = Discovery(self.clock)
        self.sign_in = SignIn(
            self.identities, self.store, self.clock, self.discovery, base_url=self.base_url, client_key=self.client_key
        )
        self.machines = Machines(
            self.store, self.changes, self.clock, audiences=[self.base_url, f"{self.base_url}/oauth2/token"]
        )
        self.cases = Cases(self.store, self.changes, self.clock)
        self.acceptances = Acceptances(self.store, self.changes, self.clock)

    async def record(self, event: IdentityEvent) -> None:
        if self.ledger_is_full:
            raise Fault(FaultKind.LEDGER_UNAVAILABLE, "no room")
        self.recorded.append(event)

    def app(self) -> FastAPI:
        """The sign-in routes, and one page that needs a session."""
        app = FastAPI()
        templates = Environment(loader=DictLoader({"choose.html": CHOOSER}), autoescape=True)
        services = SignInServices(
            self.identities, self.sign_in, self.machines, templates, self.record, self.clock, self.base_url
        )
        app.include_router(sign_in_routes(services))

        @app.get("/who")
        async def who(request: Request) -> Response:
            caller = self.identities.identify(request.cookies.get(services.cookies.session))
            return JSONResponse({"person": caller.person, "body": caller.body})

        @app.exception_handler(Fault)
        async def answer(request: Request, fault: Fault) -> Response:
            return problem(fault)

        return app


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:///{tmp_path / 'installation.db'}")
    yield store
    store.close()


@pytest.fixture
def installation(store: Store) -> Installation:
    """Without providers: nobody is trusted yet."""
    key = ECKey.generate_key("P-256", {"kid": "varco-test"})
    return Installation(store, MovedClock(), "http://127.0.0.1:8000", key)


@pytest.fixture
def town(store: Store, providers: Providers) -> Installation:
    """Both forces trusted, each for itself; operator 7 and agent 1 are listed."""
    town = Installation(store, MovedClock(), providers.base_url, providers.client_key)
    town.issuers.publish([providers.trust(body) for body in providers.by_path])
    cc, pl = (issuer.issuer for issuer in providers.by_path.values())
    town.lists.bound = {
        (cc, "cc-7"): ListedPerson("cc-mantova/op-7", "cc-mantova"),
        (pl, "pl-1"): ListedPerson("pl-porto-mantovano/ag-1", "pl-porto-mantovano", is_official=True),
    }
    return town


@contextmanager
def served(town: Installation, port: int) -> Iterator[str]:
    """The routes on a real port, where the providers expect them."""
    server = uvicorn.Server(
        uvicorn.Config(town.app(), host="127.0.0.1", port=port, log_level="error", ws="none", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    yield town.base_url
    server.should_exit = True
    thread.join()


@pytest.fixture
def site(town: Installation, providers: Providers) -> Iterator[str]:
    """The address of the running routes."""
    with served(town, providers.port) as url:
        yield url
