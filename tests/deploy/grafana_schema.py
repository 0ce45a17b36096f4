"""A JSON Schema (draft-07) of Grafana 11.6's dashboards, from the types of Grafana's own foundation SDK."""

import enum
import types
import typing
from typing import Any

from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common, prometheus, stat, timeseries

PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    object: {},
    Any: {},
    type(None): {"type": "null"},
}

# What the SDK leaves open for plugins.
OPTIONS = {"timeseries": timeseries.Options, "stat": stat.Options}
CUSTOM = {"timeseries": common.GraphFieldConfig}


class Schema:
    """Schemas of classes, and of all classes that they hold."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:
        if kind in PLAIN:
            return PLAIN[kind]
        origin, parts = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, types.UnionType):
            return {"anyOf": [self.of(part) for part in parts]}
        if origin is list:
            return {"type": "array", "items": self.of(parts[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(parts[1])}
        if origin is typing.Literal or issubclass(kind, enum.Enum):
            return {"enum": [*parts] or [member.value for member in kind]}
        return self.of_class(prometheus.Dataquery if kind is Dataquery else kind)

    def of_class(self, kind: type) -> dict[str, Any]:
        name = f"{kind.__module__}.{kind.__name__}"
        if name not in self.definitions:
            self.definitions[name] = {}
            properties, required = {}, []
            for attribute, hint in typing.get_type_hints(kind).items():
                key, always = json_name(kind, attribute)
                may_lack = type(None) in typing.get_args(hint)
                present = [part for part in typing.get_args(hint) if part is not type(None)]
                properties[key] = self.of(typing.Union[tuple(present)] if may_lack and not always else hint)  # noqa: UP007
                required += [key] if always else []
            closed = {"type": "object", "additionalProperties": False}
            self.definitions[name] = closed | {"properties": properties, "required": required}
        return {"$ref": f"#/definitions/{name}"}


def json_name(kind: Any, attribute: str) -> tuple[str, bool]:
    """What a field is called in JSON, and whether it is there even when it has no value."""
    instance, mark = kind(), object()
    setattr(instance, attribute, mark)
    key = next(key for key, value in instance.to_json().items() if value is mark)
    setattr(instance, attribute, None)
    return key, key in instance.to_json()


def schema(kind: type) -> dict[str, Any]:
    """The schema of one class, complete in itself."""
    made = Schema()
    reference = made.of_class(kind)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **reference, "definitions": made.definitions}
