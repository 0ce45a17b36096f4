"""The command line as a whole: its help, its speed's cause, and how it ends."""

import subprocess
import sys

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError

from cli.exits import Exit, explain
from cli.main import COMMANDS
from deploy.kafka.embedded import EmbeddedKafkaError
from models.settings import SettingsError
from tests.cli.command import installed_kawal, kawal


def test_help_lists_every_command() -> None:
    shown = installed_kawal("--help")
    assert shown.returncode == 0
    for name, place in COMMANDS.items():
        assert f"  {name} " in shown.stdout
        assert place.summary in shown.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    shown = kawal(name, "--help")
    assert shown.returncode == 0, shown.stderr
    assert f"Usage: kawal {name} " in shown.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("version",)])
def test_help_and_version_load_no_heavy_library(arguments: tuple[str, ...]) -> None:
    code = f"import sys; sys.argv = ['kawal', *{arguments!r}]\nfrom cli.main import app\napp(standalone_mode=False)\n"
    code += "print(sorted({'numba', 'numpy', 'faust', 'aiokafka', 'rich'} & sys.modules.keys()))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_an_unknown_command_is_wrong_usage() -> None:
    shown = kawal("convoys")
    assert shown.returncode == Exit.USAGE
    assert "No such command 'convoys'" in shown.stderr
    assert shown.stdout == ""


def test_an_unknown_setting_is_bad_configuration_and_names_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_BROCKER", "127.0.0.1:9092")
    shown = kawal("topics", "check")
    assert shown.returncode == Exit.BAD_INPUT
    assert "KAWAL_BROKER" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KafkaConnectionError("gone"), Exit.NO_BROKER),
        (EmbeddedKafkaError("Port 1 is taken"), Exit.FAILED),
        (SettingsError("KAWAL_X is not a setting"), Exit.BAD_INPUT),
        (TopicAuthorizationFailedError("kawal.alerts"), Exit.FAILED),
    ],
)
def test_an_error_that_users_can_mend_is_one_message(error: Exception, code: Exit) -> None:
    end = explain(error)
    assert end is not None
    assert end[0] == code
    assert end[1]


def test_an_error_of_ours_keeps_its_traceback() -> None:
    assert explain(ZeroDivisionError("division by zero")) is None
