"""A past hour in a browser: what was where then, and the alarms as they came."""

import json
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import Route, Stage

HALF_HOUR_S = 1800
SHOW_AGO = """async (input, ago_s) => { const { fieldValue } = await import('/static/js/time.js');
input.value = fieldValue(Date.now() - ago_s * 1000); }"""
MOVE_TO_AGO = """(slider, ago_s) => { slider.value = slider.max - ago_s; slider.dispatchEvent(new Event('input')); }"""


def load(page: Page, ago_s: float) -> None:
    """Ask for the hour that began so long ago."""
    page.locator("input[name=from]").evaluate(SHOW_AGO, ago_s)
    page.get_by_role("button", name="Load").click()


def test_an_hour_is_played_with_its_alarms_on_the_map_as_they_came(sign_in: SignIn, stage: Stage) -> None:
    plan = stage.plans[0]
    lat, lon = Route(plan).at(1000)
    ping = {"vehicle_id": plan.vehicles[0].vehicle_id, "convoy_id": plan.convoy_id, "lat": lat, "lon": lon}
    ping["time"] = datetime.now(UTC).isoformat()
    stage.send(stage.topics.convoy_pings, [(plan.convoy_id, json.dumps(ping).encode())])
    page = sign_in("tamu")
    page.evaluate("location.hash = '#/playback'")
    load(page, HALF_HOUR_S)
    page.get_by_role("button", name="Pause").click()
    slider, alarms = page.get_by_label("Moment of the hour"), page.locator(".map-svg .alarm title")
    slider.evaluate(MOVE_TO_AGO, 1700)
    expect(alarms).to_have_count(0)
    expect(page.locator(".playback-events li")).to_have_count(0)
    slider.evaluate(MOVE_TO_AGO, 600)
    expect(alarms.filter(has_text="Standing still")).not_to_have_count(0)
    expect(alarms.filter(has_text="Off route")).to_have_count(0)
    slider.evaluate(MOVE_TO_AGO, 0)
    expect(alarms.filter(has_text="Off route")).not_to_have_count(0)
    expect(alarms.filter(has_text="Missed checkpoint")).to_have_count(0)  # told once: it is over at once
    expect(page.locator(".playback-events li").filter(has_text="KT-8301-SX is 612 m off its route.")).to_have_count(1)
    expect(page.locator(".map-svg .vehicle")).to_have_count(1)


def test_an_hour_that_has_not_begun_is_refused_in_words(sign_in: SignIn) -> None:
    page = sign_in("tamu")
    page.evaluate("location.hash = '#/playback'")
    load(page, -2 * HALF_HOUR_S)
    expect(page.locator(".page-form")).to_contain_text("Choose an hour that has begun.")


def test_what_is_heard_of_seldom_or_thinned_is_live_as_long_as_its_intervals_say(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { positionsAt } = await import('/static/js/playback-frames.js');
        const at = (plan, step_s, silent_s) => positionsAt({ step_s, vehicles: [{ convoy_id: 'C', vehicle_id: 'V', role: 'cargo', points: [[0, 0, 0, 1]] }] },
          new Map([['C', plan]]), silent_s, 0).get('C').vehicles[0].link;
        const plan = (interval) => ({ vehicles: [{ vehicle_id: 'V', ping_interval_s: interval }], limits: { signal_lost_s: 120 } });
        return [[plan(10), 5, 20], [plan(10), 5, 21], [plan(10), 5, 121], [plan(10), 5, 601], [plan(30), 5, 60], [plan(10), 25, 50], [undefined, 5, 90]]
          .map((one) => at(...one));
        }"""  # noqa: E501
    )
    assert told == ["live", "late", "stale", "lost", "live", "live", "late"]


def test_an_acknowledged_alarm_that_got_worse_is_open_again(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { alarmsAfter } = await import('/static/js/playback-frames.js');
        const alert = (transition, severity, kind = 'stall', alert_id = 'A') => ({ alert: { alert_id, kind, transition, severity } });
        const acknowledged = { action: { alert_id: 'A', action: 'acknowledge' } };
        const events = [alert('raised', 'high'), acknowledged, alert('updated', 'high'), alert('updated', 'critical'), alert('raised', 'low', 'arrived', 'B'), alert('cleared', 'critical')];
        return events.map((_, i) => [...alarmsAfter(events.slice(0, i + 1), ['arrived']).values()].map(({ state }) => state).join());
        }"""  # noqa: E501
    )
    assert told == ["active-unack", "active-ack", "active-ack", "active-unack", "active-unack", ""]
