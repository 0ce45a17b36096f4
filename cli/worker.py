"""`kawal worker`: one worker process."""

from __future__ import annotations

import asyncio

from aiokafka.errors import KafkaConnectionError

from cli.exits import Exit, broker_of, leave, read_settings


def worker() -> None:
    """Watch the convoys: read pings, raise alerts, until Ctrl-C or SIGTERM.

    Reads <prefix>.convoy-pings, .escort-pings, .ticks and .plans from the broker in KAWAL_BROKER, and writes
    <prefix>.alerts, .convoys, .state and dead letters, each checkpoint in one transaction. Start as many workers as
    there are partitions, on any machines: they share the partitions, and when one dies the others go on exactly where
    its last checkpoint was.

    Before the first start: `kawal topics ensure`, then `kawal plan import FILE`. Metrics are on
    http://127.0.0.1:6067/metrics (KAWAL_METRICS_PORT). Exit codes: 0 ended in order, 1 failed (start it again: it
    resumes exactly), 3 bad configuration, 4 no broker answered for 30 s, 5 the topics are not as they must be,
    or hold state that this version cannot read.
    """
    settings = read_settings()
    broker = broker_of(settings)
    from bus.listen import ListenError
    from bus.logs import configure_logs
    from bus.process import TopicsError
    from streams.state import StateVersionError
    from streams.worker import run_worker

    configure_logs()
    try:
        # Not uvloop: beside Faust's thread the heartbeats of a worker on TLS came to rest in one start of three.
        asyncio.run(run_worker(broker, settings))
    except KafkaConnectionError as error:
        leave(Exit.NO_BROKER, f"No Kafka broker answers at {broker} ({error}). Is it running? Try `kawal doctor`.")
    except ListenError as error:
        leave(Exit.BAD_INPUT, str(error))
    except TopicsError as error:
        leave(Exit.CHECK_FAILED, str(error))
    except StateVersionError as error:
        leave(Exit.CHECK_FAILED, f"{error}. Nothing was changed.")
    except Exception as error:
        leave(
            Exit.FAILED,
            f"The worker ends: {str(error) or repr(error)}. Start it again; it resumes at its last checkpoint.",
        )
