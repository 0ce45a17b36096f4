"""The jars come whole, once, and as locked, from whatever registry jgo is told to use."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.jars import KAFKA_VERSION, are_jars_cached, fetch_jars, locked_jars
from deploy.kafka.ports import free_port
from deploy.kafka.quick_start import archive
from tests.deploy.registry import Registry, serve

FETCH = [sys.executable, "-c", "from deploy.kafka.jars import fetch_jars; print(len(fetch_jars()))"]


@pytest.fixture(scope="module")
def cached() -> dict[str, Path]:
    """The jars of the user's own cache."""
    return {path.name: path for path in fetch_jars()}


@pytest.fixture
def registry(cached: dict[str, Path]) -> Iterator[Registry]:
    with serve(cached) as registry:
        yield registry


@pytest.fixture
def empty_cache(cached: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "kawal" / f"kafka-{KAFKA_VERSION}"


@pytest.fixture
def full_cache(cached: dict[str, Path], empty_cache: Path) -> Path:
    """A user with all jars in the cache."""
    empty_cache.mkdir(parents=True)
    for path in cached.values():
        shutil.copy(path, empty_cache)
    return empty_cache


def use_registry(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "jgo.conf"
    settings.write_text(f"[repositories]\ncentral = {url}\n", encoding="ascii")
    monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))


@pytest.fixture
def reachable(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    use_registry(registry.url, tmp_path, monkeypatch)
    return registry


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_registry(f"http://127.0.0.1:{free_port()}", tmp_path, monkeypatch)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix != ".jar" and path.name != "download.lock"]


def test_the_lock_names_kafka_and_what_it_needs_with_hashes() -> None:
    jars = {jar.artifact: jar for jar in locked_jars()}
    assert {jars[name].version for name in ("kafka_2.13", "kafka-clients", "kafka-server")} == {KAFKA_VERSION}
    assert {"log4j-core", "log4j-slf4j-impl"} <= jars.keys()
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars.values())


def test_a_first_download_reports_every_byte(empty_cache: Path, reachable: Registry) -> None:
    reports: list[tuple[int, int]] = []
    paths = fetch_jars(lambda done, total: reports.append((done, total)))
    total = sum(jar.size for jar in locked_jars())
    assert reports[-1] == (total, total)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert sum(path.stat().st_size for path in paths) == total
    assert leftovers(empty_cache) == []


def test_a_full_cache_needs_no_registry(full_cache: Path, unreachable: None) -> None:
    assert are_jars_cached()
    assert len(fetch_jars()) == len(locked_jars())


def test_an_unreachable_registry_is_one_clear_line(empty_cache: Path, unreachable: None) -> None:
    assert not are_jars_cached()
    with pytest.raises(EmbeddedKafkaError, match=r"no Maven registry answers.*mirror.*KAWAL_BROKER") as error:
        fetch_jars()
    assert "\n" not in str(error.value)
    assert leftovers(empty_cache) == []


def test_only_a_damaged_jar_is_fetched_again(full_cache: Path, reachable: Registry) -> None:
    victim = full_cache / f"kafka-clients-{KAFKA_VERSION}.jar"
    victim.write_bytes(victim.read_bytes()[:-1])
    archive().touch()
    fetch_jars()
    assert not archive().exists()
    assert {name for name in reachable.served if name.endswith(".jar")} == {victim.name}
    assert are_jars_cached()


def test_a_download_that_breaks_off_leaves_nothing_half(full_cache: Path, reachable: Registry) -> None:
    victim = full_cache / f"kafka-clients-{KAFKA_VERSION}.jar"
    victim.unlink()
    reachable.cut = {victim.name}
    with pytest.raises(EmbeddedKafkaError):
        fetch_jars()
    assert not victim.exists()
    assert leftovers(full_cache) == []
    reachable.cut = set()
    fetch_jars()
    assert are_jars_cached()


def test_a_jar_that_is_not_the_locked_one_is_refused(full_cache: Path, reachable: Registry) -> None:
    victim = full_cache / f"kafka-clients-{KAFKA_VERSION}.jar"
    victim.unlink()
    reachable.false = {victim.name}
    with pytest.raises(EmbeddedKafkaError, match=f"{victim.name}.*SHA-256"):
        fetch_jars()
    assert not victim.exists()


def test_two_processes_download_each_jar_once(empty_cache: Path, reachable: Registry) -> None:
    runs = [subprocess.Popen(FETCH, env=os.environ, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [run.communicate(timeout=60)[0].strip() for run in runs]
    assert answers == [str(len(locked_jars()))] * 2
    assert set(reachable.served.values()) == {1}
    assert are_jars_cached()


def test_what_a_killed_download_left_is_cleared_by_the_next(full_cache: Path, reachable: Registry) -> None:
    left = full_cache / "download-abandoned"
    left.mkdir()
    (full_cache / f"kafka-clients-{KAFKA_VERSION}.jar").unlink()
    fetch_jars()
    assert not left.exists()


def test_a_cache_that_cannot_be_written_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EmbeddedKafkaError, match="cannot be used"):
        fetch_jars()


def test_without_the_extra_the_error_says_how_to_install_it(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jgo.config", None)
    with pytest.raises(EmbeddedKafkaError, match=r"pip install 'kawal\[embedded\]'"):
        fetch_jars()


@pytest.mark.skipif(
    "CI" not in os.environ, reason="resolves Kafka's whole dependency tree on the real registry: CI only"
)
def test_the_lock_is_what_the_registry_resolves() -> None:
    from deploy.kafka.lock_jars import lock_text

    assert [line.split()[0] for line in lock_text().splitlines()] == [
        f"{jar.group}:{jar.artifact}:{jar.version}" for jar in locked_jars()
    ]
