"""Who sends a request: a token in the path, as bearer, or as the password of HTTP Basic."""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Literal

from msgspec import Struct

from gateway.directory import Directory
from models.device import Device

Refusal = Literal["unauthorized", "forbidden"]


class Credential(Struct, frozen=True):
    """A token, and the user name that came with it where it came by HTTP Basic."""

    token: str
    user: str | None = None


def credential_of(path_token: str, authorization: str) -> Credential | None:
    """The credential of a request; a token in the path goes before a header."""
    if path_token:
        return Credential(path_token)
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return Credential(rest.strip())
    if scheme.lower() == "basic":
        return _basic(rest.strip())
    return None


def _basic(text: str) -> Credential | None:
    try:
        user, colon, token = b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return Credential(token, user) if colon else None


def authenticate(directory: Directory, credential: Credential | None) -> Device | Refusal:
    """The device that a credential proves, or why it is refused."""
    device = directory.authenticate(credential.token) if credential else None
    if device is None or credential is None:
        return "unauthorized"
    if device.revoked_at is not None:
        return "forbidden"
    if credential.user is not None and credential.user != device.device_id:
        return "unauthorized"
    return device
