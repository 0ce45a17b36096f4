"""A call for help that Kafka could not take waits on the disk, through a crash, until Kafka takes it."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from bench.running_gateway import running
from deploy.kafka.embedded import EmbeddedKafka
from gateway.calls import Calls, CallsError
from models.topics import TopicSet
from tests.gateway.posts import post
from tests.gateway.test_http import Case, keyed, native, read


def test_a_call_while_kafka_is_away_is_acknowledged_and_delivered_after_a_crash(tmp_path: Path) -> None:
    case = Case("traccar-client", "1001", keyed("1001", 1, alarm="sos"))
    with EmbeddedKafka(data=tmp_path / "kafka") as kafka:
        gateway = post(kafka.bootstrap, TopicSet("calls", 4), tmp_path)
        gateway.start()
        kafka.kill()
        path = gateway.path(case.form, case.device)
        assert httpx.post(path, content=keyed("1001", 2), timeout=15).status_code == 503
        assert httpx.post(path, content=case.body, timeout=15).status_code == 200
        assert gateway.process is not None
        gateway.process.kill()
        gateway.process.wait()
        kafka.start()
        with running(gateway):
            gateway.wait_for(lambda: "are delivered" in gateway.text)
        records = asyncio.run(read(gateway))
        assert [b'"sos":true' in record.value for record in records] == [True]


def test_a_call_that_comes_again_with_a_batch_is_kept_once(tmp_path: Path) -> None:
    batch = json.dumps([native("TRUCK-1", 3), native("TRUCK-1", 2, sos=True), native("TRUCK-1", 1)])
    with EmbeddedKafka(data=tmp_path / "kafka") as kafka:
        gateway = post(kafka.bootstrap, TopicSet("batches", 4), tmp_path)
        with running(gateway):
            kafka.kill()
            path = gateway.path("pings", "1001")
            answers = [httpx.post(path, content=batch, timeout=15).status_code for _ in range(3)]
            assert answers == [503, 503, 503]
            kept = (tmp_path / "gateway-calls" / "calls-for-help.jsonl").read_bytes()
            assert kept.count(b"\n") == 1
            kafka.start()
            gateway.wait_for(lambda: httpx.post(path, content=batch, timeout=15).status_code == 200)
            gateway.wait_for(lambda: "are delivered" in gateway.text)
        records = asyncio.run(read(gateway))
        calls = [record.value for record in records if b'"sos":true' in record.value]
        assert len(records) == 2 + len(calls)
        # The kept one goes out, and where it does before its batch is taken in, that of the batch does too: no call may
        # be held back.
        assert len(set(calls)) == 1
        assert len(calls) <= 2


def test_two_gateways_do_not_share_a_folder(tmp_path: Path) -> None:
    calls = Calls(tmp_path)
    with pytest.raises(CallsError, match="KAWAL_GATEWAY_DIR"):
        Calls(tmp_path)
    calls.close()
    Calls(tmp_path).close()
