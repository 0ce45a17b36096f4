"""Brings a broker to what the folder and the table of rights say: passwords, rights, limits. Safe to run again."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaConnectionError, for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from deploy.security.folder import SecurityFolder
from deploy.security.protocol import AlterQuotas, AlterScram, CreateRights, DeleteRights, Password
from deploy.security.rights import SUPER_USERS, WRITE_BYTES_PER_S, Right, rights_of, role_of
from models.topics import TopicSet

_ITERATIONS = 8192
_ANY, _ALLOW = 1, 3

# What the broker says of one revoked that never had a password there.
_NO_PASSWORD = 91

_TAKEN_UP_S = 30.0


async def apply(how: Mapping[str, Any], folder: SecurityFolder, topics: TopicSet) -> None:
    """Give every account of the folder its password and its rights on `topics`, and take both from the revoked ones.

    `how` is what `connection` returns for a super user. Returns when the broker that was asked holds to it. Raises
    KafkaConnectionError when no broker answers and another KafkaError when it refuses.
    """
    async with asyncio.timeout(_TAKEN_UP_S):
        client = AIOKafkaClient(**how)
        try:
            await client.bootstrap()
            await _set_passwords(client, folder)
            await _set_limits(client, folder)
            await _set_rights(client, _wanted(folder, topics), topics.prefix)
        finally:
            await client.close()


def _wanted(folder: SecurityFolder, topics: TopicSet) -> dict[str, set[Right]]:
    kept = {name: rights_of(name, topics) for name in folder.accounts() if name not in SUPER_USERS}
    return kept | {name: set() for name in folder.revoked()}


async def _set_passwords(client: AIOKafkaClient, folder: SecurityFolder) -> None:
    passwords = [_salted(account, folder.password(account)) for account in folder.accounts()]
    answer = await _ask(client, AlterScram(passwords, folder.revoked()))
    for account, code, message, _tags in answer.results:
        if code != _NO_PASSWORD:
            _refuse(code, f"{account}: {message}")


def _salted(account: str, password: str) -> Password:
    salt = secrets.token_bytes(24)
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return Password(account, _ITERATIONS, salt, salted)


async def _set_limits(client: AIOKafkaClient, folder: SecurityFolder) -> None:
    limits = {account: WRITE_BYTES_PER_S.get(role_of(account)) for account in folder.accounts()}
    answer = await _ask(client, AlterQuotas({account: limit for account, limit in limits.items() if limit}))
    for code, message, _entity in answer.entries:
        _refuse(code, message)


async def _set_rights(client: AIOKafkaClient, wanted: Mapping[str, set[Right]], prefix: str) -> None:
    found = await _rights(client, wanted, prefix)
    if missing := _acls({account: rights - found[account] for account, rights in wanted.items()}):
        for code, message in (await _ask(client, CreateRights(missing))).creation_responses:
            _refuse(code, message)
    if extra := _acls({account: found[account] - rights for account, rights in wanted.items()}):
        for code, message, _deleted in (await _ask(client, DeleteRights(extra))).filter_responses:
            _refuse(code, message)
    # The controller has answered; the broker takes it up from its log a moment later.
    while await _rights(client, wanted, prefix) != wanted:  # noqa: ASYNC110 - Kafka has no event for it
        await asyncio.sleep(0.02)


async def _rights(client: AIOKafkaClient, accounts: Iterable[str], prefix: str) -> dict[str, set[Right]]:
    """Return what each account is allowed on this set of topics; what it is allowed elsewhere is no matter of ours."""
    answer = await _ask(client, DescribeAclsRequest(_ANY, None, _ANY, None, None, _ANY, _ALLOW))  # type: ignore[arg-type]
    _refuse(answer.error_code, answer.error_message)
    rights: dict[str, set[Right]] = {account: set() for account in accounts}
    for kind, name, pattern, acls in answer.resources:
        for principal, host, operation, _permission in acls:
            account = principal.removeprefix("User:")
            if host == "*" and account in rights and name.startswith((f"{prefix}.", f"{prefix}-")):
                rights[account].add(Right(kind, name, pattern, operation))
    return rights


def _acls(rights: Mapping[str, set[Right]]) -> list[tuple[object, ...]]:
    return [
        (right.resource, right.name, right.pattern, f"User:{account}", "*", right.operation, _ALLOW)
        for account in rights
        for right in rights[account]
    ]


async def _ask(client: AIOKafkaClient, request: Any) -> Any:
    node = client.get_random_node()
    if node is None:
        raise KafkaConnectionError("the broker counts itself to no cluster yet")
    return await client.send(node, request)


def _refuse(code: int, message: str | None) -> None:
    if code:
        raise for_code(code)(message or "")
