"""OpenAPI 3.1, made from the same route table that is served."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from plugin_server.runtime.api import ErrorBody, Route

_REFUSALS = {
    400: "The request can't be read",
    401: "Nobody is signed in, or the sign-in is over",
    403: "Not allowed",
    404: "No such thing",
    409: "Not possible in the present state",
    412: "The extension that asks and this server do not fit; nothing was looked at",
    413: "The body is too large",
    422: "Values that can't be accepted: nothing was stored, nothing was sent",
    503: "A system we depend on does not answer; try again later",
}
_PARAMETER = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")


def document(title: str, version: str, server: str, routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document for ``routes``."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ErrorBody, "serialization")]
    for route in routes:
        if route.body:
            models.append((route.body, "validation"))
        if route.answer:
            models.append((route.answer, "serialization"))
    references, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = _PARAMETER.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"session": []}],
    }


def _operation(route: Route, references: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": route.summary, "operationId": route.handler.__name__}
    if route.description:
        operation["description"] = route.description
    parameters = [_parameter(name, pattern) for name, pattern in _PARAMETER.findall(route.path)]
    parameters += [
        {"name": name, "in": "query", "description": words, "schema": {"type": "string"}}
        for name, words in route.query.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": references[(route.body, "validation")]}},
        }
    responses: dict[str, Any] = {}
    for status, words in route.success.items():
        responses[str(status)] = {"description": words}
        if route.answer and status != 204:
            responses[str(status)]["content"] = {
                "application/json": {"schema": references[(route.answer, "serialization")]}
            }
    for status in sorted({*route.refusals, 412, *((400, 413, 422) if route.body else ())}):
        responses[str(status)] = {
            "description": _REFUSALS[status],
            "content": {"application/json": {"schema": references[(ErrorBody, "serialization")]}},
        }
    operation["responses"] = responses
    if route.public:
        operation["security"] = []
    return operation


def _parameter(name: str, pattern: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "format": "uuid"} if "a-fA-F" in pattern else {"type": "string"}
    if "|" in pattern:  # one of these words
        schema["enum"] = pattern.split("|")
    if pattern.startswith(r"\d"):
        schema = {"type": "integer", "minimum": 0}
    return {"name": name, "in": "path", "required": True, "schema": schema}
