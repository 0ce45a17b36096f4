"""The PromQL of the panels, put together so that each query keeps the house rules."""

from __future__ import annotations

from typing import NamedTuple

JOB = 'job=~"$job"'
"""Each series of ours is chosen by the dashboard's job variable."""

RARE_STEP = "2m"
"""Least step for what happens seldom: Grafana's window for rates is four times that, so a lone event is not lost."""


class Line(NamedTuple):
    """One query of a panel, and what its series are called: a text, or `{{label}}`."""

    expr: str
    legend: str
    rare: bool = False


def chosen(metric: str, where: str = "") -> str:
    """The series of a metric, of the chosen jobs, and where given with more matchers."""
    return f"{metric}{{{', '.join(filter(None, (JOB, where)))}}}"


def total(metric: str, by: str = "", where: str = "") -> str:
    """A gauge over all processes."""
    return f"sum{_by(by)} ({chosen(metric, where)})"


def rate(metric: str, by: str = "", where: str = "") -> str:
    """A counter over all processes, a second."""
    return f"sum{_by(by)} (rate({chosen(metric, where)}[$__rate_interval]))"


def rise(metric: str, window: str, by: str = "", where: str = "") -> str:
    """How much a counter over all processes rose within the window before each point."""
    return f"sum{_by(by)} (increase({chosen(metric, where)}[{window}]))"


def quantile(of: float, histogram: str, by: str = "") -> str:
    """A quantile of a histogram over all processes."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({of}, {rate(f'{histogram}_bucket', labels)})"


def quantiles(histogram: str, *of: float, rare: bool = False) -> list[Line]:
    """Several quantiles of a histogram, called p50, p99 and so on."""
    return [Line(quantile(share, histogram), f"p{share * 100:g}", rare) for share in of]


def age(metric: str, by: str = "", where: str = "") -> str:
    """Seconds since a timestamp, of the process where it is oldest."""
    return f"time() - min{_by(by)} ({chosen(metric, where)})"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
