"""The gateway's OpenAPI document is valid by the specification's own schema."""

import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from gateway.http import PATHS
from gateway.openapi import description


def test_it_is_what_the_specification_says() -> None:
    assert [
        f"{fault.instance_path}: {fault.message[:200]}" for fault in OPENAPI_31_VALIDATOR.iter_errors(description())
    ] == []


@pytest.mark.parametrize("part", ["info", "paths", "components"])
def test_the_specification_would_tell_what_is_wrong(part: str) -> None:
    assert not OPENAPI_31_VALIDATOR.is_valid(description() | {part: {"x": 1}})


def test_each_schema_in_it_is_one() -> None:
    for path, item in description()["paths"].items():
        for method, operation in item.items():
            contents = [
                operation.get("requestBody", {}).get("content", {}),
                operation["responses"]["200"].get("content", {}),
            ]
            for schema in (media["schema"] for content in contents for media in content.values()):
                jsonschema.Draft202012Validator.check_schema(schema)
                assert schema, f"{method} {path}"


def test_it_has_each_way_in_with_its_methods() -> None:
    described = {path: sorted(map(str.upper, item)) for path, item in description()["paths"].items()}
    assert described == {path: sorted(methods) for path, (_, methods) in PATHS.items()}
