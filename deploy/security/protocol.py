"""Requests of Kafka's admin protocol that aiokafka lacks: passwords, quotas, and many rights at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Float64,
    Int8,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

SCRAM_SHA_512 = 2


class Password(NamedTuple):
    """An account's password as a broker keeps it, under SCRAM-SHA-512."""

    account: str
    iterations: int
    salt: bytes
    salted: bytes


class _AlterScramResponse(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScramStruct(RequestStruct):
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterScramResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScram(Request[_AlterScramStruct]):
    """Set the passwords of some accounts and take those of others away."""

    API_KEY = 51

    def __init__(self, passwords: Sequence[Password], gone: Sequence[str]) -> None:
        self._passwords, self._gone = passwords, gone

    def build(self, request_struct_class: type[_AlterScramStruct]) -> _AlterScramStruct:
        """Return the request as it is sent."""
        tags: dict[int, bytes] = {}
        passwords = [(it.account, SCRAM_SHA_512, it.iterations, it.salt, it.salted, tags) for it in self._passwords]
        return request_struct_class([(account, SCRAM_SHA_512, tags) for account in self._gone], passwords, tags)


class _AlterQuotasResponse(Response):
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "entries",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("entity", Array(("type", String("utf-8")), ("name", String("utf-8")))),
            ),
        ),
    )


class _AlterQuotasStruct(RequestStruct):
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlterQuotasResponse
    SCHEMA = Schema(
        (
            "entries",
            Array(
                ("entity", Array(("type", String("utf-8")), ("name", String("utf-8")))),
                ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))),
            ),
        ),
        ("validate_only", Boolean),
    )


class CreateRights(Request[CreateAclsRequest_v1]):
    """Allow things to accounts."""

    API_KEY = 30

    def __init__(self, rights: Sequence[Sequence[object]]) -> None:
        self._rights = rights

    def build(self, request_struct_class: type[CreateAclsRequest_v1]) -> CreateAclsRequest_v1:
        """Return the request as it is sent."""
        return request_struct_class(self._rights)


class DeleteRights(Request[DeleteAclsRequest_v1]):
    """Allow things no longer."""

    API_KEY = 31

    def __init__(self, rights: Sequence[Sequence[object]]) -> None:
        self._rights = rights

    def build(self, request_struct_class: type[DeleteAclsRequest_v1]) -> DeleteAclsRequest_v1:
        """Return the request as it is sent."""
        return request_struct_class(self._rights)


class AlterQuotas(Request[_AlterQuotasStruct]):
    """Limit the bytes a second that accounts may write."""

    API_KEY = 49

    def __init__(self, bytes_per_s: Mapping[str, int]) -> None:
        self._entries = [
            ([("user", account)], [("producer_byte_rate", float(rate), False)]) for account, rate in bytes_per_s.items()
        ]

    def build(self, request_struct_class: type[_AlterQuotasStruct]) -> _AlterQuotasStruct:
        """Return the request as it is sent."""
        return request_struct_class(self._entries, False)
