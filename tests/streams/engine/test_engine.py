"""Rows, room and the kernels' cache: what the engine's face promises."""

from pathlib import Path

from streams.engine.dtypes import PLACES
from streams.engine.jit import cache_dir
from tests.streams.engine.road import STRAIGHT, Drive, ping, plan


def test_more_transitions_than_there_is_room_for_are_told_all_the_same():
    vehicles = [f"V{i}" for i in range(60)]
    drive = Drive(plan(STRAIGHT, vehicles))
    drive.send(*(ping(time_s, (4000, 0), vehicle=vehicle) for time_s in (0, 10) for vehicle in vehicles))
    drive.send(ping(1000.5, (4500, 0), vehicle="V0"))
    assert len(drive.told()) == 60 * 5 + 1
    assert drive.told("signal-lost").count("signal-lost cleared") == 1


def test_a_ping_without_room_left_is_judged_in_the_next_round():
    vehicles = [f"V{i}" for i in range(6)]
    drive = Drive(plan(STRAIGHT, vehicles))
    drive.send(*(ping(time_s, (4000, 0), vehicle=vehicle) for time_s in (0, 10) for vehicle in vehicles))
    drive.send(ping(610.5, (4500, 0), vehicle="V0"))
    assert len(drive.told()) == 6 * 5 + 1


def test_more_vehicles_than_rows_make_more_rows():
    vehicles = [f"V{i}" for i in range(60)]
    convoys = [
        plan(STRAIGHT, [f"{name}-{v}" for v in vehicles]).model_copy(update={"convoy_id": name}) for name in "AB"
    ]
    drive = Drive(*convoys)
    for convoy in convoys:
        for vehicle in convoy.vehicles:
            arrival = ping(0, (4000, 0), vehicle=vehicle.vehicle_id)
            value = arrival.value.replace(b'"C1"', f'"{convoy.convoy_id}"'.encode())
            drive.send(arrival._replace(key=convoy.convoy_id.encode(), value=value))
    drive.until(91)
    assert drive.told() == ["signal-lost raised"] * 120


def test_of_too_many_places_the_nearest_are_kept():
    laps = [(0.0, 0.0), (300.0, 0.0), (300.0, 300.0), (0.0, 300.0)]
    crowded = [(x + 2.0 * lap, y + 2.0 * lap) for lap in range(PLACES + 6) for x, y in laps]
    for side_m in (0.0, 2.0 * (PLACES + 6)):
        drive = Drive(plan(crowded)).along([(60.0 * i, side_m) for i in range(3)])
        assert drive.told() == []
        assert drive.progress_m() is not None


def test_each_version_of_the_kernels_has_a_cache_of_its_own(tmp_path: Path):
    given = cache_dir(str(tmp_path), writable=True)
    assert given.parent == tmp_path
    assert cache_dir(None, writable=True).name == given.name
    assert cache_dir(None, writable=True).parent.name == "__pycache__"
    assert cache_dir(None, writable=False).parent == Path.home() / ".cache" / "kawal"


def test_a_year_of_silence_is_judged_like_twenty_minutes_of_it():
    told = [Drive(plan(STRAIGHT)).along([(4000.0, 0.0)] * 3).until(end_s).told() for end_s in (1200, 365 * 86_400)]
    assert told[0] == told[1]
    assert len(told[0]) == 5
