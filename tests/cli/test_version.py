"""`kawal version`."""

import json
from importlib.metadata import version

from tests.cli.command import installed_kawal, kawal


def test_version_is_the_installed_one() -> None:
    assert installed_kawal("version").stdout == installed_kawal("--version").stdout == f"kawal {version('kawal')}\n"


def test_json_names_what_is_beneath() -> None:
    versions = json.loads(kawal("version", "--json").stdout)
    assert versions["kawal"] == version("kawal")
    assert versions["aiokafka"] == version("aiokafka")
    assert versions["embedded-kafka"] == "4.3.1"
