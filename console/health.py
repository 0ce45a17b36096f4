"""Is the console well: metrics and health on a port of their own, without a session and without a position."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.feed import Judgement
from console.metrics import Metrics

SECOND_AGE_S_MAX = 5.0


class Check(NamedTuple):
    """One thing that was looked at."""

    check: str
    ok: bool
    reason: str | None = None


class Health:
    """What the last second was like; `clock_s` is monotonic."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._second_s: float | None = None
        self._judged: Judgement | None = None
        self._started = False

    def second(self, judged: Judgement) -> None:
        """Note a second that has passed, and how fresh the picture was."""
        self._second_s, self._judged = self._clock_s(), judged
        self._started = self._started or judged.state == "ok"

    def alive(self) -> list[Check]:
        """The console itself goes on, whatever the broker does."""
        age_s = None if self._second_s is None else self._clock_s() - self._second_s
        is_well = age_s is not None and age_s < SECOND_AGE_S_MAX
        return [Check("event-loop", is_well, None if is_well else "no second has passed for a while")]

    def ready(self) -> list[Check]:
        """What it shows is the present."""
        judged = self._judged
        is_well = judged is not None and judged.state == "ok"
        return [*self.alive(), Check("feed", is_well, None if is_well else judged and judged.cause)]

    def started(self) -> list[Check]:
        """It has been ready once."""
        return [Check("started", self._started)]


def create_health_app(health: Health, metrics: Metrics) -> Starlette:
    """The application of the second port."""

    def answering(look: Callable[[], list[Check]]) -> Callable[[Request], Response]:
        def answer(_: Request) -> Response:
            checks = look()
            body: list[dict[str, Any]] = [check._asdict() for check in checks]
            return JSONResponse(body, 200 if all(check.ok for check in checks) else 503)

        return answer

    def tell(_: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/livez", answering(health.alive)),
            Route("/readyz", answering(health.ready)),
            Route("/startupz", answering(health.started)),
            Route("/metrics", tell),
        ]
    )
