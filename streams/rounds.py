"""When a partition writes its checkpoints."""

import asyncio
import time

from aiokafka import AIOKafkaProducer

from streams.checkpoint import CheckpointError, FencedError, write
from streams.partition import Partition
from streams.report import Report

ALERT_PERIOD_S = 0.1
PING_PERIOD_S = 1.0
# A console takes a committed tick older than six seconds for a dead worker. Twelve quiet partitions then make four
# transactions a second, which a worker's use of the processor (5 % of a core with no ping) does not show.
TICK_PERIOD_S = 3.0
# Behind, each checkpoint would hold nearly every convoy: ten times as rare, state stays under a tenth of the work.
BEHIND_PERIOD_S = 10.0

# Dead letters keep their bytes in memory until they are written: with this many the checkpoint is due at once, and
# with four times as many the agent waits for it.
DEAD_LETTER_BYTES_DUE = 4 * 1024 * 1024
DEAD_LETTER_BYTES_MAX = 4 * DEAD_LETTER_BYTES_DUE


def period_s(partition: Partition) -> float | None:
    """Return how long after the last checkpoint's beginning the next is due, None while there is nothing to write."""
    outbox, pending = partition.outbox, partition.pending
    if outbox.dead_letter_bytes > DEAD_LETTER_BYTES_DUE:
        return 0.0
    if not (pending.pings or pending.ticks or outbox.alerts):
        return None
    if partition.behind:
        return BEHIND_PERIOD_S
    if outbox.alerts:
        return ALERT_PERIOD_S
    return PING_PERIOD_S if pending.pings or outbox.status_waits else TICK_PERIOD_S


class Rounds:
    """Writes one partition's checkpoints, one at a time."""

    def __init__(
        self,
        partition: Partition,
        producer: AIOKafkaProducer,
        group: str,
        report: Report,
    ) -> None:
        self._partition = partition
        self._producer = producer
        self._group = group
        self._report = report
        self._writing = asyncio.Lock()
        self._processed = asyncio.Event()
        self._written = asyncio.Event()
        self._begun_s = 0.0

    async def run(self) -> None:
        """Write checkpoints as they become due, until cancelled."""
        while True:
            self._processed.clear()
            delay_s = self._due_in_s()
            if delay_s is None or delay_s > 0:
                await _first_of(self._processed, delay_s)
            else:
                await self.checkpoint()

    def processed(self) -> None:
        """Hear that the partition has processed something."""
        self._processed.set()

    async def make_room(self) -> None:
        """Wait while more dead letters are pending than memory should hold."""
        while self._partition.outbox.dead_letter_bytes > DEAD_LETTER_BYTES_MAX:
            self._written.clear()
            await self._written.wait()

    async def checkpoint(self) -> None:
        """Write what is pending now. Raises CheckpointError."""
        async with self._writing:
            if period_s(self._partition) is None:
                return
            # From beginning to beginning: an alert that comes while one is written shall not wait for a period more.
            self._begun_s = time.monotonic()
            snapshot = self._partition.snapshot(self._begun_s)
            try:
                await write(self._producer, snapshot.checkpoint, self._group)
            except CheckpointError as error:
                self._report.failed("fenced" if isinstance(error, FencedError) else "aborted")
                raise
            self._report.committed(snapshot, time.monotonic() - self._begun_s)
        self._written.set()

    async def finish(self) -> None:
        """Write what is pending, then let go of the broker. Raises CheckpointError."""
        try:
            await self.checkpoint()
        finally:
            await self._producer.stop()

    def _due_in_s(self) -> float | None:
        period = period_s(self._partition)
        return None if period is None else self._begun_s + period - time.monotonic()


async def _first_of(event: asyncio.Event, delay_s: float | None) -> None:
    """Wait for the event, at most `delay_s`."""
    try:
        async with asyncio.timeout(delay_s):
            await event.wait()
    except TimeoutError:
        pass
