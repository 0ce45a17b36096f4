"""An Apache Kafka broker as a child of this process: started, awaited, stopped."""

import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.kafka import java
from deploy.kafka.broker_log import explain_end, log_size
from deploy.kafka.cache import require_free
from deploy.kafka.config import Ports, properties
from deploy.kafka.data_folder import DataFolder, keep_log
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.kafka.jars import Progress, fetch_jars
from deploy.kafka.ports import HOST, free_port, is_free
from deploy.kafka.probe import is_serving
from deploy.kafka.quick_start import Recording
from deploy.security.broker import Security
from deploy.security.listeners import broker_settings

__all__ = ["EmbeddedKafka", "EmbeddedKafkaError"]

_DISK_MB = 300
_START_S = 60.0
_STOP_S, _STOP_RECORDING_S = 20.0, 60.0
_POLL_S_MIN, _POLL_S_MAX = 0.02, 0.25


class EmbeddedKafka:
    """One single-node Apache Kafka (KRaft) that listens on the loopback address only.

    data: folder to keep records in; without one a temporary folder, removed at `stop`.
    port: port of the broker; without one a free port, the same for the life of this object.
    log: the broker's log file; without one `kafka.log` in the data folder.
    settings: settings of Kafka that win over those of `deploy.kafka.config`.
    security: keys and accounts; with them clients need TLS, a certificate, a password and a right for all they do.

    All methods block. The broker ends with this process, however that ends.
    """

    def __init__(
        self,
        data: Path | None = None,
        port: int | None = None,
        log: Path | None = None,
        settings: Mapping[str, str] | None = None,
        security: Security | None = None,
    ) -> None:
        self._kept = data
        self._port_wanted = port
        self._log_wanted = log
        self._settings = dict(settings or {})
        self._security = security
        self._internal_port: int | None = None
        self.port = port or 0
        self._folder: DataFolder | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._recording = Recording()

    @property
    def bootstrap(self) -> str:
        """host:port for clients; known once the broker was started."""
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def data(self) -> Path | None:
        """The data folder; None while there is none."""
        return self._folder.path if self._folder else None

    @property
    def log(self) -> Path:
        """The broker's log file."""
        if self._log_wanted:
            return self._log_wanted.absolute()
        assert self._folder, "the log is in the data folder, which start() makes"
        return self._folder.path / "kafka.log"

    def start(self, progress: Progress | None = None) -> None:
        """Start the broker, or start it again after `stop` or `kill`; returns when it serves requests.

        The first start ever downloads 45 MB, reported to `progress`. Raises EmbeddedKafkaError, one clear line, and
        SecurityError if the folder of keys lacks something.
        """
        assert self.pid is None, "the broker runs already"
        java.find_java()
        jars = fetch_jars(progress)
        self._folder = folder = self._folder or DataFolder(self._kept)
        try:
            self._prepare(folder)
            if refusal := folder.format(jars, self.log):
                raise self._failed(refusal)
            main = [*self._recording.begin(), "kafka.Kafka", "server.properties"]
            self._launch(java.command(jars, self.log, main))
            self._await_ready()
        except BaseException:
            self._clean_up()
            raise

    def stop(self) -> None:
        """Stop the broker in good order; a temporary data folder is removed. Does nothing when it does not run."""
        self._end(signal.SIGTERM)
        self._clean_up()

    def kill(self) -> None:
        """Kill the broker as a power cut would; data and port stay for the next `start`."""
        self._end(signal.SIGKILL)
        if self._folder:
            self._folder.release()

    def fault(self) -> str | None:
        """Return None while the broker runs, and one line that says why once it ended by itself."""
        if self._process is None or self._process.poll() is None:
            return None
        return f"The embedded Kafka ended: {explain_end(self.log, self._log_start)}. Log: {self.log}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self, folder: DataFolder) -> None:
        folder.acquire()
        require_free(folder.path, _DISK_MB, "the embedded Kafka")
        self.port = self.port or free_port()
        if not is_free(self.port):
            raise EmbeddedKafkaError(
                f"Port {self.port} is taken by another program. Choose another port, or stop that one."
            )
        settings, self._internal_port = self._settings, None
        if self._security:
            keys = self._security.folder
            keys.require()
            settings = broker_settings(str(keys.key_store), str(keys.authority)) | settings
            self._internal_port = free_port()
        text = properties(Ports(self.port, free_port(), self._internal_port), settings)
        (folder.path / "server.properties").write_text(text, encoding="ascii")
        self.log.parent.mkdir(parents=True, exist_ok=True)

    def _launch(self, command: list[str]) -> None:
        assert self._folder
        self._log_start = log_size(self.log)
        self._process = java.start_process(command, self._folder.path, self.log)
        remove = self._folder.path if self._folder.is_temporary else None
        self._watchdog = java.start_watchdog(self._process.pid, remove)

    def _await_ready(self) -> None:
        deadline, pause_s = time.monotonic() + _START_S, _POLL_S_MIN
        while not self._is_serving():
            if self.pid is None:
                raise self._failed(explain_end(self.log, self._log_start))
            if time.monotonic() > deadline:
                raise self._failed(f"no answer within {_START_S:.0f} s")
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, _POLL_S_MAX)

    def _is_serving(self) -> bool:
        if self._security is None or self._internal_port is None:
            return is_serving(self.port)
        # Only once somebody listens: the client library writes an error for each attempt that nobody answers.
        return not is_free(self._internal_port) and self._security.is_applied(f"{HOST}:{self._internal_port}")

    def _failed(self, reason: str) -> EmbeddedKafkaError:
        assert self._folder
        is_going = self._folder.is_temporary and not self._log_wanted
        log = keep_log(self.log) if is_going else self.log
        return EmbeddedKafkaError(f"The embedded Kafka did not start: {reason}. Log: {log}")

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._process.send_signal(how)
            try:
                self._process.wait(_STOP_RECORDING_S if self._recording.is_running else _STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._recording.end(is_whole=self._process.returncode != -signal.SIGKILL)
        if self._watchdog:
            java.end_watchdog(self._watchdog)
        self._process = self._watchdog = None

    def _clean_up(self) -> None:
        self._end(signal.SIGKILL)
        if self._folder:
            self._folder.release()
            self._folder.remove()
            self._folder = None
