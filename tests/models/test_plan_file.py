"""Plan files: what is read, and that every fault is told with its place."""

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.plan import PLACES_MAX, ConvoyPlan
from models.plan_file import PlanError, PlanFault, load_plan

ROUTE = {"type": "LineString", "coordinates": [[117.245, -0.262], [117.22, -0.29], [117.208, -0.301]]}
PLAN = """\
operation: Mantap Praja Bontang 2024
timezone: Asia/Makassar
convoys:
  - convoy_id: BTG-07
    name: PPK Muara Badak -> KPU Kutai Kartanegara
    stage: ppk-to-kpu
    risk: high
    depart_at: 2024-11-28T06:00:00+08:00
    arrive_by: "2024-11-28T09:00:00+08:00"
    route: routes/btg-07.geojson
    vehicles:
      - {vehicle_id: KT-8123-LM, role: cargo, mode: truck, ping_interval_s: 10, device_ids: ["8737767034"]}
      - {vehicle_id: POL-41-07, role: escort, mode: car}
    checkpoints:
      - {name: Simpang, lat: -0.262, lon: 117.245, planned_at: 2024-11-28T07:10:00+08:00, radius_m: 150}
    stops:
      - {name: SPBU km 24, lat: -0.301, lon: 117.208, radius_m: 120, max_dwell_s: 1200}
    no_signal: [{from_m: 1800, to_m: 2500}]
    limits: {deviation_raise_m: 150}
profiles: {high: {deviation_raise_m: 80, stall_hold_s: 90}}
"""
SECOND = """\
  - convoy_id: BTG-08
    name: Second
    route: routes/btg-07.geojson
    vehicles: [{vehicle_id: KT-8124-LM, role: cargo}]
profiles:"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes" / "btg-07.geojson").write_text(json.dumps(ROUTE), encoding="utf-8")
    return tmp_path


def load(folder: Path, text: str, name: str = "plan.yaml") -> list[ConvoyPlan]:
    (folder / name).write_text(text, encoding="utf-8")
    return load_plan(folder / name)


def faults(folder: Path, text: str, name: str = "plan.yaml") -> list[PlanFault]:
    with pytest.raises(PlanError) as caught:
        load(folder, text, name)
    return caught.value.faults


def told(folder: Path, text: str) -> list[str]:
    """Each fault as people read it, without the folder."""
    return [str(fault).removeprefix(f"{folder}/") for fault in faults(folder, text)]


def changed(old: str, new: str) -> str:
    assert old in PLAN
    return PLAN.replace(old, new)


def test_a_plan_is_read_with_its_route_inlined_and_its_limits_resolved(folder: Path) -> None:
    [plan] = load(folder, PLAN)
    assert plan.operation == "Mantap Praja Bontang 2024"
    assert plan.route == [(117.245, -0.262), (117.22, -0.29), (117.208, -0.301)]
    assert (plan.limits.deviation_raise_m, plan.limits.stall_hold_s, plan.limits.stall_high_s) == (150, 90, 480)
    assert [vehicle.ping_interval_s for vehicle in plan.vehicles] == [10, 10]
    assert ConvoyPlan.from_json(plan.to_json()) == plan


def test_times_keep_their_zone_quoted_or_not(folder: Path) -> None:
    written = json.loads(load(folder, PLAN)[0].to_json())
    assert written["depart_at"] == "2024-11-27T22:00:00.000Z"
    assert written["arrive_by"] == "2024-11-28T01:00:00.000Z"
    assert written["checkpoints"][0]["planned_at"] == "2024-11-27T23:10:00.000Z"


def test_json_and_an_inline_route_give_the_same_plan(folder: Path) -> None:
    content = yaml.safe_load(PLAN.replace("+08:00\n", "+08:00 \n"))
    content["convoys"][0]["route"] = ROUTE
    text = json.dumps(content, default=lambda moment: moment.isoformat(), indent="\t")
    assert load(folder, text, "plan.json") == load(folder, PLAN)


def test_aliases_share_what_convoys_have_in_common(folder: Path) -> None:
    text = PLAN.replace("    stops:\n", "    stops: &stops\n").replace(
        "profiles:", SECOND.replace("    vehicles", "    stops: *stops\n    vehicles")
    )
    first, second = load(folder, text)
    assert first.stops == second.stops


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("operation: ", "operatoin: ", "plan.yaml:1: operatoin: is not known, did you mean operation?"),
        ("Mantap Praja Bontang 2024", "2024", "plan.yaml:1: operation: must be text: put it in quotes"),
        ("Makassar", "Makasar", "plan.yaml:2: timezone: is not an IANA timezone such as Asia/Makassar"),
        ("    name: PPK Muara Badak -> KPU Kutai Kartanegara\n", "", "plan.yaml:4: convoy BTG-07: name: is missing"),
        ("PPK Muara Badak -> KPU Kutai Kartanegara", '""', "plan.yaml:5: convoy BTG-07: name: is empty"),
        ("    name:", "    nmae:", "plan.yaml:5: convoy BTG-07: nmae: is not known, did you mean name?"),
        (
            "stage: ppk-to-kpu",
            "stage: ppk-kpu",
            "'ppk-to-kpu', 'kpu-to-province' or 'other', did you mean ppk-to-kpu?",
        ),
        ("risk: high", "risk: [high]", "plan.yaml:7: convoy BTG-07: risk: must be 'low', 'medium' or 'high'"),
        (
            "06:00:00+08:00",
            "06:00:00",
            "plan.yaml:8: convoy BTG-07: depart_at: has no zone: end it in Z or an offset like +08:00",
        ),
        ("2024-11-28T06:00:00+08:00", "1732744800", "plan.yaml:8: convoy BTG-07: depart_at: is a number: write it as "),
        ("2024-11-28T06:00:00+08:00", "2024-02-30T06:00:00Z", "plan.yaml:8: convoy BTG-07: depart_at: must be a valid"),
        ("T09:00:00", "T05:00:00", "plan.yaml:9: convoy BTG-07: arrive_by: must be later than depart_at"),
        ("btg-07.geojson", "btg-07.gpx", "plan.yaml:10: convoy BTG-07: route: "),
        ("routes/btg-07.geojson", "7", "plan.yaml:10: convoy BTG-07: route: must be the name of a file, or a GeoJSON"),
        (
            "routes/btg-07.geojson",
            "x.shp",
            "plan.yaml:10: convoy BTG-07: route: x.shp cannot be read: a route is one of .gpx",
        ),
        ("    route: routes/btg-07.geojson\n", "", "plan.yaml:4: convoy BTG-07: route: is missing"),
        (
            "ping_interval_s: 10",
            'ping_interval_s: "10"',
            "plan.yaml:12: convoy BTG-07: vehicles[0].ping_interval_s: must be a valid number",
        ),
        ("ping_interval_s: 10", "ping_interval_s: 0", "vehicles[0].ping_interval_s: must be greater than 0"),
        ('["8737767034"]', "[8737767034]", "vehicles[0].device_ids[0]: must be text: put it in quotes"),
        (
            "mode: truck",
            "mode: truk",
            "vehicles[0].mode: must be 'truck', 'car', 'motorcycle', 'boat' or 'other', did you",
        ),
        ("role: cargo", "role: escort", "plan.yaml:11: convoy BTG-07: vehicles: no vehicle has the role cargo"),
        (
            "vehicle_id: POL-41-07",
            "vehicle_id: KT-8123-LM",
            "plan.yaml:13: convoy BTG-07: vehicles[1].vehicle_id: KT-8123-LM is in convoy BTG-07 already",
        ),
        (
            "mode: car}",
            'mode: car, device_ids: ["8737767034"]}',
            "vehicles[1].device_ids: 8737767034 is in convoy BTG-07",
        ),
        ("lat: -0.262", "lat: 91", "plan.yaml:15: convoy BTG-07: checkpoints[0].lat: must be less than or equal to 90"),
        ("lon: 117.245", "lon: .nan", "plan.yaml:15: convoy BTG-07: checkpoints[0].lon: must be a finite number"),
        ("lon: 117.245", "lon: 117.285", "checkpoints[0]: Simpang is 4.4 km away from the route, at most 2 km"),
        (
            "lat: -0.301",
            "lat: -0.331",
            "plan.yaml:17: convoy BTG-07: stops[0]: SPBU km 24 is 3.3 km away from the route",
        ),
        ("to_m: 2500", "to_m: 1800", "plan.yaml:18: convoy BTG-07: no_signal[0].to_m: must be larger than from_m"),
        (
            "to_m: 2500",
            "to_m: 25000",
            "plan.yaml:18: convoy BTG-07: no_signal[0].to_m: is 25,000 m, the route is 5,984 m",
        ),
        (
            "{deviation_raise_m: 150}",
            "{deviation_rais_m: 150}",
            "plan.yaml:19: convoy BTG-07: limits.deviation_rais_m: is not known, did you mean deviation_raise_m?",
        ),
        ("{deviation_raise_m: 150}", "5", "plan.yaml:19: convoy BTG-07: limits: must be a mapping of fields"),
        (
            "deviation_raise_m: 150",
            "deviation_raise_m: 50",
            "plan.yaml:19: convoy BTG-07: limits: deviation_clear_m (60) must be below deviation_raise_m (50)",
        ),
        ("{high: {", "{hihg: {", "plan.yaml:20: profiles.hihg: must be 'low', 'medium' or 'high', did you mean high?"),
        ("stall_hold_s: 90", "stall_hold_s: -90", "plan.yaml:20: profiles.high.stall_hold_s: must be greater than 0"),
        ("stall_hold_s: 90", "stall_hol_s: 90", "profiles.high.stall_hol_s: is not known, did you mean stall_hold_s?"),
        ("    stops:", "    <<: {a: 1}\n    stops:", "plan.yaml:16: convoy BTG-07: <<: is not known"),
        (
            "    risk:",
            "    operation: x\n    risk:",
            "plan.yaml:7: convoy BTG-07: operation: stands at the top of the file",
        ),
        ("    risk: high\n", "    risk: high\n    risk: low\n", "plan.yaml:8: risk: occurs twice"),
    ],
)
def test_a_fault_is_told_with_line_convoy_field_and_reason(folder: Path, old: str, new: str, fault: str) -> None:
    found = told(folder, changed(old, new))
    assert any(fault in line for line in found), found


def test_every_fault_of_every_convoy_is_told_at_once(folder: Path) -> None:
    text = changed("profiles:", SECOND).replace("Asia/", "Asien/").replace("lat: -0.262", "lat: x")
    text = text.replace("to_m: 2500", "to_m: 25000").replace("KT-8124-LM, role: cargo", "POL-41-07, role: guard")
    text = text.replace("name: Second\n    route: routes/btg-07", "route: routes/none")
    fields = [(fault.line, fault.convoy, fault.field) for fault in faults(folder, text)]
    assert fields == [
        (2, None, "timezone"),
        (15, "BTG-07", "checkpoints[0].lat"),
        (18, "BTG-07", "no_signal[0].to_m"),
        (20, "BTG-08", "name"),
        (21, "BTG-08", "route"),
        (22, "BTG-08", "vehicles[0].role"),
        (22, "BTG-08", "vehicles[0].vehicle_id"),
    ]


def test_a_convoy_occurs_once(folder: Path) -> None:
    text = changed("profiles:", SECOND.replace("BTG-08", "BTG-07"))
    assert told(folder, text) == ["plan.yaml:20: convoy BTG-07: convoy_id: is used by another convoy already"]


def test_a_vehicle_is_in_one_convoy(folder: Path) -> None:
    text = changed("profiles:", SECOND.replace("KT-8124-LM", "POL-41-07"))
    assert told(folder, text) == [
        "plan.yaml:23: convoy BTG-08: vehicles[0].vehicle_id: POL-41-07 is in convoy BTG-07 already"
    ]


def with_sites(*sites: str) -> str:
    """The plan with sites behind everything else, from line 22 on, or from 26 on behind a second convoy."""
    return PLAN + "sites:\n" + "".join(f"  - {{{site}}}\n" for site in sites)


POLSEK = "kind: POLSEK, name: Polsek, lat: -0.29, lon: 117.24"


def test_each_convoy_carries_the_sites_near_its_route_and_who_is_near_none_is_told(folder: Path) -> None:
    away = {"type": "LineString", "coordinates": [[117.245, -0.24], [117.245, 0.2]]}
    (folder / "routes" / "away.geojson").write_text(json.dumps(away), encoding="utf-8")
    text = with_sites(
        POLSEK,
        "kind: KPU_KABKO, name: Within 10 km of the second, lat: 0.19, lon: 117.3345",
        "kind: TPS, name: Beyond, lat: 0.19, lon: 117.336",
    ).replace("profiles:", SECOND.replace("btg-07", "away"))
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    notes: list[str] = []
    first, second = load_plan(folder / "plan.yaml", notes.append)
    assert [(site.kind, site.name) for site in first.sites] == [("POLSEK", "Polsek")]
    assert [site.name for site in second.sites] == ["Polsek", "Within 10 km of the second"]
    assert notes == ["sites: Beyond is more than 10 km away from every route: no convoy carries it"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("POLSEK", "POLSEC", "plan.yaml:26: sites[0].kind: must be 'TPS', 'PPS', 'PPK', "),
        ("POLSEK", "POLSEC", "'POLRES' or 'OTHER', did you mean POLSEK?"),
        ("kind: POLSEK, ", "", "plan.yaml:26: sites[0].kind: is missing"),
        ("name: Polsek", 'name: "a\\u001b"', "plan.yaml:26: sites[0].name: must have no control character"),
        ("name: Polsek", "name: 7", "plan.yaml:26: sites[0].name: must be text: put it in quotes"),
        ("name: Polsek", "nmae: Polsek", "plan.yaml:26: sites[0].nmae: is not known, did you mean name?"),
        ("lat: -0.29, lon: 117.24", "lat: 117.24, lon: -0.29", "sites[0].lat: must be less than or equal to 90"),
        ("lon: 117.24", "lon: .inf", "plan.yaml:26: sites[0].lon: must be a finite number"),
    ],
)
def test_a_fault_of_a_site_is_told_once_whatever_convoys_are_near_it(
    folder: Path, old: str, new: str, fault: str
) -> None:
    found = told(folder, with_sites(POLSEK.replace(old, new)).replace("profiles:", SECOND))
    assert sum(fault in line for line in found) == 1, found


def test_sites_stand_at_the_top_of_the_file_and_are_a_list_of_so_many(folder: Path) -> None:
    inside = changed("    stops:", f"    sites: [{{{POLSEK}}}]\n    stops:")
    assert told(folder, inside) == [
        "plan.yaml:16: convoy BTG-07: sites: stands at the top of the file, not in a convoy"
    ]
    assert load(folder, changed("    stops:", "    sites: []\n    stops:")) == load(folder, PLAN)
    assert told(folder, PLAN + "sites: Polsek\n") == ["plan.yaml:21: sites: must be a list"]
    many = with_sites(*[POLSEK] * (PLACES_MAX + 1))
    assert told(folder, many) == ["plan.yaml:21: sites: has too many items"]


@pytest.mark.parametrize(
    ("coordinates", "reason"),
    [
        ([[117.2, -0.3], [117.2, -0.3]], "has fewer than two distinct points"),
        ([], "holds no LineString with points"),
        ([[117.2, -0.3], [118.2, -0.3]], "jumps 111 km from point 1 to the next, at most 50 km"),
        ([[117.2 + n % 2 / 1000, -0.3] for n in range(20_001)], "has 20,001 points, at most 20,000 are possible"),
        ([[-0.3, 117.2], [-0.2, 117.2]], "its coordinates are swapped"),
    ],
)
def test_a_route_that_cannot_be_driven_is_refused(folder: Path, coordinates: Any, reason: str) -> None:
    (folder / "routes" / "btg-07.geojson").write_text(json.dumps({"type": "LineString", "coordinates": coordinates}))
    assert any(reason in fault.reason for fault in faults(folder, PLAN) if fault.field == "route")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "holds no mapping with operation, timezone and convoys"),
        ("- 1", 1, "holds no mapping"),
        ("a: 1\nb: {c: [", 3, "is no YAML"),
        ("a: 1\nb: !!python/object:os.system x", 2, "is no YAML: could not determine a constructor"),
        ("? [a]\n: b", 1, "is no YAML: found unhashable key"),
        ("a: 1\n---\nb: 2", 2, "is no YAML: but found another document"),
        ("a: 0b_", None, "is no YAML"),
        ("\x00", None, "is no YAML"),
        ("[" * 100_000, 1, "is nested deeper than 50 levels"),
        ("- " * 100_000, 1, "is nested deeper than 50 levels"),
    ],
)
def test_what_is_no_yaml_is_refused(folder: Path, text: str, line: int | None, reason: str) -> None:
    [fault] = faults(folder, text)
    assert fault.line == line
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{\n"a": 1,\n}', 3, "is no JSON"),
        ("[" * 100_000, None, "is no JSON"),
        ('{"timezone": "UTC", "timezone": "Z"}', None, "occurs twice"),
    ],
)
def test_what_is_no_json_is_refused(folder: Path, text: str, line: int | None, reason: str) -> None:
    assert any(fault.line == line and reason in fault.reason for fault in faults(folder, text, "plan.json"))


def test_a_json_file_that_is_no_yaml_is_read_without_lines(folder: Path) -> None:
    content = {"operation": "\U0001f69a", "timezone": "UTC", "convoys": []}
    [fault] = faults(folder, json.dumps(content), "plan.json")
    assert fault == PlanFault(str(folder / "plan.json"), None, None, "convoys", "has too few items")


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / "latin.yaml").write_bytes(b"operation: caf\xe9")
    (folder / "large.yaml").write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    for name, reason in [
        ("none.yaml", "cannot be read: No such file"),
        ("routes", "cannot be read: Is a directory"),
        ("latin.yaml", "is not UTF-8: byte 14"),
        ("large.yaml", "is larger than 8 MiB"),
    ]:
        with pytest.raises(PlanError, match=re.escape(reason)):
            load_plan(folder / name)


def test_a_file_with_too_many_route_points_is_to_be_divided(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.plan_file.POINTS_MAX", 2)
    assert told(folder, changed("profiles:", SECOND)) == [
        "plan.yaml:20: convoy BTG-08: comes after 2 route points: divide the file"
    ]


def bomb(last: str, levels: int = 14) -> str:
    names = [f"x{n}" for n in range(levels)]
    lines = [f"{names[0]}: &{names[0]} [x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in pairwise(names)]
    return "\n".join([*lines, last.replace("BOMB", f"*{names[-1]}"), ""])


@pytest.mark.parametrize(
    "last",
    [
        "operation: BOMB\ntimezone: BOMB\nprofiles: BOMB\nconvoys: BOMB",
        "convoys: [{convoy_id: BOMB, risk: BOMB, stage: BOMB, limits: BOMB, vehicles: [{role: BOMB}, BOMB]}]",
        "convoys: [{route: {type: LineString, coordinates: BOMB}}, {route: BOMB, vehicles: BOMB}]",
        "convoys: [{<<: [{<<: BOMB}, {<<: BOMB}]}]",
        "convoys: &again [*again, {vehicles: *again}]",
    ],
)
def test_aliases_that_unfold_without_end_are_harmless(folder: Path, last: str) -> None:
    found = faults(folder, bomb(last))
    assert found
    assert all(len(str(fault)) < 500 for fault in found)


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    leaf, lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(max_size=5), item), max_leaves=8
)
FIELDS = [
    "convoy_id",
    "sites",
    "name",
    "stage",
    "risk",
    "depart_at",
    "arrive_by",
    "route",
    "vehicles",
    "checkpoints",
    "stops",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*FIELDS, "no_signal", "limits", "x"]), anything), anything, anything)
def test_whatever_stands_in_a_plan_faults_are_told(folder: Path, convoy: Any, profiles: Any, top: Any) -> None:
    content = {"operation": "x", "timezone": "UTC", "convoys": [convoy, top], "profiles": profiles, "sites": top}
    for name in ("plan.json", "plan.yaml"):
        assert faults(folder, json.dumps(content), name)


@given(st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_makes_the_reader_fail(folder: Path, text: str) -> None:
    for name in ("plan.json", "plan.yaml"):
        (folder / name).write_text(text, encoding="utf-8", errors="replace")
        with pytest.raises(PlanError):
            load_plan(folder / name)
