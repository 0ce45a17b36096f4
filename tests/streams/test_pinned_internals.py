"""What the worker relies on inside Faust and aiokafka beyond their documentation, so that an upgrade is looked at.

A failure here is no fault in the product: read the changed function, see whether the worker's use of it still holds,
run the tests with killed workers, and write down the new fingerprint.
"""

import hashlib
import inspect
from importlib.metadata import version

import pytest
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import TopicPartitionState
from aiokafka.producer.message_accumulator import MessageAccumulator
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

PINNED = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

FINGERPRINTS = {
    # The scheduler is called between two `getmany`, with all that one brought, and positions move nowhere else. What it
    # gives is dropped, and sought anew, where the flow is not active right after it.
    Consumer.getmany: "4b168d84882a70d6",
    Consumer._drain_messages: "44a2500309e83c63",
    AIOKafkaConsumerThread._fetch_records: "39a2c6c79fc1455a",
    Fetcher.fetched_records: "be4348896b9b66af",
    FetchResult.getall: "3e717e30de5068d5",
    # They look up how to wrap a record when they come to it.
    PartitionRecords.__init__: "8ec1c2ae6ea1af87",
    PartitionRecords._unpack_records: "b803e6d46480732c",
    # It only asks for the next record, so a loop may take them from where it asks.
    PartitionRecords.__next__: "63ac34a08c309098",
    # How much is read before the socket rests is looked up when a connection begins.
    AIOKafkaConnection.connect: "b0f9ba7f0cf6b432",
    # The brake: what was fetched is still delivered, where pausing would lose it.
    Consumer.on_buffer_full: "c8961679e0bcdce5",
    Consumer.on_buffer_drop: "4b57e8a418d5ad9c",
    # Highwater is written before the time of the response.
    Fetcher._proc_fetch_request: "59bf948fff47eed5",
    TopicPartitionState.position.fget: "816b6b289bd14f5c",
    AIOKafkaConsumer.highwater: "044275efc968e286",
    # One fetch a broker at a time, which waits there for as long as is said; that is read anew for each request.
    Fetcher._get_actions_per_node: "1dab2cf937d165d0",
    # Partitions are revoked with the flow stopped and the queues cleared, and sought anew before it resumes.
    App._on_partitions_revoked: "d5c895bbe57dc73a",
    App._on_partitions_assigned: "de932b7927db85b3",
    Recovery._resume_streams: "d986a6710c1aca98",
    # Hand-built batches join the transaction as single records do.
    MessageAccumulator.add_batch: "5ed1c5b1367ad854",
    MessageAccumulator._append_batch: "4762abfc42cbaa15",
}


@pytest.mark.parametrize("name", PINNED)
def test_the_libraries_whose_insides_are_used_are_pinned(name: str) -> None:
    assert version(name) == PINNED[name]


def fingerprint(function: object) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:16]


@pytest.mark.parametrize("function", FINGERPRINTS, ids=lambda function: function.__qualname__)
def test_what_the_worker_relies_on_has_not_changed(function: object) -> None:
    assert fingerprint(function) == FINGERPRINTS[function]
