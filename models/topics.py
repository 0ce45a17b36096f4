"""Topics: their names, partitions and settings, and the partition of a key."""

from dataclasses import dataclass, field
from functools import lru_cache

DAY_MS = 86_400_000
PARTITIONS_DEFAULT = 12

# Room for a ping that is far too large, so that it reaches the dead letters with its reason instead of vanishing
# at a sender; its dead letter also carries headers.
PING_BYTES_MAX = 4 * 1024 * 1024
DEAD_LETTER_BYTES_MAX = PING_BYTES_MAX + 256 * 1024

# Only closed segments are compacted: at Kafka's default of 1 GiB a worker would read old states for minutes.
_COMPACT = {"cleanup.policy": "compact", "segment.bytes": str(32 * 1024 * 1024), "min.cleanable.dirty.ratio": "0.2"}


@dataclass(frozen=True)
class TopicSpec:
    """What a topic must be like."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


class TopicSet:
    """The topics of one installation, all under one prefix.

    A live set takes the broker's clock for pings and ticks (LogAppendTime). A replay set takes the timestamps of
    the replaying tool (CreateTime) and keeps everything: by the old timestamps Kafka would delete it at once.
    `gateway` is the name of no topic: what comes by other ways than Kafka has only dead letters there.
    """

    def __init__(self, prefix: str = "kawal", partitions: int = PARTITIONS_DEFAULT, replay: bool = False) -> None:
        self.prefix = prefix
        self.partitions = partitions
        self.replay = replay
        self.convoy_pings = f"{prefix}.convoy-pings"
        self.escort_pings = f"{prefix}.escort-pings"
        self.ticks = f"{prefix}.ticks"
        self.plans = f"{prefix}.plans"
        self.alerts = f"{prefix}.alerts"
        self.convoys = f"{prefix}.convoys"
        self.alert_actions = f"{prefix}.alert-actions"
        self.state = f"{prefix}.state"
        self.worker_group = f"{prefix}-worker"
        self.devices = f"{prefix}.devices"
        self.gateway = f"{prefix}.gateway"

    def dlt(self, name: str) -> str:
        """Return the dead-letter topic of an input topic."""
        return f"{name}-dlt"

    def specs(self) -> list[TopicSpec]:
        """Return every topic of the set."""
        pings = self._stamped(7) | {"max.message.bytes": str(PING_BYTES_MAX)}
        dead_letters = self._kept(30) | {"max.message.bytes": str(DEAD_LETTER_BYTES_MAX)}
        configs = {
            self.convoy_pings: pings,
            self.escort_pings: pings,
            self.ticks: self._stamped(1),
            self.plans: _COMPACT,
            self.alerts: self._kept(90),
            self.convoys: _COMPACT,
            self.alert_actions: self._kept(90),
            self.state: _COMPACT,
            self.devices: _COMPACT,
            self.dlt(self.convoy_pings): dead_letters,
            self.dlt(self.escort_pings): dead_letters,
            self.dlt(self.gateway): dead_letters,
        }
        return [TopicSpec(name, self.partitions, config) for name, config in configs.items()]

    def _kept(self, days: int) -> dict[str, str]:
        retention_ms = -1 if self.replay else days * DAY_MS
        return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}

    def _stamped(self, days: int) -> dict[str, str]:
        return self._kept(days) | {"message.timestamp.type": "CreateTime" if self.replay else "LogAppendTime"}


@lru_cache(4096)
def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition that Kafka's default partitioner gives a key: murmur2, sign bit off, modulo."""
    return (_murmur2(key) & 0x7FFFFFFF) % partitions


def _murmur2(data: bytes) -> int:
    """Return the 32 bit MurmurHash2 of Kafka's Java client (org.apache.kafka.common.utils.Utils.murmur2)."""
    mask, factor = 0xFFFFFFFF, 0x5BD1E995
    mixed = 0x9747B28C ^ len(data)
    whole = len(data) & ~3
    for start in range(0, whole, 4):
        word = int.from_bytes(data[start : start + 4], "little") * factor & mask
        mixed = mixed * factor & mask ^ (word ^ word >> 24) * factor & mask
    if tail := data[whole:]:
        mixed = (mixed ^ int.from_bytes(tail, "little")) * factor & mask
    mixed = (mixed ^ mixed >> 13) * factor & mask
    return mixed ^ mixed >> 15
