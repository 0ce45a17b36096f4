"""Nothing is read without a session, and nothing done without its token and the right role."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import TypeAdapter
from starlette.routing import Route

from console.audit import FIRST, LAST
from console.process import config_of
from console.security import CONTENT_SECURITY_POLICY
from console.server import create_app
from console.sessions import IDLE_S, WHOLE_S, FirstLink
from models.plan import Name
from models.settings import load_settings
from tests.console.conftest import PASSWORD, Served, events, serve

SPAN = "from=2026-11-18T09:00:00Z&to=2026-11-18T10:00:00Z"
BAD = {"action": "nothing"}

# What each role is answered: 200 and the like where the request is heard, 403 where the role may not.
ROUTES: list[tuple[str, str, str]] = [
    ("GET", "/api/stream", "VOSR"),
    ("POST", "/api/actions", "OS"),
    ("POST", "/api/sound-test", "VOSR"),
    ("GET", "/api/convoys/BTG-01/history", "VOS"),
    ("GET", "/api/convoys/BTG-01/pings?limit=0", "VOS"),
    ("GET", "/api/playback", "VOS"),
    ("GET", f"/api/report?{SPAN}", "VOSR"),
    ("GET", f"/api/report.csv?{SPAN}", "VOSR"),
    ("GET", "/api/quality", "VOSR"),
    ("GET", "/api/audit", "S"),
    ("GET", "/basemap/user.pmtiles", "VOSR"),
    ("POST", "/api/logout", "VOSR"),
]
OPEN = {"/", "/api/session", "/api/login", "/api/first", "/basemap/land.json"}
ROLES = {"V": "viewer", "O": "operator", "S": "supervisor", "R": "report-desk"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    basemap = tmp_path / "map.pmtiles"
    basemap.write_bytes(bytes(range(100)))
    async with serve(tmp_path, basemap=basemap) as running:
        yield running


async def test_the_table_names_every_route(served: Served) -> None:
    routes = {route.path for route in create_app(served.desk).routes if isinstance(route, Route)}
    named = {path.partition("?")[0].replace("BTG-01", "{convoy_id}") for _, path, _ in ROUTES}
    assert routes == named | OPEN


async def test_without_a_session_every_route_is_401_and_every_answer_carries_the_headers(served: Served) -> None:
    async with served.client() as client:
        for method, path, _ in ROUTES:
            answer = await client.request(method, path, json=BAD)
            assert answer.status_code == 401, path
            assert answer.json() == {"error": "no-session"}
        for path in ("/", "/api/session", "/static/no-such-file", "/static/../users.json", "/nowhere"):
            answer = await client.get(path)
            assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "hash" not in answer.text
        assert (await client.get("/api/session")).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("letter", sorted(ROLES))
async def test_each_role_may_do_what_it_may(served: Served, letter: str) -> None:
    async with served.signed_in(ROLES[letter]) as client:  # type: ignore[arg-type]
        for method, path, allowed in ROUTES:
            async with client.stream(method, path, json=BAD if method == "POST" else None) as answer:
                assert (answer.status_code == 403) == (letter not in allowed), (path, answer.status_code)
                assert answer.status_code < 500
                assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


async def test_a_post_needs_the_sessions_token_and_its_own_origin(served: Served) -> None:
    async with served.signed_in() as client:
        for headers in ({"X-Kawal-Csrf": ""}, {"X-Kawal-Csrf": "wrong"}, {"Origin": "https://elsewhere.example"}):
            answer = await client.post("/api/actions", json=BAD, headers=headers)
            assert (answer.status_code, answer.json()) == (403, {"error": "csrf"})
        assert (await client.post("/api/actions", json=BAD, headers={"Origin": served.url})).status_code == 422
        foreign = await client.post("/api/login", json={}, headers={"Origin": "https://elsewhere.example"})
        assert foreign.status_code == 403


async def test_a_session_ends_when_nobody_uses_it_and_after_a_shift(served: Served) -> None:
    async with served.signed_in() as client:
        served.now_s += IDLE_S
        assert (await client.get("/api/session")).status_code == 200
        served.now_s += IDLE_S + 1
        assert (await client.get("/api/session")).status_code == 401
    async with served.signed_in() as client, events(client) as stream:
        await stream.next("snapshot")
        begin_s = served.now_s
        while served.now_s - begin_s <= WHOLE_S:
            served.desk.second()  # an open stream is use, up to the end of the shift
            assert (await client.get("/api/session")).status_code == 200
            served.now_s += IDLE_S - 1
        served.desk.second()
        with pytest.raises(AssertionError, match="ended"):
            await stream.next("no-such-event")
        assert (await client.get("/api/session")).status_code == 401


async def test_a_disabled_person_is_out_within_a_second_and_signing_out_ends_a_session(served: Served) -> None:
    async with served.signed_in() as client, events(client) as stream:
        await stream.next("snapshot")
        served.desk.people.disable("ani")
        served.desk.second()
        with pytest.raises(AssertionError, match="ended"):
            await stream.next("no-such-event")
        assert (await client.get("/api/session")).status_code == 401
    async with served.signed_in("viewer", "budi") as client:
        kept = {"Cookie": f"kawal-session={client.cookies['kawal-session']}"}
        assert (await client.post("/api/logout")).status_code == 200
        assert (await client.get("/api/session", headers=kept)).status_code == 401


async def test_guessing_passwords_gets_slow_and_an_unknown_name_is_told_nothing_else(served: Served) -> None:
    served.desk.people.add("ani", "operator", PASSWORD)
    async with served.client() as client:
        for user in ("ani", "nobody", "ani", "nobody", "ani"):
            answer = await client.post("/api/login", json={"user": user, "password": "wrong password", "post": "x"})
            assert (answer.status_code, answer.json()) == (401, {"error": "bad-login"})
        right = {"user": "ani", "password": PASSWORD, "post": "x"}
        answer = await client.post("/api/login", json=right)
        assert answer.status_code == 429
        served.now_s += int(answer.headers["Retry-After"])
        assert (await client.post("/api/login", json=right)).status_code == 200
    told = served.desk.journal.newest(FIRST, LAST, 9)
    assert [event["event"] for _, event in told] == ["signed-in"] + ["refused"] * 5


@pytest.mark.parametrize(
    ("setting", "proxy", "told", "believed"),
    [
        ("1", "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("1", "10.1.2.3", "203.0.113.7", "10.1.2.3"),
        ("0", "127.0.0.1", "203.0.113.7", "127.0.0.1"),
        ("10.0.0.5,10.1.0.0/16", "10.1.2.3", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.5,10.1.0.0/16", "10.1.2.3", "198.51.100.1, 203.0.113.7, 10.0.0.5", "203.0.113.7"),
        ("10.0.0.5,10.1.0.0/16", "192.0.2.9", "203.0.113.7", "192.0.2.9"),
        ("10.0.0.5,10.1.0.0/16", "127.0.0.1", "203.0.113.7", "127.0.0.1"),
    ],
)
async def test_only_a_proxy_that_is_named_says_where_a_request_came_from(
    served: Served, monkeypatch: pytest.MonkeyPatch, setting: str, proxy: str, told: str, believed: str
) -> None:
    monkeypatch.setenv("KAWAL_CONSOLE_BEHIND_PROXY", setting)
    config = config_of(served.desk, load_settings())
    config.load()
    transport = httpx.ASGITransport(config.loaded_app, client=(proxy, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url=served.url) as client:
        wrong = {"user": "ani", "password": "wrong password", "post": "x"}
        assert (await client.post("/api/login", json=wrong, headers={"X-Forwarded-For": told})).status_code == 401
    [(_, event)] = served.desk.journal.newest(FIRST, LAST, 1)
    assert event["address"] == believed


async def test_the_first_link_makes_one_supervisor_once(served: Served) -> None:
    asked = {"token": served.desk.first.text, "user": "ani", "password": PASSWORD, "post": "Posko 1"}
    async with served.client() as client:
        assert (await client.post("/api/first", json=asked | {"token": "wrong"})).status_code == 401
        assert (await client.post("/api/first", json=asked | {"password": "short"})).status_code == 422
        first = await client.post("/api/first", json=asked)
        assert (first.status_code, first.json()["role"]) == (200, "supervisor")
        assert (await client.post("/api/first", json=asked | {"user": "budi"})).status_code == 401
    assert [user.name for user in served.desk.people.all()] == ["ani"]


@pytest.mark.parametrize("post", ["   ", "\u00a0", "\u200d", "Posko\x1b[2J", "Posko\n1", "Posko\u202e1"])
async def test_a_post_that_no_action_could_carry_is_refused_before_the_password_is_looked_at(
    served: Served, post: str
) -> None:
    served.desk.people.add("ani", "operator", PASSWORD)
    async with served.client() as client:
        for route, more in (("/api/login", {}), ("/api/first", {"token": served.desk.first.text})):
            for password in (PASSWORD, "wrong password"):
                answer = await client.post(route, json={"user": "ani", "password": password, "post": post} | more)
                assert (answer.status_code, answer.json()) == (422, {"error": "post"})
    assert served.desk.journal.newest(FIRST, LAST, 9) == []


@pytest.mark.parametrize(
    ("post", "kept"),
    [("  Posko 1 ", "Posko 1"), ("Posko\u00a01", "Posko 1"), ("\U0001f468\u200d\u2708", "\U0001f468\u200d\u2708")],
)
async def test_a_session_has_the_post_that_its_actions_carry(served: Served, post: str, kept: str) -> None:
    served.desk.people.add("ani", "operator", PASSWORD)
    async with served.client() as client:
        answer = await client.post("/api/login", json={"user": "ani", "password": PASSWORD, "post": post})
        assert answer.json()["post"] == kept
    [(_, event)] = served.desk.journal.newest(FIRST, LAST, 1)
    assert event["post"] == kept
    assert TypeAdapter(Name).validate_python(kept) == kept


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"user": " ani"}, "name"),
        ({"user": "a|b"}, "name"),
        ({"password": "short"}, "password-length"),
        ({"password": " " * 10}, "password-blank"),
        ({"user": "a" * 65}, "bad-request"),
        ({"password": "\ud800" * 10}, "bad-request"),
    ],
)
async def test_the_first_start_says_by_a_code_why_it_makes_nobody(
    served: Served, more: dict[str, str], code: str
) -> None:
    asked = {"token": served.desk.first.text, "user": "ani", "password": PASSWORD, "post": "Posko 1"} | more
    async with served.client() as client:
        answer = await client.post("/api/first", content=json.dumps(asked))
        assert (answer.status_code, answer.json()["error"]) == (422, code)
        assert served.desk.people.all() == []
        await client.post("/api/first", json=asked | {"user": "ani", "password": PASSWORD})
        served.desk.first = FirstLink()
        again = await client.post(
            "/api/first", json=asked | {"token": served.desk.first.text, "user": "budi", "password": PASSWORD}
        )
        assert (again.status_code, again.json()["error"]) == (422, "exists")


async def test_a_file_of_people_that_cannot_be_used_is_told_in_the_log_and_not_to_strangers(
    served: Served, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    served.desk.people.add("ani", "operator", PASSWORD)
    (tmp_path / "users.json").chmod(0o644)
    async with served.client() as client:
        answer = await client.post("/api/login", json={"user": "ani", "password": PASSWORD, "post": "x"})
        assert (answer.status_code, answer.json()) == (503, {"error": "people"})
    assert "chmod 600" in caplog.text


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"user":1}', b'{"user":"' + b"x" * 65 + b'"}', b"x" * 70_000])
async def test_what_is_no_sign_in_is_refused(served: Served, body: bytes) -> None:
    async with served.client() as client:
        assert (await client.post("/api/login", content=body)).status_code in (413, 422)


async def test_over_tls_the_cookie_is_bound_to_this_host(tmp_path: Path) -> None:
    async with serve(tmp_path, secure=True) as served, served.client() as client:
        served.desk.people.add("ani", "operator", PASSWORD)
        answer = await client.post("/api/login", json={"user": "ani", "password": PASSWORD, "post": "x"})
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-kawal-session=")
        assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
        assert "Strict-Transport-Security" in answer.headers


async def test_the_basemap_is_read_in_ranges(served: Served) -> None:
    async with served.signed_in("viewer") as client:
        part = await client.get("/basemap/user.pmtiles", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, bytes(range(10, 20)))
        assert (await client.get("/basemap/user.pmtiles", headers={"Range": "bytes=500-"})).status_code == 416
