"""Settings: what the environment says, every name with the prefix KAWAL_."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.faults import did_you_mean, reason_of
from models.topics import PARTITIONS_DEFAULT

PREFIX = "KAWAL_"

Port = Annotated[int, Field(ge=0, le=65535)]


def _check_broker(text: str) -> str:
    for address in text.split(","):
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdigit()):
            raise ValueError("must be host:port, or several with commas between them")
    return text


def _check_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be http or https, a host and perhaps a port and path")
    return text.rstrip("/")


def _check_urls(text: str) -> str:
    return ",".join(_check_url(url.strip()) for url in text.split(","))


def _check_mqtt_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.path or parts.query or parts.username:
        raise ValueError("must be mqtt:// or mqtts://, a host and perhaps a port; user and password have their own")
    return text


_switch_of = TypeAdapter(bool).validate_python


def _check_proxies(value: object) -> object:
    """Read a switch, or the addresses and networks of proxies with commas between them."""
    try:
        return _switch_of(value)
    except ValidationError:
        return ",".join(_check_proxy(text.strip()) for text in str(value).split(","))


def _check_proxy(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError("must be 1, 0, or addresses and networks as in 10.0.0.5,10.1.0.0/16") from error
    if network.prefixlen == 0:
        raise ValueError("must not be every address: then anybody could say to come from anywhere")
    return text


class SettingsError(ValueError):
    """The environment cannot be used; one line a fault."""


class Settings(BaseSettings):
    """Where the broker is and how this installation is named; read them with `load_settings`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    broker: Annotated[str, AfterValidator(_check_broker)] | None = Field(
        default=None, description="Kafka as host:port,host:port; unset means the embedded broker where there is one."
    )
    topic_prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")] = Field(
        default="kawal", description="First part of the name of every topic."
    )
    partitions: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=PARTITIONS_DEFAULT, description="Partitions of a new topic set, chosen once."
    )
    worker_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,200}$")] | None = Field(
        default=None, description="A name of its own for this worker: a quick restart then moves no partitions."
    )
    metrics_port: Port = Field(default=6067, description="Port of the worker's /metrics; 0 takes any free one.")
    metrics_bind: str = Field(default="127.0.0.1", description="Address of a process's /metrics.")
    gateway_bind: str = Field(default="127.0.0.1", description="Address where the gateway listens.")
    gateway_port: Port = Field(default=8080, description="Port of the gateway; 0 takes any free one.")
    gateway_metrics_port: Port = Field(
        default=6068, description="Port of the gateway's /metrics; 0 takes any free one."
    )
    gateway_tls_cert: Path | None = Field(default=None, description="Certificate chain of the gateway, PEM.")
    gateway_tls_key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    gateway_dir: Path | None = Field(
        default=None, description="Folder of calls for help that wait for Kafka; unset means one in the user's data."
    )
    gateway_messages_per_s: int = Field(
        default=20_000, gt=0, description="Messages a second by HTTP and Cursor on Target, of all devices together."
    )
    gateway_url: Annotated[str, AfterValidator(_check_url)] | None = Field(
        default=None, description="How phones reach the gateway, as in https://gateway.example.org; for the QR codes."
    )
    data_dir: Path | None = Field(
        default=None, description="Folder in which `kawal up` keeps all records; unset means kawal in the user's data."
    )
    console_port: Port = Field(default=6080, description="Port of the console; 0 takes any free one.")
    console_bind: str = Field(default="127.0.0.1", description="Address of the console; another needs TLS or a proxy.")
    console_metrics_port: Port = Field(
        default=6081, description="Port of the console's /metrics and health; 0 takes any free one."
    )
    console_dir: Path | None = Field(
        default=None, description="Folder of the console's users and sessions; unset means kawal in the user's data."
    )
    console_tls_cert: Path | None = Field(default=None, description="Certificate chain of the console, PEM.")
    console_tls_key: Path | None = Field(default=None, description="Private key of the certificate, PEM.")
    console_behind_proxy: Annotated[bool | str, BeforeValidator(_check_proxies)] = Field(
        default=False,
        description="A proxy on this machine speaks TLS and is the only way to the console; or the addresses of such.",
    )
    console_basemap: Path | None = Field(default=None, description="A PMTiles archive that the map is drawn on.")
    console_webhooks: Path | None = Field(
        default=None, description="YAML file of the webhooks that are told of alarms."
    )
    console_gateways: Annotated[str, AfterValidator(_check_urls)] | None = Field(
        default=None,
        description="Addresses of the gateways, with commas; while none is ready, silence behind them is held back.",
    )
    console_demo: bool = Field(
        default=False, description="The console tells its pages that the operation is made up, and shows its time."
    )
    kafka_ca_file: Path | None = Field(
        default=None, description="Certificates that vouch for the broker's, PEM; Kafka is spoken by TLS then."
    )
    kafka_cert_file: Path | None = Field(default=None, description="This process's own certificate for Kafka, PEM.")
    kafka_key_file: Path | None = Field(default=None, description="Private key of that certificate, PEM.")
    kafka_user: str | None = Field(default=None, description="Name that Kafka knows this process by (SCRAM-SHA-512).")
    kafka_password_file: Path | None = Field(default=None, description="File with that name's password.")
    secrets_dir: Path | None = Field(
        default=None, description="Folder of the KAWAL_KAFKA_*_FILE files whose names are relative."
    )
    allow_plaintext: bool = Field(default=False, description="Kafka on another machine may be spoken without TLS.")
    gateway_mqtt_url: Annotated[str, AfterValidator(_check_mqtt_url)] | None = Field(
        default=None, description="MQTT broker to read, as in mqtts://mqtt.example.org; unset means no MQTT."
    )
    gateway_mqtt_user: str | None = Field(default=None, description="The gateway's own login at the MQTT broker.")
    gateway_mqtt_password_file: Path | None = Field(default=None, description="File that holds its password.")
    gateway_mqtt_ca: Path | None = Field(
        default=None, description="Authority of the MQTT broker's certificate, PEM; unset means the system's."
    )
    gateway_cot_bind: str = Field(default="127.0.0.1", description="Address where Cursor on Target comes in.")
    gateway_cot_port: Port | None = Field(default=None, description="Port of Cursor on Target; unset means none.")
    gateway_cot_client_ca: Path | None = Field(
        default=None, description="Authority of the certificates that devices show there, PEM."
    )
    gateway_cot_relays: str | None = Field(
        default=None, description="Names of certificates that speak for any device, with commas: a TAK server's."
    )
    gateway_traccar_topics: str | None = Field(
        default=None, description="Topics that Traccar forwards to, with commas, as in positions,events."
    )


def user_data() -> Path:
    """Return Kawal's folder among the user's data, which may not be there yet."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "kawal"


def load_settings() -> Settings:
    """Read the environment. Raises SettingsError with every fault, among them names that are not known."""
    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    unknown = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in names)
    faults = [f"{name} is not a setting{did_you_mean(name, names)}" for name in unknown]
    try:
        settings = Settings()
    except ValidationError as error:
        faults += [f"{PREFIX}{str(fault['loc'][0]).upper()} {reason_of(fault)}" for fault in error.errors()]
    if faults:
        raise SettingsError("\n".join(faults))
    return settings
