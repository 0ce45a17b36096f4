"""Log lines: one line each on stderr, key=value, and never a flood of the same one."""

import logging
import sys
import threading
import time

from aiokafka.errors import KafkaError

# aiokafka reports a broker that is away some thousand times a minute.
LINES_PER_PERIOD_MAX = 5
PERIOD_S = 30.0

# A broker that has just started or made a topic refuses some requests for a second or two, and all of them are retried.
PATIENCE_S = 5.0

# Progress reports of libraries are no news to an operator, nor are Faust's warnings about its own tables and sensors.
LEVELS = {"aiokafka": logging.WARNING, "faust": logging.ERROR, "mode": logging.ERROR, "uvicorn": logging.WARNING}

log = logging.getLogger(__name__)


class RateLimit(logging.Filter):
    """Passes the first lines of each place in the code in a period, and says with the next how many it kept back."""

    def __init__(self, lines_max: int = LINES_PER_PERIOD_MAX, period_s: float = PERIOD_S) -> None:
        super().__init__()
        self._lines_max = lines_max
        self._period_s = period_s
        self._counts: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        place = (record.name, record.lineno)
        begin_s, count = self._counts.get(place, (time.monotonic(), 0))
        if time.monotonic() - begin_s > self._period_s:
            kept_back = count - self._lines_max
            if kept_back > 0:
                record.msg = f"{record.msg} (and {kept_back} more like this)"
            begin_s, count = time.monotonic(), 0
        self._counts[place] = (begin_s, count + 1)
        return count < self._lines_max


class Patience(logging.Filter):
    """Keeps back what tells of an error that aiokafka meets by trying again, until it has lasted for a while."""

    def __init__(self, patience_s: float = PATIENCE_S, period_s: float = PERIOD_S) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._period_s = period_s
        self._times: dict[tuple[str, int], tuple[float, float]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        if not any(isinstance(item, KafkaError) and item.retriable for item in record.args or ()):
            return True
        now_s, place = time.monotonic(), (record.name, record.lineno)
        begin_s, last_s = self._times.get(place, (now_s, now_s))
        if now_s - last_s > self._period_s:
            begin_s = now_s
        self._times[place] = begin_s, now_s
        return now_s - begin_s >= self._patience_s


class OneLine(logging.Formatter):
    """`2024-11-27T00:00:10Z level=warning part=streams.ticks message`, line breaks and tracebacks folded in."""

    def __init__(self) -> None:
        self.converter = time.gmtime
        super().__init__("%(asctime)s level=%(levelname)s part=%(name)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        record.levelname = record.levelname.lower()
        return " | ".join(super().format(record).splitlines())


def configure_logs() -> None:
    """Send every logger's lines to stderr; of libraries only what matters."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    handler.addFilter(Patience())
    handler.addFilter(RateLimit())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)
    threading.excepthook = _tell_of_thread


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    """Tell in one line of a thread that failed: Faust's own does when the process ends while a broker is away."""
    name = "a thread" if ended.thread is None else ended.thread.name
    log.warning("%s ended with an error error=%r", name, ended.exc_value)
