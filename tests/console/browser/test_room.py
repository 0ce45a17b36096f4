# ruff: noqa: E501 (sentences in two languages, and scripts, read better whole)
"""What an operator does and sees in the control room, in a real browser on a real console."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from models.alert import Message, Nearest
from tests.console.browser.conftest import SignIn
from tests.console.browser.stage import ConsoleProcess, Route, Stage, alert, instant_ms, status_of

SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"


def row(page: Page, *words: str) -> Locator:
    """The row of the list that has these words."""
    found = page.locator(".row")
    for word in words:
        found = found.filter(has_text=word)
    return found


def to_row(page: Page, *words: str) -> None:
    """Go to a row with the keyboard alone."""
    page.keyboard.press("Escape")
    for key in ["j"] * 40 + ["k"] * 40:
        if row(page, *words).and_(page.locator("[aria-selected=true]")).count():
            return
        page.keyboard.press(key)
    raise AssertionError(f"no row {words} within 40 steps")


def test_an_alarm_goes_its_whole_way_by_keyboard_alone(sign_in: SignIn, stage: Stage) -> None:
    raised = alert(stage, "wrong-way", "KT-8102-SX", 30)
    stage.alerts(raised)
    page = sign_in("budi")
    wrong_way = row(page, "Wrong way", "BTG-01")
    expect(wrong_way).to_contain_text("NOT ACK'D")
    to_row(page, "Wrong way")

    page.keyboard.press("a")
    expect(wrong_way).to_contain_text("acknowledged by budi")
    page.keyboard.press("g")
    page.keyboard.press("Control+A")
    page.keyboard.type("Patroli 3")
    page.keyboard.press("Enter")
    expect(wrong_way).to_contain_text("Patroli 3")
    page.keyboard.press("n")
    page.keyboard.type("driver answers by radio")
    page.keyboard.press("Enter")
    expect(page.locator(".convoy-timeline")).to_contain_text("driver answers by radio")
    page.keyboard.press("c")
    expect(page.get_by_role("status").filter(has_text="Only what is over")).to_be_visible()

    stage.alerts(
        raised.model_copy(update={"transition": "cleared", "at_ms": instant_ms(), "detected_at_ms": instant_ms()})
    )
    expect(wrong_way).to_contain_text("over, to be closed")
    page.keyboard.press("c")
    page.get_by_label("Reason").select_option("authorised")
    page.keyboard.press("Enter")
    # the order is held, and the row shows what was done all the same
    expect(wrong_way).to_contain_text("left the list")
    expect(page.locator(".dock-members tbody")).to_contain_text("closed")
    expect(page.locator(".dock-actions button").filter(has_text="Close")).to_have_attribute("aria-disabled", "true")


def test_shelving_wants_a_reason_and_shows_the_alarm_on_the_shelf(sign_in: SignIn, stage: Stage) -> None:
    stage.alerts(alert(stage, "bad-position", "POL-64-32", 30, severity="medium", reason="mock"))
    page = sign_in("budi")
    to_row(page, "Doubtful position")
    page.keyboard.press("s")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, "Doubtful position")).to_contain_text("NOT ACK'D")  # without a reason nothing was sent
    page.keyboard.type("tracker is being changed")
    page.keyboard.press("Enter")
    shelf = page.locator(".shelf")
    expect(shelf).to_contain_text("shelved (1)")
    shelf.locator("summary").click()
    expect(shelf).to_contain_text("tracker is being changed")
    shelf.get_by_role("button", name="Unshelve").focus()
    page.keyboard.press("Enter")
    expect(row(page, "Doubtful position")).to_be_focused()


def test_what_comes_back_from_the_shelf_by_itself_is_told(sign_in: SignIn, stage: Stage) -> None:
    raised = alert(stage, "unescorted", "KT-8401-SX", 30, severity="medium", reason="alone")
    stage.alerts(raised)
    page = sign_in("budi")
    expect(row(page, "Unescorted", "MBK-04")).to_be_visible()
    done = page.evaluate(
        """async (alert_id) => { const { act } = await import('/static/js/acting.js');
        const until = new Date(Date.now() + 2500).toISOString();
        return act('shelve', { members: [{ alert_id, severity: 'medium', state: 'active-unack' }] }, { reason: 'test', until }, 'operator'); }""",
        raised.alert_id,
    )
    assert done["ok"], done
    expect(row(page, "Unescorted", "MBK-04")).to_be_hidden()
    expect(page.locator(".toast")).to_have_text("Shelving is over: Unescorted MBK-04 is back in the list.")
    expect(row(page, "Unescorted", "MBK-04")).to_be_visible()


def test_a_critical_alarm_is_not_shelved_and_a_viewer_does_nothing(sign_in: SignIn) -> None:
    page = sign_in("tamu")
    to_row(page, "Off route")
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_have_text("Your role can only read.")
    page = sign_in("budi")
    to_row(page, "Off route")
    page.keyboard.press("s")
    expect(page.locator(".toast")).to_have_text("A critical alarm cannot be shelved.")


def test_the_second_operator_is_told_who_was_first(sign_in: SignIn, stage: Stage) -> None:
    raised = alert(stage, "overspeed", "POL-64-41", 30, severity="medium", reason="too-fast")
    stage.alerts(raised)
    first, second = sign_in("budi"), sign_in("sari")
    to_row(first, "Too fast", "MBK-04")
    first.keyboard.press("a")
    expect(row(second, "Too fast", "MBK-04")).to_contain_text("acknowledged by budi")
    # what the second would have sent had both pressed within one way to the server
    told = second.evaluate(
        """async (alert_id) => { const { act } = await import('/static/js/acting.js');
        return (await act('acknowledge', { members: [{ alert_id, notification: false, state: 'active-unack' }] }, {}, 'operator')).words; }""",
        raised.alert_id,
    )
    assert "budi was first" in told


def test_what_is_being_typed_stays_whatever_becomes_of_the_alarm_and_no_letter_is_a_command(sign_in: SignIn) -> None:
    typing, other = sign_in("budi"), sign_in("sari")
    to_row(typing, "Separated", "MBK-04")
    typing.keyboard.press("n")
    typing.keyboard.type("called by phone, ")
    to_row(other, "Separated", "MBK-04")
    other.keyboard.press("s")
    other.keyboard.press("Tab")
    other.keyboard.type("known")
    other.keyboard.press("Enter")
    expect(typing.locator(".action-form .trouble")).to_have_text("Meanwhile: shelved by sari.")
    typing.keyboard.type("dua unit")  # u and a are commands outside of fields
    expect(typing.locator("[name=note]")).to_have_value("called by phone, dua unit")
    expect(typing.locator("[name=note]")).to_be_focused()
    typing.keyboard.press("Enter")
    expect(typing.locator(".toast")).to_have_text("Note kept.")
    expect(row(typing, "Off route")).to_contain_text("NOT ACK'D")
    other.locator(".shelf summary").click()
    other.locator(".shelf-line").filter(has_text="MBK-04").get_by_role("button", name="Unshelve").click()
    to_row(other, "Separated", "MBK-04")
    expect(other.locator(".dock-facts")).to_contain_text("Noted by budi")
    expect(other.locator(".dock-facts")).to_contain_text("called by phone, dua unit")


def test_what_could_not_be_sent_is_there_again_and_so_is_the_choice_in_another_language(sign_in: SignIn) -> None:
    page = sign_in("sari")
    to_row(page, "Off route")
    page.keyboard.press("n")
    page.keyboard.type("   ")
    page.keyboard.press("Enter")
    expect(page.locator("[name=note]")).to_be_focused()  # spaces alone are not sent
    page.keyboard.type("two units on the way")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    page.get_by_label("Language").select_option("id")
    expect(page.get_by_label("Bahasa")).to_be_focused()
    expect(page.locator(".row[aria-selected=true]")).to_contain_text("Keluar rute")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    page.locator(".row[aria-selected=true]").focus()
    page.keyboard.press("n")
    expect(page.locator("[name=note]")).to_have_value("   two units on the way")
    page.keyboard.press("Escape")


def test_a_search_tells_what_it_hides_and_gives_way_to_what_is_critical(sign_in: SignIn) -> None:
    page = sign_in("tamu")
    page.get_by_role("searchbox").fill("BTG-01")
    hidden = page.locator(".hidden-bar")
    expect(hidden).to_contain_text("hidden by the search · 1 critical, not acknowledged")
    page.keyboard.press("Enter")
    page.keyboard.press("u")
    expect(row(page, "Off route", "MKY-03")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(hidden).to_be_hidden()


def has_run(page: Page) -> list[object]:
    """Whether a script of SCRIPT ran, and how many elements of it are in the page."""
    found: list[object] = page.evaluate(
        "[window.hacked ?? null, document.querySelectorAll('img, body script, [onerror]').length]"
    )
    return found


def fill_form(page: Page, key: str, field: str) -> None:
    """Open the form of a key's action, and send it with SCRIPT in its free-text field."""
    page.keyboard.press(key)
    page.locator(f".action-form [name={field}]").fill(SCRIPT)
    page.keyboard.press("Enter")
    expect(page.locator(".action-form")).to_have_count(0)
    expect(page.locator(".toast:not(.refused)")).to_be_visible()


def test_text_from_outside_never_becomes_markup(sign_in: SignIn, stage: Stage, console: ConsoleProcess) -> None:
    told = Message(en=f"A {SCRIPT} B", id=f"A {SCRIPT} B")
    plan = stage.plans[0].model_copy(
        update={"convoy_id": f"X{SCRIPT}"[:64], "name": SCRIPT, "operation": SCRIPT,
                "checkpoints": [one.model_copy(update={"name": SCRIPT}) for one in stage.plans[0].checkpoints],
                "sites": [one.model_copy(update={"name": SCRIPT}) for one in stage.plans[0].sites]}
    )  # fmt: skip
    stage.raise_plans([plan])
    stage.statuses(status_of(plan, 0.5, instant_ms(), {}))
    near = [
        Nearest(kind="POLSEK", name=SCRIPT, distance_m=1),
        Nearest(kind=SCRIPT, name="of a later version", distance_m=2),
    ]
    fields = {"message": told, "reason": SCRIPT, "convoy_id": plan.convoy_id, "nearest": near}
    hostile = [
        alert(stage, "sos", SCRIPT[:64], 10, severity="critical", **fields),
        alert(stage, "unescorted", SCRIPT[:64], 10, severity="medium", **fields),
    ]
    stage.alerts(*hostile)
    page = sign_in("sari")
    to_row(page, "Emergency")
    expect(page.locator(".dock-message")).to_have_text(f"A {SCRIPT} B")
    expect(page.locator(".dock-near")).to_contain_text(SCRIPT)
    expect(page.locator(".map-svg .site + title").filter(has_text=SCRIPT)).to_have_count(len(plan.sites))
    page.get_by_role("button", name="Table").click()
    expect(page.locator(".site-table th").filter(has_text=SCRIPT)).to_have_count(len(plan.sites))
    assert has_run(page) == [None, 0]
    page.get_by_role("button", name="Table").click()
    for key, field in (("A", "note"), ("g", "assignee"), ("n", "note")):
        fill_form(page, key, field)
    expect(row(page, "Emergency")).to_contain_text(f"→ {SCRIPT}"[:20])
    to_row(page, "Unescorted")
    fill_form(page, "s", "reason")
    page.locator(".shelf summary").click()
    expect(page.locator(".shelf")).to_contain_text(SCRIPT)
    page.locator(".search").fill(SCRIPT)
    assert has_run(page) == [None, 0]

    page.evaluate("(id) => { location.hash = `#/convoy/${encodeURIComponent(id)}`; }", plan.convoy_id)
    expect(page.locator(".convoy-timeline")).to_contain_text(SCRIPT)
    expect(page.locator(".convoy-checkpoints")).to_contain_text(SCRIPT)
    assert has_run(page) == [None, 0]
    stage.send(stage.topics.plans, [(plan.convoy_id, None)])
    stage.send(stage.topics.convoys, [(plan.convoy_id, None)])
    over = {"transition": "cleared", "at_ms": instant_ms(), "detected_at_ms": instant_ms()}
    stage.alerts(*(one.model_copy(update=over) for one in hostile))

    now = datetime.now(UTC)
    span = urlencode({"from": (now - timedelta(hours=1)).isoformat(), "to": now.isoformat(), "lang": "en"})
    page.goto(f"{console.url}api/report?{span}")
    expect(page.locator("table.alarms")).to_contain_text(SCRIPT)
    assert has_run(page) == [None, 0]


def test_what_strangers_type_is_text_in_the_audit(
    sign_in: SignIn, open_context: Callable[..., BrowserContext], console: ConsoleProcess
) -> None:
    stranger = open_context().new_page()
    stranger.goto(console.url)
    for name, value in {"user": SCRIPT[:64], "password": SCRIPT, "post": SCRIPT[:64]}.items():
        stranger.locator(f"input[name={name}]").fill(value)
    stranger.keyboard.press("Enter")
    expect(stranger.get_by_role("alert")).to_have_text("Wrong name or password.")
    page = sign_in("sari")
    page.evaluate("location.hash = '#/audit'")
    refused = page.locator(".audit tr.refused").filter(has_text=SCRIPT[:64])
    expect(refused).to_contain_text("Sign-in refused")
    expect(page.get_by_role("button", name="Older")).to_be_hidden()  # all there is fits
    page.get_by_label("Show").select_option("actions")
    expect(refused).to_be_hidden()
    assert has_run(page) == [None, 0]


def test_without_a_choice_all_convoys_are_listed_the_worst_first(sign_in: SignIn) -> None:
    page = sign_in("tamu")
    lines = page.locator(".overview tbody tr")
    expect(lines.first).to_contain_text("MKY-03")
    expect(lines.first).to_contain_text("critical")
    lines.filter(has_text="BTG-02").get_by_role("button").click()
    expect(page.locator(".convoy-head h2")).to_contain_text("BTG-02")
    page.get_by_role("button", name="All convoys").click()
    expect(lines.first).to_be_visible()


def test_the_overview_keeps_the_focus_when_its_order_changes(sign_in: SignIn, stage: Stage) -> None:
    page = sign_in("tamu")
    lines = page.locator(".overview tbody tr")
    expect(lines.first).to_contain_text("MKY-03")
    focused = lines.filter(has_text="BTG-02").get_by_role("button")
    focused.focus()
    raised = alert(stage, "sos", "KT-8101-SX", 5, severity="critical", reason="duress")
    stage.alerts(raised)
    expect(lines.first).to_contain_text("BTG-01")
    expect(focused).to_be_focused()
    over = {"transition": "cleared", "at_ms": instant_ms(), "detected_at_ms": instant_ms()}
    stage.alerts(raised.model_copy(update=over))


@pytest.mark.parametrize(
    ("silent_s", "tick_age_s", "level"),
    [
        (4.9, 1.0, "ok"),
        (5.0, 1.0, "old"),
        (30.0, 1.0, "very-old"),
        (0.0, 5.9, "ok"),
        (0.0, 6.0, "old"),
        (0.0, 30.0, "very-old"),
    ],
)
def test_data_are_old_after_five_seconds_of_silence_or_six_without_a_tick(
    sign_in: SignIn, silent_s: float, tick_age_s: float, level: str
) -> None:
    judged = sign_in("tamu").evaluate(
        """async ([silent_s, tick_age_s]) => { const { judge } = await import('/static/js/freshness.js');
        return judge(silent_s, { state: 'ok', tick_age_s }).level; }""",
        [silent_s, tick_age_s],
    )
    assert judged == level


def test_rows_do_not_move_under_the_focus_and_new_ones_wait_behind_a_bar(sign_in: SignIn, stage: Stage) -> None:
    page = sign_in("budi")
    page.locator(".row").first.focus()
    keys = "rows => rows.map((row) => row.dataset.key)"
    before = page.locator(".row").evaluate_all(keys)
    stage.alerts(alert(stage, "early-departure", "POL-64-41", 20, severity="critical", reason="left-early"))
    bar = page.locator(".new-bar")
    expect(bar).to_have_text("1 new")
    assert page.locator(".row").evaluate_all(keys) == before
    page.keyboard.press("r")
    expect(row(page, "Early departure")).to_be_visible()
    expect(bar).to_be_hidden()


# How many pixels of the map's canvas have the colour that the style sheet gives to a role, after the next drawing.
PIXELS_IN_COLOUR = """(role) => new Promise((done) => {
  const map = document.querySelector('.map-place').kawalMap;
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim().match(/[0-9a-f]{2}/g).map((two) => parseInt(two, 16));
  map.once('render', () => {
    const gl = map.getCanvas().getContext('webgl2');
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    const pixels = new Uint8Array(4 * width * height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    let count = 0;
    for (let i = 0; i < pixels.length; i += 4) count += wanted.every((part, k) => Math.abs(pixels[i + k] - part) < 4);
    done(count);
  });
  map.triggerRepaint();
})"""


def test_the_map_shows_every_vehicle_with_and_without_webgl(sign_in: SignIn) -> None:
    page = sign_in("tamu", webgl=True)
    page.wait_for_function("() => document.querySelector('.map-place')?.kawalDrawn?.('vehicle').length === 16")
    page.wait_for_function(
        "() => document.querySelector('.map-place').kawalMap.queryRenderedFeatures({ layers: ['route'] }).length > 0"
    )
    for role in ("cargo", "escort"):
        page.wait_for_function(f"(role) => ({PIXELS_IN_COLOUR})(role).then((count) => count > 200)", arg=role)
    plain = sign_in("tamu")
    expect(plain.locator(".map-notice")).to_contain_text("no WebGL")
    expect(plain.locator(".map-svg .vehicle")).to_have_count(16)
    # the same symbols: the mode's picture, the link's pattern, the arrow of what moves, the ring of what nobody has
    for icon in ("truck-cargo-live", "truck-cargo-stale", "car-escort-lost", "heading", "ring-critical"):
        expect(plain.locator(f".map-svg use[href='#symbol-{icon}']")).not_to_have_count(0)
    expect(plain.locator(".map-svg text").filter(has_text="Off route")).not_to_have_count(0)
    plain.get_by_role("button", name="Table").click()
    expect(plain.locator(".facts-table tbody tr")).to_have_count(16)


def test_symbols_are_drawn_again_in_another_theme_and_after_the_graphics_were_lost(sign_in: SignIn) -> None:
    page = sign_in("tamu", webgl=True)
    is_drawn = f"(role) => ({PIXELS_IN_COLOUR})(role).then((count) => count > 200)"
    page.wait_for_function("() => document.querySelector('.map-place')?.kawalDrawn?.('vehicle').length === 16")
    page.get_by_role("button", name="Light theme").click()
    page.wait_for_function(is_drawn, arg="cargo")
    page.evaluate(
        """() => new Promise((done) => {
        const map = document.querySelector('.map-place').kawalMap;
        const graphics = map.getCanvas().getContext('webgl2').getExtension('WEBGL_lose_context');
        map.once('webglcontextlost', () => setTimeout(() => graphics.restoreContext()));
        map.once('webglcontextrestored', done);
        graphics.loseContext();
        })"""
    )
    page.wait_for_function(is_drawn, arg="escort")
    page.wait_for_function(
        "() => document.querySelector('.map-place').kawalMap.queryRenderedFeatures({ layers: ['route', 'vehicle-name'] }).length > 1"
    )


def test_a_click_on_an_alarm_of_the_map_opens_it(sign_in: SignIn) -> None:
    page = sign_in("tamu", webgl=True)
    page.wait_for_function("() => document.querySelector('.map-place')?.kawalDrawn?.('alarm').length > 0")
    page.get_by_role("button", name="All", exact=True).click()
    page.wait_for_function("() => !document.querySelector('.map-place').kawalMap.isMoving()")
    x, y, kind = page.evaluate(
        """() => {
        const { kawalMap: map, kawalDrawn: drawn } = document.querySelector('.map-place');
        const { lon, lat, properties: { label } } = drawn('alarm').at(-1);
        const { x, y } = map.project([lon, lat]);
        return [x + 16.5, y - 16.5, label];
        }"""
    )
    page.locator(".map-place canvas").click(position={"x": x, "y": y})
    expect(page.locator(".dock h2")).to_contain_text(kind)


SITES_OF_GL_MAP = """(name) => [...new Set(document.querySelector('.map-place')?.kawalMap?.queryRenderedFeatures({ layers: ['site'] })
    .map(({ properties }) => properties[name]) ?? [])].sort()"""


OVERLAPS = """(texts) => {
  const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([name, a], i) => boxes.slice(i + 1).filter(([, b]) => a.left < b.right - 8 && b.left < a.right - 8 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
    .map(([other]) => [name, other]));
}"""
# A site on which nothing else of a name lies, in the middle of its picture, which stands on its place.
SITE_IN_SIGHT = """() => {
  const map = document.querySelector('.map-place').kawalMap;
  const found = map.queryRenderedFeatures({ layers: ['site'] }).map(({ geometry, properties: { label: name } }) => {
    const { x, y } = map.project(geometry.coordinates);
    return { x, y: y - 5, name };
  });
  const { left, top } = map.getCanvas().getBoundingClientRect();
  return found.find(({ x, y, name }) => document.elementFromPoint(left + x, top + y) === map.getCanvas() && map.queryRenderedFeatures([x, y], { layers: ['site'] })
    .every(({ properties }) => properties.label === name));
}"""


def test_both_maps_show_each_site_once_with_a_picture_of_its_kind(sign_in: SignIn, stage: Stage) -> None:
    sites = {site.name: site.kind for plan in stage.plans for site in plan.sites}
    assert len(sites) < sum(len(plan.sites) for plan in stage.plans)  # some are near two convoys
    page = sign_in("tamu", webgl=True)
    page.wait_for_function(f"(n) => ({SITES_OF_GL_MAP})('label').length === n", arg=len(sites))
    assert page.evaluate(SITES_OF_GL_MAP, "label") == sorted(sites)
    assert page.evaluate(SITES_OF_GL_MAP, "icon") == sorted({f"site-{kind}" for kind in sites.values()})
    at = page.evaluate(SITE_IN_SIGHT)
    page.locator(".map-place canvas").hover(position={"x": at["x"], "y": at["y"]})
    expect(page.locator(".map-place canvas")).to_have_attribute("title", at["name"])  # the pointer tells a site's name

    plain = sign_in("tamu")
    drawn = plain.locator(".map-svg g:has(> .site)")
    expect(drawn).to_have_count(len(sites))
    told = [" · ".join(words) for words in zip(sites, ["warehouse", "KPU of a regency or city"], strict=False)]
    assert set(told) < set(drawn.locator("title").all_text_contents())
    pictures = drawn.locator("path").evaluate_all("paths => new Set(paths.map((path) => path.getAttribute('d'))).size")
    assert pictures == len(set(sites.values()))
    expect(plain.locator(".map-key .site-keys > span")).to_have_count(pictures)
    named = plain.locator(".map-svg .name")
    for _ in range(3):
        plain.get_by_role("button", name="Zoom in").click()
    expect(named).not_to_have_count(0)
    places = {place.name for plan in stage.plans for place in (*plan.checkpoints, *plan.stops)}
    ends = {f"End of {plan.convoy_id}" for plan in stage.plans}
    assert set(named.all_text_contents()) <= {*sites, *places, *ends}
    assert named.evaluate_all(OVERLAPS) == []
    plain.get_by_role("button", name="Table").click()
    expect(plain.locator(".site-table tbody th")).to_have_text(sorted(sites, key=str.lower))


def test_what_is_near_an_alarm_is_told_with_its_kind_and_distance(sign_in: SignIn) -> None:
    page = sign_in("tamu")
    to_row(page, "Off route")
    expect(page.locator(".dock-near span")).to_have_text(
        ["Polsek Marang Kayu police station (Polsek) · 810 m", "Titik periksa km 8 checkpoint · 2.1 km"]
    )


def test_of_names_without_room_the_first_is_told_with_how_many_more_there_are(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { vehicleFeatures } = await import('/static/js/picture.js');
        const { inOrder } = await import('/static/js/marks.js');
        const { roomyNames } = await import('/static/js/names.js');
        const vehicle = (vehicle_id, role, link, lon) => ({ vehicle_id, role, link, time: '2026-11-29T00:00:00Z', lat: 1, lon });
        const vehicles = [vehicle('E', 'escort', 'live', 117), vehicle('C', 'cargo', 'live', 117.01), vehicle('D', 'cargo', 'late', 117), vehicle('L', 'cargo', 'late', 117), vehicle('F', 'escort', 'live', 119)];
        const { features } = vehicleFeatures([{ convoy_id: 'X', vehicles }], new Map(), '2026-11-29T00:00:50Z');
        return roomyNames(inOrder(features), ([lon, lat]) => [lon * 100, lat * 100]).map(({ label }) => label);
        }"""
    )
    # what is late first, as it is drawn uppermost, then the cargo
    assert told == ["D +1\nlate 50 s", "C +1", "F"]


def test_what_is_drawn_in_turns_rests_as_long_as_it_asks_and_ends_with_the_newest(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { createTurns } = await import('/static/js/pace.js');
        const drawn = [];
        let newest = 0;
        const turns = createTurns(() => { drawn.push([newest, performance.now()]); return 200; });
        for (newest = 1; newest < 6; newest += 1) turns.soon();
        newest = 6;
        await new Promise((done) => setTimeout(done, 500));
        newest = 7; turns.soon(); newest = 8; turns.soon(); turns.stop();
        await new Promise((done) => setTimeout(done, 300));
        return [drawn.map(([what]) => what), drawn[1][1] - drawn[0][1] >= 199];
        }"""
    )
    assert told == [[1, 6, 7], True]


def test_while_the_map_is_moved_an_alarm_is_drawn_all_the_same(sign_in: SignIn, stage: Stage) -> None:
    page = sign_in("tamu", webgl=True)
    page.wait_for_function("() => document.querySelector('.map-place')?.kawalDrawn?.('alarm').length > 0")
    page.evaluate(
        """() => { const map = document.querySelector('.map-place').kawalMap; const { lng, lat } = map.getCenter();
        map.easeTo({ center: [lng + 0.001, lat], duration: 60000, essential: true }); }"""
    )
    route = Route(stage.plans[0]).points
    raised = alert(stage, "bad-position", "KT-8101-SX", 30, convoy_id=stage.plans[0].convoy_id)
    stage.alerts(raised.model_copy(update=dict(zip(("lat", "lon"), route[len(route) // 2], strict=True))))
    page.wait_for_function(
        """(id) => { const { kawalMap, kawalDrawn } = document.querySelector('.map-place'); if (!kawalMap.isMoving()) throw new Error('it stands');
        return kawalDrawn('alarm').some(({ properties }) => properties.alert_id === id); }""",
        arg=raised.alert_id,
    )


def test_a_map_that_the_processor_draws_is_coarser_while_it_is_moved(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """async () => {
        const { keepFluent } = await import('/static/js/fluency.js');
        const heard = {}, told = [];
        let isMoving = false;
        const canvas = { getContext: () => ({ getExtension: () => null, getParameter: () => 'SwiftShader' }) };
        const map = {
          getCanvas: () => canvas, on: (event, listen) => { (heard[event] ??= []).push(listen); },
          isMoving: () => isMoving, setPixelRatio: (ratio) => told.push(ratio === null ? 'fine' : ratio / devicePixelRatio),
        };
        const tell = (event) => { isMoving = event === 'movestart'; for (const listen of heard[event]) listen(); };
        keepFluent(map, (isCoarse) => told.push(isCoarse));
        tell('movestart'); tell('moveend'); tell('movestart'); tell('moveend');
        await new Promise((done) => setTimeout(done, 400));
        return told;
        }"""
    )
    assert told == [0.5, True, "fine", False]  # and not made fine between two steps of a wheel


def test_of_a_crowd_what_would_make_a_movement_jerk_is_left_out_until_the_map_stands(sign_in: SignIn) -> None:
    told = sign_in("tamu", webgl=True).evaluate(
        """async () => {
        const { createGlMap } = await import('/static/js/map-gl.js');
        const place = Object.assign(document.createElement('div'), { className: 'map-place' });
        Object.assign(place.style, { width: '300px', height: '300px' });
        document.body.append(place);
        const drawer = await createGlMap(place, { theme: 'dark', basemap: 'builtin', onPick() {} });
        const { kawalMap: map } = place;
        const many = (n, make) => ({ type: 'FeatureCollection', features: Array.from({ length: n }, (_, i) => ({ type: 'Feature', ...make(117 + i / 1000) })) });
        const site = (lon) => ({ geometry: { type: 'Point', coordinates: [lon, 0] }, properties: { kind: 'post', label: 'Pos', icon: 'site-post' } });
        const route = (lon) => ({ geometry: { type: 'LineString', coordinates: [[lon, 0], [lon, 1]] }, properties: { convoy_id: `${lon}` } });
        const opacities = () => [map.getPaintProperty('site', 'icon-opacity') ?? 1, map.getPaintProperty('route', 'line-opacity') ?? 1];
        const found = [];
        for (const [sites, routes] of [[30, 300], [31, 301]]) {
          drawer.set('sites', many(sites, site));
          drawer.set('routes', many(routes, route));
          map.panBy([5, 0], { duration: 50, essential: true });
          found.push(opacities());
          while (map.getPixelRatio() < devicePixelRatio) await new Promise(requestAnimationFrame);
          found.push(opacities());
        }
        drawer.destroy();
        place.remove();
        return found;
        }"""
    )
    assert told == [[1, 1], [1, 1], [0, 0], [1, 1]]


def test_one_event_that_cannot_be_taken_keeps_none_of_the_others_out(sign_in: SignIn) -> None:
    told = sign_in("tamu").evaluate(
        """() => new Promise((done) => {
        window.addEventListener('error', (event) => event.preventDefault());
        const taken = [];
        const slices = [];
        import('/static/js/slices.js').then(({ createSlices }) => {
          const { put } = createSlices((n) => { if (n === 7) throw new Error('bad'); taken.push(n); }, (items) => {
            slices.push(items.length);
            if (taken.at(-1) === 99) done([taken.length, slices.reduce((sum, n) => sum + n), Math.max(...slices) <= 40]);
          });
          for (let n = 0; n < 100; n += 1) put(n);
          if (taken.length > 0) done('taken within put');
        });
        })"""
    )
    assert told == [99, 100, True]


def test_blocked_sound_shows_a_bar_until_it_is_allowed(
    sign_in: SignIn, open_context: Callable[..., BrowserContext]
) -> None:
    context = open_context()
    context.add_init_script(
        """window.AudioContext = class extends EventTarget { state = 'suspended'; currentTime = 0;
        resume() { this.state = 'running'; this.dispatchEvent(new Event('statechange')); return Promise.resolve(); } };
        window.OscillatorNode = window.GainNode = class { connect(next) { return next; } start() {} stop() {} };"""
    )
    page = sign_in("budi", context=context)
    bar = page.get_by_role("button", name=re.compile("Sound is blocked"))
    expect(bar).to_be_visible()
    bar.click()
    expect(bar).to_be_hidden()


def test_who_tests_the_sound_says_whether_it_was_heard_and_the_audit_keeps_it(sign_in: SignIn) -> None:
    page = sign_in("sari")
    test = page.get_by_role("button", name="Test", exact=True)
    test.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, I heard it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Did you hear the tone?")).to_be_hidden()
    expect(test).to_be_focused()
    test.click()
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Turn up the machine's sound")
    page.evaluate("location.hash = '#/audit'")
    page.get_by_label("Show").select_option("sound-tests")
    told = page.locator(".audit tbody tr:visible")
    expect(told).to_have_count(1)
    expect(told).to_contain_text("Tested the sound: NOT heard")
    expect(told).to_contain_text("Posko Bontang")


@pytest.mark.parametrize(
    ("zone", "told"), [("Asia/Jakarta", "WIB"), ("Asia/Makassar", "WITA"), ("Asia/Jayapura", "WIT")]
)
def test_times_carry_their_zone(sign_in: SignIn, zone: str, told: str) -> None:
    page = sign_in("tamu")
    shown = page.evaluate(
        """async (zone) => { const time = await import('/static/js/time.js'); const words = await import('/static/js/words.js');
        time.chooseZone(zone); const english = time.stamp('2024-11-27T16:30:05Z', null);
        await words.speak('id'); return [english, time.stamp('2024-11-27T16:30:05Z', null)]; }""",
        zone,
    )
    day, hour = {"WIB": ("27", "23"), "WITA": ("28", "00"), "WIT": ("28", "01")}[told]
    assert shown == [f"{day}/11/2024 {hour}:30:05 {told}", f"{day}/11/2024 {hour}.30.05 {told}"]


def test_a_report_desk_sees_alarms_and_no_position(sign_in: SignIn) -> None:
    page = sign_in("meja")
    expect(row(page, "Off route")).to_be_visible()
    expect(page.locator(".map, .convoy")).to_have_count(0)
    to_row(page, "Off route")
    expect(page.locator(".dock-message")).to_contain_text("KT-8301-SX")


@pytest.mark.parametrize("address", ["#/", "#/convoy/BTG-02", "#/playback", "#/quality", "#/report", "#/audit"])
def test_the_list_of_keys_opens_on_every_page_once(sign_in: SignIn, address: str) -> None:
    page = sign_in("sari")
    page.evaluate("(address) => { location.hash = address; }", address)
    expect(page.locator("main :is(h1, h2)").first).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(1)


@pytest.mark.parametrize("address", ["#/constructor", "#/toString", "#/__proto__", "#/convoy", "#/nowhere/else"])
def test_an_address_that_no_page_has_leads_to_the_room(sign_in: SignIn, address: str) -> None:
    page = sign_in("tamu")
    page.evaluate("(address) => { location.hash = address; }", address)
    expect(page).to_have_title("Control room · Kawal")
    expect(page.locator("main.room .row").first).to_be_visible()


@pytest.mark.parametrize(("address", "name"), [("%", "%"), ("%E0%A4%A", "%E0%A4%A"), ("ZZ-99", "ZZ-99")])
def test_a_convoy_that_nobody_knows_is_said_in_words(sign_in: SignIn, address: str, name: str) -> None:
    page = sign_in("tamu")
    page.evaluate("(address) => { location.hash = `#/convoy/${address}`; }", address)
    expect(page.locator("main")).to_contain_text(f"No convoy is called {name}")


@pytest.mark.parametrize(
    ("user", "address", "told"),
    [
        ("budi", "#/audit", "The audit is for supervisors only. You are signed in as operator."),
        ("meja", "#/audit", "The audit is for supervisors only."),
        (
            "meja",
            "#/playback",
            "Positions are for viewers, operators and supervisors. You are signed in as report desk.",
        ),
        ("meja", "#/convoy/MKY-03", "Positions are for viewers, operators and supervisors."),
    ],
)
def test_a_page_that_is_not_for_a_role_says_whom_it_is_for_and_shows_nothing_else(
    sign_in: SignIn, user: str, address: str, told: str
) -> None:
    page = sign_in(user)
    page.evaluate("(address) => { location.hash = address; }", address)
    expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    expect(page.locator("main :is(table, form, button, select, input, .map, .convoy)")).to_have_count(0)
