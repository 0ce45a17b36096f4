"""The one way in: what any input has received becomes pings, or dead letters, acknowledged by Kafka before it returns.

An input (HTTP, MQTT, TCP, Traccar's topic) says what came and who may be believed; everything else is decided here, so
that a message means the same whatever way it came.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec
from msgspec.structs import replace

from gateway.calls import Calls
from gateway.directory import Assignment, Directory
from gateway.metrics import STAGE, Metrics, Status
from gateway.protocols import FORMATS
from gateway.protocols.report import Ignored, Report, Undecodable
from gateway.writer import RECORD_OVERHEAD_BYTES, Order, Outgoing, Unavailable, Writer, settle
from models.dead_letter import Code, DeadLetter, headers
from models.instants import BUFFERED_MS_MAX, FUTURE_MS, ROLLOVER_MS
from models.topics import TopicSet

MESSAGE_BYTES_MAX = 256 * 1024

MESSAGES_MAX = 1000
"""In one request; each may become a dead letter with headers larger than itself."""

SEEN_MAX = 200_000
"""Messages remembered to know a second copy: at 500 a second some minutes. Older copies are known by the worker."""

PORTION_BYTES = 4 * 1024 * 1024
"""So much is written at once of what need not be refused; a small part of what may wait for Kafka."""

FORMAT_HEADER = "kawal.gateway.format"
DEVICE_HEADER = "kawal.gateway.device"
NO_OFFSET = -1
SOS, MOCK = 1, 2

log = logging.getLogger(__name__)


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message as an input received it.

    `authenticated` is the device whose credential it came with, None where the input itself vouches for the identity.
    `claimed` is an identity that came beside the message (a topic of MQTT) and goes before the message's own. `labels`
    are names of a device that count for nothing, but must not be another's. `source` overrides what the decoder calls
    the client. `is_oversized` where the input took in only the beginning.
    """

    form: str
    message: bytes
    authenticated: str | None
    claimed: str | None = None
    labels: tuple[str, ...] = ()
    source: str | None = None
    retry_count: int = 0
    is_oversized: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What became of a message; a dead letter has its code and reason, an ignored one its kind as reason."""

    status: Status
    code: Code | None = None
    reason: str = ""


class Forbidden(Exception):
    """A message is in the name of another device than its credential's; of what came with it nothing was written."""

    def __init__(self, device: str | None) -> None:
        super().__init__("a message is in the name of another device")
        self.device = device


class _Foreign(Undecodable):
    """A message is in the name of a device that is another's."""


class _Judged(msgspec.Struct, frozen=True):
    """A message's outcome once its records are written."""

    outcome: Outcome
    records: list[Outgoing]
    seen: tuple[object, ...] | None = None
    marks: int = 0
    is_foreign: bool = False


ACCEPTED = Outcome("accepted")

Done = Callable[[list[Outcome] | Exception], None]


class Intake:
    """Decodes, identifies and writes."""

    def __init__(
        self, directory: Directory, writer: Writer, topics: TopicSet, metrics: Metrics, calls: Calls | None = None
    ) -> None:
        self._directory = directory
        self._calls = calls
        self._writer = writer
        self._topics = {"cargo": topics.convoy_pings, "escort": topics.escort_pings}
        self._source_topic = topics.gateway
        self._dlt = topics.dlt(topics.gateway)
        self._metrics = metrics
        self._seen: OrderedDict[tuple[object, ...], int] = OrderedDict()
        metrics.begin_at_zero(self._source_topic)

    async def take(self, deliveries: Sequence[Delivery], has_answer: bool = True) -> list[Outcome]:
        """Take in the messages of one request, in order; returns what became of each when Kafka has acknowledged all.

        Raises Unavailable when Kafka has not: the same messages may come again, and none is lost or told twice. Where
        the sender has an answer, calls for help go to the disk instead, and what is in the name of another device
        raises Forbidden; without one it becomes a dead letter, since nobody else would tell of it.
        """
        heard: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        order = self.begin(deliveries, partial(settle, heard), has_answer)
        try:
            return await heard
        finally:
            self._writer.withdraw(order)

    def begin(self, deliveries: Sequence[Delivery], done: Done, has_answer: bool = True) -> Order:
        """The same without waiting: `done` hears what became of each, or why nothing did. It may hear at once.

        A request at the door is taken in so, which costs less than a task that waits. Raises Forbidden.
        """
        received_ms = time.time_ns() // 1_000_000
        judged = [self._judge(delivery, received_ms) for delivery in deliveries]
        if has_answer and any(one.is_foreign for one in judged):
            raise Forbidden(deliveries[0].authenticated)
        begin_s = time.monotonic()

        def written(error: Unavailable | None) -> None:
            result: list[Outcome] | Exception
            try:
                if error is not None:
                    self._keep_calls(judged, error, has_answer)
                self._metrics.ack_seconds.observe(time.monotonic() - begin_s)
                for delivery, one in zip(deliveries, judged, strict=True):
                    self._count(delivery, one)
                result = [one.outcome for one in judged]
            except Exception as failure:
                result = failure
            done(result)

        return self._writer.put([record for one in judged for record in one.records], written)

    async def take_patiently(self, deliveries: Sequence[Delivery]) -> None:
        """The same for an input whose sender hears no answer: wait for Kafka as long as it takes."""
        for portion in _portions(deliveries):
            while True:
                try:
                    await self.take(portion, has_answer=False)
                    break
                except Unavailable as error:
                    self._metrics.count(portion[0].form, "unavailable")
                    await asyncio.sleep(error.retry_after_s)

    def _keep_calls(self, judged: Sequence[_Judged], error: Unavailable, has_answer: bool) -> None:
        """Where Kafka took none, put calls for help on the disk. Raises the error if there is more: it comes again."""
        calls = [record for one in judged if one.marks & SOS for record in one.records]
        if self._calls is None or not calls or not has_answer:
            raise error
        self._calls.keep(calls)
        if not all(one.marks & SOS for one in judged):
            for one in judged:
                if one.marks & SOS:  # they come again with the rest, and are safe by now
                    self._remember(one)
            raise error

    def _count(self, delivery: Delivery, judged: _Judged) -> None:
        outcome = judged.outcome
        self._metrics.count(delivery.form, outcome.status)
        if outcome.code is not None:
            self._metrics.dead_letter(self._source_topic, outcome.code)
        self._remember(judged)

    def _remember(self, judged: _Judged) -> None:
        if judged.seen is not None:
            self._seen[judged.seen] = judged.marks
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)

    def _judge(self, delivery: Delivery, received_ms: int) -> _Judged:
        report: Report | Ignored | None = None
        device = delivery.authenticated or delivery.claimed
        try:
            if delivery.is_oversized or len(delivery.message) > MESSAGE_BYTES_MAX:
                raise Undecodable("too-large", f"has more than {MESSAGE_BYTES_MAX} bytes or {MESSAGES_MAX} messages")
            report = FORMATS[delivery.form].decode(delivery.message) if delivery.message else Ignored("empty")
            if isinstance(report, Ignored):
                return _Judged(Outcome("ignored", None, report.kind), [])
            device = self._identify(delivery, report)
            assignment = self._assignment(device)
            return self._ping(delivery, _mended(report, received_ms), assignment, received_ms)
        except Undecodable as error:
            return self._dead_letter(delivery, device, error)

    def _identify(self, delivery: Delivery, report: Report) -> str:
        """The device that a message is of. Raises Undecodable where it is in the name of another, or of none."""
        mine, labels = delivery.authenticated, delivery.labels
        claimed = delivery.claimed or report.device
        if mine is not None and claimed == mine and not labels:
            return mine
        if mine is None:
            if claimed is None:
                raise Undecodable("bad-field", "names no device")
            if self._directory.is_revoked(claimed):
                raise Undecodable("identity-mismatch", "is of a device that is revoked")
            return claimed
        if delivery.form == "owntracks" and delivery.claimed is None:
            # The names in it are free text that users choose: what counts is the credential.
            labels, claimed = (*labels, *_topic_names(report)), mine
        assignment = self._directory.assignment(mine)
        own = {mine, assignment.vehicle_id} if isinstance(assignment, Assignment) else {mine}
        names = {claimed, *labels} - own
        if any(name is not None and self._directory.is_known(name) for name in names):
            raise _Foreign("identity-mismatch", "is in the name of another device than the credential's")
        if claimed not in own:
            raise Undecodable("identity-mismatch", "is in the name of a device that nobody knows")
        return mine

    def _assignment(self, device: str) -> Assignment:
        found = self._directory.assignment(device)
        if isinstance(found, Assignment):
            return found
        if found == "no-convoy":
            raise Undecodable("no-convoy", "the vehicle of the device is in no convoy in force")
        raise Undecodable("unknown-device", "no plan names the device")

    def _ping(self, delivery: Delivery, report: Report, assignment: Assignment, received_ms: int) -> _Judged:
        seen = (assignment.vehicle_id, report.time_ms, report.lat, report.lon) if report.time_ms is not None else None
        marks = report.sos * SOS | report.mock * MOCK
        known = self._seen.get(seen) if seen is not None else None
        if known is not None and known | marks == known:
            if not report.repeat_is_presence:
                return _Judged(Outcome("duplicate"), [])
            report, seen = replace(report, time_ms=None).at(None), None
        if delivery.claimed is not None:
            report = replace(report, device=delivery.claimed)
        if delivery.source is not None:
            report = replace(report, source=delivery.source)
        for repair in report.repairs:
            self._metrics.repairs.labels(repair).inc()
        ping = report.ping(assignment.vehicle_id, assignment.convoy_id, received_ms)
        record = Outgoing(self._topics[assignment.role], assignment.convoy_id.encode(), msgspec.json.encode(ping))
        return _Judged(ACCEPTED, [record], seen, marks | (known or 0))

    def _dead_letter(self, delivery: Delivery, device: str | None, error: Undecodable) -> _Judged:
        letter = DeadLetter(
            code=error.code,
            exception="Undecodable",
            message=str(error),
            topic=self._source_topic,
            partition=NO_OFFSET,
            offset=NO_OFFSET,
            stage=STAGE,
            retry_count=delivery.retry_count,
        )
        if error.code == "encrypted":
            log.warning("encrypted messages: turn it off in the app, until then the vehicle is dark device=%r", device)
        name = (device or "").encode(errors="replace")
        told = [*headers(letter), (FORMAT_HEADER, delivery.form.encode()), (DEVICE_HEADER, name)]
        record = Outgoing(self._dlt, name, delivery.message, told)
        return _Judged(Outcome("dead-letter", error.code, str(error)), [record], is_foreign=isinstance(error, _Foreign))


def cut(
    form: str, message: bytes, device: str | None, claimed: str | None = None, source: str | None = None
) -> Delivery:
    """One message; of what is too large only the beginning goes on, a byte more than allowed."""
    beginning = message[: MESSAGE_BYTES_MAX + 1]
    return Delivery(form=form, message=beginning, authenticated=device, claimed=claimed, source=source)


def split(form: str, body: bytes, device: str) -> list[Delivery]:
    """The messages of a body of JSON, each a delivery; one that is too large, or of too many, stays whole."""
    if len(body) > MESSAGE_BYTES_MAX:
        return [cut(form, body, device)]
    messages = FORMATS[form].split(body)
    if len(messages) > MESSAGES_MAX:
        return [Delivery(form=form, message=body, authenticated=device, is_oversized=True)]
    return [Delivery(form=form, message=message, authenticated=device) for message in messages]


def _portions(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Cut what came at once so that each portion has room among what may wait for Kafka."""
    portion: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        portion.append(delivery)
        size += len(delivery.message) + RECORD_OVERHEAD_BYTES
        if size > PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _topic_names(report: Report) -> list[str]:
    """User and device of the topic in an OwnTracks message; without one it has two letters, which name nothing."""
    return report.device.split("/") if report.device and "/" in report.device else []


def _mended(report: Report, received_ms: int) -> Report:
    """The report with a time that can be: the roll-over of the GPS week undone, a presence of no possible time now.

    Raises Undecodable where a fix comes from the future, unless it calls for help: then the call goes on without it.
    """
    time_ms = report.time_ms
    if time_ms is None:
        return report
    first_ms, last_ms = received_ms - BUFFERED_MS_MAX, received_ms + FUTURE_MS
    if first_ms <= time_ms <= last_ms:
        return report
    weeks, rest_ms = divmod(received_ms + FUTURE_MS - time_ms, ROLLOVER_MS)
    if weeks > 0 and rest_ms <= BUFFERED_MS_MAX + FUTURE_MS:
        return replace(report, time_ms=time_ms + weeks * ROLLOVER_MS, repairs=(*report.repairs, "week-rollover"))
    if report.lat is None or (report.sos and time_ms > last_ms):
        return replace(report, time_ms=None, repairs=(*report.repairs, "time-replaced")).at(None)
    if time_ms > last_ms:
        raise Undecodable("bad-time", f"the fix is {(time_ms - received_ms) // 1000} s ahead of its receipt")
    return report
