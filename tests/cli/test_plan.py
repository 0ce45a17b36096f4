"""`kawal plan`: files in, the plans topic out."""

import asyncio
import gc
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bus.plan_reader import read_plans
from cli.plan import app
from deploy.kafka.embedded import EmbeddedKafka
from models.plan import ConvoyPlan
from models.topics import TopicSet, partition_of
from tests.conftest import ReadAll

CONVOY = """\
  - convoy_id: {id}
    name: "{id} [bold]to[/bold] the north"
    depart_at: 2024-11-28T06:00:00+08:00
    route: {{type: LineString, coordinates: [[117.2, -0.3], [117.2, -0.2]]}}
    vehicles: [{{vehicle_id: {vehicle}, role: cargo}}, {{vehicle_id: POL-{id}, role: escort}}]
"""
HEAD = "operation: Exercise\ntimezone: Asia/Makassar\nconvoys:\n"


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., str]:
    """`plan(BTG-07="KT-1")`: a plan file with a convoy for each name, and its cargo vehicle."""

    def write(**vehicle_of: str) -> str:
        path = tmp_path / "plan.yaml"
        convoys = [CONVOY.format(id=convoy_id, vehicle=vehicle) for convoy_id, vehicle in vehicle_of.items()]
        path.write_text(HEAD + "".join(convoys), encoding="utf-8")
        return str(path)

    return write


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, words, env=environment)


async def against(kafka: EmbeddedKafka, topics: TopicSet, *words: str) -> Result:
    return await asyncio.to_thread(
        run, *words, KAWAL_BROKER=kafka.bootstrap, KAWAL_TOPIC_PREFIX=topics.prefix, KAWAL_PARTITIONS="4"
    )


def test_check_shows_the_convoys_of_a_file(plan: Callable[..., str]) -> None:
    result = run("check", plan(A1="KT-1", A2="KT-2"), COLUMNS="160")
    assert result.exit_code == 0
    assert "A1 [bold]to[/bold] the north" in result.stdout
    assert "2024-11-28 06:00 WITA" in result.stdout
    assert "11.1 km" in result.stdout
    assert result.stderr == ""


def test_check_prints_what_the_topic_will_hold(plan: Callable[..., str]) -> None:
    result = run("check", "--json", plan(A1="KT-1", A2="KT-2"))
    plans = [ConvoyPlan.from_json(line) for line in result.stdout_bytes.splitlines()]
    assert [plan.convoy_id for plan in plans] == ["A1", "A2"]


def test_check_tells_every_fault_on_stderr_and_leaves_with_3(plan: Callable[..., str]) -> None:
    result = run("check", plan(A1="KT-1", A2="KT-1"))
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "plan.yaml:13: convoy A2: vehicles[0].vehicle_id: KT-1 is in convoy A1 already" in result.stderr


def test_check_says_what_was_done_to_a_route(plan: Callable[..., str]) -> None:
    path = Path(plan(A1="KT-1"))
    path.write_text(
        path.read_text().replace("[117.2, -0.2]]", "[117.2, -0.28], [117.2, -0.25], [117.2, -0.2], [117.2, -0.2]]")
    )
    result = run("check", str(path))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "A1: route: dropped 1 repeated points",
        "A1: route: simplified 4 points to 3, within 5 m of the way",
    ]


KML = """<kml><Placemark><name>BTG|07</name><gx:Track><when>2024-11-28T06:00:00Z</when><when>2024-11-28T07:00:00Z</when>
<gx:coord>117.2 -0.3</gx:coord><gx:coord>117.3 -0.3</gx:coord></gx:Track></Placemark>
<Placemark><name>Second &amp; "last"</name><Point><coordinates>117.28,-0.3</coordinates></Point></Placemark>
<Placemark><name>First\tone: #1</name><Point><coordinates>117.22,-0.3</coordinates></Point></Placemark>
<Placemark><name>Far</name><Point><coordinates>118.22,-0.3</coordinates></Point></Placemark></kml>"""


def test_a_draft_is_a_plan_as_soon_as_vehicles_are_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.kml").write_text(KML, encoding="utf-8")
    result = run("draft", "routes.kml#BTG|07")
    assert (result.exit_code, result.stderr) == (
        0,
        "Far is more than 2 km away from the route: no checkpoint was made of it\n",
    )
    Path("plan.yaml").write_text(result.stdout, encoding="utf-8")
    refused = run("check", "plan.yaml")
    assert refused.exit_code == 3
    assert [line.partition(": ")[2] for line in refused.stderr.splitlines()] == [
        "convoy BTG 07: vehicles: has too few items"
    ]
    filled = result.stdout.replace("vehicles: []", "vehicles:").replace("      # - ", "      - ")
    Path("plan.yaml").write_text(filled, encoding="utf-8")
    checked = run("check", "--json", "plan.yaml")
    assert checked.exit_code == 0, checked.stderr
    drafted = ConvoyPlan.from_json(checked.stdout_bytes)
    assert [place.name for place in drafted.checkpoints] == ["First one: #1", 'Second & "last"']
    assert (drafted.name, drafted.timezone, drafted.route) == (
        "BTG|07",
        "Asia/Makassar",
        [(117.2, -0.3), (117.3, -0.3)],
    )
    assert drafted.depart_at is not None
    assert drafted.depart_at.isoformat() == "2024-11-28T06:00:00+00:00"


def test_a_preview_is_written_where_it_is_told_to(plan: Callable[..., str], tmp_path: Path) -> None:
    result = run("preview", plan(A1="KT-1"), "--out", str(tmp_path / "page.html"))
    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / "page.html"))
    assert "A1: A1 [bold]to[/bold] the north" in (tmp_path / "page.html").read_text(encoding="utf-8")
    refused = run("preview", plan(A1="KT-1"), "--out", str(tmp_path))
    assert refused.exit_code == 1
    assert "Is a directory" in refused.stderr


def test_no_draft_is_made_of_a_file_without_a_route(tmp_path: Path) -> None:
    (tmp_path / "route.kml").write_text("<kml/>", encoding="utf-8")
    result = run("draft", str(tmp_path / "route.kml"))
    assert (result.exit_code, result.stdout) == (3, "")
    assert "route.kml: holds neither a LineString nor a gx:Track" in result.stderr


def test_import_needs_a_broker(plan: Callable[..., str]) -> None:
    result = run("import", plan(A1="KT-1"), KAWAL_BROKER="")
    assert result.exit_code == 3
    assert "KAWAL_BROKER" in result.stderr


def test_a_broker_that_is_not_there_is_exit_4(plan: Callable[..., str]) -> None:
    result = run("import", plan(A1="KT-1"), KAWAL_BROKER="127.0.0.1:9")
    assert result.exit_code == 4
    assert "127.0.0.1:9" in result.stderr


# aiokafka leaves its connection open when it is called off while it connects: a process ends then, a test run goes on.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_takes_the_connection_and_never_answers_is_exit_4(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.plan.BROKER_TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        result = run("list", KAWAL_BROKER=address)
    assert result.exit_code == 4
    assert f"No Kafka broker answers at {address}" in result.stderr
    gc.collect()


async def test_a_bad_file_imports_nothing(kafka: EmbeddedKafka, topics: TopicSet, plan: Callable[..., str]) -> None:
    result = await against(kafka, topics, "import", plan(A1="KT-1", A2="KT-1"))
    assert result.exit_code == 3
    assert await read_plans(kafka.bootstrap, topics) == {}


async def test_import_says_what_is_new_changed_and_the_same(
    kafka: EmbeddedKafka, topics: TopicSet, plan: Callable[..., str], read_all: ReadAll
) -> None:
    first = await against(kafka, topics, "import", plan(A1="KT-1", A2="KT-2"))
    assert [line.split()[:2] for line in first.stdout.splitlines()] == [["new", "A1"], ["new", "A2"]]
    second = await against(kafka, topics, "import", plan(A1="KT-1", A2="KT-9", A3="KT-3"))
    assert [line.split()[0] for line in second.stdout.splitlines()] == ["same", "changed", "new"]
    third = await against(kafka, topics, "import", plan(A1="KT-1"))
    assert [line.split()[0] for line in third.stdout.splitlines()] == ["same"]
    records = await read_all(topics.plans)
    assert sorted(record.key for record in records) == [b"A1", b"A2", b"A2", b"A3"]
    assert all(record.partition == partition_of(record.key, topics.partitions) for record in records)


async def test_a_vehicle_of_another_active_convoy_stops_the_whole_import(
    kafka: EmbeddedKafka, topics: TopicSet, plan: Callable[..., str]
) -> None:
    await against(kafka, topics, "import", plan(A1="KT-1"))
    result = await against(kafka, topics, "import", plan(A2="KT-1", A3="KT-3"))
    assert result.exit_code == 3
    assert "vehicle KT-1 of A2 is in the active convoy A1" in result.stderr
    assert "kawal plan withdraw" in result.stderr
    assert set(await read_plans(kafka.bootstrap, topics)) == {"A1"}


async def test_a_vehicle_may_move_to_another_convoy_of_the_same_file(
    kafka: EmbeddedKafka, topics: TopicSet, plan: Callable[..., str]
) -> None:
    await against(kafka, topics, "import", plan(A1="KT-1", A2="KT-2"))
    result = await against(kafka, topics, "import", plan(A1="KT-2", A2="KT-1"))
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["changed", "changed"]


async def test_a_withdrawn_convoy_is_listed_no_more(
    kafka: EmbeddedKafka, topics: TopicSet, plan: Callable[..., str]
) -> None:
    await against(kafka, topics, "import", plan(A1="KT-1", A2="KT-2"))
    withdrawn = await against(kafka, topics, "withdraw", "A1")
    assert (withdrawn.exit_code, withdrawn.stdout) == (0, "withdrawn A1\n")
    listed = await against(kafka, topics, "list", "--json")
    assert [json.loads(line)["convoy_id"] for line in listed.stdout.splitlines()] == ["A2"]
    assert "A2" in (await against(kafka, topics, "list")).stdout
    again = await against(kafka, topics, "withdraw", "A1")
    assert again.exit_code == 1
    assert "No convoy A1 is in force, did you mean A2?" in again.stderr
    assert (await against(kafka, topics, "import", plan(A3="KT-1"))).exit_code == 0


async def test_without_topics_the_import_says_how_to_make_them(kafka: EmbeddedKafka, plan: Callable[..., str]) -> None:
    result = await against(kafka, TopicSet("nothing-here"), "import", plan(A1="KT-1"))
    assert result.exit_code == 5
    assert "kawal topics ensure" in result.stderr
