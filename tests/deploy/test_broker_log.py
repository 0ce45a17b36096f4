"""What a broker's log says about its end, in a few words."""

from pathlib import Path

import pytest

from deploy.kafka.broker_log import explain_end, log_size

FATAL = """\
2026-11-24T10:00:00.000Z INFO Starting (KafkaServer)
2026-11-24T10:00:00.001Z ERROR Exiting Kafka due to fatal exception (Kafka$)
org.apache.kafka.common.KafkaException: it went wrong
\tat kafka.Kafka.main(Kafka.scala)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FATAL + "Caused by: java.lang.IllegalStateException: the deeper reason\n\tat x.y\n", "the deeper reason"),
        (FATAL, "KafkaException: it went wrong"),
        ('Exception in thread "main" org.example.BadThing: of the tool\n\tat x.y\n', "at x.y"),
        ('Exception in thread "main" org.example.BadException: of the tool\n\tat x.y\n', "BadException: of the tool"),
        ("2026-11-24T10:00:00.000Z FATAL halted (Exit)\n2026-11-24T10:00:00.000Z INFO bye (Exit)\n", "halted (Exit)"),
        ("Error: Could not find or load main class kafka.Kafka\n", "Could not find or load main class"),
        ("the last line\n\n", "the last line"),
        ("", "it said nothing"),
        ("java.io.IOException: No space left on device\n" + FATAL, "the disk is full"),
        ("java.net.BindException: Address already in use\n", "port is taken"),
        ("java.lang.OutOfMemoryError: Java heap space\n", "out of memory"),
        ("KafkaException: Failed to acquire lock on file .lock in /x\n", "another broker uses the same data folder"),
    ],
)
def test_the_reason_is_found(tmp_path: Path, text: str, said: str) -> None:
    log = tmp_path / "kafka.log"
    log.write_text(text, encoding="utf-8")
    assert said in explain_end(log, 0)


def test_only_the_lines_since_the_last_start_count(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("java.io.IOException: No space left on device\n", encoding="utf-8")
    start = log_size(log)
    with log.open("a", encoding="utf-8") as file:
        file.write(FATAL)
    assert explain_end(log, start) == "org.apache.kafka.common.KafkaException: it went wrong"


def test_a_log_that_was_rolled_over_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text(FATAL, encoding="utf-8")
    assert "it went wrong" in explain_end(log, 1_000_000)


def test_without_a_log_there_is_still_an_answer(tmp_path: Path) -> None:
    assert explain_end(tmp_path / "none", 0) == "it said nothing"
