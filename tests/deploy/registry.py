"""A Maven registry on the loopback address that serves the jars of this user's cache, and can misbehave."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Registry(ThreadingHTTPServer):
    """Serves `jars` by file name; those in `bad` are cut off or falsified."""

    daemon_threads = True

    def __init__(self, jars: dict[str, Path]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.jars = jars
        self.cut: set[str] = set()
        self.false: set[str] = set()
        self.served: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        if name not in self.server.jars:
            self.send_error(404)
            return
        self.server.served[name] += 1
        content = self.server.jars[name].read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if name in self.server.cut:
            content = content[: len(content) // 2]
        if name in self.server.false:
            content = bytes(len(content))
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def serve(jars: dict[str, Path]) -> Iterator[Registry]:
    with Registry(jars) as registry:
        thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield registry
        finally:
            registry.shutdown()
            thread.join()
