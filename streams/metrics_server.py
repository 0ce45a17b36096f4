"""The worker's one port: /metrics for Prometheus, /livez, /readyz and /startupz for whoever keeps it running."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from streams.health import Check, Health

SLOW_CLIENT_S = 10.0


@contextmanager
def metrics_server(address: tuple[str, int], registry: CollectorRegistry, health: Health) -> Iterator[int]:
    """Serve in threads of its own, so that it answers when the event loop does not; gives the port.

    Raises OSError if the address cannot be had.
    """
    judged = {"/livez": health.live, "/readyz": health.ready, "/startupz": health.started}
    server = _Server(address, _handler(registry, judged))
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


def _handler(
    registry: CollectorRegistry, judged: Mapping[str, Callable[[], list[Check]]]
) -> type[BaseHTTPRequestHandler]:
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
                self._answer(404, "text/plain; charset=utf-8", b"/metrics, /livez, /readyz, /startupz\n")

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
