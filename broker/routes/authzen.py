"""AuthZEN Authorization API 1.0: discovery and evaluation for registered enforcement points.

The hot route: plain Starlette, a strict msgspec decoder, no models in between. A decision is written down before it
is answered, like any other; the receipt travels in ``context``. Malformed input is 400, ``X-Request-ID`` is echoed.
Source: AuthZEN 1.0 sections 5 to 7 and 10; obligations profile; design 6.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.port import Grant
from broker.decision.reading import Asked
from broker.evidence import Machine, Refused
from broker.identity.origin import workstation_of
from broker.pipeline import Gate
from broker.problems import problem, refusal_members
from conventions.faults import Fault, FaultKind

MAX_BODY_BYTES = 64 * 1024
MAX_REQUEST_ID_SIGNS = 128
JSON = "application/json"


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

    async def admitted(request: Request) -> Machine:
        try:
            return identify_machine(request.headers.get("authorization"))
        except Fault as fault:
            await refused(fault, workstation_of(request.client.host if request.client is not None else None))
            raise

    async def discovery(_: Request) -> Response:
        return JSONResponse(
            {
                "policy_decision_point": public_url,
                "access_evaluation_endpoint": f"{public_url}/access/v1/evaluation",
            }
        )

    async def evaluation(request: Request) -> Response:
        request_id = request.headers.get("x-request-id", "")[:MAX_REQUEST_ID_SIGNS]
        headers = {"X-Request-ID": request_id} if request_id.isprintable() and request_id else None
        try:
            caller = await admitted(request)
            asked = await _read(request)
            answer = await gate.ask(caller, gate.read(_asked(asked)))
        except Fault as fault:
            answered = problem(fault)
            if answered.status_code == 401:
                answered.headers["WWW-Authenticate"] = 'Bearer realm="varco"'
            if headers:
                answered.headers.update(headers)
            return answered
        return Response(_ENCODE(_answer(answer)), media_type=JSON, headers=headers)

    return [
        Route("/.well-known/authzen-configuration", discovery, methods=["GET"]),
        Route("/access/v1/evaluation", evaluation, methods=["POST"]),
    ]


async def _read(request: Request) -> Evaluation:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != JSON:
        raise Fault(FaultKind.REQUEST_MALFORMED, "the content type is application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Fault(FaultKind.REQUEST_MALFORMED, "the request is too large")
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
