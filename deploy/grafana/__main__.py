"""Writes the dashboards: `python -m deploy.grafana`; with --check it only compares, and exits 5 if one differs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.alarm_quality import alarm_quality
from deploy.grafana.broker import broker
from deploy.grafana.convoys import convoys
from deploy.grafana.devices import devices
from deploy.grafana.pipeline import pipeline

FOLDER = Path(__file__).parent / "dashboards"
BUILDERS = (convoys, pipeline, alarm_quality, devices, broker)
CHECK_FAILED = 5


def texts() -> dict[str, str]:
    """The dashboards as JSON, by file name: the uid."""
    built = [builder().build() for builder in BUILDERS]
    return {f"{board.uid}.json": json.dumps(board, cls=JSONEncoder, sort_keys=True, indent=2) + "\n" for board in built}


def differing(folder: Path) -> list[str]:
    """Names of the files that lack, differ or are too much in a folder."""
    expected, found = texts(), {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def write(folder: Path) -> None:
    """Make the folder hold these dashboards and no others."""
    for path in folder.glob("*.json"):
        path.unlink()
    for name, text in texts().items():
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m deploy.grafana", description=__doc__)
    options.add_argument("--check", action="store_true", help="change nothing; exit 5 if a committed dashboard differs")
    if not options.parse_args().check:
        write(FOLDER)
    elif names := differing(FOLDER):
        print(f"Out of date: {', '.join(names)}. Write them with `python -m deploy.grafana`.", file=sys.stderr)
        sys.exit(CHECK_FAILED)


if __name__ == "__main__":
    main()
