"""`verify` on a hand-built system with engines that say what they are told to: exit codes, what is
asked of which engine, where output goes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.tiny import (
    COMPLETE,
    GOOD,
    PROVED,
    SYSTEM,
    VIOLATED,
    answering,
    engines,
    model,
    run_of,
    trusting,
    wddmcheck,
    without,
)
from wddmcheck.engines.base import CheckTask
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Holds,
    Inconclusive,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Verdict,
)

UNREACHED = Unreached(Enumeration(8, True))
TIME = Inconclusive(Stop.TIME, 2)


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    model(monkeypatch)
    trusting(monkeypatch)


@pytest.mark.parametrize(("verdicts", "args", "code"), [
    ({}, (), 0),
    ({"never_top": VIOLATED}, (), 1),
    ({"never_top": VIOLATED}, ("--exit-zero",), 0),
    ({"can_be_two": UNREACHED}, (), 1),
    ({"fires:Up": UNREACHED}, (), 1),
    ({"premise:things_fine": UNREACHED}, (), 1),
    ({"premise:things_fine": TIME}, (), 4),
    ({"premise:things_fine": Skipped("no")}, (), 0),
    ({"in_range": TIME}, (), 4),
    ({"in_range": TIME}, ("--allow", "inconclusive"), 0),
    ({"in_range": TIME}, ("--exit-zero",), 0),
    ({"in_range": TIME, "never_top": VIOLATED}, (), 1),
    ({"in_range": TIME, "never_top": VIOLATED}, ("--allow", "inconclusive"), 1),
    ({"in_range": Holds(5)}, (), 4),
    ({"in_range": Holds(5)}, ("--require", "bounded"), 0),
    ({"in_range": Skipped("no")}, (), 4),
    ({}, ("--require", "proved"), 4),
    ({"in_range": Inconclusive(Stop.INTERRUPTED)}, (), 130),
    ({"in_range": Inconclusive(Stop.INTERRUPTED), "never_top": VIOLATED}, (), 130),
    ({"in_range": Inconclusive(Stop.INTERRUPTED)}, ("--exit-zero",), 130),
    ({"in_range": Holds(3, Stop.INTERRUPTED)}, ("--require", "bounded"), 130),
])
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, verdicts: dict[str, Verdict],
                    args: tuple[str, ...], code: int) -> None:
    engines(monkeypatch, interpret=answering({**GOOD, **verdicts}))
    result = wddmcheck("verify", "m.wddm", "--engine", "interpret", "--json", "-", *args)
    assert result.code == code
    assert json.loads(result.out)["exit_code"] == code


def test_require_proved_says_why_it_cannot_be_met(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--require", "proved")
    assert result.code == 4
    assert "any number of objects" in result.err


def test_all_skipped_is_nothing_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, bmc=answering({n: Skipped("no") for n in GOOD}))
    assert wddmcheck("verify", "m.wddm", "--engine", "bmc").code == 5


def test_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = engines(monkeypatch, interpret=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--engine", "interpret", "--scope", "thing=2",
                       "--depth", "7", "--timeout", "2m", "--memory", "512M", "--symmetry", "off")
    assert result.code == 0
    (task,) = fakes["interpret"].tasks
    assert dict(task.scope) == {"Thing": 2, "Call": 1}
    assert task.symmetry is False
    assert task.limits.depth == 7
    assert task.limits.memory == 512 << 20
    assert task.limits.timeout_s is not None
    assert 110 < task.limits.timeout_s <= 120
    assert set(task.properties) == set(GOOD), "goals of hollowness are part of a full run"


def test_asking_for_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = engines(monkeypatch, interpret=answering(GOOD))
    wddmcheck("verify", "m.wddm", "--property", "thing*", "--prop", "in_range")
    assert fakes["interpret"].tasks[0].properties == (
        "in_range", "things_fine", "premise:things_fine")


def test_asking_for_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = engines(monkeypatch, interpret=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--property", "in_rnge", "--property", "never_top")
    assert result.code == 5
    assert "WC308" in result.err
    assert "did you mean `in_range`?" in result.err
    assert not result.out
    assert not fakes["interpret"].tasks


def test_an_empty_scope_is_hollow_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering({**GOOD, "premise:things_fine": UNREACHED}))
    result = wddmcheck("verify", "m.wddm", "--scope", "Thing=0")
    assert result.code == 1
    assert "HOLLOW" in result.out
    result = wddmcheck("verify", "m.wddm", "--scope", "Thing=0", "--property", "things_fine")
    assert result.code == 2
    assert "WC302" in result.err


@pytest.mark.parametrize("name", ["pdr", "parametric", "spin", "kinduction"])
def test_engines_that_this_version_does_not_have(
        monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    engines(monkeypatch, interpret=answering(GOOD), bmc=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--engine", name)
    assert result.code == 2
    assert "WC401" in result.err
    assert "auto, explicit, interpret, bmc" in result.err


def test_explicit_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = engines(monkeypatch, interpret=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--engine", "explicit")
    assert result.code == 0
    assert fakes["interpret"].tasks
    assert "engine explicit: interpret explores: states have 3 bits" in result.out


@pytest.mark.parametrize("engine", ["explicit", "auto"])
def test_native_explores_what_is_worth_it(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.choose.FEW_BITS", 0)
    fakes = engines(monkeypatch, interpret=answering(GOOD), native=answering(GOOD))
    assert wddmcheck("verify", "m.wddm", "--engine", engine).code == 0
    assert fakes["native"].tasks
    assert not fakes["interpret"].tasks


def test_interpret_explores_what_native_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wddmcheck.pipeline.choose.fits.MAX_POOL", 0)
    fakes = engines(monkeypatch, interpret=answering(GOOD), native=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--engine", "explicit")
    assert fakes["interpret"].tasks
    assert "for native cannot: a pool of 1 slots" in result.out


def incomplete(stop: Stop, verdicts: dict[str, Verdict]) -> CheckResult:
    return CheckResult(replace(COMPLETE, complete=False, stopped_by=stop, depth=4), verdicts)


OPEN: dict[str, Verdict] = {
    **GOOD, "in_range": Inconclusive(Stop.STATES, 4), "never_top": Inconclusive(Stop.STATES, 4),
    "can_be_two": Inconclusive(Stop.STATES, 4),
}


def test_auto_goes_on_where_exploring_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = engines(
        monkeypatch,
        interpret=lambda task: incomplete(Stop.STATES, OPEN),
        kinduction=answering({"in_range": PROVED, "never_top": Inconclusive(Stop.UNKNOWN)}),
        bmc=answering({"never_top": Holds(12), "can_be_two": GOOD["can_be_two"]}))
    result = wddmcheck("verify", "m.wddm", "--json", "-")
    assert fakes["kinduction"].tasks[0].properties == ("in_range", "never_top")
    assert fakes["bmc"].tasks[0].properties == ("never_top", "can_be_two")
    found = {v["property"]: v for v in json.loads(result.out)["verdicts"]}
    assert found["in_range"]["engine"] == "kinduction"
    assert found["never_top"]["verdict"] == "HOLDS to depth 12"
    assert found["can_be_two"]["verdict"] == "REACHED"
    notes = json.loads(result.out)["runs"][0]["notes"]
    assert any("interpret stopped (state budget)" in n for n in notes)
    assert any("then kinduction" in n for n in notes)
    assert any("then bmc" in n for n in notes)
    assert result.code == 4


def test_auto_does_not_look_again_at_a_depth_that_was_explored(
        monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Verdict] = {**GOOD, "never_top": Holds(4)}
    fakes = engines(monkeypatch, interpret=lambda task: incomplete(Stop.DEPTH, held),
                    kinduction=answering({}), bmc=answering({}))
    wddmcheck("verify", "m.wddm", "--depth", "4")
    assert fakes["kinduction"].tasks
    assert not fakes["bmc"].tasks


def test_auto_stops_when_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    cut: dict[str, Verdict] = {**GOOD, "never_top": Inconclusive(Stop.INTERRUPTED, 2)}
    fakes = engines(monkeypatch, interpret=lambda task: incomplete(Stop.INTERRUPTED, cut),
                    kinduction=answering({}), bmc=answering({}))
    assert wddmcheck("verify", "m.wddm").code == 130
    assert not fakes["kinduction"].tasks


def test_engines_that_disagree(monkeypatch: pytest.MonkeyPatch) -> None:
    held: dict[str, Verdict] = {**GOOD, "never_top": Holds(4)}
    engines(monkeypatch, interpret=lambda task: incomplete(Stop.STATES, held),
            kinduction=answering({"never_top": VIOLATED}), bmc=answering({}))
    result = wddmcheck("verify", "m.wddm")
    assert result.code == 70
    assert "engines disagree on never_top" in result.err
    assert "VIOLATED" not in result.out + result.err


def test_ctrl_c_in_an_engine_keeps_what_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(task: CheckTask) -> CheckResult:
        raise KeyboardInterrupt

    engines(monkeypatch, interpret=lambda task: incomplete(Stop.STATES, OPEN), kinduction=interrupt,
            bmc=answering({}))
    result = wddmcheck("verify", "m.wddm")
    assert result.code == 130
    assert "interrupted" in result.err
    assert "PROVED this scope" in result.out
    assert "INCONCLUSIVE (interrupted)" in result.out


def test_a_machine_without_memory_is_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(task: CheckTask) -> CheckResult:
        raise MemoryError

    engines(monkeypatch, interpret=full)
    result = wddmcheck("verify", "m.wddm", "--engine", "interpret")
    assert result.code == 4
    assert "INCONCLUSIVE (memory)" in result.out


def test_a_crash_leaves_a_file_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(task: CheckTask) -> CheckResult:
        raise ZeroDivisionError("oh")

    engines(monkeypatch, interpret=crash)
    result = wddmcheck("verify", "m.wddm")
    assert result.code == 70
    assert "WC902" in result.err
    assert "Traceback" not in result.err + result.out
    (name,) = [w for w in result.err.split() if w.endswith(".txt")]
    text = Path(name).read_text(encoding="utf-8")
    Path(name).unlink()
    assert "ZeroDivisionError: oh" in text


# --- output --------------------------------------------------------------------------------------


def test_json_alone_on_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering({**GOOD, "never_top": VIOLATED}))
    result = wddmcheck("verify", "m.wddm", "--json", "-", "-v")
    data = json.loads(result.out)
    assert data["model"] == "m.wddm"
    assert data["scope"] == {"Thing": 1, "Call": 1}
    assert {"engine", "symmetry", "states", "transitions", "depth", "seconds", "peak_bytes",
            "complete"} <= set(data["exploration"])
    for verdict in data["verdicts"]:
        assert {"property", "verdict", "depth", "trace", "certificate", "doc"} <= set(verdict)
    assert [v["depth"] for v in data["verdicts"] if v["property"] == "never_top"] == [3]


def test_several_models_are_one_json_document(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering(GOOD))
    result = wddmcheck("verify", "a.wddm", "b.wddm", "--json", "-")
    assert [d["model"] for d in json.loads(result.out)] == ["a.wddm", "b.wddm"]


def test_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engines(monkeypatch, interpret=answering({**GOOD, "never_top": VIOLATED}))
    out, report = tmp_path / "new" / "traces", tmp_path / "report.json"
    result = wddmcheck("verify", "m.wddm", "--json", str(report), "--out", str(out))
    assert result.code == 1
    assert json.loads(report.read_text(encoding="utf-8"))["exit_code"] == 1
    assert [p.name for p in out.iterdir()] == ["never_top.trace.json"]
    shown = wddmcheck("trace", "show", str(out / "never_top.trace.json"))
    assert shown.code == 0
    assert shown.out.startswith("VIOLATED never_top")
    assert "wddmcheck verify m.wddm --property never_top" in shown.out


def test_nothing_violated_writes_no_traces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engines(monkeypatch, interpret=answering(GOOD))
    wddmcheck("verify", "m.wddm", "--out", str(tmp_path / "traces"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("option", "where"), [
    ("--json", "/proc/no/such"), ("--json", "FILE/below"), ("--json", "DIR"),
    ("--json", "DIR/no/such.json"), ("--out", "/proc/no/such"), ("--out", "FILE/below"),
    ("--out", "FILE"),
])
def test_what_cannot_be_written_is_found_out_first(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str, where: str) -> None:
    fakes = engines(monkeypatch, interpret=answering(GOOD))
    (tmp_path / "file").write_text("x", encoding="utf-8")
    path = where.replace("FILE", str(tmp_path / "file")).replace("DIR", str(tmp_path))
    result = wddmcheck("verify", "m.wddm", option, path)
    assert result.code == 2
    assert "WC501" in result.err
    assert not fakes["interpret"].tasks, "before the long work"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_command_to_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering(GOOD), bmc=answering(GOOD))
    result = wddmcheck("verify", "m.wddm", "--engine", "bmc", "--depth", "9", "--symmetry", "off",
                       "--property", "in_*", "--scope", "two", "--json", "-", "--timeout", "9")
    assert json.loads(result.out)["command"] == (
        "wddmcheck verify m.wddm --property 'in_*' --scope two --engine bmc --depth 9 "
        "--symmetry off")


def test_equal_runs_print_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, interpret=answering({**GOOD, "never_top": VIOLATED}))
    args = ("verify", "m.wddm", "--no-times")
    assert wddmcheck(*args).out == wddmcheck(*args).out


def test_two_scopes_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    model(monkeypatch, replace(SYSTEM, default_scopes=("none", "two")))

    def answer(task: CheckTask) -> CheckResult:
        empty = not task.scope["Thing"]
        return CheckResult(COMPLETE, {
            **GOOD, "premise:things_fine": UNREACHED if empty else GOOD["fires:Up"],
            "can_be_two": UNREACHED if empty else Reached(run_of("Up", "Up", things=2))})

    engines(monkeypatch, interpret=answer)
    result = wddmcheck("verify", "m.wddm", "--jobs", "1", "--json", "-")
    data = json.loads(result.out)
    assert result.code == 0, "reached in one scope is reached"
    assert data["hollow"] == []
    assert [r["scope"] for r in data["runs"]] == ["none", "two"]


def test_a_model_without_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    model(monkeypatch, without(*GOOD))
    engines(monkeypatch, interpret=answering({}))
    assert wddmcheck("verify", "m.wddm").code == 5
