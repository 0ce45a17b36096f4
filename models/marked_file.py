"""YAML and JSON files read with the line of every value, so that a fault can name its place."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml

from models.faults import Location

# With its marks a file takes about 70 times its size in memory.
BYTES_MAX = 8 * 1024 * 1024
DEPTH_MAX = 50

_DEPTH_STEPS: Mapping[type[yaml.Event], int] = {
    yaml.MappingStartEvent: 1,
    yaml.SequenceStartEvent: 1,
    yaml.MappingEndEvent: -1,
    yaml.SequenceEndEvent: -1,
}


class MarkedFileError(ValueError):
    """A file that cannot be read at all; `line` counts from 1, None where there is none."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True)
class MarkedFile:
    """The content of a file and where each value stands."""

    content: Any
    repeated: list[tuple[int | None, str]]
    """Line and key where a key occurs twice in its mapping: one of the two values would be lost in silence."""
    find_root: Callable[[], yaml.Node | None]

    @cached_property
    def _root(self) -> yaml.Node | None:
        # only a fault asks for it, and for JSON it takes twenty times as long as reading the file
        return self.find_root()

    def line_of(self, location: Location) -> int | None:
        """Return the line of a value, or of the nearest thing around it that exists."""
        if self._root is None:
            return None
        mark, node = self._root.start_mark, self._root
        for step in location:
            found = _step(node, step)
            if found is None:
                break
            mark, node = found
        return _line(mark)


def read_marked(path: Path) -> MarkedFile:
    """Read a file, JSON by the suffix .json, otherwise YAML. Raises MarkedFileError."""
    text = _read_text(path)
    return _read_json(text) if path.suffix.lower() == ".json" else _read_yaml(text)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        raise MarkedFileError(f"cannot be read: {error.strerror}") from error
    if len(content) > BYTES_MAX:
        raise MarkedFileError(f"is larger than {BYTES_MAX // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarkedFileError(f"is not UTF-8: byte {error.start}") from error


def _read_yaml(text: str) -> MarkedFile:
    try:
        _check_depth(text)
        loader = _Loader(text)
        root = loader.get_single_node()
        content = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        raise MarkedFileError(f"is no YAML: {error.problem}", _line(error.problem_mark)) from error
    except MarkedFileError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise MarkedFileError(f"is no YAML: {error}") from error
    return MarkedFile(content, loader.repeated, lambda: root)


def _check_depth(text: str) -> None:
    """Refuse deep nesting, at which the composer would end the process."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += _DEPTH_STEPS.get(type(event), 0)
        if depth > DEPTH_MAX:
            raise MarkedFileError(f"is nested deeper than {DEPTH_MAX} levels", _line(event.start_mark))


def _line(mark: Any) -> int | None:  # the two parsers of yaml have marks of two types
    return None if mark is None else int(mark.line) + 1


def _read_json(text: str) -> MarkedFile:
    repeated: list[tuple[int | None, str]] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        repeated.extend((None, name) for index, name in enumerate(names) if name in names[:index])
        return dict(pairs)

    try:
        content = json.loads(text, object_pairs_hook=build)
    except json.JSONDecodeError as error:
        raise MarkedFileError(f"is no JSON: {error.msg}", error.lineno) from error
    except (ValueError, RecursionError) as error:
        raise MarkedFileError(f"is no JSON: {error}") from error
    return MarkedFile(content, repeated, partial(_nodes_of_json, text))


def _nodes_of_json(text: str) -> yaml.Node | None:
    try:
        _check_depth(text)
        return _Loader(text).get_single_node()
    except (yaml.YAMLError, MarkedFileError):
        return None  # nearly all JSON is YAML; where it is not, lines are unknown


def _step(node: yaml.Node, step: int | str) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key.start_mark, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


class _Loader(yaml.CSafeLoader):
    """Safe YAML with its two traps closed.

    Times stay text: the constructor would fail on an impossible date without saying where. `<<` is a plain key:
    merging merged mappings can fill the memory from a few lines, while plain aliases share one object.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":merge"))]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[tuple[int | None, str]] = []

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Merge nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Build a mapping and note its repeated keys."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    self.repeated.append((key.start_mark.line + 1, key.value))
                seen.add(key.value)
        built: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return built
