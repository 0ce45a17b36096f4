"""Plain counts are shown to Prometheus as its own counters and histograms would be."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from gateway.tally import Spread, Tally

BOUNDS = (0.005, 0.1, 1, 2.5)
LABELS = st.tuples(st.sampled_from("ab"), st.sampled_from("xy"))


def shown(registry: CollectorRegistry) -> list[bytes]:
    """What Prometheus reads, without the times of creation, which no plain count has."""
    return sorted(line for line in generate_latest(registry).splitlines() if b"_created" not in line)


@given(st.lists(st.one_of(st.sampled_from(BOUNDS), st.floats(0, 5))))
def test_a_spread_is_a_histogram(values: list[float]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    spread, histogram = (
        Spread("took_seconds", "Time.", BOUNDS, ours),
        Histogram("took_seconds", "Time.", buckets=BOUNDS, registry=theirs),
    )
    for value in values:
        spread.observe(value)
        histogram.observe(value)
    assert shown(ours) == shown(theirs)


@given(st.lists(st.tuples(LABELS, st.integers(1, 9))))
def test_a_tally_is_a_counter_of_which_some_begin_with_0(counts: list[tuple[tuple[str, str], int]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    tally = Tally("sent", "Sent.", ["first", "second"], [("a", "x"), ("b", "y")], ours)
    counter = Counter("sent", "Sent.", ["first", "second"], registry=theirs)
    counter.labels("a", "x")
    counter.labels("b", "y")
    for labels, count in counts:
        tally.add(labels, count)
        counter.labels(*labels).inc(count)
    assert shown(ours) == shown(theirs)
