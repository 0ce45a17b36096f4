"""How a Faust app reaches the broker: `connection`, in Faust's own terms."""

from __future__ import annotations

from typing import Any

from faust.auth import SASLCredentials, SSLCredentials

from bus.connection import connection


def faust_broker(broker: str) -> dict[str, Any]:
    """Return the keyword arguments by which a Faust app reaches `broker`. Raises SettingsError."""
    return {
        "broker": ";".join(f"kafka://{address}" for address in broker.split(",")),
        "broker_credentials": _credentials(broker),
    }


def _credentials(broker: str) -> SASLCredentials | SSLCredentials | None:
    how = connection(broker)
    tls, mechanism = how.get("ssl_context"), how.get("sasl_mechanism")
    if mechanism is None:
        return None if tls is None else SSLCredentials(tls)
    user, password = how["sasl_plain_username"], how["sasl_plain_password"]
    return SASLCredentials(username=user, password=password, mechanism=mechanism, ssl_context=tls)
