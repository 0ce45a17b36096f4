"""Settings out of the environment."""

import os

import pytest

from models.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KAWAL_")]:
        monkeypatch.delenv(name)


def test_without_an_environment_everything_is_local() -> None:
    settings = load_settings()
    assert settings.broker is None
    assert (settings.topic_prefix, settings.partitions) == ("kawal", 12)
    assert (settings.metrics_bind, settings.metrics_port) == ("127.0.0.1", 6067)


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_BROKER", "10.0.0.1:9092,[::1]:9093")
    monkeypatch.setenv("KAWAL_TOPIC_PREFIX", "exercise")
    monkeypatch.setenv("KAWAL_METRICS_PORT", "0")
    settings = load_settings()
    assert settings.broker == "10.0.0.1:9092,[::1]:9093"
    assert (settings.topic_prefix, settings.metrics_port) == ("exercise", 0)


def test_an_empty_value_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_BROKER", "")
    assert load_settings().broker is None


def test_every_fault_is_told_at_once_and_a_mistyped_name_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAWAL_BROKERS", "localhost:9092")
    monkeypatch.setenv("KAWAL_METRICS_PORT", "99999")
    monkeypatch.setenv("KAWAL_PARTITIONS", "many")
    monkeypatch.setenv("KAWAL_BROKER", "localhost")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value).splitlines() == [
        "KAWAL_BROKERS is not a setting, did you mean KAWAL_BROKER?",
        "KAWAL_BROKER must be host:port, or several with commas between them",
        "KAWAL_PARTITIONS must be a valid integer, unable to parse string as an integer",
        "KAWAL_METRICS_PORT must be less than or equal to 65535",
    ]


@pytest.mark.parametrize(
    ("text", "proxies"),
    [
        ("", False),
        ("0", False),
        ("false", False),
        ("1", True),
        ("true", True),
        ("Yes", True),
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5, 10.1.0.0/16,fd00::/8", "10.0.0.5,10.1.0.0/16,fd00::/8"),
    ],
)
def test_a_proxy_is_one_on_this_machine_or_has_an_address(
    monkeypatch: pytest.MonkeyPatch, text: str, proxies: bool | str
) -> None:
    monkeypatch.setenv("KAWAL_CONSOLE_BEHIND_PROXY", text)
    assert load_settings().console_behind_proxy == proxies


@pytest.mark.parametrize(
    "text", ["*", "proxy", "10.0.0.5,", "10.0.0.5;10.0.0.6", "10.1.0.1/16", "0.0.0.0/0", "::/0", "2"]
)
def test_what_is_no_proxys_address_or_everybodys_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("KAWAL_CONSOLE_BEHIND_PROXY", text)
    with pytest.raises(SettingsError, match=r"^KAWAL_CONSOLE_BEHIND_PROXY must "):
        load_settings()
