"""What the sign-in form says: why it is there again, and why somebody was not let in, in the page's language."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.console.browser.conftest import choose, fill_sign_in
from tests.console.browser.stage import PASSWORD, ConsoleProcess, Stage

ENDED = {"en": "Your session has ended. Sign in again:", "id": "Sesi Anda telah berakhir. Masuk lagi:"}


def users(console: ConsoleProcess, *words: str) -> None:
    command = [sys.executable, "-m", "cli", "users", *words]
    subprocess.run(command, env=console.environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)


@pytest.mark.parametrize("lang", ["en", "id"])
def test_a_session_that_ends_is_told_once_and_in_every_tab(
    open_context: Callable[..., BrowserContext], console: ConsoleProcess, lang: str
) -> None:
    users(console, "add", "wati", "--role", "operator")
    context = open_context(lang=lang)
    first, second = context.new_page(), context.new_page()
    first.goto(console.url)
    fill_sign_in(first, "wati")
    second.goto(f"{console.url}#/quality")
    expect(second.locator("header.top")).to_be_visible()
    users(console, "disable", "wati")
    for page in (first, second):
        expect(page.get_by_role("alert")).to_contain_text(ENDED[lang])
    first.locator(".signin-lang [lang=en]").click()
    expect(first.get_by_role("alert")).to_contain_text(ENDED["en"])
    first.reload()
    expect(first.locator("input[name=user]")).to_be_visible()
    expect(first.get_by_role("alert")).to_be_hidden()
    assert first.url.startswith(console.url)


def test_who_signs_out_is_told_nothing(open_context: Callable[..., BrowserContext], console: ConsoleProcess) -> None:
    users(console, "add", "wati", "--role", "operator")
    page = open_context().new_page()
    page.goto(console.url)
    fill_sign_in(page, "wati")
    page.locator("header.top summary").filter(has_text="wati").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("input[name=user]")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.fixture
def fresh(stage: Stage, tmp_path: Path) -> Iterator[ConsoleProcess]:
    """A console where nobody may sign in yet."""
    process = ConsoleProcess(stage)
    process.environment["KAWAL_CONSOLE_DIR"] = str(tmp_path)
    with process:
        yield process


def link_of(console: ConsoleProcess) -> str:
    """The link that the terminal was told."""
    while not (found := re.search(r"http\S+#first=\S+", "".join(console.said))):
        console._listener.join(0.05)
    return found[0]


def open_in(chromium: Browser, address: str) -> Page:
    context = chromium.new_context()
    choose(context, "id", "dark")
    page = context.new_page()
    page.goto(address)
    return page


def fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.locator(f"input[name={name}]").fill(text)
    page.keyboard.press("Enter")


def test_the_first_start_refuses_in_the_pages_language_and_a_used_link_leads_to_the_name(
    chromium: Browser, fresh: ConsoleProcess
) -> None:
    page = open_in(chromium, link_of(fresh))
    fill(page, user="sari|1", password=PASSWORD, post="Posko 1")
    trouble = page.get_by_role("alert")
    expect(trouble).to_contain_text("tanpa | dan tanpa karakter kendali.")
    fill(page, user="sari", password=" " * 10)
    expect(trouble).to_have_text("Kata sandi tidak boleh hanya berisi spasi.")
    fill(page, password=PASSWORD, post="   ")
    expect(trouble).to_have_text("Pos jaga harus diisi, tanpa karakter kendali.")
    fill(page, post=" Posko 1 ")
    expect(page.locator("header.top")).to_contain_text("Posko 1")

    late = open_in(chromium, link_of(fresh))
    fill(late, user="budi", password=PASSWORD, post="Posko 1")
    expect(late.get_by_role("alert")).to_contain_text("kawal users add")
    expect(late.get_by_role("form", name="Masuk")).to_be_visible()
    fill(late, user="sari", password=PASSWORD, post="Posko 2")
    expect(late.locator("header.top")).to_be_visible()
    for context in (page.context, late.context):
        context.close()
