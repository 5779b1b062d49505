"""Sign-in through an issuer: authorisation code with PKCE, state and nonce, each used once and bound to a browser.

Passwords never come here. Source: OpenID Connect Core 1.0; RFC 7636; RFC 9207; RFC 9700.
"""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
from authlib.common.security import is_secure_transport
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from broker.clock import Clock
from broker.identity.discovery import Discovery, Metadata
from broker.identity.events import Admission, Ending, SessionClosed, SignedIn
from broker.identity.identify import Identities
from broker.identity.origin import local_path
from broker.identity.sessions import SHIFT, Sessions
from broker.identity.tokens import LEEWAY_S, header_of, logout_claims, refused, sign_in_claims
from broker.identity.trust import Issuers, IssuerTrust
from broker.storage import Store
from broker.storage.tables import SignInRow
from conventions.faults import Fault, FaultKind
from conventions.spans import instant

SIGN_IN_LASTS = timedelta(minutes=10)
ASSERTION_LASTS_S = 60
ClientKey = ECKey | OKPKey | RSAKey


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to send the browser, and the secret that binds the answer to it."""

    url: str
    browser: str = field(repr=False)


class SignIn:
    """Sends people to their issuer and believes what comes back only after every check."""

    def __init__(
        self,
        identities: Identities,
        store: Store,
        clock: Clock,
        discovery: Discovery,
        *,
        base_url: str,
        client_key: ClientKey,
        client_algorithm: str = "ES256",
    ) -> None:
        if is_secure_transport("http://issuer.invalid/"):  # the library's own switch, AUTHLIB_INSECURE_TRANSPORT
            raise Fault(FaultKind.SETTINGS_INVALID, "transport protection is switched off in the environment")
        self._identities = identities
        self._store = store
        self._clock = clock
        self._discovery = discovery
        self._base_url = base_url.rstrip("/")
        self._client_key = client_key
        self._client_algorithm = client_algorithm

    async def begin(self, path: str, *, return_to: str | None = None, acr: str | None = None) -> Begun:
        """Begin a sign-in with the issuer at this path. The person is asked anew there, never carried over silently.

        Raises:
            Fault: ``resource-unknown`` for no such issuer; ``not-authenticated`` when it cannot be reached.
        """
        trust = self._issuers.at(path)
        metadata = await self._discovery.metadata(trust)
        state, nonce, browser = (secrets.token_urlsafe(32) for _ in range(3))
        row = SignInRow(
            state_digest=_digest(state),
            issuer=trust.issuer,
            nonce=nonce,
            code_verifier=secrets.token_urlsafe(48),
            browser_digest=_digest(browser),
            return_to=local_path(return_to),
            expires_utc=instant(self._clock.now_utc() + SIGN_IN_LASTS),
        )
        await asyncio.to_thread(self._store.sign_ins.add, row)
        wanted = acr or " ".join(trust.acr_accepted)
        async with self._client(trust, metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=state,
                code_verifier=row.code_verifier,
                nonce=nonce,
                prompt="login",
                **({"acr_values": wanted} if wanted else {}),
            )
        return Begun(url, browser)

    async def complete(
        self,
        path: str,
        answer: Mapping[str, str],
        *,
        browser: str | None,
        workstation: str,
        cookie_before: str | None = None,
    ) -> Admission:
        """Take the issuer's answer and open a session. The caller records the event, then hands out the cookie.

        Raises:
            Fault: ``not-authenticated``; ``assurance-too-low``; ``resource-unknown`` for no such issuer.
        """
        trust = self._issuers.at(path)
        begun = await asyncio.to_thread(self._store.sign_ins.take, _digest(answer.get("state", "")))
        # 1 The answer to a question of ours, to this issuer, from this browser, in time, for the first time.
        if begun is None or begun.expires_utc <= instant(self._clock.now_utc()):
            raise refused("the answer fits no sign-in under way")
        if begun.issuer != trust.issuer:
            raise refused("the answer comes from another issuer than was asked")
        if not hmac.compare_digest(_digest(browser or ""), begun.browser_digest):
            raise refused("the answer comes from another browser")
        # 2 The issuer names itself where it says that it does (mix-up).
        metadata = await self._discovery.metadata(trust)
        named = answer.get("iss")
        if named != trust.issuer and (named is not None or metadata.names_itself_in_response):
            raise refused("the answer names another issuer")
        if "error" in answer or not answer.get("code"):
            raise refused("the issuer did not admit the person")
        # 3 The code, our key and our verifier for a token; the token for a person.
        token = await self._exchange(trust, metadata, answer["code"], begun.code_verifier)
        keys = await self._discovery.keys(trust, header_of(token).get("kid"))
        claims = sign_in_claims(token, keys, trust, begun.nonce, self._clock.now_utc())
        # 4 The person for a session, under a new cookie.
        listed = self._identities.directory.person_of(trust.issuer, claims.subject)
        if listed is not None and listed.body not in trust.bodies:
            raise refused("the issuer does not vouch for this body")
        session, cookie, displaced = await asyncio.to_thread(
            self._sessions.open,
            issuer=trust.issuer,
            subject=claims.subject,
            body=listed.body if listed is not None else trust.bodies[0],
            acr=claims.acr,
            issuer_session=claims.issuer_session,
            workstation=workstation,
            cookie_before=cookie_before,
        )
        caller = self._identities.caller(session)
        return Admission(SignedIn(caller, listed is not None, displaced), cookie, begun.return_to)

    async def back_channel_logout(self, path: str, token: str) -> tuple[SessionClosed, ...]:
        """End the sessions that an issuer reports as logged out; gives them, to be recorded.

        Raises:
            Fault: ``not-authenticated``; ``resource-unknown`` for no such issuer.
        """
        trust = self._issuers.at(path)
        keys = await self._discovery.keys(trust, header_of(token).get("kid"))
        claims = logout_claims(token, keys, trust, self._clock.now_utc())
        # An identifier is remembered for longer than its token can be believed.
        until_utc = instant(self._clock.now_utc() + SHIFT + timedelta(seconds=2 * LEEWAY_S))
        if claims.expires_s > (self._clock.now_utc() + SHIFT).timestamp():
            raise refused("the token lasts too long")
        realm = f"logout:{trust.issuer}"
        if not await asyncio.to_thread(self._store.used_tokens.first_use, realm, _digest(claims.jti), until_utc):
            raise refused("the token was used before")
        return await asyncio.to_thread(
            self._sessions.end_of,
            trust.issuer,
            subject=claims.subject,
            issuer_session=claims.issuer_session,
            ending=Ending.LOGGED_OUT_AT_ISSUER,
        )

    @property
    def _issuers(self) -> Issuers:
        return self._identities.issuers

    @property
    def _sessions(self) -> Sessions:
        return self._identities.sessions

    def _client(self, trust: IssuerTrust, metadata: Metadata) -> AsyncOAuth2Client:
        client = AsyncOAuth2Client(
            client_id=trust.client_id,
            client_secret=self._client_key,
            token_endpoint_auth_method="private_key_jwt",  # noqa: S106 (the name of a method)
            scope="openid",
            redirect_uri=f"{self._base_url}/callback/{trust.path}",
            code_challenge_method="S256",
            **self._discovery.client_options(),
        )
        # The audience is the issuer, so that an assertion given to one is of no use at another. A new object each
        # time: the library writes the assertion's identifier into the claims that it is given.
        claims = {"exp": int(self._clock.now_utc().timestamp()) + ASSERTION_LASTS_S}
        headers = {"kid": self._client_key.kid} if self._client_key.kid else {}
        client.register_client_auth_method(
            PrivateKeyJWT(trust.issuer, claims=claims, headers=headers, alg=self._client_algorithm)
        )
        return client

    async def _exchange(self, trust: IssuerTrust, metadata: Metadata, code: str, code_verifier: str) -> str:
        try:
            async with self._client(trust, metadata) as client:
                answer = await client.fetch_token(
                    metadata.token_endpoint, grant_type="authorization_code", code=code, code_verifier=code_verifier
                )
        except (OAuthError, httpx2.HTTPError, JoseError, ValueError):
            raise refused("the issuer did not accept the code") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise refused("the issuer gave no token")
        return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
