"""What describes everything that other programs read or write: JSON Schemas, and the topics that they are of."""

from typing import Any

from models.alert import Alert
from models.alert_action import AlertAction
from models.asyncapi import asyncapi
from models.convoy_status import ConvoyStatus
from models.device import Device
from models.ping import PING
from models.plan import ConvoyPlan
from models.plan_file import PlanFile
from models.topics import TopicSet

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Return the JSON Schema 2020-12 of each contract, by name."""
    named = {
        "ping": PING.json_schema(),
        "plan": ConvoyPlan.model_json_schema(),
        "plan-file": _plan_file(),
        "alert": Alert.model_json_schema(mode="serialization"),
        "alert-action": AlertAction.model_json_schema(mode="serialization"),
        "convoy-status": ConvoyStatus.model_json_schema(mode="serialization"),
        "device": Device.model_json_schema(mode="serialization"),
    }
    return {name: {"$schema": DIALECT, "$id": f"urn:kawal:{name}", **schema} for name, schema in named.items()}


def documents() -> dict[str, dict[str, Any]]:
    """Return what describes the topics, by file name: each schema, and the AsyncAPI document that refers to them."""
    files = {f"{name}.schema.json": schema for name, schema in schemas().items()}
    return files | {"asyncapi.json": asyncapi(TopicSet())}


def _plan_file() -> Schema:
    """Return the schema of a plan file: its convoys are plans whose head stands above and whose route is a file."""
    plan = ConvoyPlan.model_json_schema()
    top = PlanFile.model_json_schema()
    top.pop("$defs")  # its sites are those of a plan
    fields = {name: schema for name, schema in plan["properties"].items() if name not in top["properties"]}
    fields["route"] = {
        "description": "A .gpx or .geojson file beside the plan, or a GeoJSON LineString.",
        "type": ["string", "object"],
    }
    required = [name for name in plan["required"] if name in fields]
    convoy = {"type": "object", "properties": fields, "required": required}
    top["properties"]["convoys"]["items"] = {"$ref": "#/$defs/ConvoyEntry"}
    top["properties"]["profiles"]["additionalProperties"] = {"$ref": "#/$defs/Limits"}
    closed = {name: part | {"additionalProperties": False} for name, part in plan["$defs"].items()}
    return top | {
        "additionalProperties": False,
        "$defs": closed | {"ConvoyEntry": convoy | {"additionalProperties": False}},
    }
