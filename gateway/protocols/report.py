"""What a message of a tracker says, in the units of a ping, before anybody knows which vehicle it is."""

from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from models.dead_letter import Code
from models.instants import EPOCH, ONE_MS
from models.ping import Ping


class Undecodable(Exception):
    """The message cannot be used: `code` is that of its dead letter, the text says why without a value out of it."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that is in order and is no ping; `kind` says in a word what it is."""

    kind: str


class Report(Struct, frozen=True, kw_only=True):
    """A position, or without `lat` and `lon` the presence of a device; every field is in a ping's unit and range.

    `device` is the identity that the message claims, None where it names none. `time_ms` is None where the message has
    no time of its own: then that of its receipt counts. `repairs` names what had to be mended to read it.
    """

    device: str | None
    source: str
    time_ms: int | None = None
    lat: float | None = None
    lon: float | None = None
    speed_mps: float | None = None
    heading_deg: float | None = None
    accuracy_m: float | None = None
    altitude_m: float | None = None
    battery_pct: float | None = None
    sos: bool = False
    mock: bool = False
    seq: int | None = None
    tracker_id: str | None = None
    repairs: tuple[str, ...] = ()
    repeat_is_presence: bool = False
    """The sender repeats its last fix when it hears from the device without one: a second copy is a sign of life."""

    def at(self, position: tuple[float, float] | None) -> "Report":
        """The report with a latitude and longitude; without one a presence, of which nothing that moves is kept."""
        if position is None:
            return replace(self, lat=None, lon=None, speed_mps=None, heading_deg=None, accuracy_m=None, altitude_m=None)
        return replace(self, lat=position[0], lon=position[1])

    def ping(self, vehicle_id: str, convoy_id: str, received_ms: int) -> Ping:
        """The ping of a vehicle; `received_ms` is its time where the report has none."""
        return Ping(
            vehicle_id=vehicle_id,
            convoy_id=convoy_id,
            time=EPOCH + (received_ms if self.time_ms is None else self.time_ms) * ONE_MS,
            lat=self.lat,
            lon=self.lon,
            speed_mps=self.speed_mps,
            heading_deg=self.heading_deg,
            accuracy_m=self.accuracy_m,
            altitude_m=self.altitude_m,
            battery_pct=self.battery_pct,
            sos=self.sos,
            mock=self.mock,
            seq=self.seq,
            source=self.source,
            tracker_id=self.device if self.tracker_id is None else self.tracker_id,
        )
