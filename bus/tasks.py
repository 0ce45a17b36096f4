"""Background tasks whose first failure ends the process, and the signals that end it in order."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, NoReturn


class Tasks:
    """Runs tasks and hands the first exception of any to whoever waits for it; none is swallowed."""

    def __init__(self) -> None:
        self._failed: asyncio.Future[NoReturn] = asyncio.get_running_loop().create_future()
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine as a task until `stop`."""
        task = asyncio.create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def fail(self, error: BaseException) -> None:
        """Report a failure from outside the tasks; the first one counts."""
        if not self._failed.done():
            self._failed.set_exception(error)

    @property
    def failed(self) -> bool:
        """Whether anything has failed."""
        return self._failed.done()

    async def failure(self) -> NoReturn:
        """Wait for the first failure and raise it."""
        await asyncio.shield(self._failed)
        raise AssertionError("a failure always has an exception")

    async def stop(self) -> None:
        """Cancel what still runs and wait for it."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.fail(error)


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def until(stop: asyncio.Event, tasks: Tasks) -> None:
    """Wait until the process is told to end. Raises what failed."""
    told = asyncio.create_task(stop.wait())
    failure = asyncio.create_task(tasks.failure())
    await asyncio.wait([told, failure], return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if failure.done():
        failure.result()
    failure.cancel()
