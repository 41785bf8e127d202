"""`verify --sweep failures`: text, JSON, saved traces, wrong command lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.cli.tiny import wddmcheck
from tests.report.test_json import schema
from tests.support.golden import Golden
from wddmcheck.report import trace_file

GOLDEN = Path(__file__).parent / "golden"
DRIVER = "tests/sweep/driver.wddm"
SWEEP = ("verify", DRIVER, "--sweep", "failures", "--no-progress")


def validator() -> jsonschema.Draft202012Validator:
    names = ("trace", "report", "matrix", "sweep")
    schemas = [schema(f"{name}.schema.json") for name in names]
    registry: Any = Registry().with_resources(
        [(s["$id"], Resource.from_contents(s)) for s in schemas])
    return jsonschema.Draft202012Validator(schemas[3], registry=registry)


@pytest.mark.parametrize("most", ["1", "2"])
def test_the_text(most: str, golden: Golden) -> None:
    result = wddmcheck(*SWEEP, "--failures", most, "--no-times", "--engine", "interpret")
    assert result.code == 1
    assert all(len(line) <= 100 for line in result.out.splitlines())
    golden(GOLDEN / f"sweep-{most}.txt", result.out)


def test_equal_runs_print_the_same() -> None:
    args = (*SWEEP, "--no-times", "--property", "failed_*")
    assert wddmcheck(*args).out == wddmcheck(*args, "--jobs", "1").out


def test_the_json() -> None:
    result = wddmcheck(*SWEEP, "--failures", "2", "--json", "-")
    data = json.loads(result.out)
    validator().validate(data)
    assert (data["document"], data["exit_code"], data["most"]) == ("wddmcheck-sweep", 1, 2)
    found = {p["property"]: p for p in data["properties"]}
    failed = found["failed_create_leaves_nothing"]
    (failing,) = failed["failing"]
    assert failing["failures"] == [3]
    assert failing["steps"] == len(failing["trace"]["story"]["steps"]) == 2
    assert failed["survived"] == sorted(data["scopes"][0]["happens"])
    assert [f["failures"] for f in found["one_reset"]["failing"]] == [[7, 7]]
    by_number = {f["number"]: f for f in data["failures"]}
    assert by_number[3]["text"] == (
        "DxgkCbCreateContextAllocation STATUS_NO_MEMORY in DxgkDdiCreateContext (call 2)")
    assert by_number[3]["happens"]
    assert by_number[7]["page"].endswith("nc-d3dkmddi-dxgkddi_resetengine.md")
    assert by_number[5]["during"] == "DxgkDdiDestroyContext"
    assert by_number[5]["after"]["file"] == DRIVER
    assert not by_number[5]["happens"]


def test_traces_are_saved_and_can_be_shown(tmp_path: Path) -> None:
    wddmcheck(*SWEEP, "--out", str(tmp_path))
    paths = {p.name: p for p in tmp_path.iterdir()}
    assert sorted(paths) == ["failed_create_leaves_nothing.trace.json",
                             "no_deadlock.trace.json", "no_stuck_call.trace.json"]
    path = paths["failed_create_leaves_nothing.trace.json"]
    assert "--sweep failures" in trace_file.read(path).command
    assert wddmcheck("trace", "show", str(path)).out.startswith(
        "VIOLATED failed_create_leaves_nothing")


def test_a_trace_of_a_sweep_replays() -> None:
    """It is a run of the model, without anything of the sweep in it."""
    name = "createcontext_failure_leaks_save_area"
    result = wddmcheck("verify", f"models/seeded/{name}.wddm", "--sweep", "failures", "--json",
                       "-")
    found = [f for p in json.loads(result.out)["properties"] for f in p["failing"]]
    kept = trace_file.read(f"counterexamples/{name}/trace.json")
    (failing,) = found
    steps = failing["trace"]["trace"]["steps"]
    assert [s["action"] for s in steps] == [s.action for s in kept.trace.steps]
    assert [s["state"] for s in steps] == [
        None if s.state is None else list(s.state) for s in kept.trace.steps]


def test_the_command_of_a_finding_shows_it_again() -> None:
    whole = wddmcheck(*SWEEP, "--no-times")
    lines = whole.out.split("again: wddmcheck ")[1].split("fails:")[0].split()
    alone = wddmcheck(*lines, "--no-times", "--no-progress")
    assert alone.code == 1
    assert "VIOLATED failed_create_leaves_nothing" in alone.out


def test_a_driver_that_survives_everything() -> None:
    result = wddmcheck("verify", "models/miniport.wddm", "--sweep", "failures", "--scope", "small",
                       "--no-times", "--no-progress")
    assert result.code == 0
    assert "23 of 23 failures survived (26 properties)." in result.out


@pytest.mark.parametrize(("args", "code"), [
    ((), 4),
    (("--allow", "inconclusive"), 0),
    (("--exit-zero",), 0),
])
def test_exit_codes_of_what_is_cut_short(args: tuple[str, ...], code: int) -> None:
    result = wddmcheck(*SWEEP, "--property", "power_comes_back", "--depth", "1", *args)
    assert result.code == code
    assert "not tried" in result.out


def test_a_finding_and_exit_zero() -> None:
    assert wddmcheck(*SWEEP, "--exit-zero").code == 0


@pytest.mark.parametrize(("args", "said"), [
    (("--sweep", "policies"), "failures"),
    (("--failures", "2"), "add --sweep failures"),
    (("--sweep", "failures", "--failures", "3"), "WC309"),
    (("--sweep", "failures", "--failures", "x"), "WC309"),
    (("--sweep", "failures", "--policy", "all"), "--sweep takes one choice of policies"),
    (("--sweep", "failures", "--engine", "nonesuch"), "WC401"),
    (("--sweep", "failures", "--scope", "nonesuch"), "WC307"),
])
def test_bad_input(args: tuple[str, ...], said: str) -> None:
    result = wddmcheck("verify", DRIVER, *args)
    assert result.code == 2
    assert said in result.err
    assert not result.out


def test_a_property_that_is_not_there() -> None:
    result = wddmcheck(*SWEEP, "--property", "nonesuch")
    assert result.code == 5
    assert "WC308" in result.err


def test_odds_of_a_compact_search_are_said() -> None:
    out = wddmcheck("verify", "models/miniport.wddm", "--scope", "small", "--sweep", "failures",
                    "--property", "no_orphan", "--compact").out
    assert "with --compact, at worst: PROVED (odds " in " ".join(out.split())


@pytest.mark.parametrize("engine", ["bmc", "kinduction"])
def test_engines_that_do_not_visit_states(engine: str) -> None:
    """What they cannot decide is undecided, and never survived."""
    result = wddmcheck(*SWEEP, "--engine", engine, "--depth", "4", "--property", "one_reset",
                       "--property", "power_comes_back")
    assert result.code == 4
    assert "power_comes_back  not tried: " in result.out


def test_a_reachable_goal_is_nothing_to_survive(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    path.write_text("model m\nvar n: bool\nddi DxgkDdiUp() { n = true return STATUS_SUCCESS }\n"
                    "property up: reachable n\n", encoding="utf-8")
    result = wddmcheck("verify", str(path), "--sweep", "failures", "--property", "up")
    assert result.code == 5
    assert "nothing was checked" in result.out
