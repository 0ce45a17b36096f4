"""The docs name everything a user can set, read or type, and name nothing that does not exist."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

from cli.lazy import LazyCommand
from cli.main import app
from console.metrics import Metrics as ConsoleMetrics
from gateway.metrics import Metrics as GatewayMetrics
from models.alert import Kind, Severity, Transition
from models.dead_letter import Code
from models.limits import Limits
from models.settings import PREFIX, Settings
from models.topics import TopicSet
from streams.engine.dtypes import REASONS, RESULTS
from streams.metrics import Metrics

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(command, LazyCommand):
        command = command.load()
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, child in command.commands.items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def shell_lines() -> Iterator[tuple[str, list[str]]]:
    """What a reader is told to type: each line of a page's shell blocks, without its comment."""
    for page in PAGES:
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            for line in block.splitlines():
                if words := shlex.split(line, comments=True):
                    yield page.name, words


def command_of(words: list[str]) -> tuple[str, ...] | None:
    return next((path for path in COMMANDS if words[: len(path)] == list(path)), None)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_each_setting_is_documented(name: str) -> None:
    assert f"| `{PREFIX}{name.upper()}` |" in OPERATING


@pytest.mark.parametrize("name", [spec.name for spec in TopicSet().specs()])
def test_each_topic_is_documented(name: str) -> None:
    assert f"`{name}`" in OPERATING


@pytest.mark.parametrize("name", sorted(Limits.model_fields))
def test_each_limit_is_documented_with_its_default(name: str) -> None:
    default = getattr(Limits(), name)
    shown = r"\(none" if default is None else rf"{default:g}\b"
    assert re.search(rf"`{name}` (\| )?{shown}", RULES)


@pytest.mark.parametrize("code", [*get_args(Kind), *get_args(Severity), *get_args(Transition), *REASONS])
def test_each_word_of_an_alert_is_documented(code: str) -> None:
    assert f"`{code}`" in RULES


@pytest.mark.parametrize("code", [*get_args(Code), *(result for result in RESULTS if result != "tick")])
def test_each_fate_of_a_record_is_documented(code: str) -> None:
    assert f"| `{code}` |" in OPERATING


def metric_names() -> Iterator[str]:
    made = (Metrics(), GatewayMetrics(), ConsoleMetrics())
    for family in (family for one in made for family in one.registry.collect()):
        if family.name.startswith("kawal_"):
            yield f"{family.name}_total" if family.type == "counter" else family.name


@pytest.mark.parametrize("name", sorted(set(metric_names())))
def test_each_metric_is_documented(name: str) -> None:
    assert f"| `{name}` |" in OPERATING


def test_each_metric_on_a_page_exists() -> None:
    assert set(re.findall(r"`(kawal_\w+)`", OPERATING)) <= set(metric_names())


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_each_command_is_documented(path: tuple[str, ...]) -> None:
    assert f"`kawal {' '.join(path)}" in OPERATING


def test_each_kawal_command_on_a_page_exists_with_its_options() -> None:
    for page, words in shell_lines():
        if words[0] == "kawal":
            path = command_of(words[1:])
            assert path is not None, f"{page}: {words}"
            known = {option for parameter in COMMANDS[path].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= known, f"{page}: {words}"


def test_each_script_on_a_page_exists() -> None:
    for page in PAGES:
        for name in re.findall(r"\bscripts/(\w+)", page.read_text(encoding="utf-8")):
            assert os.access(ROOT / "scripts" / name, os.X_OK), f"{page.name}: scripts/{name}"


def test_each_link_on_a_page_leads_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
