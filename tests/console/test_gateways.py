"""Whether the console knows that the gateways are down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.gateways import DOWN_AFTER_S, Gateways, is_ready, watch_gateways
from console.room import Room
from console.stream import Stream
from models.plan_file import load_plan
from models.topics import TopicSet
from simulate.bontang import PLAN


@asynccontextmanager
async def answering(status: str) -> AsyncIterator[str]:
    """A gateway that answers each request with a status; gives its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        assert request.startswith(b"GET /readyz ")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(("status", "ready"), [("200 OK", True), ("503 Service Unavailable", False)])
async def test_a_gateway_is_up_when_it_says_that_it_is_ready(status: str, ready: bool) -> None:
    async with answering(status) as url:
        assert await asyncio.to_thread(is_ready, url) is ready


def test_who_does_not_answer_is_not_ready() -> None:
    assert not is_ready("http://127.0.0.1:9")


def test_a_gateway_is_down_when_nothing_was_heard_for_a_while() -> None:
    assert Gateways().state(100.0) is None
    assert Gateways(100.0).state(100.0 + DOWN_AFTER_S) == "ok"
    assert Gateways(100.0).state(100.1 + DOWN_AFTER_S) == "down"


async def test_one_gateway_that_answers_is_enough() -> None:
    gateways, asked = Gateways(), asyncio.Event()
    times_s = iter((1.0, 2.0))

    def clock_s() -> float:
        now_s = next(times_s, 3.0)
        if now_s > 1.0:
            asked.set()
        return now_s

    async with answering("200 OK") as url:
        watching = asyncio.create_task(watch_gateways(["http://127.0.0.1:9", url], gateways, clock_s))
        await asyncio.wait_for(asked.wait(), 20)
        watching.cancel()
    assert gateways.heard_s == 2.0


def test_only_vehicles_with_a_device_of_the_plan_are_behind_a_gateway() -> None:
    room = Room(TopicSet(), Stream("boot"))
    plan = load_plan(PLAN)[0]
    first, *others = plan.vehicles
    vehicles = [first.model_copy(update={"device_ids": ["phone-1"]}), *others]
    room.plans.by_convoy[plan.convoy_id] = plan.model_copy(update={"vehicles": vehicles})
    room.gateways.heard_s = 0.0
    room.second(1_795_000_000_000, 100.0)
    assert room.book.cut_off == {first.vehicle_id}
    assert room.heartbeat(1_795_000_000_000, room.feed.judge(100.0), "down")["gateway"] == "down"
