"""An issuer that a document trusts and that lies: it signs whatever it is told to, over real HTTP.

The certified provider cannot be made to issue a token without an audience; an attacker's can.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from joserfc.jwk import ECKey, Key
from joserfc.jws import serialize_compact

from broker.identity.trust import IssuerTrust
from conventions.identifiers import BodyId

BODY = BodyId("gdf-mantova")


class LyingIssuer:
    """Its key, what it says of itself, and the token that it gives for any code."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.key = ECKey.generate_key("P-256", {"kid": "lie", "use": "sig", "alg": "ES256"})
        self.discovery: dict[str, Any] = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/auth",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }
        self.token = ""
        self.keys_asked_count = 0

    def trust(self, **changes: Any) -> IssuerTrust:
        row: dict[str, Any] = {
            "issuer": self.url, "bodies": (BODY,), "client_id": "varco", "acr_accepted": ("strong",),
            "algorithms": ("ES256",),
        }  # fmt: skip
        return IssuerTrust(**{**row, **changes})

    def sign(self, claims: dict[str, Any], *, key: Key | None = None, **header: Any) -> str:
        """A token over exactly these claims."""
        given = {"alg": "ES256", "kid": "lie", **header}
        return serialize_compact(given, json.dumps(claims).encode(), key or self.key, algorithms=[given["alg"]])

    def answer(self, path: str) -> dict[str, Any]:
        if path == "/token":
            return {"access_token": "none", "token_type": "Bearer", "id_token": self.token}
        if path == "/jwks":
            self.keys_asked_count += 1
            return {"keys": [self.key.as_dict(private=False)]}
        return self.discovery


@contextmanager
def lying_issuer() -> Iterator[LyingIssuer]:
    class Handler(BaseHTTPRequestHandler):
        liar: ClassVar[LyingIssuer]

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            body = json.dumps(self.liar.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.liar = LyingIssuer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield Handler.liar
    server.shutdown()
    server.server_close()
    thread.join()
