"""Whether the gateways answer: while none does, vehicles behind them fall silent without a fault of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

DOWN_AFTER_S = 15.0
"""A gateway that is started anew answers within this time, and no vehicle counts as silent so soon."""

ASK_S = 3.0
ANSWER_S_MAX = 3.0


DIRECT = build_opener(ProxyHandler({}))


@dataclass(slots=True)
class Gateways:
    """Notes when a gateway answered last, on a monotonic clock; `heard_s` is None where none is to be asked."""

    heard_s: float | None = None

    def state(self, now_s: float) -> str | None:
        """Give `ok` or `down`, None where there is nothing to be known."""
        if self.heard_s is None:
            return None
        return "down" if now_s - self.heard_s > DOWN_AFTER_S else "ok"


async def watch_gateways(urls: Sequence[str], gateways: Gateways, clock_s: Callable[[], float]) -> None:
    """Ask each gateway again and again whether it is ready; never returns."""
    gateways.heard_s = clock_s() if urls else None
    while urls:
        if any(await asyncio.gather(*(asyncio.to_thread(is_ready, url) for url in urls))):
            gateways.heard_s = clock_s()
        await asyncio.sleep(ASK_S)
    await asyncio.Event().wait()


def is_ready(url: str) -> bool:
    """Whether the gateway at an address takes pings in."""
    try:
        with closing(DIRECT.open(f"{url.rstrip('/')}/readyz", timeout=ANSWER_S_MAX)) as answer:
            return bool(answer.status == 200)
    except HTTPError as refusal:
        refusal.close()
        return False
    except (OSError, HTTPException):
        return False
