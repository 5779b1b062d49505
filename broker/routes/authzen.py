"""AuthZEN Authorization API 1.0: discovery and evaluation for registered enforcement points.

The hot route: plain ASGI, a strict msgspec decoder, no models in between. A decision is written down before it
is answered, like any other; the receipt travels in ``context``. Malformed input is 400, ``X-Request-ID`` is echoed.
Source: AuthZEN 1.0 sections 5 to 7 and 10; obligations profile; design 6.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from adapters.port import Grant
from broker.decision.reading import Asked
from broker.evidence import Machine, Refused
from broker.identity.origin import workstation_of
from broker.pipeline import Gate
from broker.problems import problem, refusal_members
from conventions.faults import Fault, FaultKind

MAX_BODY_BYTES = 64 * 1024
MAX_REQUEST_ID_SIGNS = 128
JSON = b"application/json"
UNAUTHORIZED = 401


class Entity(msgspec.Struct, frozen=True):
    """A subject or resource: ``type`` and ``id`` are required, properties open."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True):
    name: str
    properties: dict[str, Any] = {}


class Evaluation(msgspec.Struct, frozen=True):
    """An evaluation request. ``context`` carries purpose, ground, reference, starts, ends and plate."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(Evaluation)
_ENCODE = msgspec.json.Encoder().encode
IdentifyMachine = Callable[[str | None], Machine]
RecordRefused = Callable[[Fault, str], Awaitable[None]]
"""Writes an attempt by a caller who is not admitted: the fault and where it came from."""


def routes(gate: Gate, identify_machine: IdentifyMachine, refused: RecordRefused, public_url: str) -> list[Route]:
    """The routes of the decision API."""

    async def discovery(_: Request) -> Response:
        return JSONResponse(
            {
                "policy_decision_point": public_url,
                "access_evaluation_endpoint": f"{public_url}/access/v1/evaluation",
            }
        )

    return [
        Route("/.well-known/authzen-configuration", discovery, methods=["GET"]),
        Route("/access/v1/evaluation", Evaluate(gate, identify_machine, refused), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class Evaluate:
    """The hot route, plain ASGI: a request and a response object would cost as much as the decision."""

    gate: Gate
    identify_machine: IdentifyMachine
    refused: RecordRefused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one evaluation."""
        headers = dict(reversed(scope["headers"]))  # of two with one name, the first counts
        request_id = headers.get(b"x-request-id", b"").decode("latin-1")[:MAX_REQUEST_ID_SIGNS]
        echoed = request_id if request_id.isprintable() else ""
        try:
            caller = await self._admitted(headers.get(b"authorization"), scope)
            asked = await _read(headers.get(b"content-type", b""), receive)
            answer = await self.gate.ask(caller, self.gate.read(_asked(asked)))
        except Fault as fault:
            answered = problem(fault)
            if answered.status_code == UNAUTHORIZED:
                answered.headers["WWW-Authenticate"] = 'Bearer realm="varco"'
            if echoed:
                answered.headers["X-Request-ID"] = echoed
            await answered(scope, receive, send)
            return
        body = _ENCODE(_answer(answer))
        told = [(b"content-type", JSON), (b"content-length", str(len(body)).encode("ascii"))]
        if echoed:
            told.append((b"x-request-id", echoed.encode("latin-1")))
        await send({"type": "http.response.start", "status": 200, "headers": told})
        await send({"type": "http.response.body", "body": body})

    async def _admitted(self, authorization: bytes | None, scope: Scope) -> Machine:
        try:
            return self.identify_machine(None if authorization is None else authorization.decode("latin-1"))
        except Fault as fault:
            client = scope.get("client")
            await self.refused(fault, workstation_of(client[0] if client else None))
            raise


async def _read(content_type: bytes, receive: Receive) -> Evaluation:
    if content_type.split(b";")[0].strip().lower() != JSON:
        raise Fault(FaultKind.REQUEST_MALFORMED, "the content type is application/json")
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES or message["type"] != "http.request":
            raise Fault(FaultKind.REQUEST_MALFORMED, "the request is too large, or was given up")
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Fault(FaultKind.REQUEST_MALFORMED, "not an evaluation request") from None


def _text(context: dict[str, Any], name: str) -> str | None:
    value = context.get(name)
    if value is not None and not isinstance(value, str):
        raise Fault(FaultKind.REQUEST_MALFORMED, "is not text", where=f"context.{name}")
    return value


def _asked(asked: Evaluation) -> Asked:
    """The controller is the camera's; for a resource that is no camera, the resource names it."""
    camera = asked.resource.type == "camera"
    return Asked(
        controller=asked.resource.id.split("/", 1)[0],
        operation=asked.action.name,
        cameras=(asked.resource.id,) if camera else (),
        purpose=_text(asked.context, "purpose"),
        ground=_text(asked.context, "ground"),
        starts=_text(asked.context, "starts"),
        ends=_text(asked.context, "ends"),
        plate=_text(asked.context, "plate"),
        person=asked.subject.id,
        reference=_text(asked.context, "reference"),
    )


def _answer(answer: Grant | Refused) -> dict[str, Any]:
    if isinstance(answer, Refused):
        return {"decision": False, "context": {**refusal_members(answer), "clauses": answer.clauses}}
    receipt = answer.receipt
    return {
        "decision": True,
        "context": {
            "evaluation_id": answer.grant_id,
            "obligations": [{"id": word} for word in sorted(answer.obligations)],
            "valid_until": answer.valid_until_utc.isoformat(),
            "receipt": {"tree": receipt.tree, "index": receipt.entry_index, "leaf": receipt.leaf_hash},
        },
    }
