"""Rows, room and the kernels' cache: what the engine's face promises."""

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from models.plan import ConvoyPlan
from streams.engine.dtypes import PLACES
from streams.engine.jit import cache_dir
from streams.recording import Arrival
from tests.streams.engine.road import STRAIGHT, Drive, ping, plan


def convoys_of(names: str, vehicles: list[str]) -> list[ConvoyPlan]:
    """A convoy of each name, with so many vehicles of its own."""
    return [
        plan(STRAIGHT, [f"{name}-{vehicle}" for vehicle in vehicles]).model_copy(update={"convoy_id": name})
        for name in names
    ]


def reports(convoys: list[ConvoyPlan], *times_s: float) -> Iterator[Arrival]:
    """Every vehicle of the convoys, from the same place."""
    for time_s in times_s:
        for convoy in convoys:
            for vehicle in convoy.vehicles:
                arrival = ping(time_s, (4000, 0), vehicle=vehicle.vehicle_id)
                value = arrival.value.replace(b'"C1"', f'"{convoy.convoy_id}"'.encode())
                yield replace(arrival, key=convoy.convoy_id.encode(), value=value)


def test_more_transitions_than_there_is_room_for_are_told_all_the_same():
    convoys = convoys_of("ABCDEF", [f"V{i}" for i in range(60)])
    drive = Drive(*convoys).send(*reports(convoys, 0, 10)).until(1000)
    assert len(drive.told()) == 360 * 5
    assert drive.told("signal-lost").count("signal-lost raised") == 360


def test_a_ping_without_room_left_is_judged_in_the_next_round():
    presses = [(200 * i + after_s, after_s == 0) for i in range(8) for after_s in (0, 10, 80)]
    drive = Drive(plan(STRAIGHT)).send(*(ping(time_s, (4000.0 + time_s, 0), sos=sos) for time_s, sos in presses))
    assert drive.told("sos") == ["sos raised", "sos cleared"] * 8


def test_more_vehicles_than_rows_make_more_rows():
    convoys = convoys_of("AB", [f"V{i}" for i in range(60)])
    drive = Drive(*convoys).send(*reports(convoys, 0))
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
