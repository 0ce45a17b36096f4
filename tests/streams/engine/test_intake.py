"""Which fixes move a vehicle."""

from tests.streams.engine.road import STRAIGHT, Drive, ping, plan


def moving(count: int = 6) -> list[tuple[float, float]]:
    return [(2000.0 + 100 * i, 0.0) for i in range(count)]


def test_an_exact_duplicate_changes_nothing():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(50, (2500, 0)), ping(50, (2500, 0)))
    assert (drive.counts["accepted"], drive.counts["duplicate"]) == (6, 2)


def test_the_same_time_elsewhere_is_conflicting_and_refused():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(50, (2600, 0)))
    assert drive.counts["conflicting"] == 1
    assert drive.progress_m() == 2500


def test_an_older_ping_touches_nothing():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(45, (2450, 400), received_s=60))
    assert drive.counts["older"] == 1
    assert drive.progress_m() == 2500


def test_a_single_spike_is_held_and_dropped():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, (2600, 5000)))
    drive.along([(2700.0 + 100 * i, 0.0) for i in range(5)], begin_s=70)
    assert drive.counts["held"] == 1
    assert drive.alerts == []
    assert drive.progress_m() == 3100


def test_a_held_spike_repeated_is_a_duplicate_and_elsewhere_conflicting():
    spike = ping(60, (2600, 5000))
    drive = Drive(plan(STRAIGHT)).along(moving()).send(spike, spike, ping(60, (2600, 9000)))
    assert (drive.counts["held"], drive.counts["duplicate"], drive.counts["conflicting"]) == (1, 1, 1)


def test_two_later_fixes_that_agree_make_it_a_relocation():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.along([(12_000.0 + 100 * i, 0.0) for i in range(4)], begin_s=60)
    assert drive.counts["held"] == 2
    assert drive.progress_m() == 12_300


def test_spikes_that_disagree_with_each_other_never_relocate():
    spikes = [ping(60 + 10 * i, (2600, 20_000 * (-1) ** i)) for i in range(6)]
    drive = Drive(plan(STRAIGHT)).along(moving()).send(*spikes)
    assert drive.counts["held"] == 6
    assert drive.progress_m() == 2500


def test_a_far_fix_older_than_the_held_one_says_nothing_new():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.send(ping(70, (12_000, 0)), ping(65, (11_950, 0), received_s=71))
    assert drive.counts["older"] == 1
    drive.send(ping(80, (12_100, 0)), ping(90, (12_200, 0)))
    assert drive.progress_m() == 12_200


def test_a_repeated_fix_proves_no_relocation():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.send(*[ping(60, (12_000, 0))] * 2, *[ping(70, (12_100, 0))] * 5)
    assert (drive.counts["held"], drive.counts["duplicate"]) == (2, 5)
    assert drive.progress_m() == 2500


def test_a_repeated_or_older_presence_says_nothing_new():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, None), ping(60, None), ping(40, None), ping(55, None))
    assert (drive.counts["duplicate"], drive.counts["older"]) == (1, 2)


def test_a_good_fix_before_the_held_one_keeps_it_waiting():
    drive = Drive(plan(STRAIGHT)).along(moving())
    drive.send(ping(70, (12_000, 0)), ping(60, (2600, 0), received_s=71), ping(80, (12_100, 0)), ping(90, (12_200, 0)))
    assert drive.progress_m() == 12_200


def test_noise_within_a_second_is_no_teleport():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(50.1, (2530, 20)))
    assert drive.counts["accepted"] == 7


def test_a_presence_moves_nothing():
    drive = Drive(plan(STRAIGHT)).along(moving()).send(ping(60, None, battery_pct=50), ping(61, None))
    assert drive.counts["accepted"] == 8
    assert drive.progress_m() == 2500
    status = drive.detection.status("C1")
    assert status is not None
    assert status.vehicles[0].battery_pct == 50
