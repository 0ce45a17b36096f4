"""Which webhooks are told of alarms: a YAML file, checked whole before the console starts."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.alert import Kind, Severity
from models.faults import field_name, reason_of

WEBHOOKS_MAX = 20
FILE_BYTES_MAX = 256 * 1024


class WebhookError(ValueError):
    """The file of webhooks cannot be used; one line a fault."""


class Webhook(BaseModel):
    """One place that is told. Address and secret may stand in files of their own: a bot's address is a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    url: Annotated[str | None, Field(repr=False)] = None
    url_file: Path | None = None
    secret_file: Path | None = None
    template: Literal["kawal", "telegram", "alertmanager"] = "kawal"
    chat_id: str | None = None
    lang: Literal["id", "en"] = "id"
    severities: Annotated[frozenset[Severity], Field(min_length=1)] = frozenset({"critical", "high"})
    kinds: frozenset[Kind] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("needs either url or url_file")
        if self.template == "telegram" and self.chat_id is None:
            raise ValueError("template telegram needs chat_id")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    webhooks: Annotated[list[Webhook], Field(max_length=WEBHOOKS_MAX)]


class Target(BaseModel):
    """A webhook with what its files hold."""

    model_config = ConfigDict(frozen=True)

    hook: Webhook
    url: Annotated[str, Field(repr=False)]
    secret: Annotated[bytes | None, Field(repr=False)]


def read_webhooks(path: Path) -> list[Target]:
    """Read the file. Raises WebhookError with every fault in it; addresses and secrets are in no message."""
    try:
        with path.open("rb") as file:
            document = yaml.safe_load(file.read(FILE_BYTES_MAX))
        hooks = _File.model_validate(document).webhooks
    except OSError as error:
        raise WebhookError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise WebhookError(f"{path} is no YAML") from error
    except ValidationError as error:
        known = Webhook.model_fields
        faults = [f"{path}: {field_name(fault['loc'])} {reason_of(fault, known)}" for fault in error.errors()]
        raise WebhookError("\n".join(faults)) from error
    names = [hook.name for hook in hooks]
    if len(set(names)) < len(names):
        raise WebhookError(f"{path}: two webhooks have one name")
    return [_target(hook, path) for hook in hooks]


def _target(hook: Webhook, path: Path) -> Target:
    url = _text_of(path, hook, hook.url_file) if hook.url_file is not None else hook.url or ""
    if fault := _address_fault(url):
        raise WebhookError(f"{path}: the address of {hook.name} {fault}")
    secret = None if hook.secret_file is None else _text_of(path, hook, hook.secret_file).encode()
    if secret == b"":  # a signature that anybody can make
        raise WebhookError(f"{path}: {hook.secret_file} of {hook.name} is empty")
    return Target(hook=hook, url=url, secret=secret)


def _address_fault(url: str) -> str | None:
    """Say why an address cannot be sent to, without quoting it; None where it can."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return "must be ASCII without spaces: write a space as %20, another alphabet's host as xn--"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port  # raises where it is no number
    except ValueError:
        return "has a host or a port that cannot be"
    if parts.scheme not in ("https", "http") or not host:
        return "must begin with https:// and a host"
    if parts.username is not None:
        return "must have no user and password before its host: nobody would send them"
    if parts.scheme == "http" and not is_loopback(host):
        return "is no https: alarms would go in the clear"
    return None


def _text_of(path: Path, hook: Webhook, file: Path) -> str:
    try:
        return (path.parent / file).read_text().strip()
    except (OSError, ValueError) as error:  # no UTF-8, or a name that no file can have
        raise WebhookError(f"{path}: {file} of {hook.name} cannot be read") from error


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
