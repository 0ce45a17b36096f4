"""Faults by name, as people order them: what each does, where it comes by chance, and what may be set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from models.limits import OVERSPEED_MPS
from models.plan import ConvoyPlan
from simulate import faults as f
from simulate.motion import CRUISE_MPS
from simulate.seen import WEEKS_S
from simulate.track import Track
from simulate.traffic import depart_s

SHORTEST_M = 4_000.0
"""Below this a detour would not be over before the arrival."""

SIGNED = frozenset({"offset_m", "offset_s"})
"""Left or right of the route, behind or ahead of the time."""

Numbers = dict[str, float]


class Order(NamedTuple):
    """A fault as it was asked for: its name, the convoy and vehicle it is for (None: any), and numbers that are set."""

    name: str
    convoy_id: str | None
    vehicle_id: str | None
    numbers: Mapping[str, float]


class Scene(NamedTuple):
    """The convoy that a fault is for, its vehicles concerned, and the chance that decides what nobody has set."""

    plan: ConvoyPlan
    track: Track
    vehicle_ids: Sequence[str]
    begin_s: float
    rng: np.random.Generator

    def between(self, low: float, high: float) -> float:
        """A number between two, whole."""
        return float(round(self.rng.uniform(low, high)))

    def along(self, low: float, high: float) -> float:
        """A place between two shares of the route."""
        return self.between(low * self.track.length_m, high * self.track.length_m)

    def after(self, low: float, high: float) -> float:
        """Seconds from the departure between two shares of an undisturbed drive."""
        drive_s = self.track.length_m / CRUISE_MPS[1]
        return self.between(low * drive_s, high * drive_s)


class Recipe(NamedTuple):
    """How one named fault is made. `draw` gives all of its numbers, `make` the faults; `of` says whose it is."""

    summary: str
    of: str
    draw: Callable[[Scene], Numbers]
    make: Callable[[Scene, Numbers], Sequence[f.Fault]]
    fits: Callable[[ConvoyPlan], bool] = lambda _: True
    needs: str = ""


def _long(plan: ConvoyPlan) -> bool:
    return Track.of(plan.route).length_m >= SHORTEST_M


def _detour(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    return [
        f.Detour(convoy_id=scene.plan.convoy_id, from_m=n["from_m"], length_m=n["length_m"], offset_m=n["offset_m"])
    ]


def _draw_detour(scene: Scene) -> Numbers:
    side = 1.0 if scene.rng.uniform() < 0.5 else -1.0
    from_m = scene.along(0.15, 0.35)
    length_m = min(scene.between(2_600, 5_500), 0.8 * scene.track.length_m - from_m)
    return {"from_m": from_m, "length_m": length_m, "offset_m": side * scene.between(250, 600)}


def _halt(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    return [f.Halt(convoy_id=scene.plan.convoy_id, at_m=n["at_m"], duration_s=n["duration_s"])]


def _draw_stop(scene: Scene) -> Numbers:
    """Somewhere outside of every authorised stop, as far as a few tries find such a place."""
    at_m = scene.along(0.15, 0.8)
    for _ in range(20):
        if _clear_of_stops(scene, at_m):
            break
        at_m = scene.along(0.15, 0.8)
    return {"at_m": at_m, "duration_s": scene.between(260, 720)}


def _clear_of_stops(scene: Scene, at_m: float) -> bool:
    place_m = scene.track.at(np.array([at_m]))[0]
    stops = ((_place(scene, stop.lon, stop.lat), stop.radius_m) for stop in scene.plan.stops)
    return all(abs(place_m - stop_m) > radius_m + 250 for stop_m, radius_m in stops)


def _draw_rest(scene: Scene) -> Numbers:
    stop = scene.plan.stops[int(scene.rng.integers(len(scene.plan.stops)))]
    longest_s = max(min(stop.max_dwell_s - 90.0, 720.0), 1.0)
    at_m = _nearest_m(scene, stop.lon, stop.lat)
    return {"at_m": at_m, "duration_s": scene.between(min(240.0, longest_s), longest_s)}


def _draw_skipped(scene: Scene) -> Numbers:
    places_m = [_nearest_m(scene, c.lon, c.lat) for c in scene.plan.checkpoints]
    at_m = places_m[int(scene.rng.integers(len(places_m)))]
    return {"at_m": at_m, "length_m": 3_600.0, "offset_m": scene.between(400, 600)}


def _skipped(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    from_m = max(n["at_m"] - n["length_m"] / 2, 1.0)
    return _detour(scene, {"from_m": from_m, "length_m": n["length_m"], "offset_m": n["offset_m"]})


def _return(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    return [f.Return(convoy_id=scene.plan.convoy_id, at_m=n["at_m"], back_m=n["back_m"])]


def _sprint(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    convoy_id = scene.plan.convoy_id
    return [f.Sprint(convoy_id=convoy_id, from_m=n["from_m"], length_m=n["length_m"], speed_mps=n["speed_mps"])]


def _draw_sprint(scene: Scene) -> Numbers:
    modes_mps = [OVERSPEED_MPS.get(vehicle.mode, 30.0) for vehicle in scene.plan.vehicles]
    limit_mps = scene.plan.limits.overspeed_mps or max(modes_mps)
    return {"from_m": scene.along(0.2, 0.4), "length_m": 3_500.0, "speed_mps": limit_mps + 4.0}


def _early(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
    return [f.EarlyStart(convoy_id=scene.plan.convoy_id, by_s=n["by_s"])]


def _timed(kind: Callable[..., f.Fault]) -> Callable[[Scene, Numbers], Sequence[f.Fault]]:
    """What makes a fault of each vehicle concerned, whose `from_s` and `at_s` people count from the departure."""

    def make(scene: Scene, n: Numbers) -> Sequence[f.Fault]:
        departs_s = depart_s(scene.plan, [], round(scene.begin_s * 1000))
        numbers = {key: value + departs_s if key in ("from_s", "at_s") else value for key, value in n.items()}
        return [kind(convoy_id=scene.plan.convoy_id, vehicle_id=v, **numbers) for v in scene.vehicle_ids]

    return make


def _lasting(low: float, high: float) -> Callable[[Scene], Numbers]:
    return lambda scene: {"from_s": scene.after(0.15, 0.5), "duration_s": scene.between(low, high)}


def _draw_clock(scene: Scene) -> Numbers:
    return {"offset_s": WEEKS_S if scene.rng.uniform() < 0.5 else 7_200.0}


def _repeats(*, convoy_id: str, vehicle_id: str, times: float) -> f.Fault:
    return f.Repeats(convoy_id=convoy_id, vehicle_id=vehicle_id, times=max(int(times), 1))


CONVOY, ANY, ALL, ESCORTS = "the convoy", "one vehicle", "all vehicles", "all escorts"

RECIPES: Mapping[str, Recipe] = {
    "detour": Recipe(
        "the convoy drives beside its route and comes back", CONVOY, _draw_detour, _detour, _long, "a route of 4 km"
    ),
    "stop": Recipe("the convoy stands where no stop is planned", CONVOY, _draw_stop, _halt),
    "rest": Recipe(
        "the convoy stands in an authorised stop; no alert", CONVOY, _draw_rest, _halt, lambda p: bool(p.stops), "stops"
    ),
    "dropout": Recipe("what one vehicle sends for a while is lost", ANY, _lasting(200, 900), _timed(f.Dropout)),
    "buffered-burst": Recipe(
        "what one vehicle sends for a while comes late, all at once", ANY, _lasting(200, 900), _timed(f.Burst)
    ),
    "duplicates": Recipe(
        "every ping of the convoy comes several times", ALL, lambda _: {"times": 3.0}, _timed(_repeats)
    ),
    "shuffle": Recipe("the convoy's pings overtake each other", ALL, lambda _: {"within_s": 60.0}, _timed(f.Shuffle)),
    "teleport": Recipe(
        "one fix of one vehicle is far off; no alert",
        ANY,
        lambda scene: {"at_s": scene.after(0.2, 0.7), "distance_m": 5_000.0},
        _timed(f.Spike),
    ),
    "clock-error": Recipe(
        "the clock of one device is 1,024 weeks or 2 h behind", ANY, _draw_clock, _timed(f.ClockError)
    ),
    "escort-behind": Recipe("the escorts fall behind and catch up", ESCORTS, _lasting(70, 140), _timed(f.Behind)),
    "escort-silent": Recipe(
        "what the escorts send for a while is lost", ESCORTS, _lasting(250, 600), _timed(f.Dropout)
    ),
    "wrong-way": Recipe(
        "the convoy turns back along its route, and turns again",
        CONVOY,
        lambda scene: {"at_m": scene.along(0.3, 0.7), "back_m": scene.between(450, 900)},
        _return,
        _long,
        "a route of 4 km",
    ),
    "skipped-checkpoint": Recipe(
        "the convoy drives around a checkpoint",
        CONVOY,
        _draw_skipped,
        _skipped,
        lambda p: bool(p.checkpoints),
        "checkpoints",
    ),
    "duress": Recipe("one crew presses the duress button", ANY, _lasting(60, 180), _timed(f.Duress)),
    "overspeed": Recipe("the convoy drives too fast", CONVOY, _draw_sprint, _sprint, _long, "a route of 4 km"),
    "early-departure": Recipe(
        "the convoy leaves before its time",
        CONVOY,
        lambda _: {"by_s": 900.0},
        _early,
        lambda p: p.depart_at is not None,
        "a depart_at",
    ),
    "frozen": Recipe("one device reports speed and the same position", ANY, _lasting(100, 150), _timed(f.Frozen)),
}


def read_order(text: str) -> Order:
    """Read `NAME` or `NAME:KEY=VALUE,...`; keys are `convoy`, `vehicle` and the fault's own numbers.

    Raises ValueError with the reason.
    """
    name, _, rest = text.partition(":")
    if name not in RECIPES:
        raise ValueError(f"{name!r} is no fault: choose from {', '.join(RECIPES)}")
    settings = dict(_setting(part) for part in rest.split(",") if part)
    convoy_id, vehicle_id = settings.pop("convoy", None), settings.pop("vehicle", None)
    return Order(name, convoy_id, vehicle_id, {key: _number(key, value) for key, value in settings.items()})


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not value:
        raise ValueError(f"{text!r} is no KEY=VALUE")
    return key.strip(), value.strip()


def _number(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{key}={text} is no number") from None
    if not np.isfinite(value) or (value <= 0 and key not in SIGNED):
        raise ValueError(f"{key}={text} must be above 0")
    return value


def make_faults(
    plans: Sequence[ConvoyPlan], order: Order, begin_ms: int, rng: np.random.Generator
) -> Sequence[f.Fault]:
    """What an order comes to in these plans. Raises ValueError where no convoy or vehicle fits it."""
    recipe = RECIPES[order.name]
    plan = _convoy_for(plans, order, recipe, rng)
    vehicle_ids = _vehicles_for(plan, order, recipe, rng)
    scene = Scene(plan, Track.of(plan.route), vehicle_ids, begin_ms / 1000, rng)
    numbers = recipe.draw(scene)
    if unknown := order.numbers.keys() - numbers.keys():
        raise ValueError(f"{order.name} has no {', '.join(sorted(unknown))}: it has {', '.join(numbers)}")
    return recipe.make(scene, numbers | dict(order.numbers))


def _convoy_for(plans: Sequence[ConvoyPlan], order: Order, recipe: Recipe, rng: np.random.Generator) -> ConvoyPlan:
    named = [plan for plan in plans if order.convoy_id in (None, plan.convoy_id)]
    if order.vehicle_id is not None:
        named = [plan for plan in named if order.vehicle_id in _ids(plan)]
    if not named:
        raise ValueError(
            f"{order.name}: the plan has no convoy {order.convoy_id or '*'} with {order.vehicle_id or '*'}"
        )
    fitting = [plan for plan in named if recipe.fits(plan) and (recipe.of != ESCORTS or _ids(plan, "escort"))]
    if not fitting:
        raise ValueError(f"{order.name} needs a convoy with {recipe.needs or 'escorts'}: {_names(named)} has none")
    return fitting[int(rng.integers(len(fitting)))]


def _vehicles_for(plan: ConvoyPlan, order: Order, recipe: Recipe, rng: np.random.Generator) -> Sequence[str]:
    if order.vehicle_id is not None:
        return [order.vehicle_id]
    if recipe.of == ESCORTS:
        return _ids(plan, "escort")
    ids = _ids(plan)
    return ids if recipe.of == ALL else [ids[int(rng.integers(len(ids)))]]


def _ids(plan: ConvoyPlan, role: str | None = None) -> list[str]:
    return [vehicle.vehicle_id for vehicle in plan.vehicles if role in (None, vehicle.role)]


def _names(plans: Sequence[ConvoyPlan]) -> str:
    return ", ".join(plan.convoy_id for plan in plans[:5]) + (" ..." if len(plans) > 5 else "")


def _place(scene: Scene, lon: float, lat: float) -> complex:
    return complex(Track.of([scene.plan.route[0], (lon, lat)]).points_m[1])


def _nearest_m(scene: Scene, lon: float, lat: float) -> float:
    grid_m = scene.track.grid_m()
    return float(grid_m[np.abs(scene.track.at(grid_m) - _place(scene, lon, lat)).argmin()])


def teach() -> Iterator[str]:
    """One line a fault: its name, and what it does."""
    for name, recipe in RECIPES.items():
        yield f"{name:18} {recipe.summary}"
