"""Writes jars.lock anew for KAFKA_VERSION: python -m deploy.kafka.lock_jars

Kafka's own dependency tree as jgo resolves it, and the binding that brings Kafka's log lines to log4j.
"""

import hashlib
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from deploy.kafka.cache import cache_dir
from deploy.kafka.jars import KAFKA_VERSION, LOCK_FILE


def resolve_artifacts() -> list[Artifact]:
    """Return all jars that the broker needs."""
    context = MavenContext(repo_cache=cache_dir() / "maven")
    # The binding is added by hand: resolved together, its parent's version pins would win over Kafka's
    # (kafka-clients 3.9.1 beside a 4.3.1 broker).
    kafka, others = context.resolver.resolve(
        [context.create_dependency(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}")]
    )
    artifacts = [item.artifact for item in kafka + [other for other in others if other.scope in ("compile", "runtime")]]
    log4j = next(artifact for artifact in artifacts if artifact.artifactId == "log4j-core")
    binding = context.project(log4j.groupId, "log4j-slf4j-impl").at_version(log4j.version).artifact()
    return [*artifacts, binding]


def lock_line(artifact: Artifact) -> str:
    """Return the line of a jar: group:artifact:version, bytes, SHA-256."""
    content = Path(artifact.resolve()).read_bytes()
    coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
    return f"{coordinate} {len(content)} {hashlib.sha256(content).hexdigest()}"


def lock_text() -> str:
    """Return the whole lock file."""
    return "".join(f"{line}\n" for line in sorted(map(lock_line, resolve_artifacts())))


if __name__ == "__main__":
    LOCK_FILE.write_text(lock_text(), encoding="ascii")
