"""The house rules that no linter checks: sizes, names with units, a pure engine, nothing foreign in the tree."""

import ast
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PARTS = ("models", "bus", "draw", "streams", "simulate", "gateway", "console", "deploy", "cli", "bench")
TESTS = ROOT / "tests"
ENGINE = ROOT / "streams" / "engine"

# The one door from Python into compiled code, where everything goes through as plain arrays.
MANY_PARAMETERS = frozenset({"streams/engine/step.py run"})

# Quantities whose unit is another field's, or that have one meaning everywhere.
UNITLESS = frozenset({"lat", "lon", "value", "threshold", "peak"})
UNITS = ("_m", "_s", "_ms", "_mps", "_deg", "_pct")
WRONG_UNIT = re.compile(
    r"(?<!_per)(?<!_a)_(secs?|seconds?|mins|minutes?|hours?|hrs|millis|msecs?|met(er|re)s?|kms?|kmh|kph|mph|degrees?|percent|timestamp|ts)$"
)
METRIC_UNIT = re.compile(r"_(seconds|meters)$")

FOREIGN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.>)}-])/(work|tmp|home|root|Users)/"),
    "a package registry's host": re.compile(
        r"\b(pypi|pythonhosted|maven|npmjs|crates|golang|debian)\.(org|io|com|apache\.org)\b"
    ),
    "a note to do something later": re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b"),
}


class Function(NamedTuple):
    place: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    code_lines: int
    in_engine: bool


def product_files() -> list[Path]:
    return [path for part in PARTS for path in sorted((ROOT / part).rglob("*.py"))]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def body_without_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) is not None else node.body


def count_code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    own = [
        line for line in lines[node.lineno - 1 : node.end_lineno] if line.strip() and not line.strip().startswith("#")
    ]
    docstring = node.body[0] if ast.get_docstring(node) is not None else None
    if docstring is None:
        return len(own)
    text = lines[docstring.lineno - 1 : docstring.end_lineno]
    return len(own) - sum(bool(line.strip()) for line in text)


def functions(paths: list[Path]) -> Iterator[Function]:
    for path in paths:
        lines = path.read_text(encoding="utf-8").splitlines()
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                place = f"{path.relative_to(ROOT)} {node.name}"
                code_lines = count_code_lines(node, lines)
                yield Function(place, node, code_lines, ENGINE in path.parents)


@pytest.fixture(scope="module")
def product() -> list[Function]:
    return list(functions(product_files()))


def test_no_function_is_longer_than_seventy_lines(product: list[Function]) -> None:
    tests = list(functions(sorted((ROOT / "tests").rglob("*.py"))))
    assert [f"{f.place}: {f.code_lines}" for f in product + tests if f.code_lines > 70] == []


def test_half_of_the_functions_have_at_most_eight_lines(product: list[Function]) -> None:
    assert sorted(f.code_lines for f in product)[len(product) // 2] <= 8


def test_nine_of_ten_functions_have_at_most_25_lines_and_40_in_the_engine(product: list[Function]) -> None:
    long = [f"{f.place}: {f.code_lines}" for f in product if f.code_lines > (40 if f.in_engine else 25)]
    assert len(long) <= len(product) / 10, "\n".join(long)


def test_nine_of_ten_files_have_at_most_300_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in product_files()
    }
    long = {path: size for path, size in sizes.items() if size > 300}
    assert len(long) <= len(sizes) / 10, long


def count_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = node.args.posonlyargs + node.args.args + node.args.kwonlyargs
    return sum(argument.arg not in ("self", "cls") for argument in arguments)


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A command's parameters are its options; a record cannot stand for them."""
    return any("typer." in ast.unparse(argument.annotation) for argument in node.args.args if argument.annotation)


def test_no_function_takes_more_than_six_parameters(product: list[Function]) -> None:
    many = {f.place for f in product if count_parameters(f.node) > 6 and not is_command(f.node)}
    assert many == MANY_PARAMETERS


def test_no_function_is_written_twice(product: list[Function]) -> None:
    twins: dict[str, list[str]] = defaultdict(list)
    for function in product:
        if function.code_lines >= 6:
            twins["\n".join(map(ast.dump, body_without_docstring(function.node)))].append(function.place)
    assert [places for places in twins.values() if len(places) > 1] == []


def imported_roots(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield ".".join((node.module or "").split(".")[:2]) if node.module != "__future__" else "__future__"


# jit.py says how kernels are compiled and cached; it judges nothing.
PURE = sorted(set(ENGINE.glob("*.py")) - {ENGINE / "jit.py"})


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_the_engine_uses_numbers_and_nothing_else(path: Path) -> None:
    tree = tree_of(path)
    allowed = {
        "math",
        "numpy",
        "numpy.typing",
        "numba",
        "numba.core",
        "streams.engine",
        "typing",
        "collections.abc",
        "dataclasses",
        "enum",
    }
    assert set(imported_roots(tree)) - allowed == set()
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert calls & {"print", "open", "input", "eval", "exec", "__import__"} == set()


def decorated(tree: ast.AST, name: str) -> set[str]:
    """Names of the functions with a plain decorator of this name."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    return {f.name for f in functions if any(isinstance(d, ast.Name) and d.id == name for d in f.decorator_list)}


def test_python_calls_no_kernel_that_has_no_door_to_it() -> None:
    trees = {path: tree_of(path) for path in (*product_files(), *TESTS.rglob("*.py"))}
    kernels = {path: decorated(tree, "kernel") for path, tree in trees.items()}
    closed = {
        (".".join(path.relative_to(ROOT).with_suffix("").parts), name)
        for path, names in kernels.items()
        for name in names
    }
    taken = [
        (path.name, node.module, alias.name)
        for path, tree in trees.items()
        if not kernels[path]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if (node.module, alias.name) in closed
    ]
    assert taken == []


def bound_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def test_a_unit_has_one_spelling() -> None:
    wrong = []
    for path in product_files():
        for name, line in bound_names(tree_of(path)):
            is_metric = path.name == "metrics.py" and METRIC_UNIT.search(name)
            if WRONG_UNIT.search(name.lower()) and not is_metric:
                wrong.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert wrong == []


def number_fields(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        for field in node.body if isinstance(node, ast.ClassDef) else ():
            is_named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if is_named and re.search(r"\bfloat\b", ast.unparse(field.annotation)):
                yield field.target.id, field.lineno


def test_every_measured_field_of_a_contract_names_its_unit() -> None:
    without = []
    for path in sorted((ROOT / "models").glob("*.py")):
        for name, line in number_fields(tree_of(path)):
            if not name.endswith(UNITS) and name not in UNITLESS:
                without.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert without == []


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        # The bytes of a picture may spell anything.
        if path.is_file() and path.suffix != ".png":
            yield name, path.read_bytes().decode("utf-8", errors="replace")


def test_the_repository_speaks_of_the_product_only() -> None:
    found = [
        f"{name}: {what}: {match.group(0)}"
        for name, text in tracked_texts()
        for what, pattern in FOREIGN.items()
        for match in pattern.finditer(text)
    ]
    assert found == []
