"""What the pages show when the gateway is down, on a console of its own that asks one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Browser, Page, expect

from tests.console.browser.conftest import NO_WEBGL, choose, fill_sign_in
from tests.console.browser.stage import ConsoleProcess, Stage, alert

LISTEN = "window.heard = []; document.addEventListener('kawal:sound', ({ detail }) => window.heard.push(detail))"

DOWN_MS = 40_000
"""A gateway counts as down when it has not been ready for 15 s."""


@contextmanager
def gateway(is_ready: threading.Event) -> Iterator[str]:
    """A gateway that is ready while the event is set; gives its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if is_ready.is_set() else 503)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


def room_of(chromium: Browser, url: str) -> Page:
    """The control room of a console, signed in."""
    context = chromium.new_context()
    choose(context, "en", "dark")
    context.add_init_script(NO_WEBGL)
    page = context.new_page()
    page.goto(url)
    fill_sign_in(page, "budi")
    return page


def test_a_gateway_that_is_down_shows_a_bar_and_holds_lost_signals_back(
    chromium: Browser, console: ConsoleProcess, stage: Stage
) -> None:
    by_phone = stage.plans[0]
    vehicle = by_phone.vehicles[0]
    vehicles = [vehicle.model_copy(update={"device_ids": ["phone-1"]}), *by_phone.vehicles[1:]]
    stage.raise_plans([by_phone.model_copy(update={"vehicles": vehicles})])
    lost = alert(stage, "signal-lost", vehicle.vehicle_id, 20, reason="silent")
    stage.alerts(lost)
    is_ready = threading.Event()
    is_ready.set()
    with gateway(is_ready) as url, ConsoleProcess(stage, gateways=url) as watching:
        page = room_of(chromium, watching.url)
        row = page.locator(".row").filter(has_text=vehicle.vehicle_id).filter(has_text="Signal lost")
        bar = page.get_by_role("alert").filter(has_text="The gateway does not answer")
        expect(row).to_be_visible()
        expect(bar).to_be_hidden()
        page.evaluate(LISTEN)

        is_ready.clear()
        expect(bar).to_be_visible(timeout=DOWN_MS)
        page.wait_for_function("() => window.heard.includes('high')")
        expect(row).to_be_hidden()
        expect(page.locator(".shelf summary")).to_contain_text("suppressed (1)")
        expect(page.locator("html")).to_have_attribute("data-feed", "ok")  # the picture itself is not old

        is_ready.set()
        expect(bar).to_be_hidden()
        expect(row).to_be_visible()
        page.context.close()
    stage.raise_plans([by_phone])
    stage.alerts(lost.model_copy(update={"transition": "cleared"}))
