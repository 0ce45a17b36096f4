"""Moves an operation in time: a sample plan with fixed dates is driven today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.plan import ConvoyPlan


def depart_from(plans: Sequence[ConvoyPlan], first: datetime) -> list[ConvoyPlan]:
    """The plans with every planned time moved by one amount, so that the earliest `depart_at` is `first`.

    Plans of which none has a `depart_at` come back as they are.
    """
    departs = [plan.depart_at for plan in plans if plan.depart_at is not None]
    if not departs:
        return list(plans)
    return [_moved(plan, first - min(departs)) for plan in plans]


def _moved(plan: ConvoyPlan, by: timedelta) -> ConvoyPlan:
    checkpoints = [
        checkpoint.model_copy(update={"planned_at": _later(checkpoint.planned_at, by)})
        for checkpoint in plan.checkpoints
    ]
    times = {"depart_at": _later(plan.depart_at, by), "arrive_by": _later(plan.arrive_by, by)}
    return plan.model_copy(update={"checkpoints": checkpoints, **times})


def _later(instant: datetime | None, by: timedelta) -> datetime | None:
    return None if instant is None else instant + by
