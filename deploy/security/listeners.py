"""A broker's own settings: TLS on every listener, accounts by SCRAM, and nothing allowed that no right allows."""

from deploy.security.rights import SUPER_USERS

# Only the broker and the admin are known by their certificate alone; any other is nobody until it gives its password.
_BY_CERTIFICATE = f"RULE:^CN=({'|'.join(SUPER_USERS)})$/$1/,DEFAULT"


def broker_settings(key_store: str, trust_store: str) -> dict[str, str]:
    """Return the settings of a broker whose listeners are BROKER for clients, INTERNAL and CONTROLLER for itself.

    The stores are the paths of PEM files: the broker's key with its certificates, and the authority's certificate.
    """
    listeners = {"broker": "SASL_SSL", "internal": "SSL", "controller": "SSL"}
    return {
        "listener.security.protocol.map": ",".join(f"{name.upper()}:{how}" for name, how in listeners.items()),
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.broker.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        # For each listener by name: the plain setting does not hold where SASL is spoken.
        **{f"listener.name.{name}.ssl.client.auth": "required" for name in listeners},
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": key_store,
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": trust_store,
        "ssl.principal.mapping.rules": _BY_CERTIFICATE,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": ";".join(f"User:{name}" for name in SUPER_USERS),
    }
