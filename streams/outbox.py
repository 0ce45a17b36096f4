"""What a partition has decided and not yet committed."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from models.alert import Alert
from models.convoy_status import ConvoyStatus
from models.topics import TopicSet
from streams.checkpoint import Checkpoint, Output

STATUS_PERIOD_S = 1.0


@dataclass(slots=True)
class Snapshot:
    """A checkpoint to write, and what is reported when it is committed."""

    checkpoint: Checkpoint
    ticks: int
    alerts: list[Alert] = field(default_factory=list)
    statuses: list[ConvoyStatus] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


class Outbox:
    """Alerts, dead letters and the convoys whose status is to be told, until a checkpoint takes them."""

    def __init__(self, topics: TopicSet) -> None:
        self.alerts: list[Alert] = []
        self.dead_letter_bytes = 0
        self._topics = topics
        self._dead_letters: dict[str, list[Output]] = {}
        self._status_due: set[str] = set()
        self._status_told_s: dict[str, float] = {}

    def add_dead_letter(self, topic: str, letter: Output) -> None:
        """Keep a dead letter of an input topic."""
        self._dead_letters.setdefault(topic, []).append(letter)
        self.dead_letter_bytes += len(letter.value or b"")

    def tell_status(self, convoy_ids: Iterable[str]) -> None:
        """Tell the status of these convoys as soon as they may be told again."""
        self._status_due.update(convoy_ids)

    @property
    def status_waits(self) -> bool:
        """Whether a convoy's status is still to be told."""
        return bool(self._status_due)

    def status_due(self, now_s: float) -> list[str]:
        """Take the convoys whose last status is a second old, in a fixed order."""
        told_s = self._status_told_s
        due = [name for name in self._status_due if now_s - told_s.get(name, -STATUS_PERIOD_S) >= STATUS_PERIOD_S]
        told_s |= dict.fromkeys(due, now_s)
        self._status_due.difference_update(due)
        return sorted(due)

    def empty_into(self, snapshot: Snapshot) -> None:
        """Move alerts and dead letters into a snapshot."""
        checkpoint, snapshot.alerts, self.alerts = snapshot.checkpoint, self.alerts, []
        checkpoint.add(self._topics.alerts, [_output(alert) for alert in snapshot.alerts])
        for topic, letters in self._dead_letters.items():
            checkpoint.add(self._topics.dlt(topic), letters)
        self._dead_letters.clear()
        self.dead_letter_bytes = 0

    def add_statuses(self, snapshot: Snapshot, statuses: Iterable[ConvoyStatus]) -> None:
        """Put statuses into a snapshot."""
        snapshot.statuses = list(statuses)
        snapshot.checkpoint.add(self._topics.convoys, [_output(status) for status in snapshot.statuses])

    def add_gone(self, snapshot: Snapshot, convoy_ids: Iterable[str]) -> None:
        """Put the convoys into a snapshot of which nothing is to be told any more: null records."""
        snapshot.gone = list(convoy_ids)
        snapshot.checkpoint.add(self._topics.convoys, [Output(name.encode(), None) for name in snapshot.gone])
        for convoy_id in snapshot.gone:
            self._status_told_s.pop(convoy_id, None)


def _output(value: Alert | ConvoyStatus) -> Output:
    return Output(value.convoy_id.encode(), value.to_json())
