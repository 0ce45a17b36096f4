"""The agent a Faust user would write: `async for`, a pydantic model a ping, a dict a vehicle, a Table write a ping.

Same topics, same deviation and stall rules and limits as Kawal, in plain Python. Faust's settings are left as they
come, except that its web server is off; so it commits its offsets as Faust does, at least once.
"""

import argparse
from pathlib import Path
from typing import Any

import faust

from bench.measure import Clock
from bench.peers.plain_rules import Route, advance
from models.ping import PING
from models.plan import ConvoyPlan


def build_app(asked: argparse.Namespace, routes: dict[str, Route]) -> faust.App:
    app = faust.App(
        asked.group,
        broker=f"kafka://{asked.broker}",
        topic_partitions=asked.partitions,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    pings = app.topic(*asked.topics, value_type=bytes, value_serializer="raw")
    vehicles = app.Table(f"{asked.group}-vehicles", partitions=asked.partitions)
    alerts = app.topic(asked.alerts, value_serializer="json", partitions=asked.partitions)

    @app.agent(pings)
    async def watch(stream: Any) -> None:
        await alerts.declare()
        seen, clock = 0, None
        async for value in stream:
            seen += 1
            clock = clock or Clock(seen)
            ping = PING.validate_json(value)
            vehicles[ping.vehicle_id], raised = advance(vehicles.get(ping.vehicle_id), ping, routes[ping.convoy_id])
            for alert in raised:
                await alerts.send(key=ping.convoy_id, value=alert)
            if seen == asked.records:
                await app.producer.flush()
                print(clock.stop(seen).to_json(), flush=True)

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", required=True)
    parser.add_argument("--topics", required=True, nargs="+")
    parser.add_argument("--alerts", required=True, help="topic for the alerts")
    parser.add_argument("--records", required=True, type=int)
    parser.add_argument("--partitions", required=True, type=int)
    parser.add_argument("--plans", required=True, type=Path, help="a JSON plan a line")
    parser.add_argument("--group", required=True)
    asked = parser.parse_args()
    routes = {plan.convoy_id: Route(plan) for plan in map(ConvoyPlan.from_json, asked.plans.read_bytes().splitlines())}
    faust.Worker(
        build_app(asked, routes), loglevel="warn", quiet=True, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main()
