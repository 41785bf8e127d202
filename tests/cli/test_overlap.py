"""`wddmcheck docs --overlap`: the documentation's table, a model's, one DDI; what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tiny import wddmcheck
from tests.support.golden import Golden

GOLDEN = Path(__file__).parent / "golden"
FIRST = "windows-driver-docs-pr/display/threading-and-synchronization-first-level.md"
THIRD = "windows-driver-docs-pr/display/threading-and-synchronization-third-level.md"

SMALL = """\
model small
object Process
object Overlay
ddi DxgkDdiCreateProcess() -> Process level 0 {
  let p = create Process()
  return STATUS_SUCCESS, p
}
ddi DxgkDdiDestroyProcess(p: Process) level 0 of p { destroy p return STATUS_SUCCESS }
ddi DxgkDdiEscape(p: Process) level 0 of p { step return STATUS_SUCCESS }
ddi DxgkDdiFlipOverlay() level 1 class overlay { step return STATUS_SUCCESS }
ddi DxgkDdiPatch() level 1 class gpu_scheduler
  @inferred("GEN-04", "as if they were of one class")
  requires not in_flight(DxgkDdiFlipOverlay)
{
  step
  return STATUS_SUCCESS
}
ddi DxgkDdiStopDevice() level 3 { return STATUS_SUCCESS }
dpc DxgkDdiDpcRoutine() when true { step }
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("small.wddm").write_text(SMALL, encoding="utf-8")
    return "small.wddm"


def table(*args: str) -> Any:
    result = wddmcheck("docs", "--overlap", "--format", "json", *args)
    assert result.code == 0
    return json.loads(result.out)


def cell(data: Any, a: str, b: str) -> Any:
    (found,) = (p for p in data["pairs"] if sorted(p["calls"]) == sorted(
        (f"DxgkDdi{a}", f"DxgkDdi{b}")))
    return data["reasons"][found["reason"]]


@pytest.fixture(scope="module")
def documented() -> Any:
    return table()


def test_every_two_calls_have_an_answer_with_a_page(documented: Any) -> None:
    names = [c["name"] for c in documented["calls"]]
    assert len(names) == len(set(names)) > 120
    assert len(documented["pairs"]) == len(names) * (len(names) + 1) // 2
    assert all(r["page"] and r["why"] for r in documented["reasons"])
    assert {r["answer"] for r in documented["reasons"]} == {"no", "other process", "yes"}


@pytest.mark.parametrize(("a", "b", "answer", "guarantee", "page"), [
    ("Patch", "SubmitCommand", "no", "L1", FIRST),
    ("Patch", "Patch", "no", "L1", FIRST),
    ("Patch", "FlipOverlay", "other process", "L0", FIRST),
    ("CreateContext", "SubmitCommand", "other process", "L0", FIRST),
    ("CreateContext", "StopDevice", "no", "L3", THIRD),
    ("CommitVidPn", "StopDevice", "no", "L3", THIRD),
    ("CreateContext", "CommitVidPn", "no", "L2", FIRST.replace("first", "second")),
    ("CreateContext", "CreateContext", "other process", "L0", FIRST.replace("first", "zero")),
    ("QueryAdapterInfo", "SetPowerState", "yes", None, THIRD),
    ("QueryAdapterInfo", "QueryChildRelations", "yes", None, THIRD),
    ("QueryAdapterInfo", "StopDevice", "no", "L3", THIRD),
    ("ResetFromTimeout", "SetPowerComponentFState", "yes", None,
     "windows-driver-docs-pr/display/thread-synchronization-and-tdr.md"),
    ("SetRootPageTable", "SubmitCommand", "other process", "L0", FIRST),
])
def test_what_the_documentation_says(documented: Any, a: str, b: str, answer: str,
                                     guarantee: str | None, page: str) -> None:
    found = cell(documented, a, b)
    assert (found["answer"], found["guarantee"], found["page"]) == (answer, guarantee, page)


def test_some_calls_overlap_only_for_different_objects(documented: Any) -> None:
    assert cell(documented, "QueryChildStatus", "DisplayDetectControl")["apart"] == "child device"
    assert cell(documented, "SubmitCommandToHwQueue", "SubmitCommandToHwQueue")["apart"] == (
        "hardware queue")


def test_a_table_is_narrow_and_names_every_call(documented: Any) -> None:
    out = wddmcheck("docs", "--overlap").out
    assert max(map(len, out.splitlines())) <= 110, "(pages are not broken)"
    said = set(out.replace("*", " ").replace(",", " ").split())
    assert {c["name"] for c in documented["calls"]} <= said


def test_a_model(model: str, golden: Golden) -> None:
    golden(GOLDEN / "overlap.txt", wddmcheck("docs", "--overlap", model).out)
    data = table(model)
    assert cell(data, "Escape", "Escape")["answer"] == "other process"
    assert cell(data, "Escape", "CreateProcess")["answer"] == "yes", "it is for no process yet"
    contract = cell(data, "Patch", "FlipOverlay")
    assert contract["answer"] == "yes"
    assert contract["clauses"] == [
        "DxgkDdiPatch requires `not in_flight(DxgkDdiFlipOverlay)` (small.wddm:12, GEN-04)"]


def test_one_call(model: str, golden: Golden) -> None:
    shown = wddmcheck("docs", "--overlap", "dxgkddiPATCH", model)
    golden(GOLDEN / "overlap-patch.txt", shown.out)
    assert shown.out == wddmcheck("docs", "--overlap", model, "DxgkDdiPatch").out
    data = table(model, "DxgkDdiPatch")
    assert len(data["pairs"]) == 6
    assert all("DxgkDdiPatch" in p["calls"] for p in data["pairs"])


def test_a_model_without_ddis(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    path.write_text("model m\nvar n: 0..1\ngpu A() when true { n = 1 }\n", encoding="utf-8")
    for form in ("text", "json", "markdown"):
        assert wddmcheck("docs", "--overlap", str(path), "--format", form).code == 0


@pytest.mark.parametrize(("args", "code", "said"), [
    (("DxgkDdiCreateContxt",), "WC314", "did you mean `DxgkDdiCreateContext`?"),
    (("small.wddm", "DxgkDdiRender"), "WC314", "model small has no DDI"),
    (("small.wddm", "other.wddm"), "WC314", "one name too many"),
    (("DxgkDdiPatch", "DxgkDdiEscape"), "WC314", "one name too many"),
    (("missing.wddm",), "WC040", "there is no file"),
    (("--rules",), "WC314", "a table of its own"),
    (("--checkout", "."), "WC314", "a table of its own"),
    (("DxgkDdiPatch", "--format", "markdown"), "WC314", "the whole table"),
    (("--page", "x"), "WC314", "--page needs --checkout"),
    (("\x00",), "WC314", "has no DDI"),
])
def test_bad_input(model: str, args: tuple[str, ...], code: str, said: str) -> None:
    result = wddmcheck("docs", "--overlap", *args)
    assert result.code in (2, 3)
    assert code in result.err
    assert said in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_explain_leads_there() -> None:
    assert "wddmcheck docs --overlap DxgkDdiPatch" in wddmcheck("explain", "DxgkDdiPatch").out
    assert "--overlap" not in wddmcheck("explain", "DxgkCbQueueDpc").out
