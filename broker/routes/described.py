"""The OpenAPI description: every route that answers JSON or media, and that its errors are problem documents.

FastAPI describes its own routes; the decision API stands outside it for speed and is described here. Pages for people
are no part of the interface. Source: design 6; RFC 9457; AuthZEN 1.0.
"""

from typing import Any

from fastapi import FastAPI

from broker.problems import MEDIA_TYPE

METHODS = ("get", "put", "post", "delete", "patch")
OAUTH_PATHS = ("/oauth2/token", "/backchannel-logout/{path}")
"""Their errors have the form of RFC 6749 section 5.2, which their clients know."""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "urn:varco:fault:<kind> or urn:varco:reason:<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reason": {"type": "string", "description": "code of the refusal"},
        "sentence": {"type": "string", "description": "the refusal in one sentence"},
        "article": {"type": "string", "description": "the rule it follows from"},
        "ask": {"type": "string", "description": "whom to ask"},
        "controller": {"type": "string"},
        "request_id": {"type": "string"},
        "entry": {"type": "integer", "description": "index of the entry in the controller's ledger"},
    },
}

_ENTITY: dict[str, Any] = {
    "type": "object",
    "required": ["type", "id"],
    "properties": {"type": {"type": "string"}, "id": {"type": "string"}, "properties": {"type": "object"}},
}
_EVALUATION: dict[str, Any] = {
    "type": "object",
    "required": ["subject", "action", "resource"],
    "properties": {
        "subject": _ENTITY,
        "action": {
            "type": "object",
            "required": ["name"],
            "properties": {"name": {"type": "string"}, "properties": {"type": "object"}},
        },
        "resource": _ENTITY,
        "context": {
            "type": "object",
            "properties": {
                name: {"type": "string"} for name in ("purpose", "ground", "reference", "starts", "ends", "plate")
            },
        },
    },
}
_DECISION: dict[str, Any] = {
    "type": "object",
    "required": ["decision", "context"],
    "properties": {"decision": {"type": "boolean"}, "context": {"type": "object"}},
}


def described(app: FastAPI) -> dict[str, Any]:
    """The whole description."""
    whole = FastAPI.openapi(app)
    paths: dict[str, Any] = whole["paths"]
    paths["/access/v1/evaluation"] = {"post": _evaluation()}
    paths["/.well-known/authzen-configuration"] = {"get": _discovery()}
    schemas = whole.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM
    whole["components"]["securitySchemes"] = {
        "session": {"type": "apiKey", "in": "cookie", "name": "varco"},
        "machine": {"type": "http", "scheme": "bearer"},
    }
    named: set[str] = set()
    for path, operations in paths.items():
        for method, operation in ((method, operations[method]) for method in METHODS if method in operations):
            if operation["operationId"] in named:
                operation["operationId"] += f"_{method}"
            named.add(operation["operationId"])
            operation["responses"].pop("422", None)
            if path not in OAUTH_PATHS:
                operation["responses"]["default"] = _problem()
            if path.startswith("/api/"):
                operation["security"] = [{"session": []}]
    return whole


def _problem() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": "A refusal or a fault", "content": {MEDIA_TYPE: {"schema": schema}}}


def _evaluation() -> dict[str, Any]:
    return {
        "tags": ["decisions"],
        "summary": "Decide one question (AuthZEN 1.0)",
        "operationId": "evaluation",
        "security": [{"machine": []}],
        "parameters": [
            {"name": "X-Request-ID", "in": "header", "required": False, "schema": {"type": "string", "maxLength": 128}}
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _EVALUATION}}},
        "responses": {
            "200": {
                "description": "Permitted or refused, written down",
                "content": {"application/json": {"schema": _DECISION}},
            }
        },
    }


def _discovery() -> dict[str, Any]:
    return {
        "tags": ["decisions"],
        "summary": "Where the decision point is (AuthZEN 1.0)",
        "operationId": "authzen_configuration",
        "responses": {
            "200": {
                "description": "Metadata of the decision point",
                "content": {"application/json": {"schema": {"type": "object"}}},
            }
        },
    }
