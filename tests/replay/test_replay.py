"""`wddmcheck replay`: verdicts, what is printed; files that are old, new, cut, edited, foreign."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.golden import Golden
from wddmcheck.cli.main import run
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.report import trace_file

LINE = re.compile(r"(\w+\.py):\d+")
GOLDEN = Path(__file__).with_name("golden")
KEPT = {path.parent.name: path for path in sorted(Path("counterexamples").glob("*/trace.json"))}
DPC = KEPT["dpc_walks_freed_context"]


def test_every_defect_is_kept_and_has_a_model() -> None:
    seeded = {p.stem for p in Path("models/seeded").rglob("*.wddm")}
    assert seeded == set(DEFECTS) == set(KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_it_happens_on_the_defect_and_not_on_the_reference(
        name: str, capsys: pytest.CaptureFixture[str]) -> None:
    last = len(trace_file.read(KEPT[name]).story.steps)
    assert run(["replay", str(KEPT[name]), "--on", f"defect:{name}"]) == 1
    assert f"\n  reproduced at step {last}: " in capsys.readouterr().out
    assert run(["replay", str(KEPT[name])]) == 0
    assert "\n  not reproduced at step " in capsys.readouterr().out


@pytest.mark.parametrize("on", ["reference", "defect:dpc_walks_freed_context"])
def test_what_is_printed(on: str, capsys: pytest.CaptureFixture[str], golden: Golden) -> None:
    run(["replay", DPC.as_posix(), "--on", on])
    shown = LINE.sub(r"\1:N", capsys.readouterr().out)
    golden(GOLDEN / f"replay-{on.partition(':')[0]}.txt", shown)


def test_another_defect_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    """A miniport with one defect, under the run of another."""
    assert run(["replay", "--brief", str(DPC), "--on", "defect:stop_leaks_isr_state"]) == 0
    assert run(["replay", "--brief", str(KEPT["stop_leaks_isr_state"]),
                "--on", "defect:dpc_walks_freed_context"]) == 0
    capsys.readouterr()
    # The shared area is left one step before the process goes, by the same driver.
    assert run(["replay", "--brief", str(KEPT["save_area_outlives_process"]),
                "--on", "defect:destroydevice_leaves_shared_save_area"]) == 1


def test_what_else_goes_wrong_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["replay", "--brief", str(KEPT["callback_gets_kmd_handle"]),
                "--on", "defect:createcontext_failure_frees_twice"])
    assert code == 0
    code = run(["replay", "--brief", str(KEPT["createcontext_failure_frees_twice"]),
                "--on", "defect:createcontext_failure_leaks_save_area"])
    assert code == 1
    assert "not reproduced, but something else goes wrong at step 5: leak report" in (
        capsys.readouterr().out)


def test_several_traces_and_the_worst_code(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(KEPT["stop_leaks_isr_state"]), str(DPC)]
    assert run(["replay", "--brief", *paths, "--on", "defect:stop_leaks_isr_state"]) == 1
    shown = capsys.readouterr().out
    assert shown.count("reproduced at step") == 2


def test_a_policy_that_the_machine_does_not_have(tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    kept = KEPT["stop_skips_clean_up_when_gone"].read_text("utf-8")
    assert '"G10": "dxgkrnl"' in kept
    edited = tmp_path / "trace.json"
    edited.write_text(kept.replace('"G10": "dxgkrnl"', '"G10": "driver"'), "utf-8")
    assert run(["replay", str(edited)]) == 2
    assert "policies.G10: the machine has no `driver`" in capsys.readouterr().err


# --- files ---------------------------------------------------------------------------------------


def test_a_run_that_an_older_version_saved(capsys: pytest.CaptureFixture[str]) -> None:
    old = "tests/report/older/schema_1.json"
    assert run(["replay", "--brief", old, "--on", "defect:dpc_walks_freed_context"]) == 1
    assert "reproduced at step 10" in capsys.readouterr().out
    assert run(["replay", "--brief", old]) == 0
    assert "edited" not in capsys.readouterr().out


def changed(path: Path, target: Path, change: Callable[[Any], None]) -> str:
    data = json.loads(path.read_text("utf-8"))
    change(data)
    target.write_text(json.dumps(data), encoding="utf-8")
    return str(target)


def step(data: Any, number: int) -> Any:
    return data["story"]["steps"][number - 1]


EDITS: tuple[tuple[str, Callable[[Any], None], str], ...] = (
    ("newer", lambda d: d.update(schema_version=99), "trace schema 99, newer than"),
    ("unknown object", lambda d: step(d, 6)["args"][0]["value"].update(object="ctx#7"),
     "step 6: hContext is ctx#7, which no step before it creates"),
    ("too early", lambda d: step(d, 4)["args"][0]["value"].update(object="ctx#0"),
     "step 4: hKmdProcess is ctx#0, which no step before it creates"),
    ("dead", lambda d: step(d, 9).update(
        args=[{"name": "x", "value": {"kind": "object", "text": "x", "object": "ctxalloc#0"}}]),
     ""),
    ("no such call", lambda d: step(d, 9).update(call="call#4"),
     "step 9: call#4 is continued, and no step before it begins it"),
    ("another status", lambda d: step(d, 5).update(status="STATUS_NO_MEMORY"),
     "step 5: "),
    ("another block", lambda d: step(d, 7).update(block="DxgkDdiStopDevice"), "step 7: "),
    ("a failure", lambda d: step(d, 5).update(failed=["Context"]), "step 5: "),
    ("another change", lambda d: step(d, 6)["changes"].clear(), "step 6: "),
    ("a step less", lambda d: d["story"]["steps"].pop(), "trace has 10 steps, story has 9"),
)


@pytest.mark.parametrize(("change", "says"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS])
def test_edited_files_name_the_step(
        change: Callable[[Any], None], says: str, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    path = changed(DPC, tmp_path / "t.json", change)
    code = run(["replay", path, "--on", "defect:dpc_walks_freed_context"])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    if says:
        assert code == 2
        assert says in shown.err
    else:
        assert code == 1
        assert "the trace file was edited" in shown.out


def test_a_cut_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "t.json"
    text = DPC.read_text("utf-8")
    for size in (0, 1, 100, len(text) // 2, len(text) - 3):
        target.write_text(text[:size], encoding="utf-8")
        assert run(["replay", str(target)]) == 2
        assert "cut short" in (err := capsys.readouterr().err) or "empty" in err


def test_a_contradiction_is_an_internal_error(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """An intact trace that the machine does not follow is never taken for an answer."""
    from wddmcheck.machine.reference import ReferenceMiniport
    from wddmcheck.replay import miniports

    monkeypatch.setattr(miniports, "DEFECTS", {"dpc_walks_freed_context": ReferenceMiniport})
    assert run(["replay", str(DPC), "--on", "defect:dpc_walks_freed_context"]) == 70
    assert "step 8: adapter#0.list is {}; in the model it is {ctx#0}" in capsys.readouterr().err


def test_a_trace_of_another_kind_of_model(tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    def rename(data: Any) -> None:
        step(data, 1)["block"] = "DxgkDdiDance"
        data["trace"]["steps"][0]["action"] = "DxgkDdiDance/1"

    path = changed(DPC, tmp_path / "t.json", rename)
    assert run(["replay", path]) == 2
    assert "step 1: the machine has no DxgkDdiDance" in capsys.readouterr().err
    assert run(["testgen", path, "-o", str(tmp_path)]) == 2
    assert "the machine has no DxgkDdiDance" in capsys.readouterr().err


# --- miniports -----------------------------------------------------------------------------------

MINE = '''
from wddmcheck.machine.reference import ReferenceMiniport

class Mine(ReferenceMiniport):
    def leave_submissions(self, context):
        pass

def make(kernel):
    return Mine(kernel)

class Empty:
    def __init__(self, kernel):
        pass

class Broken:
    def __init__(self, kernel):
        raise ValueError("no")

nothing = 3
'''


@pytest.mark.parametrize(("on", "code", "says"), [
    ("mine_too:Mine", 1, "reproduced at step 10"),
    ("mine_too:make", 1, "reproduced at step 10"),
    ("mine.py:Mine", 1, "reproduced at step 10"),
    ("mine.py:nothing", 2, "mine.py has no miniport called nothing"),
    ("mine.py:Nobody", 2, "mine.py has no miniport called Nobody"),
    ("mine.py:Empty", 2, "mine.py:Empty lacks DxgkDdiAddDevice, DxgkDdiCreateContext"),
    ("mine.py:Broken", 2, "mine.py:Broken makes no miniport: ValueError: no"),
    ("gone.py:Mine", 2, "cannot read gone.py"),
    ("gone.module:Mine", 2, "cannot import gone.module"),
    ("bad.py:Mine", 2, "bad.py cannot be imported: SyntaxError"),
    ("nonsense", 2, "`nonsense` names no miniport"),
    (":x", 2, "`:x` names no miniport"),
    ("defect:dpc_walks_freed_contxt", 2, "did you mean `defect:dpc_walks_freed_context`?"),
])
def test_which_miniport(on: str, code: int, says: str, tmp_path: Path,
                        monkeypatch: pytest.MonkeyPatch,
                        capsys: pytest.CaptureFixture[str]) -> None:
    trace = str(DPC.resolve())
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "mine_too.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "bad.py").write_text("def", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run(["replay", trace, "--on", on]) == code
    shown = capsys.readouterr()
    assert says in shown.out + shown.err


def test_what_user_mode_asks_for_needs_the_calls_that_it_leads_to(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    trace = str(KEPT["handle_table_goes_stale"].resolve())
    (tmp_path / "mine.py").write_text(MINE + """
class OpensNothing(ReferenceMiniport):
    DxgkDdiOpenAllocation = None
""", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run(["replay", trace, "--on", "mine.py:OpensNothing"]) == 2
    assert "lacks DxgkDdiOpenAllocation, which the trace calls" in capsys.readouterr().err


def test_models_that_go_further_than_the_machine_are_refused(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their steps have names that the machine knows, and mean more."""
    model = "models/seeded/kill/cancel_leaks_packet.wddm"
    assert run(["verify", model, "--no-progress", "--out", str(tmp_path)]) == 1
    (trace,) = tmp_path.iterdir()
    changed(trace, trace, lambda d: d["story"].update(family="a model of your own"))
    assert run(["replay", str(trace)]) == 2
    assert "step 1: the machine has no Packet" in capsys.readouterr().err
