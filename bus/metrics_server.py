"""A process's port for those who watch it: /metrics for Prometheus, and judgements of its health where it has any."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bus.listen import ListenError

SLOW_CLIENT_S = 10.0

log = logging.getLogger(__name__)


class Check(NamedTuple):
    """One thing that was looked at; `age_s` is how old what it rests on is, None where there is nothing."""

    check: str
    ok: bool
    reason: str
    age_s: float | None


Judgements = Mapping[str, Callable[[], list[Check]]]
"""What is asked, by the path at which it is: 200 where every check is well, else 503."""


@contextmanager
def metrics_server(
    address: tuple[str, int], setting: str, registry: CollectorRegistry, judged: Judgements | None = None
) -> Iterator[int]:
    """Serve in threads of its own, so that it answers when the event loop does not; gives the port.

    `setting` is the name of the one that says the port. Raises ListenError if the address cannot be had.
    """
    try:
        server = _Server(address, _handler(registry, judged or {}))
    except OSError as error:
        raise ListenError.at(*address, setting, error) from error
    log.info("metrics at http://%s:%d/metrics", address[0], server.server_port)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(registry: CollectorRegistry, judged: Judgements) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SLOW_CLIENT_S

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(registry))
            elif path in judged:
                checks = judged[path]()
                status = 200 if all(check.ok for check in checks) else 503
                self._answer(status, "application/json", json.dumps([check._asdict() for check in checks]).encode())
            else:
                self._answer(404, "text/plain; charset=utf-8", (", ".join(["/metrics", *judged]) + "\n").encode())

        do_HEAD = do_GET  # noqa: N815 (named by the library)

        def log_message(self, *_: object) -> None:
            pass  # a scrape each five seconds is no news

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

    return Handler
