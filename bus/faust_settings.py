"""What every Faust app of ours is: how it reaches the broker, and that it opens nothing and declares nothing."""

from __future__ import annotations

from typing import Any

from faust.auth import SASLCredentials, SSLCredentials

from bus.connection import connection

# Local only, and an app without partitions would hang for ever after it.
FOREVER_S = 1e9


def faust_settings(broker: str) -> dict[str, Any]:
    """Return the keyword arguments of an app at `broker` that declares no topic, opens no port and begins with the
    oldest record. Raises SettingsError.
    """
    return {
        "broker": ";".join(f"kafka://{address}" for address in broker.split(",")),
        "broker_credentials": _credentials(broker),
        "broker_max_poll_interval": FOREVER_S,
        "web_enabled": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "consumer_auto_offset_reset": "earliest",
    }


def _credentials(broker: str) -> SASLCredentials | SSLCredentials | None:
    how = connection(broker)
    tls, mechanism = how.get("ssl_context"), how.get("sasl_mechanism")
    if mechanism is None:
        return None if tls is None else SSLCredentials(tls)
    user, password = how["sasl_plain_username"], how["sasl_plain_password"]
    return SASLCredentials(username=user, password=password, mechanism=mechanism, ssl_context=tls)
