"""Webhooks are told once a group, signed, and again until they take it; a restart neither loses nor floods."""

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from console.book import Book
from console.notify import GROUP_WAIT_S, Notifier, ToldFile, signature
from console.webhooks import WebhookError, read_webhooks
from tests.cli.command import installed_kawal
from tests.console.alarms import alert
from tests.console.test_book import book_of, take

TAKEN = b"HTTP/1.1 200 OK\r\n"


class Receiver:
    """A webhook of our own: what it was sent, and how it answers next."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | bytes] = []
        self.arrived = threading.Semaphore(0)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if isinstance(answer, bytes):
                    self.wfile.write(answer)
                else:
                    self.send_response(answer)
                    self.end_headers()
                receiver.arrived.release()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/bot-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


class Telling:
    """A notifier over a folder, and a clock that the test moves."""

    def __init__(self, folder: Path, book: Book, url: str, template: str = "kawal") -> None:
        (folder / "secret").write_text("s3cret\n")
        (folder / "hooks.yaml").write_text(
            f'webhooks: [{{name: posko, url: "{url}", secret_file: secret, template: {template}, chat_id: "7"}}]'
        )
        self.now_s = 0.0
        self.sent: list[str] = []
        targets = read_webhooks(folder / "hooks.yaml")
        self.notifier = Notifier(targets, book, ToldFile(folder), self.sent.append)
        self.notifier.begin(self.now_s)

    async def until(
        self, receiver: Receiver, count: int, advance_s: float = GROUP_WAIT_S, arriving: bool = True
    ) -> None:
        """Let time pass, and wait for so many messages and what came of them; without `arriving` none gets there."""
        self.now_s += advance_s
        running = asyncio.create_task(self.notifier.run(lambda: self.now_s))
        before = len(self.sent)
        for _ in range(count if arriving else 0):
            assert await asyncio.to_thread(receiver.arrived.acquire, timeout=20)
        async with asyncio.timeout(20):
            while len(self.sent) < before + count:  # noqa: ASYNC110 (the answer is on its way)
                await asyncio.sleep(0.01)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_group_is_one_signed_message_without_a_position(tmp_path: Path, receiver: Receiver) -> None:
    book = Book()
    telling = Telling(tmp_path, book, receiver.url)
    names = take(
        book, *(alert(0, vehicle_id=f"KT-{number}") for number in range(3)), alert(kind="late", severity="low")
    )
    telling.notifier.changed(names, telling.now_s)
    await telling.until(receiver, 1)
    headers, body = receiver.got[0]
    message = json.loads(body)
    assert [alarm["vehicle_id"] for alarm in message["alarms"]] == ["KT-0", "KT-1", "KT-2"]
    assert (message["group"], message["condition"]) == ("BTG-01|stall", "active")
    assert b"117.4" not in body
    at_s = int(headers["X-Kawal-Signature"].partition(",")[0].removeprefix("t="))
    assert headers["X-Kawal-Signature"] == signature(b"s3cret", at_s, body)


async def test_what_is_not_taken_is_sent_again_as_the_same_delivery(tmp_path: Path, receiver: Receiver) -> None:
    book = Book()
    telling = Telling(tmp_path, book, receiver.url)
    telling.notifier.changed(take(book, alert()), telling.now_s)
    receiver.answers = [500, 302]
    await telling.until(receiver, 1)
    await telling.until(receiver, 1)
    await telling.until(receiver, 1)
    assert telling.sent == ["failed", "failed", "delivered"]
    assert len({headers["X-Kawal-Delivery"] for headers, _ in receiver.got}) == 1


@pytest.mark.parametrize(
    "answer",
    [b"not http\r\n", b"", TAKEN + b"X: " + b"a" * 70_000 + b"\r\n\r\n", TAKEN + b"X: a\r\n" * 200],
    ids=["no HTTP", "nothing", "a header too long", "too many headers"],
)
async def test_an_answer_that_is_no_http_is_a_failure_and_tried_again(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    book = Book()
    telling = Telling(tmp_path, book, receiver.url)
    telling.notifier.changed(take(book, alert()), telling.now_s)
    receiver.answers = [answer]
    await telling.until(receiver, 1)
    await telling.until(receiver, 1)
    assert telling.sent == ["failed", "delivered"]
    assert "posko did not take a message" in caplog.text
    assert "bot-token" not in caplog.text


async def test_a_fault_of_our_own_is_one_line_without_a_secret_and_the_alarm_is_told_all_the_same(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book()
    telling = Telling(tmp_path, book, receiver.url)
    telling.notifier.changed(take(book, alert()), telling.now_s)
    with monkeypatch.context() as broken:
        broken.setattr("console.notify.message_of", lambda *_: {}["bot-token"])
        await telling.until(receiver, 1, arriving=False)
    await telling.until(receiver, 1)
    assert telling.sent == ["failed", "delivered"]
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "a fault of the console itself, KeyError in test_notify.py" in line.message
    assert "bot-token" not in caplog.text


async def test_a_restart_tells_what_is_new_and_nothing_twice(tmp_path: Path, receiver: Receiver) -> None:
    book = book_of(alert(kind="deviation"))
    telling = Telling(tmp_path, book, receiver.url)  # the first start of all: what is there counts as told
    telling.notifier.changed(take(book, alert()), telling.now_s)
    await telling.until(receiver, 1)
    take(book, alert(5, "cleared"), alert(5, vehicle_id="KT-2"))
    again = Telling(tmp_path, book, receiver.url, "telegram")
    await again.until(receiver, 1)
    text = json.loads(receiver.got[1][1])["text"]
    assert text.splitlines()[0] == "🟠 TINGGI BTG-01: berhenti lama"
    assert len(text.splitlines()) == 3
    third = Telling(tmp_path, book, receiver.url)
    assert third.notifier._waiting == {}


async def test_alertmanager_is_told_begin_and_end(tmp_path: Path, receiver: Receiver) -> None:
    book = Book()
    telling = Telling(tmp_path, book, receiver.url, "alertmanager")
    telling.notifier.changed(take(book, alert(), alert(3, "cleared")), telling.now_s)
    await telling.until(receiver, 1)
    [told] = json.loads(receiver.got[0][1])
    assert told["labels"]["alertname"] == "kawal-stall"
    assert told["startsAt"] < told["endsAt"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("webhooks: [{name: a, url: 'http://example.org/token'}]", "no https"),
        ("webhooks: [{name: a}]", "either url or url_file"),
        ("webhooks: [{name: a, url_file: nowhere}]", "nowhere of a cannot be read"),
        ("webhooks: [{name: a, url: 'https://x.example/token', severities: [loud]}]", "webhooks[0].severities"),
        ("webhooks: [{name: a, url: 'https://x.example/token', template: telegram}]", "chat_id"),
        ("webhooks: [{name: a, url: 'https://x.example/t'}, {name: a, url: 'https://x.example/t'}]", "one name"),
        ("webhooks: [{nam: a, url: 'https://x.example/token'}]", "did you mean name"),
        ("webhooks: [{name: a, url: 'https://x.example:token/'}]", "a host or a port that cannot be"),
        ("webhooks: [{name: a, url: 'https://[x/token'}]", "a host or a port that cannot be"),
        ("webhooks: [{name: a, url: 'https://x.example/to ken'}]", "%20"),
        ('webhooks: [{name: a, url: "https://x.example/to\\nken"}]', "%20"),
        ("webhooks: [{name: a, url: 'https://x.example/tökén'}]", "ASCII"),
        ("webhooks: [{name: a, url: 'https://me:token@x.example/'}]", "no user and password"),
        ("webhooks: [{name: a, url: 'https:///token'}]", "https:// and a host"),
        ("webhooks: [{name: a, url: 'https://x.example/token', secret_file: empty}]", "empty of a is empty"),
        ('webhooks: [{name: a, url_file: "a\\0b"}]', "of a cannot be read"),
        (": [", "no YAML"),
        ("", "mapping"),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_no_address(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text(text)
    (tmp_path / "empty").write_text(" \n")
    with pytest.raises(WebhookError) as found:
        read_webhooks(path)
    assert fault in str(found.value)
    assert "token" not in str(found.value)


def test_a_bad_file_ends_the_command_as_a_bad_configuration(tmp_path: Path) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text("webhooks: [{name: a, url: 'https://x.example:token/'}]")
    settings = {"KAWAL_BROKER": "127.0.0.1:9", "KAWAL_CONSOLE_DIR": str(tmp_path), "KAWAL_CONSOLE_WEBHOOKS": str(path)}
    ended = installed_kawal("console", environment=settings)
    assert (ended.returncode, ended.stderr.count("\n"), "token" in ended.stderr) == (3, 1, False), ended.stderr
