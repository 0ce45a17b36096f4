"""The JSON Schemas that other programs rely on."""

from collections.abc import Iterator
from typing import Any

import pytest

from models.schema import schemas


def described(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in [schema, *schema.get("$defs", {}).values()]:
        for name, field in part.get("properties", {}).items():
            yield f"{part.get('title')}.{name}", field


@pytest.mark.parametrize("name", sorted(schemas()))
def test_a_schema_describes_every_field(name: str) -> None:
    schema = schemas()[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:kawal:{name}"
    assert [field for field, content in described(schema) if not content.get("description")] == []


def test_instants_are_text_under_their_names_on_the_wire() -> None:
    alert = schemas()["alert"]["properties"]
    assert {"onset", "at", "detected_at"} < alert.keys()
    assert alert["onset"]["type"] == "string"
    assert alert["onset"]["format"] == "date-time"


def test_lat_and_lon_go_together() -> None:
    assert schemas()["ping"]["dependentRequired"] == {"lat": ["lon"], "lon": ["lat"]}


def test_a_plan_file_knows_no_further_fields() -> None:
    schema = schemas()["plan-file"]
    convoy = schema["$defs"]["ConvoyEntry"]
    assert schema["additionalProperties"] is convoy["additionalProperties"] is False
    assert not {"operation", "sites"} & convoy["properties"].keys()
    assert schema["properties"]["sites"]["items"] == {"$ref": "#/$defs/Site"}
    assert schema["$defs"]["Site"]["required"] == ["kind", "name", "lat", "lon"]
    assert convoy["required"] == ["convoy_id", "name", "route", "vehicles"]
