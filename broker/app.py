"""The application, put together from settings: one process, nothing anonymous, nothing that turns a check off.

Start: keys and trees are checked, the register is loaded and verified, what an earlier run left open is closed, and
only then is anything served. Source: design 6, 9.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from joserfc.jwk import ECKey
from starlette.exceptions import HTTPException
from starlette.responses import Response

from adapters.registry import FolderTransitSettings, FolderVideoSettings, Registry, connect
from broker.changes import Changes, LedgerLost
from broker.clock import Clock, SystemClock
from broker.decision.state import Standing, State
from broker.delivery.render import Encoder
from broker.delivery.viewings import Viewings
from broker.delivery.workers import Workers
from broker.docket import Docket
from broker.identity.acceptances import Acceptances
from broker.identity.cases import Cases
from broker.identity.claims import machine_of, trust_of
from broker.identity.discovery import Discovery
from broker.identity.identify import Identities
from broker.identity.machines import Machines
from broker.identity.sessions import Sessions
from broker.identity.sign_in import SignIn
from broker.identity.trust import Issuers, IssuerTrust, ListedPerson
from broker.instructions import Instructions
from broker.lasting import Lasting
from broker.ledger.homes import Home, homes
from broker.ledger.ledger import Ledger
from broker.pipeline import Gate
from broker.problems import problem
from broker.publication import Publication
from broker.routes import authzen, data, documents, ledger, media
from broker.routes.ahead import Ahead
from broker.routes.described import described
from broker.routes.handles import Handles
from broker.routes.limits import BodyLimit
from broker.routes.pages import pages_of, pages_routes
from broker.routes.pages_frame import Desk
from broker.routes.services import Services
from broker.routes.signin import SignInServices, sign_in_routes
from broker.running import Running
from broker.settings import Settings
from broker.storage import open_store
from broker.web.headers import SecurityHeaders
from broker.web.render import environment
from broker.witness import Witness
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId, CameraId, PersonId


@dataclass(frozen=True, slots=True)
class InForce:
    """Bindings of the operator lists in force: ``identity.Directory``."""

    standing: Standing

    def person_of(self, issuer: str, subject: str) -> ListedPerson | None:
        """The listed person of a credential, under the name that was given it first (C-17).

        A controller that binds the pair to two persons names nobody; the others are not disturbed by it.
        """
        found = self.standing.state.snapshot.bindings.get((issuer, subject), ())
        named = (self.people_at(BodyId(one.listing.controller), issuer, subject) for one in found)
        chosen = next((people[0] for people in named if len(people) == 1), None)
        if chosen is None:
            return None
        every = (one.person.office == "official" for one in found if one.person.id == chosen.person)
        return ListedPerson(chosen.person, chosen.body, all(every))  # an office here, an operator elsewhere

    def people_at(self, controller: BodyId, issuer: str, subject: str) -> tuple[ListedPerson, ...]:
        """The persons to whom one controller's lists bind a credential: one, or none, or a contradiction."""
        offices: dict[str, bool] = {}
        for one in self.standing.state.snapshot.bindings.get((issuer, subject), ()):
            if one.listing.controller == controller:
                offices[one.person.id] = offices.get(one.person.id, True) and one.person.office == "official"
        return tuple(
            ListedPerson(PersonId(name), BodyId(name.split("/", 1)[0]), official) for name, official in offices.items()
        )

    def one_session(self, body: BodyId) -> bool:
        """Whether some controller that lists people of this body wants one session per credential (PM-2.8).

        The stricter wish counts, since a session is not bound to a controller; nobody listed: one session.
        """
        snapshot = self.standing.state.snapshot
        wishes = {
            home.regulation.configuration.one_session
            for controller, home in snapshot.controllers.items()
            if snapshot.listings(controller, body)
        }
        return wishes != {"false"}


def places(settings: Settings, home: Path, controllers: tuple[BodyId, ...]) -> tuple[Home, ...]:
    """Where each controller's ledger and keys lie."""
    declared = {name: home / folder for name, folder in settings.ledger_locations.items()}
    return homes(controllers, home / settings.data_dir / "ledger", home / settings.ledger_keys_dir, declared)


def sources(settings: Settings, home: Path, clock: Clock) -> Registry:
    """The recorders and plate stores that the settings name."""
    found: list[FolderVideoSettings | FolderTransitSettings] = []
    for one in settings.sources:
        root = home / one.root
        found.append(FolderVideoSettings(one.name, root, tuple(map(CameraId, one.cameras))))
        if one.transits:
            gates = tuple(map(CameraId, one.transits))
            found.append(FolderTransitSettings(f"{one.name}-transiti", root / "transits.sqlite", gates))
    return connect(found, clock.now_utc)


def create(settings: Settings, home: Path, clock: Clock | None = None) -> FastAPI:
    """Build the application. ``home`` is the folder that the settings' paths are relative to."""
    clock = clock or SystemClock()
    changes, standing = Changes(), Standing()
    store = open_store(f"sqlite:///{home / settings.data_dir / 'varco.sqlite'}")
    store.migrate()
    issuers = Issuers()
    listed = InForce(standing)
    lasts = timedelta(hours=settings.session_hours)
    sessions = Sessions(store, changes, clock, lasts=lasts, one_per_credential=listed.one_session)
    identities = Identities(sessions, issuers, listed)
    machines = Machines(store, changes, clock, audiences=(settings.public_url, f"{settings.public_url}/oauth2/token"))
    anchors = ((home / settings.anchors_file).read_text(encoding="ascii"),)
    publication = Publication(home / settings.data_dir, anchors, standing, changes, clock)
    publication.on_state(lambda state: _trust(state, issuers, machines))
    publication.load()
    controllers = tuple(standing.state.snapshot.controllers)
    book = Ledger(
        settings.installation,
        places(settings, home, controllers),
        clock,
        lambda controller: changes.publish(LedgerLost(controller)) if changes.healthy else None,
    )
    workers, viewings = Workers(encoder=Encoder(settings.video_encoder)), Viewings(clock)
    cases = Cases(store, changes, clock, open_for=timedelta(hours=settings.case_hours))
    gate = Gate(standing, book, sources(settings, home, clock), viewings, workers, clock, identities, cases)
    witness = Witness(book, clock)
    discovery = Discovery(clock)
    client_key = ECKey.import_key(json.loads((home / settings.client_key_file).read_text(encoding="utf-8")))
    sign_in = SignIn(identities, store, clock, discovery, base_url=settings.public_url, client_key=client_key)
    signing_in = SignInServices(
        identities,
        sign_in,
        machines,
        environment(demonstration=settings.demonstration, contact=settings.contact),
        witness.identity,
        clock,
        settings.public_url,
    )
    services = Services(
        gate=gate,
        identities=identities,
        issuers=issuers,
        cases=cases,
        docket=Docket(cases, book),
        instructions=Instructions(Acceptances(store, changes, clock), witness, identities, standing),
        store=store,
        publication=publication,
        witness=witness,
        clock=clock,
        handles=Handles(),
        cookies=signing_in.cookies,
        base_url=settings.public_url,
        contact=settings.contact,
        demonstration=settings.demonstration,
    )
    app = FastAPI(
        title="Varco",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=Lasting(
            book, publication, standing, witness, Running(gate, changes, clock), viewings, workers, store, clock
        ).lifespan,
    )
    app.state.services = services
    for router in (sign_in_routes(signing_in), data.router, media.router, documents.router, ledger.router):
        app.include_router(router)
    desk = pages_of(services)
    app.include_router(pages_routes(desk))
    decisions = authzen.routes(gate, machines.identify, witness.refused_caller, settings.public_url)
    app.router.routes.extend(decisions)
    app.openapi = partial(described, app)  # type: ignore[method-assign]
    app.add_middleware(BodyLimit)
    app.add_middleware(Ahead, routes=decisions)
    app.add_middleware(SecurityHeaders, form_targets=[trust.issuer for trust in issuers.all()])
    _faults(app, desk)
    return app


def trusted(state: State) -> tuple[IssuerTrust, ...]:
    """The issuers of the trust documents in force."""
    return tuple(trust_of(entry) for entry in state.snapshot.issuers.values())


def _trust(state: State, issuers: Issuers, machines: Machines) -> None:
    """Issuers and enforcement points follow the documents in force."""
    snapshot = state.snapshot
    issuers.publish(trusted(state))
    machines.publish(machine_of(point) for point in snapshot.enforcement_points.values())


def _faults(app: FastAPI, desk: Desk) -> None:
    """Every fault, validation error, 404 and 405 leaves as a problem document, or for a person as a page."""

    def said(request: Request, fault: Fault) -> Response:
        return desk.page_of(request, fault) or problem(fault)

    async def of_fault(request: Request, error: Exception) -> Response:
        return said(request, error if isinstance(error, Fault) else Fault(FaultKind.ENGINE_FAULT, "a bug"))

    async def of_validation(request: Request, error: Exception) -> Response:
        where = ""
        if isinstance(error, RequestValidationError) and error.errors():
            where = ".".join(str(step) for step in error.errors()[0]["loc"])
        return said(request, Fault(FaultKind.REQUEST_MALFORMED, "not of the expected form", where=where))

    async def of_http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        kinds = {404: FaultKind.RESOURCE_UNKNOWN, 405: FaultKind.METHOD_NOT_ALLOWED}
        answer = said(request, Fault(kinds.get(status, FaultKind.REQUEST_MALFORMED), "no such address or method"))
        if isinstance(error, HTTPException) and error.headers:
            answer.headers.update(error.headers)  # 405 says what is allowed (RFC 9110 section 15.5.6)
        return answer

    app.add_exception_handler(Fault, of_fault)
    app.add_exception_handler(RequestValidationError, of_validation)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(Exception, of_fault)
