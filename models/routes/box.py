"""Where Indonesia is, roughly: enough to see that coordinates are swapped or scaled wrongly."""

from collections.abc import Sequence

from models.routes.raw import Fix, RouteError

LAT_MIN, LAT_MAX = -11.0, 6.2
LON_MIN, LON_MAX = 95.0, 141.1


def _is_inside(lon: float, lat: float) -> bool:
    return LAT_MIN <= lat <= LAT_MAX and LON_MIN <= lon <= LON_MAX


def fits(fixes: Sequence[Fix]) -> bool:
    """Tell whether all points lie in Indonesia."""
    return all(_is_inside(fix.lon, fix.lat) for fix in fixes)


def check_box(fixes: Sequence[Fix]) -> str | None:
    """Say that points lie outside of Indonesia, if they do. Raises RouteError for swapped or impossible ones."""
    outside = [(position, fix) for position, fix in enumerate(fixes, 1) if not _is_inside(fix.lon, fix.lat)]
    if outside and all(_is_inside(fix.lat, fix.lon) for fix in fixes):
        raise RouteError("its coordinates are swapped: lat stands where lon belongs; correct the file")
    for position, fix in outside:
        if not (abs(fix.lon) <= 180 and abs(fix.lat) <= 90):
            raise RouteError(f"point {position} is outside of the globe: lon {fix.lon:g}, lat {fix.lat:g}")
    if not outside:
        return None
    position, fix = outside[0]
    return (
        f"{len(outside):,} points lie outside of Indonesia, the first is point {position} "
        f"at lat {fix.lat:.5f}, lon {fix.lon:.5f}: look at it"
    )
