"""XML of strangers: no DTD, no entities, bounded, names without their prefixes."""

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.sax.handler import ContentHandler

import defusedxml.sax

from models.routes.raw import RouteError

DEPTH_MAX = 100
ELEMENTS_MAX = 1_000_000


def parse_xml(content: bytes, root: str) -> Element:
    """Return the root element, which must have this name. Raises RouteError.

    Prefixes are cut off and need not be declared: exporters forget that.
    """
    handler = _Handler()
    try:
        defusedxml.sax.parseString(content, handler, forbid_dtd=True)
        tree = handler.builder.close()
    except RouteError:
        raise
    except Exception as error:  # the parser raises as many kinds as there are codecs and ways to be broken
        raise RouteError(f"is no {root.upper()}: {_reason(error)}") from error
    if tree.tag != root:
        raise RouteError(f"is no {root.upper()}: its root is <{tree.tag[:40]}>")
    return tree


class _Handler(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.builder = TreeBuilder()
        self._depth = self._count = 0

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802 (named by SAX)
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._depth > DEPTH_MAX or self._count > ELEMENTS_MAX:
            raise RouteError(f"has more than {ELEMENTS_MAX:,} elements, or {DEPTH_MAX} within each other")
        self.builder.start(_local(name), {_local(key): str(attrs[key]) for key in attrs.keys()})  # noqa: SIM118

    def endElement(self, name: str) -> None:  # noqa: N802 (named by SAX)
        self._depth -= 1
        self.builder.end(_local(name))

    def characters(self, content: str) -> None:
        self.builder.data(content)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _reason(error: Exception) -> str:
    return "it has a DTD" if type(error).__name__ == "DTDForbidden" else str(error)
