"""What an issuer says of itself: its discovery document and its keys, fetched from the issuer and nowhere else.

Source: OpenID Connect Discovery 1.0; RFC 8414; RFC 9207.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from broker.clock import Clock
from broker.identity.trust import IssuerTrust
from conventions.faults import Fault, FaultKind

DOCUMENT_LIMIT_BYTES = 256 * 1024
KEPT_S = 600.0
"""How long a document or a key set is used before it is asked for again: the longest life of a withdrawn key."""
REFRESH_PAUSE_S = 30.0
"""At least so long between two look-ups of keys because a token named an unknown one."""
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Metadata:
    """The part of a discovery document that is relied on."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself_in_response: bool
    """RFC 9207: the issuer stands in the answer, and must."""


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: KeySet
    fetched_s: float


class Discovery:
    """Documents and keys of issuers, kept for a while."""

    def __init__(self, clock: Clock, *, tls: ssl.SSLContext | None = None) -> None:
        self._clock = clock
        self._tls = tls
        self._metadata: dict[str, tuple[Metadata, float]] = {}
        self._keys: dict[str, _Keys] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def client_options(self) -> dict[str, Any]:
        """How every connection to an issuer is made: no redirect, no proxy of the environment, a limit of time."""
        options: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": TIMEOUT_S}
        return options if self._tls is None else {**options, "verify": self._tls}

    async def metadata(self, trust: IssuerTrust) -> Metadata:
        """The issuer's discovery document.

        Raises:
            Fault: ``not-authenticated`` when it cannot be had, or speaks for another issuer.
        """
        async with self._locks[trust.issuer]:
            kept = self._metadata.get(trust.issuer)
            if kept is not None and self._clock.monotonic_s() - kept[1] < KEPT_S:
                return kept[0]
            document = await self._fetch(trust, f"{trust.issuer.rstrip('/')}/.well-known/openid-configuration")
            metadata = _metadata(trust, document)
            self._metadata[trust.issuer] = (metadata, self._clock.monotonic_s())
            return metadata

    async def keys(self, trust: IssuerTrust, kid: str | None) -> KeySet:
        """The issuer's keys; asked for again when they do not hold ``kid``, but not at every such token.

        Raises:
            Fault: ``not-authenticated`` when they cannot be had.
        """
        metadata = await self.metadata(trust)
        async with self._locks[trust.issuer]:
            kept = self._keys.get(trust.issuer)
            if kept is not None:
                age_s = self._clock.monotonic_s() - kept.fetched_s
                known = kid is None or any(key.kid == kid for key in kept.keys.keys)
                if age_s < (KEPT_S if known else REFRESH_PAUSE_S):
                    return kept.keys
            document = await self._fetch(trust, metadata.jwks_uri)
            self._keys[trust.issuer] = fresh = _Keys(_key_set(document), self._clock.monotonic_s())
            return fresh.keys

    async def _fetch(self, trust: IssuerTrust, url: str) -> Mapping[str, Any]:
        body = bytearray()
        try:
            async with httpx2.AsyncClient(**self.client_options()) as http, http.stream("GET", url) as answer:
                if answer.status_code != httpx2.codes.OK:
                    raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer does not answer")
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > DOCUMENT_LIMIT_BYTES:
                        raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer answers too much")
            document = httpx2.Response(200, content=bytes(body)).json()
        except httpx2.HTTPError:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer does not answer") from None
        except ValueError:
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer's document is not readable") from None
        if not isinstance(document, dict):
            raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer's document is not readable")
        return document


def _metadata(trust: IssuerTrust, document: Mapping[str, Any]) -> Metadata:
    if document.get("issuer") != trust.issuer:
        raise Fault(FaultKind.NOT_AUTHENTICATED, "the discovery document speaks for another issuer")
    endpoints = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    addresses = [url for url in endpoints if isinstance(url, str) and trust.protects(url)]
    if len(addresses) != len(endpoints):
        raise Fault(FaultKind.NOT_AUTHENTICATED, "an endpoint of the issuer is missing or not protected")
    authorization, token, keys = addresses
    named = document.get("authorization_response_iss_parameter_supported") is True
    return Metadata(authorization, token, keys, names_itself_in_response=named)


def _key_set(document: Mapping[str, Any]) -> KeySet:
    """Keys that sign; kinds that are not known are left out, as RFC 7517 5 asks."""
    usable = []
    for entry in document.get("keys") or ():
        if isinstance(entry, dict) and entry.get("kty") in {"RSA", "EC", "OKP"} and entry.get("use", "sig") == "sig":
            usable.append({name: entry[name] for name in entry if name not in {"d", "p", "q", "dp", "dq", "qi"}})
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError):
        raise Fault(FaultKind.NOT_AUTHENTICATED, "the issuer's keys are not readable") from None
