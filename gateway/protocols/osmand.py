"""OsmAnd's live tracking: a query string, speed in metres per second, `hdop` in truth an accuracy in metres."""

from gateway.protocols import keyed, values
from gateway.protocols.keyed import Dialect
from gateway.protocols.report import Report

DIALECT = Dialect("osmand", 1.0, accuracy_keys=("accuracy", "hdop"))


def split(data: bytes) -> list[bytes]:
    """Cut a file: one request a line."""
    return values.split_lines(data)


def decode(data: bytes) -> Report:
    """Read one message. Raises Undecodable."""
    before, mark, query = data.partition(b"?")
    return keyed.report(keyed.parse(query if mark and b"=" not in before else data), DIALECT)
