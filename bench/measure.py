"""What a run is measured with: a clock that counts wall time and CPU time, and the state of the machine beside it."""

import json
import os
import time
from dataclasses import asdict, dataclass


class BenchError(RuntimeError):
    """What is measured failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Reading:
    """So many records took so long; `cpu_s` is user and system time of the process that read them."""

    records: int
    seconds: float
    cpu_s: float

    @property
    def per_s(self) -> float:
        return self.records / self.seconds

    @property
    def cpu_us(self) -> float:
        """CPU microseconds a record."""
        return self.cpu_s / max(self.records, 1) * 1e6

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Clock:
    """Runs from its creation; what was read before does not count."""

    def __init__(self, records: int, cpu_s: float | None = None) -> None:
        self._records = records
        self._cpu_s = time.process_time() if cpu_s is None else cpu_s
        self._start_s = time.perf_counter()

    def stop(self, records: int, cpu_s: float | None = None) -> Reading:
        """The reading up to now; `cpu_s` where the process that is measured is not this one."""
        used_s = time.process_time() if cpu_s is None else cpu_s
        return Reading(records - self._records, time.perf_counter() - self._start_s, used_s - self._cpu_s)


def load_average() -> float:
    """Mean number of runnable processes over the last minute: above the number of cores a figure says little."""
    return round(os.getloadavg()[0], 2)
