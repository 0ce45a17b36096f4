"""Every account against every topic, group, transaction and act of an admin, on Apache Kafka with its authorizer on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError
from aiokafka.protocol.admin import CreateTopicsRequest, DescribeAclsRequest, DescribeConfigsRequest
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.transaction import InitProducerIdRequest

from bus.connection import connection
from bus.topic_admin import admin_client, ensure
from deploy.security.protocol import AlterQuotas, AlterScram
from tests.deploy.security.conftest import VEHICLE, Secured

# r read, w write, d see that it is there, c see its settings; to read or write is to see it too.
RIGHTS = """
                    worker  gateway  console  planner  monitor  POL-41
convoy-pings        rc      wc       r        -        dc       w
escort-pings        rc      wc       r        -        dc       w
ticks               rwc     dc       d        -        rc       -
plans               rc      rc       r        rw       dc       -
alerts              wc      dc       r        -        dc       -
convoys             wc      dc       r        -        dc       -
alert-actions       dc      dc       rw       -        dc       -
state               rwc     dc       -        -        dc       -
convoy-pings-dlt    wc      wc       -        -        dc       -
escort-pings-dlt    wc      wc       -        -        dc       -
devices             dc      rwc      -        -        dc       -
gateway-dlt         dc      rwc      -        -        dc       -
other               -       -        -        -        -        -
"""

# g be a member of the worker's group, o see its offsets; t be the worker of a partition, p import plans.
REST = {"worker": "got", "gateway": "", "console": "o", "planner": "p", "monitor": "o", VEHICLE: ""}

ACCOUNTS = tuple(REST)
NOT_LEADER = 6
REFUSED = {"topic": 29, "group": 30, "cluster": 31, "transaction": 53}
MISSING_TOO = ("other",)


def expected() -> dict[tuple[str, str], set[str]]:
    lines = RIGHTS.strip("\n").splitlines()
    assert tuple(lines[0].split()) == ACCOUNTS
    table = {}
    for name, *cells in map(str.split, lines[1:]):
        for account, cell in zip(ACCOUNTS, cells, strict=True):
            table[account, name] = set(cell.strip("-")) | ({"d"} if {"r", "w"} & set(cell) else set())
    return table


@pytest.fixture
async def names(secured: Secured, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The topics of the table, made by the admin; one of them is no topic of Kawal's."""
    secured.become("admin", monkeypatch)
    await ensure(secured.address, secured.topics)
    async with client(secured) as admin:
        missing = [(f"{secured.prefix}.{name}", 2, 1, [], []) for name in MISSING_TOO]
        answer = await ask(admin, CreateTopicsRequest(missing, 10_000, False))
        assert {code for _name, code, *_ in answer.topic_errors} <= {0, TopicAlreadyExistsError.errno}
        led = MetadataRequest([name for name, *_ in missing])
        while any(part[0] for *_, parts in (await ask(admin, led)).topics for part in parts):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return [f"{secured.prefix}.{name}" for _account, name in expected() if _account == "worker"]


@asynccontextmanager
async def client(secured: Secured) -> AsyncIterator[AIOKafkaClient]:
    made = AIOKafkaClient(**connection(secured.address))
    try:
        await made.bootstrap()
        yield made
    finally:
        await made.close()


async def ask(asking: AIOKafkaClient, request: Any) -> Any:
    return await asking.send(asking.get_random_node(), request)


async def readable(asking: AIOKafkaClient, names: list[str]) -> Iterator[tuple[str, int]]:
    request = FetchRequest(0, 0, 1024, 0, [(name, [(0, 0, 1024)]) for name in names])
    while NOT_LEADER in (codes := {name: parts[0][1] for name, parts in (await ask(asking, request)).topics}).values():  # noqa: ASYNC110
        await asyncio.sleep(0.02)  # a new topic is listed before its partitions are taken up
    return iter(codes.items())


async def seen(asking: AIOKafkaClient, names: list[str]) -> Iterator[tuple[str, int]]:
    return ((name, code) for code, name, *_ in (await ask(asking, MetadataRequest(names))).topics)


async def settings_seen(asking: AIOKafkaClient, names: list[str]) -> Iterator[tuple[str, int]]:
    answer = await ask(asking, DescribeConfigsRequest([(2, name, ["retention.ms"]) for name in names]))
    return ((name, code) for code, _message, _kind, name, _entries in answer.resources)


async def written(secured: Secured, names: list[str]) -> dict[str, bool]:
    taken = {}
    async with AIOKafkaProducer(**connection(secured.address)) as producer:
        for name in names:
            try:
                await producer.send_and_wait(name, b"x", key=b"x", partition=0)
                taken[name] = True
            except TopicAuthorizationFailedError:
                taken[name] = False
    return taken


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_each_cell_of_the_table_is_as_it_says(
    account: str, names: list[str], secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured.become(account, monkeypatch)
    found: dict[str, set[str]] = {name: set() for name in names}
    async with client(secured) as asking:
        for letter, look in (("r", readable), ("d", seen), ("c", settings_seen)):
            codes = dict(await look(asking, names))
            assert codes.keys() == found.keys()
            assert set(codes.values()) <= {0, REFUSED["topic"]}
            for name, code in codes.items():
                found[name] |= set() if code else {letter}
    for name, is_taken in (await written(secured, names)).items():
        found[name] |= {"w"} if is_taken else set()
    wanted = {f"{secured.prefix}.{name}": cell for (whose, name), cell in expected().items() if whose == account}
    assert found == wanted


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_groups_and_transactions_are_for_those_who_need_them(
    account: str, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured.become(account, monkeypatch)
    group, found = f"{secured.prefix}-worker", set()
    async with client(secured) as asking:
        member = await ask(asking, HeartbeatRequest(group, 1, "nobody"))
        found |= {"g"} if member.error_code != REFUSED["group"] else set()
        place = await ask(asking, FindCoordinatorRequest(group, 0))
        found |= {"o"} if place.error_code != REFUSED["group"] else set()
        for letter, name in (("t", f"{group}-0"), ("p", f"{secured.prefix}-plans")):
            begun = await ask(asking, InitProducerIdRequest(name, 10_000))
            found |= {letter} if begun.error_code != REFUSED["transaction"] else set()
        other = [f"{secured.prefix}-other", "other-worker-0", f"{secured.prefix}-plans-2"]
        codes = [(await ask(asking, InitProducerIdRequest(name, 10_000))).error_code for name in other]
        assert codes == [REFUSED["transaction"]] * 3
        assert (await ask(asking, HeartbeatRequest("other", 1, "nobody"))).error_code == REFUSED["group"]
    assert found == set(REST[account])


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_only_the_admin_makes_topics_accounts_and_rights(
    account: str, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    secured.become(account, monkeypatch)
    async with client(secured) as asking:
        made = await ask(asking, CreateTopicsRequest([(f"{secured.prefix}.mine", 1, 1, [], [])], 10_000, False))
        assert made.topic_errors[0][1] in {REFUSED["topic"], REFUSED["cluster"]}
        rights = await ask(asking, DescribeAclsRequest(1, None, 1, None, None, 1, 1))  # type: ignore[arg-type]
        assert rights.error_code == REFUSED["cluster"]
        passwords = await ask(asking, AlterScram([], ["admin"]))
        assert passwords.results[0][1] == REFUSED["cluster"]
        quotas = await ask(asking, AlterQuotas({account: 1 << 40}))
        assert quotas.entries[0][0] == REFUSED["cluster"]
    async with admin_client(secured.address) as admin:
        assert f"{secured.prefix}.mine" not in await admin.list_topics()
