"""Writes topics.yaml, the live topic set as Strimzi resources: python -m deploy.kubernetes.strimzi."""

from pathlib import Path
from typing import Any

import yaml

from models.topics import TopicSet, TopicSpec

FOLDER = Path(__file__).parent
CLUSTER = "kawal"
REPLICAS = 3

HEAD = "# Written by python -m deploy.kubernetes.strimzi; a test compares.\n"


def topics() -> str:
    """Return the resources of every topic of a live set, as YAML."""
    return HEAD + yaml.safe_dump_all([_topic(spec) for spec in TopicSet().specs()], sort_keys=False)


def _topic(spec: TopicSpec) -> dict[str, Any]:
    return {
        "apiVersion": "kafka.strimzi.io/v1beta2",
        "kind": "KafkaTopic",
        "metadata": {"name": spec.name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "partitions": spec.partitions,
            "replicas": REPLICAS,
            "config": dict(spec.config) | {"min.insync.replicas": "2"},
        },
    }


if __name__ == "__main__":
    (FOLDER / "topics.yaml").write_text(topics(), encoding="utf-8")
