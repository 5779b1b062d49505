"""Reads the tokens of issuers: pure functions of bytes, keys, trust and the present. No claim is believed unasked.

Source: OpenID Connect Core 1.0, 3.1.3.7; OpenID Connect Back-Channel Logout 1.0, 2.6; RFC 8725.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact
from joserfc.jwt import JWTClaimsRegistry

from broker.identity.trust import IssuerTrust
from conventions.faults import Fault, FaultKind

LEEWAY_S = 30
OLDEST_S = 600
"""A token older than this is not the answer to a sign-in under way."""
TOKEN_LIMIT_CHARS = 16_384
NAME_LIMIT_CHARS = 255
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class SignInClaims:
    """What an ID token says, once it may be believed."""

    subject: str
    acr: str
    issuer_session: str | None


@dataclass(frozen=True, slots=True)
class LogoutClaims:
    """Whose sessions an issuer ends. At least one of subject and session is given."""

    subject: str | None
    issuer_session: str | None
    jti: str
    expires_s: int


def refused(detail: str) -> Fault:
    """The fault of a token that is not believed."""
    return Fault(FaultKind.NOT_AUTHENTICATED, detail)


def header_of(token: str) -> dict[str, Any]:
    """The protected header of a token, not yet believed: which key, which algorithm."""
    if len(token) > TOKEN_LIMIT_CHARS or not token.isascii():
        raise refused("the token is too long or not text")
    try:
        return dict(extract_compact(token.encode("ascii")).headers())
    except JoseError as error:
        raise refused(f"the token is not readable ({error.error})") from None


def sign_in_claims(token: str, keys: KeySet, trust: IssuerTrust, nonce: str, now_utc: datetime) -> SignInClaims:
    """Read an ID token.

    Raises:
        Fault: ``not-authenticated``; ``assurance-too-low`` for a true token of a weaker sign-in.
    """
    if header_of(token).get("typ", "JWT") != "JWT":
        raise refused("the token is of another type")
    acr_matters = bool(trust.acr_accepted or trust.acr_by_operation)
    claims = _believed(
        token,
        keys,
        trust,
        now_utc,
        sub={"essential": True},
        nonce={"essential": True, "value": nonce},
        acr={"essential": acr_matters},
    )
    audience, azp = claims["aud"], claims.get("azp")
    if isinstance(audience, list) and len(audience) > 1 and azp is None:
        raise refused("a token for several parties names none of them")
    if azp is not None and azp != trust.client_id:
        raise refused("the token was given to another party")
    if now_utc.timestamp() - claims["iat"] > OLDEST_S:
        raise refused("the token is old")
    found = SignInClaims(
        subject=_name(claims, "sub") or "", acr=_name(claims, "acr") or "", issuer_session=_name(claims, "sid")
    )
    if not isinstance(claims["nonce"], str) or not found.subject:
        raise refused("a claim has another type")
    if not trust.admits(found.acr):
        raise Fault(FaultKind.ASSURANCE_TOO_LOW, "the issuer accepts a weaker sign-in than is asked for")
    return found


def logout_claims(token: str, keys: KeySet, trust: IssuerTrust, now_utc: datetime) -> LogoutClaims:
    """Read a logout token; that it is new is for the caller to see to.

    Raises:
        Fault: ``not-authenticated``.
    """
    if header_of(token).get("typ", "JWT") not in ("JWT", "logout+jwt"):
        raise refused("the token is of another type")
    claims = _believed(token, keys, trust, now_utc, jti={"essential": True}, events={"essential": True})
    events = claims["events"]
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise refused("the token is not about logging out")
    if "nonce" in claims:
        raise refused("a logout token has no nonce")
    subject, issuer_session, jti = (_name(claims, name) for name in ("sub", "sid", "jti"))
    if jti is None or (subject is None and issuer_session is None):
        raise refused("the token names neither person nor session")
    return LogoutClaims(subject, issuer_session, jti, int(claims["exp"]))


def _believed(token: str, keys: KeySet, trust: IssuerTrust, now_utc: datetime, **asked: Any) -> dict[str, Any]:
    """Check signature, issuer, audience and time, and that every claim asked for is there."""
    registry = JWTClaimsRegistry(
        now=int(now_utc.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": trust.issuer},
        aud={"essential": True, "value": trust.client_id},
        exp={"essential": True},
        iat={"essential": True},
        **asked,
    )
    try:
        claims = jwt.decode(token, keys, algorithms=list(trust.algorithms)).claims
        registry.validate(claims)
    except JoseError as error:
        raise refused(f"the token is not believed ({error.error})") from None
    except ValueError:
        raise refused("the token is not readable") from None
    return claims


def _name(claims: dict[str, Any], claim: str) -> str | None:
    """A claim that names something: printable ASCII of a sane length, or absent."""
    value = claims.get(claim)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= NAME_LIMIT_CHARS:
        raise refused("a claim has another type")
    if not (value.isascii() and value.isprintable()):
        raise refused("a claim has another type")
    return value
