"""Describe the API as an OpenAPI document."""

from collections.abc import Sequence
from typing import Any

import msgspec

from p2p_twisted import __version__
from p2p_twisted.api import request_fields, views
from p2p_twisted.api.route import Form, Route
from p2p_twisted.api.views import View


def document(title: str, routes: Sequence[Route]) -> dict[str, Any]:
    """Make the document of some routes (OpenAPI 3.1)."""
    kinds = [each for r in routes for each in (r.takes, *_variants(r.gives))]
    kinds = list(dict.fromkeys([*kinds, views.FailureView]))
    described, schemas = msgspec.json.schema_components(
        kinds, ref_template="#/components/schemas/{name}"
    )
    references: dict[Any, Any] = dict(zip(kinds, described, strict=True))
    for route in routes:
        variants = [references[each] for each in _variants(route.gives)]
        references.setdefault(route.gives, {"oneOf": variants})
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        operation = _operation(route, references, schemas)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _variants(gives: type[View] | tuple[type[View], ...]) -> tuple[type[View], ...]:
    """List the views that an answer may be."""
    return gives if isinstance(gives, tuple) else (gives,)


def _operation(route: Route, references: dict[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": f"{route.method.lower()}{route.path}".replace("/", "_").strip("{}"),
        "responses": {
            "200": {
                "description": route.summary,
                "content": _answered(route, references),
            },
            "default": {
                "description": "It cannot be done",
                "content": _content(Form.JSON, references[views.FailureView]),
            },
        },
    }
    parameters = []
    if "{number}" in route.path:
        number = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
        parameters.append({"name": "number", "in": "path", "required": True, "schema": number})
    if "{name}" in route.path:
        text = {"type": "string", "minLength": 1}
        parameters.append({"name": "name", "in": "path", "required": True, "schema": text})
    if route.is_upload:
        binary = _content("application/octet-stream", {})
        operation["requestBody"] = {"required": True, "content": binary}
    elif route.has_body and route.takes is not request_fields.NoQuery:
        body = _content(Form.JSON, references[route.takes])
        operation["requestBody"] = {"required": True, "content": body}
    elif not route.has_body:
        parameters += _parameters(schemas[route.takes.__name__])
    if parameters:
        operation["parameters"] = parameters
    return operation


def _answered(route: Route, references: dict[Any, Any]) -> dict[str, Any]:
    if isinstance(route.gives, type) and route.gives.media_type != Form.JSON:
        return _content(route.gives.media_type, {"type": "string"})
    return _content(route.form, references[route.gives])


def _parameters(schema: dict[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": kind}
        for name, kind in schema["properties"].items()
    ]


def _content(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {str(kind): {"schema": schema}}
