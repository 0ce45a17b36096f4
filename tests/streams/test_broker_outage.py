"""The broker dies in the middle of the work and comes back: the worker stays, and nothing is lost or repeated."""

import asyncio
import time
from pathlib import Path

from aiokafka import AIOKafkaProducer

from bench.nemesis import MortalWorker, until
from bus import topic_admin
from deploy.kafka.embedded import EmbeddedKafka
from models.topics import TopicSet
from streams.state import load_state
from streams.takeover import read_states
from tests.streams.conftest import SHORT_SESSION_WORKER
from tests.streams.test_worker import ping

VEHICLES, ROUNDS = 40, 25
OUTAGE_S = 5.0


async def publish(broker: str, topics: TopicSet, first_round: int) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker, enable_idempotence=True) as producer:
        for round_no in range(first_round, first_round + ROUNDS):
            sent = []
            for vehicle in range(VEHICLES):
                convoy_id = f"BTG-{vehicle // 4:02d}"
                value = ping(f"KT-{vehicle}", convoy_id, seq=round_no)
                sent.append(await producer.send(topics.convoy_pings, value, convoy_id.encode()))
            await asyncio.gather(*sent)


async def test_a_worker_outlives_its_broker_and_counts_every_ping_once(engine: None, tmp_path: Path) -> None:
    topics = TopicSet("outage", 4)
    with EmbeddedKafka(data=tmp_path / "kafka", settings={"group.min.session.timeout.ms": "1000"}) as kafka:
        await topic_admin.ensure(kafka.bootstrap, topics)
        worker = MortalWorker(kafka.bootstrap, topics, tmp_path / "worker.log", SHORT_SESSION_WORKER)
        try:
            await worker.until("kawal_partitions_owned", topics.partitions)
            await publish(kafka.bootstrap, topics, 0)
            # Killed while the last checkpoints of these pings are being written.
            kafka.kill()
            await asyncio.sleep(OUTAGE_S)
            kafka.start()
            returned_s = time.time()
            await publish(kafka.bootstrap, topics, ROUNDS)
            committed = 'kawal_heartbeat_last_seen_timestamp_seconds{stage="committed"}'
            await worker.until(committed, returned_s)
            await until(lambda: worker.metric("kawal_consumer_lag_records") == 0, "the worker to catch up")
            worker.process.terminate()
            assert await worker.end() == 0, worker.log()
        finally:
            worker.process.kill()
        states = await read_states(kafka.bootstrap, topics.state, range(topics.partitions))
        rows = [load_state(value).rows for convoys in states.values() for value in convoys.values()]
        assert [row.received_count.tolist() for row in rows] == [[2 * ROUNDS] * 4] * (VEHICLES // 4)
