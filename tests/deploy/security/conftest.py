"""One broker with its authorizer on, for all tests of it."""

import os
from collections.abc import Iterator

import pytest

from deploy.kafka.embedded import EmbeddedKafka
from deploy.security.broker import Security
from deploy.security.folder import SecurityFolder, initialise
from models.topics import TopicSet

VEHICLE = "POL-41"


class Secured:
    """The broker, its folder of keys, and ways to reach it."""

    def __init__(self, kafka: EmbeddedKafka, security: Security) -> None:
        self.kafka, self.folder, self.topics = kafka, security.folder, security.topics
        self.prefix, self.address = security.topics.prefix, kafka.bootstrap

    @property
    def internal(self) -> str:
        """Where the broker listens for itself and its admin."""
        return f"127.0.0.1:{self.kafka._internal_port}"

    def become(self, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this process be an account from now on, by the environment that its process would have."""
        for name in [name for name in os.environ if name.startswith("KAWAL_")]:
            monkeypatch.delenv(name)
        for name, value in self.folder.environment(account).items():
            monkeypatch.setenv(name, value)


@pytest.fixture(scope="package")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """A running broker with accounts and rights, and no topic yet; its folder has letters that need care."""
    path = tmp_path_factory.mktemp("secured") / "kunci é"
    initialise(path, [], [VEHICLE])
    security = Security(SecurityFolder(path), TopicSet("s1", partitions=2))
    with EmbeddedKafka(security=security, settings={"group.min.session.timeout.ms": "1000"}) as kafka:
        yield Secured(kafka, security)
