"""Prints what Kawal is made of, as CycloneDX 1.6, for those who look for known faults: python -m deploy.sbom."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from deploy.kafka.jars import fetch_jars
from deploy.licences import Part, browser_parts, jars, python_parts


def sbom() -> dict[str, Any]:
    """Return the bill of materials: Python packages, jars of Apache Kafka with their digests, what the pages load."""
    digests = {jar.stem: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in fetch_jars()}
    components = [_component("pypi", part) for part in python_parts()]
    components += [
        _component("generic", part)
        | {"hashes": [{"alg": "SHA-256", "content": digests[f"{part.name}-{part.version}"]}]}
        for part in jars()
    ]
    components += [_component("npm", part) for part in browser_parts()]
    kawal = _component("pypi", Part("kawal", version("kawal"), "Apache-2.0")) | {"type": "application"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": kawal},
        "components": components,
    }


def _component(kind: str, part: Part) -> dict[str, Any]:
    purl = f"pkg:{kind}/{quote(part.name)}@{part.version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": part.name,
        "version": part.version,
        "purl": purl,
        "licenses": [{"expression": part.licence}],
    }


if __name__ == "__main__":
    print(json.dumps(sbom(), indent=2))
