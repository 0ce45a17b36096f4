"""JSON Schemas of everything that other programs read or write."""

import json
from typing import Any

from models.alert import Alert
from models.alert_action import AlertAction
from models.convoy_status import ConvoyStatus
from models.ping import PING
from models.plan import ConvoyPlan
from models.plan_file import PlanFile

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
    }
    return {name: {"$schema": DIALECT, "$id": f"urn:kawal:{name}", **schema} for name, schema in named.items()}


def schema_files() -> dict[str, str]:
    """Return the text of each schema's file, by file name."""
    return {f"{name}.schema.json": f"{json.dumps(schema, indent=2)}\n" for name, schema in schemas().items()}


def _plan_file() -> Schema:
    """Return the schema of a plan file: its convoys are plans whose head stands above and whose route is a file."""
    plan = ConvoyPlan.model_json_schema()
    top = PlanFile.model_json_schema()
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
