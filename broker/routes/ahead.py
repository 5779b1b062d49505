"""Fixed paths that are answered before the router: the hot decision route is not compared with every other path.

Plain ASGI inside the same headers and the same handling of faults; the routes stay in the router as well, which
answers other methods and lists them. Source: design 10 ("the hot decision route is a plain Starlette endpoint").
"""

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class Ahead:
    """Calls the endpoint of a path and method that it knows; passes everything else on."""

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self._endpoints: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint for route in routes for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)
