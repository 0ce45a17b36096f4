"""Who gets in at all: only who has TLS, a certificate of our authority that has not expired, and the password."""

import asyncio
import gc
import shutil
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from bus.connection import connection
from bus.follow import following
from bus.plan_writer import write_plans
from bus.topic_admin import ensure
from cli.worker_process import WorkerProcess
from deploy.security import certificates
from deploy.security.apply import apply
from deploy.security.folder import SecurityFolder, initialise
from models.alert import Alert
from models.instants import format_instant
from models.topics import TopicSet
from tests.cli.command import kawal
from tests.deploy.security.conftest import VEHICLE, Secured
from tests.streams.convoys import ping, plan_of


async def enter(address: str) -> None:
    """Raises KafkaConnectionError where the broker, or we, refuse."""
    client = AIOKafkaClient(**connection(address))
    try:
        await client.bootstrap()
    finally:
        await client.close()
        del client
        with warnings.catch_warnings():  # the client library leaves a refused connection to the collector
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> SecurityFolder:
    """The same accounts of another authority."""
    path = tmp_path_factory.mktemp("foreign") / "keys"
    initialise(path, [], [])
    return SecurityFolder(path)


@pytest.fixture(scope="module")
def expired(secured: Secured, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker's certificate as it will be: expired."""
    folder, path = secured.folder, tmp_path_factory.mktemp("expired")
    key, authority = certificates.new_key(), (folder.authority.read_bytes(), folder.authority_key.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "DAYS", -1)
        patch.setattr(certificates, "_CLOCK_ERROR", timedelta(days=2))
        (path / "client.crt").write_bytes(certificates.new_certificate("worker", key, authority))
    (path / "client.key").write_bytes(key)
    return path


@pytest.fixture(autouse=True)
def _as_worker(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> None:
    secured.become("worker", monkeypatch)


async def test_an_account_gets_in(secured: Secured) -> None:
    await enter(secured.address)


def without_anything(patch: pytest.MonkeyPatch) -> None:
    for what in ("CA_FILE", "CERT_FILE", "KEY_FILE", "USER", "PASSWORD_FILE"):
        patch.delenv(f"KAWAL_KAFKA_{what}")


def without_a_certificate(patch: pytest.MonkeyPatch) -> None:
    patch.delenv("KAWAL_KAFKA_CERT_FILE")
    patch.delenv("KAWAL_KAFKA_KEY_FILE")


def without_a_password(patch: pytest.MonkeyPatch) -> None:
    patch.delenv("KAWAL_KAFKA_USER")
    patch.delenv("KAWAL_KAFKA_PASSWORD_FILE")


def with_an_unknown_name(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("KAWAL_KAFKA_USER", "nobody")


def with_anothers_password(patch: pytest.MonkeyPatch) -> None:
    patch.setenv("KAWAL_KAFKA_USER", "admin")


@pytest.mark.parametrize(
    "lacking",
    [without_anything, without_a_certificate, without_a_password, with_an_unknown_name, with_anothers_password],
)
async def test_who_lacks_something_stays_out(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, lacking: Callable[[pytest.MonkeyPatch], None]
) -> None:
    lacking(monkeypatch)
    with pytest.raises(KafkaConnectionError):
        await enter(secured.address)


@pytest.mark.parametrize("whose", ["foreign", "expired"])
async def test_a_certificate_that_is_foreign_or_expired_stays_out(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, foreign: SecurityFolder, expired: Path, whose: str
) -> None:
    path = foreign.path / "worker" if whose == "foreign" else expired
    monkeypatch.setenv("KAWAL_KAFKA_CERT_FILE", str(path / "client.crt"))
    monkeypatch.setenv("KAWAL_KAFKA_KEY_FILE", str(path / "client.key"))
    with pytest.raises(KafkaConnectionError):
        await enter(secured.address)


async def test_a_broker_that_another_authority_vouches_for_is_told_nothing(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, foreign: SecurityFolder, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("KAWAL_KAFKA_CA_FILE", str(foreign.authority))
    with pytest.raises(KafkaConnectionError):
        await enter(secured.address)
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text


async def test_at_the_brokers_own_listener_an_account_without_its_password_is_nobody(secured: Secured) -> None:
    how = connection(secured.internal, secured.folder.by_certificate("worker"))
    async with AIOKafkaProducer(**how) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(secured.topics.ticks, b"", partition=0)


async def test_a_command_says_that_the_broker_refused_and_why(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_an_unknown_name(monkeypatch)
    monkeypatch.setenv("KAWAL_BROKER", secured.address)
    refused = await asyncio.to_thread(kawal, "topics", "check")
    assert refused.returncode == 3
    assert "KAWAL_KAFKA_USER" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


async def test_who_is_revoked_stays_out_and_who_is_new_gets_in(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = str(secured.folder.path)

    async def security(*arguments: str) -> None:
        done = await asyncio.to_thread(kawal, "security", *arguments)
        assert done.returncode == 0, done.stderr

    secured.become("admin", monkeypatch)
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", secured.prefix)
    monkeypatch.setenv("KAWAL_BROKER", secured.internal)
    without_a_password(monkeypatch)  # as at first, when there are no accounts yet
    await security("init", folder, "--vehicle", "FLEET-2")
    await security("apply", folder)
    secured.become("FLEET-2", monkeypatch)
    await enter(secured.address)
    kept = shutil.copytree(secured.folder.path / "FLEET-2", tmp_path / "kept")  # as a thief would
    secured.become("admin", monkeypatch)
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", secured.prefix)
    monkeypatch.setenv("KAWAL_BROKER", secured.address)
    await security("revoke", "FLEET-2", folder)
    await security("apply", folder)
    secured.become("FLEET-2", monkeypatch)
    monkeypatch.setenv("KAWAL_SECRETS_DIR", str(kept))
    with pytest.raises(KafkaConnectionError):
        await enter(secured.address)


async def test_a_worker_works_with_its_own_rights_and_everybody_else_with_theirs(
    secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A set of its own: to the one of the table of rights, records are written that no worker can read.
    topics, plan = TopicSet("s2", partitions=2), plan_of()
    secured.become("admin", monkeypatch)
    await apply(connection(secured.address), secured.folder, topics)
    await ensure(secured.address, topics)
    secured.become("planner", monkeypatch)
    await write_plans(secured.address, topics, {plan.convoy_id: plan.to_json()})
    secured.become("worker", monkeypatch)
    async with WorkerProcess(secured.address, topics) as worker:
        await worker.ready()
        secured.become(VEHICLE, monkeypatch)
        async with AIOKafkaProducer(**connection(secured.address)) as producer:
            cry = ping(0, sos=True, time=format_instant(round(time.time() * 1000)))
            await producer.send_and_wait(topics.convoy_pings, cry.value, key=cry.key)
        secured.become("console", monkeypatch)
        async with following(secured.address, [topics.alerts], from_beginning=True) as follower:
            alert = await anext(
                Alert.from_json(record.value) async for record in follower.follow() if record.key == cry.key
            )
        assert alert.kind == "sos"
        secured.become("monitor", monkeypatch)
        monkeypatch.setenv("KAWAL_BROKER", secured.address)
        monkeypatch.setenv("KAWAL_TOPIC_PREFIX", topics.prefix)
        monkeypatch.setenv("KAWAL_PARTITIONS", str(topics.partitions))
        doctor = await asyncio.to_thread(kawal, "doctor")
        assert doctor.returncode == 0, doctor.stdout + doctor.stderr
