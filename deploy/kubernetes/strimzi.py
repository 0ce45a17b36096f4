"""Writes topics.yaml and users.yaml, the live topic set and who may use it: python -m deploy.kubernetes.strimzi."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import yaml

from deploy.security.rights import ACCOUNTS, SUPER_USERS, WRITE_BYTES_PER_S, Pattern, Resource, rights_of
from models.topics import TopicSet, TopicSpec

FOLDER = Path(__file__).parent
CLUSTER = "kawal"
REPLICAS = 3

API = "kafka.strimzi.io/v1beta2"

HEAD = "# Written by python -m deploy.kubernetes.strimzi; a test compares.\n"
USERS_HEAD = """\
# One account a kind of process, with the rights of deploy/security/rights.py. Strimzi knows an account by its
# certificate and puts that into a secret of the same name. It takes `authorization: {type: simple}` in the Kafka
# resource, and for kawal-admin, who has no rights of its own, `superUsers: [CN=kawal-admin]` there.
"""

_TYPES = {Resource.TOPIC: "topic", Resource.GROUP: "group", Resource.TRANSACTIONAL_ID: "transactionalId"}
_PATTERNS = {Pattern.LITERAL: "literal", Pattern.PREFIXED: "prefix"}


def topics() -> str:
    """Return the resources of every topic of a live set, as YAML."""
    return HEAD + yaml.safe_dump_all([_topic(spec) for spec in TopicSet().specs()], sort_keys=False)


def _topic(spec: TopicSpec) -> dict[str, Any]:
    return {
        "apiVersion": API,
        "kind": "KafkaTopic",
        "metadata": {"name": spec.name, "labels": {"strimzi.io/cluster": CLUSTER}},
        "spec": {
            "partitions": spec.partitions,
            "replicas": REPLICAS,
            "config": dict(spec.config) | {"min.insync.replicas": "2"},
        },
    }


def users() -> str:
    """Return the resources of every account, as YAML."""
    return HEAD + USERS_HEAD + yaml.safe_dump_all(map(_user, ACCOUNTS), sort_keys=False)


def _user(account: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"authentication": {"type": "tls"}}
    if account not in SUPER_USERS:
        spec["authorization"] = {"type": "simple", "acls": _acls(account)}
    if limit := WRITE_BYTES_PER_S.get(account):
        spec["quotas"] = {"producerByteRate": limit}
    metadata = {"name": f"kawal-{account}", "labels": {"strimzi.io/cluster": CLUSTER}}
    return {"apiVersion": API, "kind": "KafkaUser", "metadata": metadata, "spec": spec}


def _acls(account: str) -> list[dict[str, Any]]:
    """Give an account's rights, one entry a thing with all that may be done with it."""
    operations: dict[tuple[Resource, str, Pattern], list[str]] = defaultdict(list)
    for right in sorted(rights_of(account, TopicSet())):
        operations[right.resource, right.name, right.pattern].append(right.operation.name.title().replace("_", ""))
    return [
        {"resource": {"type": _TYPES[kind], "name": name, "patternType": _PATTERNS[pattern]}, "operations": allowed}
        for (kind, name, pattern), allowed in operations.items()
    ]


if __name__ == "__main__":
    (FOLDER / "users.yaml").write_text(users(), encoding="utf-8")
    (FOLDER / "topics.yaml").write_text(topics(), encoding="utf-8")
