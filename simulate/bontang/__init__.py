"""The demo's sample operation: four convoys around Bontang, and what happens to each. Not real routes."""

from __future__ import annotations

from pathlib import Path

from simulate.faults import Detour, Dropout, Fault, Halt

PLAN = Path(__file__).parent / "plan.yaml"

FAULTS: tuple[Fault, ...] = (
    Detour(convoy_id="BTG-01", from_m=800, length_m=3800, offset_m=400),  # leaves its route and comes back
    Dropout(convoy_id="BTG-02", vehicle_id="KT-8202-SX", from_s=150, duration_s=660),  # loses its signal
    Halt(convoy_id="MKY-03", at_m=2600, duration_s=600),  # stands where no stop is planned: low, then high
    Halt(convoy_id="MBK-04", at_m=3200, duration_s=420),  # rests at its authorised stop: no alert
)
"""Early in the journey: at twenty times the speed of events all four are over in 45 seconds."""
