"""What is numbered in the picture of an alert: the onset and each transition."""

from typing import NamedTuple

from streams.explain import Story


class Mark(NamedTuple):
    """A numbered moment of an episode: its name, when and, if known, where it was, and what is said of it."""

    number: int
    name: str
    at_ms: int
    lat: float | None
    lon: float | None
    message: str


def marks_of(story: Story) -> list[Mark]:
    """Give the onset and the transitions in order; the onset is where the ping nearest to it in time was."""
    placed = [sample for sample in story.samples if sample.lat is not None and sample.result == "accepted"]
    onset_ms = story.alerts[0].onset_ms
    first = min(placed, key=lambda sample: abs(sample.fix_ms - onset_ms), default=None)
    onset = Mark(1, "onset", onset_ms, first and first.lat, first and first.lon, "")
    return [onset] + [
        Mark(number, f"{alert.transition}, {alert.severity}", alert.at_ms, alert.lat, alert.lon, alert.message.en)
        for number, alert in enumerate(story.alerts, 2)
    ]
