"""Fixed paths that are answered before the router: the hot decision route is not compared with every other path.

Inside the same headers and the same handling of faults; the routes stay in the router as well, which answers other
methods. Source: design 10 ("the hot decision route is a plain Starlette endpoint").
"""

from collections.abc import Iterable

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Ahead:
    """Calls the application of a path and method that it knows; passes everything else on."""

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self._known: dict[tuple[str, str], ASGIApp] = {
            (method, route.path): route.app for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._known.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (known or self._app)(scope, receive, send)
