"""The gateway's own description, OpenAPI 3.1, for those who write a client."""

from typing import Any

from models.schema import schemas

_EMPTY = {"description": "Taken in: a ping, a dead letter, or nothing to keep. The client forgets it."}
_REFUSED = {
    "401": {"description": "No token, or none that is known. Nothing was kept."},
    "403": {"description": "The token is revoked, or a message is in the name of another device. Nothing was kept."},
    "503": {
        "description": "Kafka does not answer, or the device sends too much. Send the same again later.",
        "headers": {"Retry-After": {"schema": {"type": "integer"}}},
    },
}
_RESULTS = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["status"],
                "properties": {
                    "status": {"enum": ["accepted", "duplicate", "ignored", "dead-letter"]},
                    "code": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        }
    },
}
_QUERY = ("id", "timestamp", "lat", "lon", "speed", "bearing", "altitude", "accuracy", "batt", "alarm")


def description() -> dict[str, Any]:
    """The OpenAPI description."""
    ping = schemas()["ping"]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kawal gateway", "version": "1", "description": __doc__},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "User: the device's id. Password: its token.",
                },
            }
        },
        "security": [{"bearer": []}, {"basic": []}],
        "paths": {
            "/v1/pings": {"post": _operation("Pings, one result each.", _json(_pings(ping)), _json(_RESULTS))},
            "/v1/owntracks": {
                "post": _operation("OwnTracks in HTTP mode.", _json({"type": "object"}), _json({"const": []}))
            },
            "/v1/traccar-client": {
                "get": _operation("Traccar Client up to version 8."),
                "post": _operation("Traccar Client: query string, JSON or form.", _any_body()),
            },
            "/v1/osmand": {"get": _operation("OsmAnd."), "post": _operation("OsmAnd.", _any_body())},
        },
    }


def _operation(summary: str, body: Any = None, answer: Any = None) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": _EMPTY | ({"content": answer} if answer else {}), **_REFUSED},
    }
    if body is None or "application/x-www-form-urlencoded" in body:
        operation["parameters"] = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _QUERY]
    if body is not None:
        operation["requestBody"] = {"content": body}
    return operation


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _any_body() -> dict[str, Any]:
    return _json({"type": "object"}) | {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}


def _pings(ping: Any) -> dict[str, Any]:
    return {"oneOf": [ping, {"type": "array", "items": ping, "maxItems": 1000}]}
