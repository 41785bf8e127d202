"""`verify --without`: one guarantee less, all of them one at a time; what is saved, and what goes
on with it."""

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
THREADING = "models/threading.wddm"

ROOM = """\
model room
scope one { Thing 1, calls 2 }
scope wide { Thing 2, calls 2 }
object Thing { os handle: bool }
var inside: 0..2
var seen: bool

ddi DxgkDdiEnter() level 1 class a {
  inside = inside + 1
  step
  inside = inside - 1
  return STATUS_SUCCESS
}
ddi DxgkDdiMake() -> Thing exit STATUS_SUCCESS { result.handle = true } {
  let t = create Thing()
  return STATUS_SUCCESS, t
}
ddi DxgkDdiUse(t: Thing)
  @inferred("CTX-08", "what was given back is not used")
  requires t.handle
{
  seen = true
  return STATUS_SUCCESS
}
ddi DxgkDdiGone(t: Thing)
  @doc("NC:d3dkmddi.DXGKDDI_DESTROYCONTEXT", "CTX-05")
  requires t.handle
  entry { t.handle = false }
{
  step
  destroy t
  return STATUS_SUCCESS
}
property one_inside: never inside == 2
property unused: never seen
property alone: never inside == 1 and seen
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("room.wddm").write_text(ROOM, encoding="utf-8")
    return "room.wddm"


def report(*args: str) -> Any:
    result = wddmcheck("verify", "room.wddm", "--json", "-", *args)
    data = json.loads(result.out)
    assert data["exit_code"] == result.code
    return data


def validator(name: str) -> jsonschema.Draft202012Validator:
    schemas = [schema(f"{n}.schema.json") for n in ("trace", "report", "guarantees", "sweep")]
    registry: Any = Registry().with_resources(
        [(s["$id"], Resource.from_contents(s)) for s in schemas])
    (own,) = (s for s in schemas if s["$id"].endswith(f"/{name}.schema.json"))
    return jsonschema.Draft202012Validator(own, registry=registry)


def violated(data: Any) -> dict[str, int]:
    return {v["property"]: v["depth"] for v in data["verdicts"] if v["kind"] == "violated"}


# --- one -----------------------------------------------------------------------------------------


def test_it_falls_without_and_says_so(model: str) -> None:
    result = wddmcheck("verify", model, "--without", "l1", "--property", "one_inside",
                       "--no-times", "--no-progress")
    assert result.code == 1
    assert result.out.startswith("room.wddm without L1  scope one: ")
    assert "VIOLATED one_inside without L1" in result.out
    said = " ".join(result.out.split())
    assert ("relies on L1: without it a run of 2 steps violates the property; with it no run of up "
            "to 2 steps does shortest run, 2 steps") in said
    assert result.out.rstrip().endswith("1 of 1 property without L1 VIOLATED (one_inside).")
    assert "again: wddmcheck verify room.wddm --property one_inside --without l1 --scope o" in said


def test_what_holds_without_says_that_it_holds_with(model: str) -> None:
    out = " ".join(wddmcheck("verify", model, "--without", "CTX-05", "--property", "one_inside",
                             "--no-times", "--no-progress").out.split())
    assert "an invariant or contract that is PROVED here holds with it as well" in out
    assert out.endswith("1 property without CTX-05, weakest result: PROVED this scope.")
    plain = wddmcheck("verify", model, "--property", "one_inside").out
    assert "without" not in plain


def test_what_falls_with_all_guarantees_relies_on_none(model: str) -> None:
    result = wddmcheck("verify", model, "--without", "L1", "--property", "unused")
    assert "relies on none of what was dropped: with it a run of 2 steps" in result.out


def test_only_what_matters_is_named(model: str) -> None:
    data = report("--without", "L1", "--without", "CTX-05", "--property", "one_inside")
    validator("report").validate(data)
    assert data["without"] == ["L1", "CTX-05"]
    (verdict,) = data["verdicts"]
    assert verdict["needs"] == {"policies": {}, "undecided": [], "without": ["L1"]}
    assert verdict["trace"]["without"] == ["L1", "CTX-05"]


def test_two_that_only_matter_together(model: str) -> None:
    """The call is kept alone by its level and by its contract."""
    Path("room.wddm").write_text(ROOM.replace(
        "ddi DxgkDdiEnter() level 1 class a {",
        'ddi DxgkDdiEnter() level 1 class a @doc("NC:d3dkmddi.DXGKDDI_PATCH", "GEN-04")\n'
        "  requires inside == 0\n{"), encoding="utf-8")
    assert violated(report("--without", "L1", "--property", "one_inside")) == {}
    data = report("--without", "L1", "--without", "GEN-04", "--property", "one_inside")
    assert violated(data) == {"one_inside": 2}
    assert data["verdicts"][0]["needs"]["without"] == ["L1", "GEN-04"]
    out = wddmcheck("verify", model, "--without", "L1", "--without", "GEN-04", "--property",
                    "one_inside").out
    assert "with any one of them no run of up to 2 steps does" in " ".join(out.split())


def test_a_limit_leaves_it_undecided(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.needs.STATES", 1)
    out = wddmcheck("verify", model, "--without", "L1", "--property", "one_inside").out
    assert "whether it relies on L1 is not decided (a limit)" in out


def test_a_deadlock_relies_on_what_rules_it_out() -> None:
    """A stuck state is seen one step after the last, and the length still counts."""
    result = wddmcheck("verify", THREADING, "--without", "L3", "--property", "no_deadlock",
                       "--json", "-")
    (verdict,) = json.loads(result.out)["verdicts"]
    assert (verdict["depth"], verdict["needs"]["without"]) == (7, ["L3"])


def test_a_guarantee_that_changes_nothing_is_said() -> None:
    result = wddmcheck("verify", "models/miniport.wddm", "--without", "L1", "--without", "ADP-10",
                       "--scope", "small", "--property", "no_orphan", "--json", "-")
    assert result.code == 0
    (warning,) = json.loads(result.out)["warnings"]
    assert warning.startswith("WC319: without L1 the system of model miniport is the same")
    assert "warning[WC319]" in result.err


@pytest.mark.slow
def test_a_scope_that_is_full_of_calls_is_said() -> None:
    """Any number of StopDevice fills any number of calls, and the DPC has none left."""
    known = ("verify", THREADING, "--without", "L3", "--property", "no_stuck_call", "--scope",
             "Process=0,Device=0,Context=0,Overlay=0,WatchdogState=0,calls=")
    for calls in (2, 3):
        out = wddmcheck(*known[:-1], f"{known[-1]}{calls}").out
        assert f"the scope has no room for another call (calls={calls})" in out
    other = wddmcheck("verify", THREADING, "--without", "L3", "--property", "no_leak").out
    assert "no room for another call" not in other


# --- engines and other commands ------------------------------------------------------------------


@pytest.mark.parametrize("args", [
    ("--engine", "interpret"), ("--engine", "native"), ("--engine", "bmc", "--depth", "4"),
    ("--slice", "on"), ("--symmetry", "off"), ("--reduction", "off")])
def test_every_engine_gets_the_system_without_it(model: str, args: tuple[str, ...]) -> None:
    known = ("--property", "one_inside", *args)
    assert violated(report(*known)) == {}
    assert violated(report("--without", "L1", *known)) == {"one_inside": 2}


def test_induction_proves_without_it(model: str) -> None:
    def kinds(*args: str) -> list[str]:
        return [v["kind"] for v in report("--engine", "kinduction", "--property", "one_inside",
                                          *args)["verdicts"]]
    assert kinds("--without", "CTX-05") == ["proved"]
    assert kinds("--without", "L1") == ["violated"]


def test_a_sweep_without_it(model: str) -> None:
    result = wddmcheck("verify", model, "--sweep", "failures", "--without", "L1", "--json", "-",
                       "--property", "one_inside")
    data = json.loads(result.out)
    validator("sweep").validate(data)
    assert data["without"] == ["L1"]
    assert data["command"].endswith("--sweep failures --without L1")
    text = wddmcheck("verify", model, "--sweep", "failures", "--without", "L1").out
    assert text.startswith("room.wddm without L1\n")


def test_policies_without_it() -> None:
    result = wddmcheck("verify", THREADING, "--without", "L1", "--policy", "G26=*", "--scope",
                       "small", "--property", "assertions_hold", "--json", "-")
    data = json.loads(result.out)
    assert data["without"] == ["L1"]
    assert {c["report"]["command"].count("--without L1") for c in data["columns"]
            if c["report"]} == {1}
    assert [v["steps"] for v in data["matrix"][0]["verdicts"]] == [4, 4]


def test_exports_and_the_ir_say_it(model: str) -> None:
    text = wddmcheck("export", model, "--to", "promela", "--without", "L1", "--scope", "one").out
    assert "Without: L1" in text
    assert "Without" not in wddmcheck("export", model, "--to", "promela", "--scope", "one").out
    assert "\nwithout L1\n" in wddmcheck("check", model, "--ir", "--without", "L1").out


def test_random_runs_without_it(model: str) -> None:
    found = wddmcheck("run", model, "--runs", "200", "--seed", "1", "--without", "L1")
    assert "--without L1" in found.out
    assert found.code == 1


# --- all -----------------------------------------------------------------------------------------


def test_all_one_at_a_time(model: str) -> None:
    data = report("--without", "all", "--scope", "one")
    validator("guarantees").validate(data)
    assert data["document"] == "wddmcheck-guarantees"
    assert set(data["guarantees"]) == {"L1", "CTX-05", "CTX-08"}
    assert [c["without"] for c in data["columns"]] == [[], ["L1"], ["CTX-05"], ["CTX-08"]]
    assert [r for r in data["relies"] if r["property"] == "one_inside"] == [
        {"property": "one_inside", "on": "L1", "steps": 2, "with": "proved"}]
    assert {r["on"] for r in data["relies"]} == {"L1", "CTX-05"}, "nothing needs CTX-08"
    assert "unused" not in {r["property"] for r in data["relies"]}, "it falls with all of them"
    assert data["exit_code"] == 1
    for column in data["columns"]:
        if column["report"] is not None:
            validator("report").validate(column["report"])
            assert column["report"]["without"] == column["without"]


def test_the_table(model: str, golden: Golden) -> None:
    result = wddmcheck("verify", model, "--without", "all", "--scope", "one", "--no-times",
                       "--no-progress", "--engine", "interpret")
    assert result.code == 1
    golden(GOLDEN / "guarantees.txt", result.out)


def test_the_command_of_a_column_shows_its_finding(model: str) -> None:
    whole = wddmcheck("verify", model, "--without", "all", "--property", "one_inside",
                      "--no-times", "--no-progress").out
    lines = whole.split("again: wddmcheck ")[1].split("\n\n")[0].split()
    assert "--without" in lines
    alone = wddmcheck(*lines, "--no-times", "--no-progress")
    assert alone.code == 1
    assert "VIOLATED one_inside without L1" in alone.out


def test_all_holds_whatever_is_dropped(model: str) -> None:
    result = wddmcheck("verify", model, "--without", "all", "--property", "one_inside",
                       "--scope", "Thing=0,calls=1", "--no-times", "--no-progress")
    assert result.code == 0
    assert "3 guarantees, 1 property: none relies on a single guarantee." in result.out
    assert "nothing changes" not in result.out, "each changes the system, if not the verdict"


def test_what_was_not_decided_is_no_proof_of_anything(model: str) -> None:
    """The violation has two steps, and runs of one are looked at."""
    known = ("--without", "all", "--property", "one_inside", "--engine", "bmc", "--depth", "1")
    data = report(*known)
    assert data["relies"] == []
    assert data["undecided"] == ["L1", "CTX-05", "CTX-08"]
    assert data["exit_code"] == 4
    out = " ".join(wddmcheck("verify", model, *known).out.split())
    assert "not decided for every property: L1, CTX-05, CTX-08" in out
    assert "none relies on a single guarantee, as far as was decided (3 not for every" in out
    assert "no property relies on one of these alone" not in out
    assert report("--without", "all", "--property", "one_inside")["undecided"] == []


def test_what_never_happens_is_said_as_it_decides_the_exit_code(model: str) -> None:
    text = ROOM.replace("  seen = true\n", "") + (
        'ddi DxgkDdiNever() @inferred("GEN-08", "so") requires inside == 1 and inside == 2 '
        "{ return STATUS_SUCCESS }\n")
    Path("room.wddm").write_text(text.replace("property unused: never seen", ""), encoding="utf-8")
    whole = wddmcheck("verify", model, "--without", "all", "--scope", "one")
    assert whole.code == 1
    assert "HOLLOW with all guarantees: DxgkDdiNever" in whole.out
    assert "HOLLOW without GEN-08" not in whole.out


def test_a_model_without_guarantees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.wddm").write_text("model m\nvar n: 0..1\nddi A() { n = 1 return STATUS_SUCCESS }\n"
                              "property p: never n == 3\n".replace("n == 3", "n > 1"),
                              encoding="utf-8")
    assert "no guarantee that --without could drop" in wddmcheck(
        "verify", "m.wddm", "--without", "help").out
    result = wddmcheck("verify", "m.wddm", "--without", "all", "--no-progress", "--no-times")
    assert result.code == 0
    assert "the model uses no guarantee that could be dropped." in result.out
    refused = wddmcheck("verify", "m.wddm", "--without", "L1")
    assert refused.code == 2
    assert "it uses: none" in refused.err


def test_the_list(model: str) -> None:
    out = wddmcheck("verify", model, "--without", "help").out
    assert out.startswith("room.wddm: 3 guarantees that --without can drop\n")
    assert "  L1: calls of one class at level one do not overlap\n" in out
    assert "requires of DxgkDdiUse (room.wddm:" in out


@pytest.mark.parametrize(("args", "said"), [
    (("--without", "L9"), "does not use `L9`"),
    (("--without", "L2"), "it uses: L1, CTX-05, CTX-08"),
    (("--without", ""), "the name of a guarantee is missing"),
    (("--without", "all", "--without", "L1"), "stands alone"),
    (("--without", "L1", "--without", "help"), "stands alone"),
    (("--without", "all", "--policy", "all"), "one choice of policies"),
    (("--without", "all", "--sweep", "failures"), "without --sweep"),
    (("--without", "\x1b[31m"), "does not use"),
    (("--without", "é" * 400), "does not use"),
])
def test_bad_input(model: str, args: tuple[str, ...], said: str) -> None:
    result = wddmcheck("verify", model, *args)
    assert result.code == 2
    assert said in " ".join(result.err.split())
    assert "Traceback" not in result.err
    assert result.out == ""


@pytest.mark.parametrize("command", ["check", "run"])
def test_tables_are_for_verify(model: str, command: str) -> None:
    for word in ("all", "help"):
        result = wddmcheck(command, model, "--without", word)
        assert (result.code, f"--without {word} is for" in result.err) == (2, True)


def test_explain_knows_the_levels() -> None:
    out = wddmcheck("explain", "l2").out
    assert out.startswith("L2: a guarantee of the operating system\n")
    assert "GEN-03" in out


# --- what is saved -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    result = wddmcheck("verify", "models/miniport.wddm", "--without", "PRC-04", "--scope", "small",
                       "--property", "context_allocations_freed_before_process",
                       "--out", str(folder), "--save-tests", str(folder / "tests"))
    assert result.code == 1
    assert "no test for context_allocations_freed_before_process" in result.err
    assert "without PRC-04, which Dxgkrnl guarantees" in " ".join(result.err.split())
    assert not list((folder / "tests").glob("*.py"))
    (path,) = folder.glob("*.json")
    return path


def test_a_trace_remembers_what_it_was_made_without(saved: Path) -> None:
    file = trace_file.read(saved)
    assert file.schema_version == trace_file.SCHEMA_VERSION == 4
    assert file.without == file.story.why.without == ("PRC-04",)
    assert file.intact()
    assert "--without PRC-04" in file.command
    shown = wddmcheck("trace", "show", str(saved)).out
    assert "VIOLATED context_allocations_freed_before_process without PRC-04" in shown
    assert "; without PRC-04" in shown
    validator("trace").validate(json.loads(saved.read_text(encoding="utf-8")))


def test_a_trace_of_the_whole_system_does_not_speak_of_guarantees(model: str) -> None:
    wddmcheck("verify", model, "--property", "unused", "--out", ".")
    assert "without" not in Path("unused.trace.json").read_text(encoding="utf-8")


def test_a_trace_that_contradicts_itself(saved: Path, tmp_path: Path) -> None:
    data = json.loads(saved.read_text(encoding="utf-8"))
    del data["without"]
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    result = wddmcheck("trace", "show", str(path))
    assert result.code == 2
    assert "differ in `without`" in result.err


def test_no_dxgkrnl_does_it(saved: Path) -> None:
    result = wddmcheck("replay", str(saved))
    assert result.code == 0
    said = " ".join(result.out.split())
    assert "not reproduced at step 5: no Dxgkrnl does this: " in said
    assert "still has devices" in said
    assert "a system without PRC-04, which the Dxgkrnl of this machine guarantees" in said


def test_a_run_that_needs_nothing_dropped_is_followed(tmp_path: Path) -> None:
    """The defect does it with all guarantees, so that the machine can as well."""
    name = "stop_frees_isr_state_first"
    wddmcheck("verify", f"models/seeded/{name}.wddm", "--without", "ADP-10", "--property",
              "no_use_after_destroy", "--out", str(tmp_path))
    (path,) = tmp_path.glob("*.json")
    shown = wddmcheck("replay", str(path), "--on", f"defect:{name}")
    assert shown.code == 1
    assert "reproduced at step 5" in shown.out
    assert "note: the run is of a system without ADP-10, which the Dxgkrnl" in shown.out
    assert wddmcheck("replay", str(path)).code == 0


def test_it_is_no_test_of_a_miniport(saved: Path, tmp_path: Path) -> None:
    result = wddmcheck("testgen", str(saved), "-o", str(tmp_path))
    assert result.code == 2
    assert "WC511" in result.err
    assert "without PRC-04" in result.err
    assert not list(tmp_path.iterdir())
