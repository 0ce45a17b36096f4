"""Whether the picture is fresh, judged by the worker's commits alone."""

from console.feed import Feed, Offsets


def judged(
    feed: Feed, now_s: float, committed: int | None, end: int, other: int | None = None
) -> tuple[str, str | None]:
    ticks = {0: Offsets(committed, end), 1: Offsets(committed if other is None else other, end)}
    feed.polled(now_s, ticks, {"pings": Offsets(3, 8)})
    state, cause, *_ = feed.judge(now_s)
    return state, cause


def test_a_worker_that_commits_is_believed_once_it_was_seen_to() -> None:
    feed = Feed()
    assert feed.judge(0.0)[:2] == ("broker-away", "no-broker")
    assert judged(feed, 0.0, 10, 11) == ("recovering", "starting")
    assert judged(feed, 3.0, 13, 14) == ("ok", None)
    assert feed.judge(4.5).tick_age_s == 1.5
    assert feed.lag_records == 5


def test_a_dead_worker_is_shown_after_six_seconds_and_a_silent_broker_sooner() -> None:
    feed = Feed()
    judged(feed, 0.0, 10, 11)
    judged(feed, 1.0, 11, 12)
    assert judged(feed, 7.0, 11, 12) == ("ok", None)
    assert judged(feed, 7.1, 11, 12) == ("stale", "no-commit")
    assert feed.judge(11.2)[:2] == ("broker-away", "no-broker")


def test_one_partition_that_stands_still_is_enough() -> None:
    feed = Feed()
    judged(feed, 0.0, 10, 11)
    judged(feed, 1.0, 11, 12)
    assert judged(feed, 9.0, 19, 20, other=11) == ("stale", "no-commit")


def test_a_set_that_no_worker_has_ever_committed_in_is_stale() -> None:
    assert judged(Feed(), 0.0, None, 0) == ("stale", "no-worker")


def test_a_worker_that_catches_up_is_recovering_though_it_commits_rarely() -> None:
    feed = Feed()
    judged(feed, 0.0, 0, 3600)
    assert judged(feed, 10.0, 900, 3610) == ("recovering", "catching-up")
    assert feed.judge(12.0).is_late
    assert judged(feed, 30.0, 900, 3630) == ("stale", "no-commit")


def test_a_recording_that_is_replayed_fast_is_not_late_for_its_ticks() -> None:
    feed = Feed()
    for second in range(40):
        judged(feed, float(second), max(0, 20 * (second - 3)), 20 * second)
    assert judged(feed, 40.0, 740, 800) == ("ok", None)
