"""Where the gateway may listen: on loopback as it is, anywhere else only with TLS."""

from __future__ import annotations

import ssl

from bus.listen import ListenError
from models.settings import Settings

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BindError(ListenError):
    """The gateway may not, or cannot, listen or connect where it was told to."""


def server_tls(settings: Settings, host: str, insecure: bool) -> ssl.SSLContext | None:
    """TLS with the gateway's certificate; None without one. Raises BindError where `host` then is not loopback."""
    certificate, key = settings.gateway_tls_cert, settings.gateway_tls_key
    if certificate is None:
        if host not in LOOPBACK and not insecure:
            raise BindError(
                f"Without a certificate the gateway listens on loopback only, not on {host}: tokens "
                "and positions would be readable on the way. Set KAWAL_GATEWAY_TLS_CERT and KAWAL_GATEWAY_TLS_KEY, or "
                "say --insecure where a proxy in front of it has the certificate."
            )
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise BindError(f"The certificate {certificate} cannot be used with its key: {error}") from error
    return context
