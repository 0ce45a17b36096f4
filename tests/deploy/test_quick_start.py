"""The archive that makes starts quick: made once, by one process, and only whole."""

import shutil
from pathlib import Path

import psutil
import pytest

from deploy.kafka.embedded import EmbeddedKafka
from deploy.kafka.jars import KAFKA_VERSION, fetch_jars
from deploy.kafka.quick_start import Recording, archive, use_options


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has the jars and never ran a broker."""
    jars = fetch_jars()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "cache" / "kawal" / f"kafka-{KAFKA_VERSION}"
    folder.mkdir(parents=True)
    for jar in jars:
        shutil.copy(jar, folder)
    return folder.parent


def command_line(broker: EmbeddedKafka) -> list[str]:
    return psutil.Process(broker.pid).cmdline()


def test_the_first_broker_that_stops_makes_the_archive_and_the_next_uses_it(own_cache: Path) -> None:
    with EmbeddedKafka():
        assert use_options() == []
    assert archive().parent == own_cache
    assert archive().stat().st_size > 10_000_000
    with EmbeddedKafka() as broker:
        assert use_options()[0] in command_line(broker)
        broker.kill()


def test_a_broker_that_is_killed_makes_none_and_lets_the_next_try(own_cache: Path) -> None:
    recording = Recording()
    (option,) = recording.begin()
    Path(option.partition("=")[2]).write_bytes(b"half")
    recording.end(is_whole=False)
    assert not archive().exists()
    assert recording.begin()
    recording.end(is_whole=False)


def test_one_process_at_a_time_makes_it(own_cache: Path) -> None:
    first, second = Recording(), Recording()
    assert first.begin()
    assert second.begin() == []
    assert not second.is_running
    first.end(is_whole=True)
    assert not archive().exists()  # nothing was written
    assert second.begin()
    second.end(is_whole=True)


def test_an_archive_stays_while_the_jars_stay(own_cache: Path) -> None:
    archive().touch()
    assert Recording().begin() == []
    fetch_jars()
    assert archive().exists()
