"""A plan file drafted from a route file alone: what the route says is filled in, what only people know is left open."""

import json
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from models.geometry import Point, distance_to_line_m, length_m, nearest_on_line
from models.instants import EPOCH, ONE_MS
from models.plan import PLACES_MAX
from models.plan_checks import PLACE_DISTANCE_MAX_M
from models.routes.clean import Route
from models.routes.raw import Place

NAME_LETTERS_MAX = 200
ID_LETTERS_MAX = 64

# Where the zones of Indonesia part, roughly; the draft says that a person is to look.
_ZONES = ((114.5, "Asia/Jakarta"), (125.7, "Asia/Makassar"), (180.0, "Asia/Jayapura"))


def draft(route: Route, file: str, stem: str) -> str:
    """Return the text of a plan file for a route in `file`; `stem` names the convoy.

    Without vehicles: `kawal plan check` refuses the draft until a person has filled them in.
    """
    zone = next(name for east, name in _ZONES if route.line[0][0] <= east)
    return "\n".join([*_head(route, file, stem, zone), *_times(route, zone), *_body(file), *_checkpoints(route)]) + "\n"


def places_left_out(route: Route) -> list[str]:
    """Say which named points of the file are no checkpoints of the draft."""
    far = [place.name for place in route.places if not _is_near(place, route.line)]
    notes = [f"{_printable(name)} is more than 2 km away from the route: no checkpoint was made of it" for name in far]
    if len(route.places) - len(far) > PLACES_MAX:
        notes.append(f"the first {PLACES_MAX} checkpoints were taken")
    return notes


def _head(route: Route, file: str, stem: str, zone: str) -> Iterator[str]:
    convoy_id = _printable(stem).replace("|", " ").strip()[:ID_LETTERS_MAX].strip() or "CONVOY"
    yield f"# Drafted from {_printable(file)}: {length_m(route.line) / 1000:,.1f} km, {len(route.line):,} points."
    yield "# Correct what is marked with <--, then: kawal plan check FILE"
    yield f"operation: {_quoted(stem)}  # <-- name of the operation"
    yield f"timezone: {zone}  # <-- WIB Asia/Jakarta, WITA Asia/Makassar, WIT Asia/Jayapura"
    yield "sites: []  # <-- offices, warehouses and police stations, instead of []:"
    yield "  # - {kind: POLSEK, name: Polsek Muara Badak, lat: -0.33, lon: 117.4}"
    yield "convoys:"
    yield f"  - convoy_id: {json.dumps(convoy_id, ensure_ascii=False)}"
    yield f"    name: {_quoted(stem)}  # <-- from where to where"
    yield "    risk: medium  # <-- low, medium or high"


def _times(route: Route, zone: str) -> Iterator[str]:
    for field, ms in zip(("depart_at", "arrive_by"), route.times_ms or (), strict=False):
        moment = (EPOCH + ms * ONE_MS).astimezone(ZoneInfo(zone))
        yield f"    {field}: {moment.isoformat(timespec='seconds')}  # <-- as the points in the file have it"


def _body(file: str) -> Iterator[str]:
    yield f"    route: {json.dumps(file, ensure_ascii=False)}"
    yield "    vehicles: []  # <-- all vehicles instead of [], at least one of them cargo:"
    yield "      # - {vehicle_id: KT-8123-LM, role: cargo, mode: truck, ping_interval_s: 10}"
    yield "      # - {vehicle_id: POL-41-07, role: escort, mode: car, ping_interval_s: 10}"


def _checkpoints(route: Route) -> Iterator[str]:
    near = [place for place in route.places if _is_near(place, route.line)][:PLACES_MAX]
    if near:
        yield "    checkpoints:  # <-- in the order in which they are passed"
    for place in sorted(near, key=lambda place: nearest_on_line((place.lon, place.lat), route.line).along_m):
        yield f"      - {{name: {_quoted(place.name)}, lat: {place.lat:.7f}, lon: {place.lon:.7f}}}"


def _is_near(place: Place, line: Sequence[Point]) -> bool:
    return distance_to_line_m((place.lon, place.lat), line) <= PLACE_DISTANCE_MAX_M


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _quoted(text: str) -> str:
    return json.dumps(_printable(text).strip()[:NAME_LETTERS_MAX] or "unnamed", ensure_ascii=False)
