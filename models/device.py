"""Device: a tracker that may send to the gateway, the value of the devices topic."""

import hashlib
import secrets

from pydantic import Field

from models.instants import Moment
from models.plan import Identifier
from models.record import Record

TOKEN_BYTES = 24
"""As text 32 characters: nobody guesses one, so its hash needs no salt and no slow function."""


def new_token() -> str:
    """A secret for one device, fit for a path and for HTTP Basic."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


class Device(Record):
    """A registered device. What it reports for is said by the plans' `device_ids`, or here where it was adopted."""

    device_id: Identifier = Field(description="What the tracker calls itself, or a vehicle's own id.")
    token_sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="Hash of its token; null where another server vouches for it.",
    )
    created_at: Moment = Field(description="When it was registered.")
    revoked_at: Moment | None = Field(default=None, description="Since when its token is refused.")
    vehicle_id: Identifier | None = Field(default=None, description="The vehicle it was adopted for.")
