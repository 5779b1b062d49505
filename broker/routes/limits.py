"""How much a client may send: a question is small. Counted as it comes, whatever the client says about its length."""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from broker.problems import problem
from conventions.faults import Fault, FaultKind

MAX_BODY_BYTES = 64 * 1024


class BodyLimit:
    """Answers 400 to a request whose body goes beyond the limit; nothing of it is kept."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal: Response = problem(Fault(FaultKind.REQUEST_MALFORMED, "the request is too large"))
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or len(declared) > 18 or int(declared) > self._max_bytes:
            await refusal(scope, receive, send)
            return
        came_bytes, answered = 0, False

        async def counted() -> Message:
            nonlocal came_bytes
            message = await receive()
            if message["type"] == "http.request":
                came_bytes += len(message.get("body", b""))
                if came_bytes > self._max_bytes:
                    raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._app(scope, counted, watched)
        except _TooLarge:
            if answered:
                raise
            await refusal(scope, receive, send)


class _TooLarge(BaseException):
    """Passes every handler on its way out: no route may take a body that it has not read for an empty one."""
