"""The progress bar of the first download."""

import io

from rich.console import Console

from cli.download_bar import download_bar


def shown(*reports: tuple[int, int], terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with download_bar(console) as progress:
        for done, total in reports:
            progress(done, total)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_without_a_download_nothing_is_shown() -> None:
    assert shown(terminal=True) == ""


def test_a_download_is_announced_once() -> None:
    text = shown((10_000_000, 45_000_000), (45_000_000, 45_000_000), terminal=True)
    assert text.count("Downloading Apache Kafka") == 1
    assert "45.0/45.0 MB" in text


def test_a_file_gets_the_announcement_and_no_bar() -> None:
    text = shown((10_000_000, 45_000_000), (45_000_000, 45_000_000), terminal=False)
    assert text.strip() == "Downloading Apache Kafka (45 MB), the first time only."
