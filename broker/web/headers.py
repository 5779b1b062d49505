"""The headers that every answer carries: what a browser may load, run, frame, keep and tell others.

Plain ASGI, so that streams pass through untouched. Source: CSP Level 3; requirements C-31 (nothing is kept outside).
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC_PATH = "/static/"
KEPT_S = 31_536_000
"""Static files carry a digest in their address, so a browser may keep them for a year."""


def content_policy(form_targets: Sequence[str] = ()) -> str:
    """The content security policy. ``form_targets`` are origins that a form may end at: the issuers, at sign-out."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "media-src 'self' blob:",
            "worker-src 'self' blob:",
            " ".join(("form-action 'self'", *sorted(set(form_targets)))),
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


class SecurityHeaders:
    """Adds the headers to every HTTP answer; one that is already there stays, save the content policy."""

    def __init__(self, app: ASGIApp, form_targets: Sequence[str] = ()) -> None:
        self._app = app
        always = {
            "Content-Security-Policy": content_policy(form_targets),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            # Nothing to other sites; to our own the origin, without which a browser sends forms as from "null".
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": (
                "camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), "
                "browsing-topics=(), picture-in-picture=()"
            ),
        }
        self._always = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in always.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = str(scope["path"]).startswith(STATIC_PATH)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [pair for pair in message["headers"] if pair[0].lower() not in self._always]
                message["headers"] = [*own, *self._always.items()]
                headers = MutableHeaders(scope=message)
                if not static:
                    headers.setdefault("Cache-Control", "no-store")
                elif message["status"] == 200 and b"v=" in scope["query_string"]:
                    headers["Cache-Control"] = f"public, max-age={KEPT_S}, immutable"
                else:
                    headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        await self._app(scope, receive, send_with_headers)
