"""No-signal stretches: where the plan expects silence."""

from streams.engine.dtypes import Plans, Row
from streams.engine.jit import kernel


@kernel
def crossing_s(vehicle: Row, plans: Plans, convoy: Row) -> float:
    """Seconds of silence that the plan explains where the vehicle last was; 0 outside every stretch.

    A stretch counts from one ping interval at full speed before it: the last ping comes before the silence begins.
    """
    approach_m = convoy.speed_max_mps * vehicle.ping_interval_s
    for k in range(convoy.stretch_count):
        stretch = plans.stretches[convoy.stretch_from + k]
        if stretch.from_m - approach_m <= vehicle.progress_m <= stretch.to_m:
            return float((stretch.to_m - stretch.from_m) / convoy.no_signal_mps)
    return 0.0
