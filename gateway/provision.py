"""How a phone is set up: the link that its app understands, with the convoy profile, and the link as a QR code."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from typing import Literal
from urllib.parse import quote, urlencode

import segno

App = Literal["traccar-client", "owntracks", "osmand"]

TRACCAR_PROFILE = {
    "accuracy": "highest",
    "interval": "10",
    "distance": "0",
    "angle": "30",
    "heartbeat": "60",
    "fastest_interval": "10",
    "stop_detection": "false",
    "buffer": "true",
    "wakelock": "true",
}
"""A ping each ten seconds, standing or moving: with the app's own settings a phone that stands is silent."""

OWNTRACKS_PROFILE = {
    "_type": "configuration",
    "mode": 3,
    "auth": True,
    "monitoring": 2,
    "locatorInterval": 10,
    "moveModeLocatorInterval": 10,
    "locatorDisplacement": 100,
    "ignoreInaccurateLocations": 0,
    "extendedData": True,
    "pubExtendedData": True,
    "cmd": False,
    "downgrade": 0,
}

OSMAND_KEYS = "lat={0}&lon={1}&timestamp={2}&accuracy={3}&altitude={4}&speed={5}&bearing={6}"


def link(app: App, url: str, device_id: str, token: str) -> str:
    """The link that sets a phone up; `url` is the gateway's, as phones reach it.

    Traccar Client scans it inside the app, OwnTracks opens it, into OsmAnd it is typed or pasted.
    """
    if app == "traccar-client":
        # The app keeps origin and path and drops the rest, so the token is in the path.
        return f"{url}/v1/traccar-client/{token}?{urlencode({'id': device_id, **TRACCAR_PROFILE})}"
    if app == "osmand":
        return f"{url}/v1/osmand/{token}?id={quote(device_id, safe='')}&{OSMAND_KEYS}"
    account = {"url": f"{url}/v1/owntracks", "username": device_id, "password": token, "deviceId": device_id}
    configuration = json.dumps(OWNTRACKS_PROFILE | account | {"tid": device_id[-2:]})
    return f"owntracks:///config?inline={quote(b64encode(configuration.encode()).decode(), safe='')}"


def terminal_code(text: str) -> str:
    """A QR code of block characters, for a terminal."""
    out = io.StringIO()
    segno.make_qr(text, error="m").terminal(out, border=2, compact=True)
    return out.getvalue()


def svg_code(text: str) -> bytes:
    """A QR code as SVG, to be printed."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(out, kind="svg", scale=4, border=4)
    return out.getvalue()
