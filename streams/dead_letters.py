"""Records that cannot be used, as they go to the dead-letter topic: their own bytes, and headers that say why."""

from models.dead_letter import DeadLetter, headers, retry_count, without_reasons
from streams.checkpoint import Output
from streams.decode import Rejected
from streams.handover import TopicPartition
from streams.merge import Record


def dead_letter(source: TopicPartition, record: Record, rejected: Rejected) -> Output:
    """Return the dead letter of a record of a topic's partition: original key, value and headers, then the reason."""
    reason = DeadLetter(
        code=rejected.code,
        exception=rejected.exception,
        message=rejected.message,
        topic=source.topic,
        partition=source.partition,
        offset=record.offset,
        retry_count=retry_count(record.headers),
    )
    return Output(record.key, record.value, [*without_reasons(record.headers), *headers(reason)])
