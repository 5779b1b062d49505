"""Machines: enforcement points that a controller registered. A signed assertion buys a short, opaque token.

Source: RFC 7523 2.2 and 3; RFC 6749 4.4; RFC 6750 2.1; design 5.
"""

import hashlib
import json
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import uuid_utils
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from broker.changes import Change, Changes, FeedLost, MachineEnded
from broker.clock import Clock
from broker.evidence import Machine
from broker.identity.tokens import LEEWAY_S, NAME_LIMIT_CHARS, header_of, refused
from broker.identity.trust import ALGORITHMS
from broker.storage import Store
from broker.storage.tables import MachineTokenRow
from conventions.faults import Fault, FaultKind
from conventions.identifiers import BodyId
from conventions.spans import instant, parse_instant

TOKEN_LASTS = timedelta(minutes=10)
ASSERTION_LIMIT_S = 300
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class RegisteredMachine:
    """One enforcement point of a signed trust document; ``public_jwk`` is the JSON of its key."""

    client_id: str
    controller: BodyId
    public_jwk: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token to hand out once; only its digest is kept."""

    machine: Machine
    token: str = field(repr=False)
    lasts_s: int = int(TOKEN_LASTS.total_seconds())


class Machines:
    """Knows the registered machines, issues their tokens, recognises them."""

    def __init__(
        self, store: Store, changes: Changes, clock: Clock, *, audiences: Iterable[str],
        registered: Iterable[RegisteredMachine] = (),
    ) -> None:  # fmt: skip
        self._store = store
        self._changes = changes
        self._clock = clock
        self._audiences = sorted(audiences)
        self._registered: Mapping[str, tuple[RegisteredMachine, KeySet]] = {}
        self._live: dict[str, tuple[Machine, datetime]] = {}
        self._ended_count = 0
        self._keeping = threading.Lock()
        changes.subscribe(self._on_change)
        self.publish(registered)

    def publish(self, registered: Iterable[RegisteredMachine]) -> None:
        """Know exactly these from now on; the tokens of others stop being recognised.

        Raises:
            Fault: ``document-contradictory`` or ``document-malformed``; then the ones before stay.
        """
        known: dict[str, tuple[RegisteredMachine, KeySet]] = {}
        for each in registered:
            if each.client_id in known:
                raise Fault(FaultKind.DOCUMENT_CONTRADICTORY, "a machine stands twice", where=each.client_id)
            known[each.client_id] = (each, public_keys(each))
        self._registered = known

    def issue(self, form: Mapping[str, str]) -> IssuedToken:
        """Answer a token request.

        Raises:
            Fault: ``request-malformed`` for another grant or form; ``not-authenticated`` for the assertion.
        """
        if form.get("grant_type") != "client_credentials":
            raise Fault(FaultKind.REQUEST_MALFORMED, "only client credentials are exchanged", where="grant_type")
        if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
            raise Fault(FaultKind.REQUEST_MALFORMED, "a signed assertion is needed", where="client_assertion")
        machine = self._believed(form["client_assertion"], form.get("client_id"))
        now_utc = self._clock.now_utc()
        token = secrets.token_urlsafe(32)
        row = MachineTokenRow(
            token_digest=_digest(token),
            token_id=str(uuid_utils.uuid7()),
            client_id=machine.client_id,
            controller=machine.controller,
            issued_utc=instant(now_utc),
            expires_utc=instant(now_utc + TOKEN_LASTS),
        )
        self._store.machine_tokens.add(row)
        return IssuedToken(Machine(machine.client_id, machine.controller, row.token_id), token)

    def identify(self, authorization: str | None) -> Machine:
        """The machine behind an ``Authorization`` header. From memory; else one row is read by its key.

        Raises:
            Fault: ``not-authenticated``; ``session-ended`` for a token that was good once.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= NAME_LIMIT_CHARS:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "no token")
        digest = _digest(token)
        machine, expires_utc = self._live.get(digest) or self._read(digest)
        known = self._registered.get(machine.client_id)
        if known is None or known[0].controller != machine.controller:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the machine is not registered")
        if expires_utc <= self._clock.now_utc():
            self._live.pop(digest, None)
            raise Fault(FaultKind.SESSION_ENDED, "the token is expired")
        return machine

    def revoke(self, client_id: str, token_id: str | None = None) -> int:
        """Revoke one token of a machine, or all of them; gives how many."""
        count = self._store.machine_tokens.revoke(client_id, token_id, instant(self._clock.now_utc()))
        if count and self._changes.healthy:
            self._changes.publish(MachineEnded(client_id, token_id))
        return count

    def _believed(self, assertion: str, client_id: str | None) -> RegisteredMachine:
        if header_of(assertion).get("typ", "JWT") not in ("JWT", "client-authentication+jwt"):
            raise refused("the assertion is of another type")
        claimed = client_id or _unverified_subject(assertion)
        known = self._registered.get(claimed)
        if known is None:
            raise refused("the machine is not registered")
        machine, keys = known
        now_s = int(self._clock.now_utc().timestamp())
        registry = JWTClaimsRegistry(
            now=now_s,
            leeway=LEEWAY_S,
            iss={"essential": True, "value": machine.client_id},
            sub={"essential": True, "value": machine.client_id},
            aud={"essential": True, "values": self._audiences},
            exp={"essential": True},
            jti={"essential": True},
        )
        try:
            claims = jwt.decode(assertion, keys, algorithms=sorted(ALGORITHMS)).claims
            registry.validate(claims)
        except JoseError as error:
            raise refused(f"the assertion is not believed ({error.error})") from None
        except ValueError:
            raise refused("the assertion is not readable") from None
        if claims["exp"] - now_s > ASSERTION_LIMIT_S + LEEWAY_S:
            raise refused("the assertion lasts too long")
        if not 0 < len(claims["jti"]) <= NAME_LIMIT_CHARS:
            raise refused("the assertion's identifier has another form")
        forgotten_utc = instant(self._clock.now_utc() + timedelta(seconds=ASSERTION_LIMIT_S + 3 * LEEWAY_S))
        if not self._store.used_tokens.first_use(f"client:{machine.client_id}", _digest(claims["jti"]), forgotten_utc):
            raise refused("the assertion was used before")
        return machine

    def _read(self, digest: str) -> tuple[Machine, datetime]:
        seen_count = self._ended_count
        row = self._store.machine_tokens.get(digest)
        if row is None:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "no such token")
        if row.revoked_utc is not None:
            raise Fault(FaultKind.SESSION_ENDED, "the token is revoked")
        found = Machine(row.client_id, BodyId(row.controller), row.token_id), parse_instant(row.expires_utc)
        with self._keeping:  # a revocation that came between reading and keeping would otherwise be missed
            if self._changes.healthy and self._ended_count == seen_count:
                self._live[digest] = found
        return found

    def _on_change(self, change: Change) -> None:
        with self._keeping:
            if isinstance(change, MachineEnded):
                self._ended_count += 1
                for digest, (machine, _) in tuple(self._live.items()):
                    if machine.client_id == change.client_id and change.token_id in (None, machine.token_id):
                        self._live.pop(digest, None)
            elif isinstance(change, FeedLost):
                self._live.clear()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _unverified_subject(assertion: str) -> str:
    """Whose key to try. Nothing is believed here: the signature decides."""
    try:
        claims = json.loads(extract_compact(assertion.encode("utf-8")).payload)
    except (JoseError, ValueError):
        raise refused("the assertion is not readable") from None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    if not isinstance(subject, str):
        raise refused("the assertion names no machine")
    return subject


def public_keys(machine: RegisteredMachine) -> KeySet:
    """The registered key, alone: a private part or a shared secret in a signed document is refused."""
    try:
        keys = KeySet.import_key_set({"keys": [json.loads(machine.public_jwk)]})
    except (JoseError, ValueError, TypeError, KeyError):
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a machine's key is not readable", where=machine.client_id) from None
    key = keys.keys[0]
    if not isinstance(key, RSAKey | ECKey | OKPKey) or key.is_private:
        raise Fault(FaultKind.DOCUMENT_MALFORMED, "a machine's key is public and its own", where=machine.client_id)
    return keys
