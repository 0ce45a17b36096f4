"""`kawal gateway`: one gateway process."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from aiokafka.errors import KafkaConnectionError

from cli.exits import Exit, broker_of, leave, read_settings


def gateway(
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond loopback without TLS: a proxy in front has it.")
    ] = False,
) -> None:
    """Take in what phones and trackers send, and write it as pings, until Ctrl-C or SIGTERM.

    Listens on KAWAL_GATEWAY_BIND and KAWAL_GATEWAY_PORT (127.0.0.1:8080), with TLS where KAWAL_GATEWAY_TLS_CERT and
    KAWAL_GATEWAY_TLS_KEY name a certificate; without one on loopback only. A device needs a token (`kawal devices add`)
    and its name in a plan. A message is acknowledged when Kafka has it; while Kafka is away the device is asked to keep
    it.

    MQTT (KAWAL_GATEWAY_MQTT_URL), Cursor on Target (KAWAL_GATEWAY_COT_PORT) and Traccar's Kafka forward
    (KAWAL_GATEWAY_TRACCAR_TOPICS) come in as well where they are set.

    Start as many gateways as you like, on any machines. Metrics are on http://127.0.0.1:6068/metrics
    (KAWAL_GATEWAY_METRICS_PORT). Exit codes: 0 ended in order, 1 failed, 3 bad configuration, 4 no broker answered for
    30 s, 5 the topics are not as they must be.
    """
    settings = read_settings()
    broker = broker_of(settings)
    import uvloop

    from bus.listen import ListenError
    from bus.logs import configure_logs
    from bus.process import TopicsError
    from gateway.calls import CallsError
    from gateway.server import run_gateway

    configure_logs()
    try:
        # With uvloop the MQTT client does not see a lost connection: it watches its socket again while that closes.
        loop_factory = uvloop.new_event_loop if settings.gateway_mqtt_url is None else None
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(run_gateway(broker, settings, insecure))
    except (ListenError, CallsError) as error:
        leave(Exit.BAD_INPUT, str(error))
    except KafkaConnectionError as error:
        leave(Exit.NO_BROKER, f"No Kafka broker answers at {broker} ({error}). Is it running? Try `kawal doctor`.")
    except TopicsError as error:
        leave(Exit.CHECK_FAILED, str(error))
