"""Kafka goes away while phones send, and comes back: they keep what they have, and nothing is lost or out of order."""

from pathlib import Path

from bench.outage import Trial, run
from deploy.kafka.embedded import EmbeddedKafka


async def test_nothing_is_lost_or_out_of_order_when_kafka_goes_away_and_comes_back(tmp_path: Path) -> None:
    trial = Trial(phones=20, away_s=4.0, before_s=1.0, after_s=1.0, every_s=0.2, retry_s=0.3)
    with EmbeddedKafka(data=tmp_path / "kafka") as kafka:
        outcome = await run(trial, kafka, tmp_path)
    assert (outcome.lost, outcome.disordered) == (0, 0)
    assert outcome.sent == 20 * 30
    assert outcome.refused > 0
