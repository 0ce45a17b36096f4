"""The rights as commands of Kafka's own tool, for a broker that others run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from deploy.security.rights import SUPER_USERS, Pattern, Resource, rights_of
from models.topics import TopicSet

_OPTION = {Resource.TOPIC: "--topic", Resource.GROUP: "--group", Resource.TRANSACTIONAL_ID: "--transactional-id"}


def acl_commands(accounts: Iterable[str], topics: TopicSet) -> Iterator[str]:
    """Yield a command for each account, kind of thing and operation; `$KAFKA` says how the tool reaches the broker."""
    for account in accounts:
        if account in SUPER_USERS:
            continue
        names: dict[tuple[Resource, Pattern, str], list[str]] = defaultdict(list)
        for right in sorted(rights_of(account, topics)):
            operation = right.operation.name.title().replace("_", "")
            names[right.resource, right.pattern, operation].append(right.name)
        for (resource, pattern, operation), of in names.items():
            things = " ".join(f"{_OPTION[resource]} {name}" for name in of)
            kind = f"--resource-pattern-type {pattern.name.lower()}"
            yield (
                f"kafka-acls.sh $KAFKA --add --allow-principal User:{account} --operation {operation} {kind} {things}"
            )
