"""How a command ends when it cannot go on: one message on stderr that says what to do, and a fixed exit code."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import NoReturn

import typer
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailed,
    UnknownTopicOrPartitionError,
)

from bus.connection import connection
from deploy.kafka.errors import EmbeddedKafkaError
from deploy.security.errors import SecurityError
from models.plan import ConvoyPlan
from models.plan_file import PlanError, load_plan
from models.settings import Settings, SettingsError, load_settings


class Exit(IntEnum):
    """Exit codes of every `kawal` command."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BAD_INPUT = 3
    NO_BROKER = 4
    CHECK_FAILED = 5


def leave(code: Exit, message: str) -> NoReturn:
    """End the command with `code` and `message`."""
    typer.echo(message, err=True)
    raise typer.Exit(int(code))


def read_settings() -> Settings:
    """The settings of the environment; ends with BAD_INPUT and every fault in it."""
    try:
        return load_settings()
    except SettingsError as error:
        leave(Exit.BAD_INPUT, str(error))


def broker_of(settings: Settings) -> str:
    """The broker that a command needs; ends with BAD_INPUT where none is set, or the way to it is not safe."""
    if settings.broker is None:
        leave(Exit.BAD_INPUT, "No broker: set KAWAL_BROKER=host:port, or try `kawal demo`, which brings its own.")
    try:
        connection(settings.broker)
    except SettingsError as error:
        leave(Exit.BAD_INPUT, str(error))
    return settings.broker


def read_plans(path: Path, tell: Callable[[str], None] = lambda _: None) -> list[ConvoyPlan]:
    """The plans of a file; ends with BAD_INPUT and every fault in it. What was done to its routes is told."""
    try:
        return load_plan(path, tell)
    except PlanError as error:
        leave(Exit.BAD_INPUT, str(error))


@contextmanager
def broker_faults(broker: str) -> Iterator[None]:
    """Turn what the broker cannot do into an exit: NO_BROKER if it does not answer, CHECK_FAILED without topics.

    BAD_INPUT if it does answer, and does not let us in or is not the one that the settings trust.
    """
    refusals = _Refusals()
    logging.getLogger("aiokafka").addHandler(refusals)
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError):
        if refusals.last:
            leave(
                Exit.BAD_INPUT,
                f"The Kafka broker at {broker} refuses us, or is not the one we trust: {refusals.last}."
                " Look at KAWAL_KAFKA_USER, KAWAL_KAFKA_PASSWORD_FILE, _CA_FILE, _CERT_FILE and _KEY_FILE.",
            )
        leave(Exit.NO_BROKER, f"No Kafka broker answers at {broker}. Is it running, and is KAWAL_BROKER right?")
    except UnknownTopicOrPartitionError as error:
        leave(Exit.CHECK_FAILED, f"Topic {error} is missing. Create the set with `kawal topics ensure`.")
    finally:
        logging.getLogger("aiokafka").removeHandler(refusals)


class _Refusals(logging.Handler):
    """Notes why a broker that answered did not let us in: the client library tells that in its log only."""

    last: str | None = None

    def emit(self, record: logging.LogRecord) -> None:
        error = record.args[-1] if isinstance(record.args, tuple) and record.args else None
        # Where it is told nothing, a broker that wants TLS or an account closes the connection at the first request.
        if isinstance(error, ssl.SSLError | SaslAuthenticationFailed | KafkaConnectionError):
            self.last = str(error).rstrip(".")


def explain(error: BaseException) -> tuple[Exit, str] | None:
    """How to end on an error that a command let through; None for one that only a traceback explains."""
    if isinstance(error, KafkaConnectionError):
        return Exit.NO_BROKER, "The Kafka broker does not answer any more. Is it running? See `kawal doctor`."
    if isinstance(error, EmbeddedKafkaError):
        return Exit.FAILED, str(error)
    if isinstance(error, SettingsError | PlanError | SecurityError):
        return Exit.BAD_INPUT, str(error)
    if isinstance(error, KafkaError):
        return Exit.FAILED, f"The Kafka broker refused: {error}"
    return None
