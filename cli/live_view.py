"""The demo's view of the operation: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.alert_line import SEVERITY_STYLE, alert_cells, alert_line, clock
from cli.words import Lang, word
from models.alert import Alert
from models.convoy_status import ConvoyStatus, VehicleStatus
from models.plan import ConvoyPlan
from streams.publish import Published

ALERTS_KEPT = 200
STATE_STYLE = {"under-way": "green", "halted": "yellow", "silent": "bold red", "arrived": "bold green"}
LINK_STYLE = {"late": "yellow", "stale": "yellow", "lost": "bold red"}
REFRESH_PER_S = 4


class OperationView:
    """What is known of an operation: the last status of each convoy, and the alerts as they came.

    On a terminal it is redrawn in place; elsewhere each alert is one line, without control codes.
    """

    def __init__(self, plans: Sequence[ConvoyPlan], speed: float, console: Console, lang: Lang) -> None:
        self._plans = plans
        self._zone = ZoneInfo(plans[0].timezone)
        self._speed = speed
        self._console = console
        self._lang = lang
        self._status: dict[str, ConvoyStatus] = {}
        self._open: dict[str, Alert] = {}
        self._alerts: deque[Alert] = deque(maxlen=ALERTS_KEPT)
        self._pings = 0
        self._event_ms: int | None = None
        self._link = ""
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=REFRESH_PER_S)

    def __enter__(self) -> OperationView:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def show_published(self, progress: Published) -> None:
        """The simulation has sent so many pings and reached this event time."""
        self._pings, self._event_ms = progress

    def show_link(self, link: str) -> None:
        """Where the control room opens in a browser."""
        self._link = link
        if not self._console.is_terminal:
            self._console.print(f"{self._word('Control room')}: {link}", soft_wrap=True, markup=False, highlight=False)

    def show_status(self, status: ConvoyStatus) -> None:
        """A convoy's newest status."""
        self._status[status.convoy_id] = status

    def show_alert(self, alert: Alert) -> None:
        """An alert's newest transition."""
        if alert.transition == "cleared":
            self._open.pop(alert.alert_id, None)
        else:
            self._open[alert.alert_id] = alert
        self._alerts.appendleft(alert)
        if not self._console.is_terminal:
            self._console.print(alert_line(alert, self._zone, self._lang), soft_wrap=True)

    def _word(self, text: str) -> str:
        return word(text, self._lang)

    def _render(self) -> RenderableType:
        room = max(self._console.size.height - len(self._plans) - 7, 5)
        return Group(self._headline(), self._convoys(), self._alert_list(room), self._footer())

    def _headline(self) -> Text:
        line = Text(no_wrap=True, overflow="ellipsis")
        if self._event_ms is not None:
            line.append(f"{self._word('event time')} {clock(self._event_ms, self._zone)}   ", "bold cyan")
        return line.append(self._plans[0].operation, "bold")

    def _footer(self) -> Text:
        line = f"{self._pings:,} {self._word('pings')}   {self._speed:g}x   {self._word('Ctrl-C stops')}"
        room = f"{self._word('Control room')}: {self._link}" if self._link else ""
        return Text("\n").join([Text(room, "bold", overflow="fold"), Text(line, "dim")])

    def _convoys(self) -> Table:
        table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column(self._word("Convoy"), no_wrap=True)
        table.add_column(self._word("Route"), ratio=1, no_wrap=True)
        table.add_column("km", justify="right", no_wrap=True)
        table.add_column(self._word("State"), no_wrap=True)
        table.add_column(self._word("Vehicles"), no_wrap=True)
        table.add_column(self._word("Open"), no_wrap=True)
        for plan in self._plans:
            table.add_row(*self._convoy(plan, self._status.get(plan.convoy_id)))
        return table

    def _convoy(self, plan: ConvoyPlan, status: ConvoyStatus | None) -> list[RenderableType]:
        if status is None:
            return [Text(plan.convoy_id, "bold"), ProgressBar(total=1, completed=0), "-", "-", "-", "-"]
        done_m = status.route_length_m if status.state == "arrived" else status.progress_m
        return [
            Text(plan.convoy_id, "bold"),
            ProgressBar(total=status.route_length_m, completed=done_m or 0.0, complete_style="green"),
            f"{'?' if done_m is None else f'{done_m / 1000:.1f}'} / {status.route_length_m / 1000:.1f}",
            Text(self._word(status.state), STATE_STYLE.get(status.state, "")),
            self._links(status.vehicles),
            self._open_of(status),
        ]

    def _links(self, vehicles: Sequence[VehicleStatus]) -> Text:
        """How many vehicles are heard, and which are not."""
        live = sum(vehicle.link == "live" for vehicle in vehicles)
        text = Text(f"{live}/{len(vehicles)} {self._word('live')}")
        for vehicle in vehicles:
            if vehicle.link in LINK_STYLE:
                text.append(f", {vehicle.vehicle_id} {self._word(vehicle.link)}", LINK_STYLE[vehicle.link])
        return text

    def _open_of(self, status: ConvoyStatus) -> Text:
        """How many alerts of each severity are open, worst first; one that only tells, as of an arrival, never is."""
        count = Counter(self._open[alert_id].severity for alert_id in status.open_alerts if alert_id in self._open)
        text = Text("-" if not count else "")
        for severity, style in SEVERITY_STYLE.items():
            if count[severity]:
                text.append(f"{count[severity]} {self._word(severity)}", style).append(" ")
        return text

    def _alert_list(self, room: int) -> Panel:
        """As many alerts as fit, newest first; a sentence wraps within its column."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for alert in list(self._alerts)[:room]:
            grid.add_row(*alert_cells(alert, self._zone, self._lang))
        for column in grid.columns[:-1]:
            column.no_wrap = True
        title = f"{self._word('Alerts')} ({self._word('newest first')})"
        shown = grid if self._alerts else Text(self._word("none yet"), "dim")
        return Panel(shown, title=title, title_align="left", height=room)
