"""`wddmcheck docs --rules`: where models encode which rule; and what `explain` says of topics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.tiny import wddmcheck
from tests.support.golden import Golden
from wddmcheck.cli.coverage import read_models
from wddmcheck.cli.encodings import encodings
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.docpages import bugchecks

GOLDEN = Path(__file__).parent / "golden"

CITING = """\
/// A model that cites in every way (GEN-01 here encodes nothing).
model citing

/// (PRC-03)
@doc("NC:x", "PRC-01", "PRC-02")
object Process {
  os handle: bool     // (GEN-06) and PRC-06, which is not in parentheses
}

@inferred("CTX-06", "because of ALC-99, which a reason may name (ALC-98)")
policy G04: completed | retired = completed

// between declarations (GEN-02)

/// What it does (ADP-03).
@doc("NC:y", "ADP-01")
ddi DxgkDdiCreateProcess() -> Process
  returns STATUS_SUCCESS, STATUS_NO_MEMORY
  @inferred("ADP-09", "why")
  requires G04 is completed        // beside a promise (ADP-04)
  @doc("NC:z", "PRC-05")
  exit STATUS_SUCCESS { result.handle = true }
{
  let p = create Process() or return STATUS_NO_MEMORY   // a comment (GEN-08, CAL-11)
  call DxgkCbNotify()  /* another
    (FEN-01) */
  return STATUS_SUCCESS, p
}

callback DxgkCbNotify() returns STATUS_SUCCESS
  @doc("NC:w", "FEN-02")
  requires true
{
  return STATUS_SUCCESS
}

/// it leaks (SP-12)
@assumed("GEN-09 in the reason of an assumption")
property no_leak: builtin

@inferred("DEV-05", "why")
property p: invariant all q: Process: q.handle
"""
EXPECTED = [
    ("PRC-01", "object", "object Process", 5, "doc"),
    ("PRC-02", "object", "object Process", 5, "doc"),
    ("PRC-03", "object", "object Process", 6, "comment"),
    ("GEN-06", "object", "object Process", 7, "comment"),
    ("CTX-06", "policy", "policy G04", 10, "inferred"),
    ("ADP-01", "block", "ddi DxgkDdiCreateProcess", 16, "doc"),
    ("ADP-03", "block", "ddi DxgkDdiCreateProcess", 17, "comment"),
    ("ADP-09", "guard", "ddi DxgkDdiCreateProcess", 19, "inferred"),
    ("PRC-05", "effect", "ddi DxgkDdiCreateProcess", 21, "doc"),
    ("ADP-04", "guard", "ddi DxgkDdiCreateProcess", 20, "comment"),
    ("GEN-08", "effect", "ddi DxgkDdiCreateProcess", 24, "comment"),
    ("CAL-11", "effect", "ddi DxgkDdiCreateProcess", 24, "comment"),
    ("FEN-01", "effect", "ddi DxgkDdiCreateProcess", 25, "comment"),
    ("FEN-02", "fault", "callback DxgkCbNotify", 31, "doc"),
    ("DEV-05", "property", "property p", 41, "inferred"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `mine` with the model above, in the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    (tmp_path / "mine" / "deep" / "citing.wddm").write_text(CITING, encoding="utf-8")
    return tmp_path / "mine"


def test_every_way_to_cite(folder: Path) -> None:
    sources = SourceMap()
    found = encodings(read_models("mine", sources), sources)
    assert [(e.rule, e.kind, e.declaration, e.line, e.by) for e in found] == EXPECTED
    assert {e.file for e in found} == {"mine/deep/citing.wddm"}


def test_the_table(folder: Path) -> None:
    result = wddmcheck("docs", "--rules", "mine")
    assert result.code == 1, "most rules are open"
    assert ("ADP-09  inferred, OS\n    guard of ddi DxgkDdiCreateProcess, "
            "mine/deep/citing.wddm:19, inferred\n") in result.out
    assert "ADP-10  inferred, OS\n    OPEN: " in result.out
    assert "ALC-06  stated, KMD\n    in no model: " in result.out
    assert "1 of 25 safety properties; none stands for SP-1, " in result.out
    assert result.out.endswith("184 rules: 15 encoded, 9 excused, 160 open\n")
    assert "witnesses show 14 of 14 sequences\n    S1  models/bring_up.wddm:" in result.out
    assert "UNKNOWN WITNESS" not in result.out, "the models of the witnesses were not read"
    assert all(len(line) <= 100 for line in result.out.splitlines())


def test_a_witness_that_its_model_does_not_have(folder: Path) -> None:
    (folder / "kill.wddm").write_text("model kill\nproperty S5_other: reachable true\n",
                                      encoding="utf-8")
    result = wddmcheck("docs", "--rules", "mine")
    assert "UNKNOWN WITNESS S5: models/kill.wddm:S5_killed_with_packet_running" in result.out
    assert result.code == 1


def test_json_and_markdown(folder: Path) -> None:
    found = json.loads(wddmcheck("docs", "--rules", "mine", "--format", "json").out)
    assert found["counts"] == {"encoded": 15, "excused": 9, "open": 160, "stale": 0}
    rule = next(r for r in found["rules"] if r["id"] == "FEN-02")
    assert rule["state"] == "encoded"
    assert rule["encodings"] == [{"kind": "fault", "declaration": "callback DxgkCbNotify",
                                  "file": "mine/deep/citing.wddm", "line": 31, "by": "doc"}]
    table = wddmcheck("docs", "--rules", "mine", "--format", "markdown").out
    assert ("| FEN-02 | stated | KMD | encoded | fault of `callback DxgkCbNotify` "
            "(mine/deep/citing.wddm) |") in table
    assert len(table.splitlines()) == 2 + 184 + 2


def test_few_places_unless_all_are_wanted(folder: Path) -> None:
    block = ('@doc("NC:a", "SUB-03")\n'
             "ddi Many{n}() returns STATUS_SUCCESS {{ return STATUS_SUCCESS }}\n")
    text = "model many\n" + "".join(block.format(n=n) for n in range(5))
    (folder / "many.wddm").write_text(text, encoding="utf-8")
    assert "and 2 more places (--all)" in wddmcheck("docs", "--rules", "mine").out
    shown = wddmcheck("docs", "--rules", "mine", "--all").out
    assert "more places" not in shown
    assert shown.count("block of ddi Many") == 5


@pytest.mark.parametrize(("citation", "said"), [
    ("CTX-99", "UNKNOWN RULE CTX-99: block of ddi D, mine/bad.wddm:2, doc"),
    ("ADP-16", "ENCODED, so its `not_encoded` has to go"),
])
def test_citations_that_are_findings(folder: Path, citation: str, said: str) -> None:
    (folder / "bad.wddm").write_text(
        f'model bad\n@doc("NC:a", "{citation}")\n'
        "ddi D() returns STATUS_SUCCESS { return STATUS_SUCCESS }\n", encoding="utf-8")
    result = wddmcheck("docs", "--rules", "mine")
    assert result.code == 1
    assert said in result.out


def test_a_safety_property_that_does_not_exist(folder: Path) -> None:
    path = folder / "deep" / "citing.wddm"
    path.write_text(CITING.replace("SP-12", "SP-99"), encoding="utf-8")
    assert "UNKNOWN SAFETY PROPERTY SP-99" in wddmcheck("docs", "--rules", "mine").out


def test_a_model_counts_with_what_it_extends() -> None:
    alone = "models/seeded/stop_leaks_isr_state.wddm"
    found = json.loads(wddmcheck("docs", "--rules", alone, "--format", "json").out)
    files = {e["file"] for r in found["rules"] for e in r["encodings"]}
    assert "models/parts/adapter.wddm" in files


@pytest.mark.parametrize(("path", "code", "said"), [
    ("nowhere", 2, "WC040"), ("empty", 2, "WC040"), ("mine", 3, "WC0"),
])
def test_folders_that_cannot_be_read(folder: Path, path: str, code: int, said: str) -> None:
    (folder.parent / "empty").mkdir()
    (folder / "broken.wddm").write_text("model broken\nddi {\n", encoding="utf-8")
    result = wddmcheck("docs", "--rules", path)
    assert result.code == code
    assert f"error[{said}" in result.err
    assert not result.out


# --- explain -------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["SP-4", "BC-2", "G-08", "S7", "CTX-05", "ADP-16"])
def test_explain_a_topic(topic: str, golden: Golden) -> None:
    result = wddmcheck("explain", topic)
    assert result.code == 0
    assert all(len(line) <= 100 for line in result.out.splitlines())
    golden(GOLDEN / f"explain-{topic}.txt", result.out)


@pytest.mark.parametrize(("typed", "meant"), [
    ("sp4", "SP-4"), ("G-8", "G-08"), ("s07", "S7"), ("ctx-5", "CTX-05"), ("bc01", "BC-1"),
])
def test_ids_are_read_generously(typed: str, meant: str) -> None:
    assert wddmcheck("explain", typed).out.startswith(f"{meant}: ")


@pytest.mark.parametrize(("typed", "near"), [("SP-44", "SP-4"), ("S99", "S9"), ("G-31", "G-30")])
def test_ids_that_do_not_exist(typed: str, near: str) -> None:
    result = wddmcheck("explain", typed)
    assert result.code == 2
    assert "WC312" in result.err
    assert "did you mean `" in result.err


# --- stop codes, both ways -----------------------------------------------------------------------


def test_a_stop_code_names_what_forecasts_it() -> None:
    out = " ".join(wddmcheck("explain", "0x10e/0x33").out.split())
    assert "parameter 1 = 0x33, stop A device is destroyed" in out
    assert "bug-check-0x10e---video-memory-management-internal.md" in out
    assert "forecast by no_orphan (models/parts/faults.wddm:" in out
    assert "which names it: a run whose last step breaks it; on the machine: orphan" in out
    assert "seeded: destroydevice_keeps_the_device" in out
    assert "forecast by context_allocation_dies_with_device (" in out
    assert "models looked at: " in out


def test_a_stop_code_that_follows_from_a_rule() -> None:
    out = " ".join(wddmcheck("explain", "0xC4,0x62").out.split())
    assert "forecast by no_leak (models/parts/faults.wddm:" in out
    assert "by ADP-08: a run whose last step breaks it; on the machine: leak" in out


def test_a_stop_code_of_another_model(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    path.write_text(
        "model m\nvar n: bool\nddi DxgkDdiUp() { n = true return STATUS_SUCCESS }\n"
        '@bugcheck("0x119", "0x2")\nproperty low: always possible not n\n', encoding="utf-8")
    out = " ".join(wddmcheck("explain", "0x119/0x2", "--model", str(path)).out.split())
    assert "forecast by low (" in out
    assert "which names it: a run to a state without a way back" in out
    assert "miniport" not in out.split("models looked at")[1]
    other = wddmcheck("explain", "0x119/0x1", "--model", str(path)).out
    assert "forecast by no property of these models" in other
    assert wddmcheck("explain", "0x119", "--model", str(tmp_path / "none.wddm")).code == 2


def test_a_stop_code_where_there_are_no_models(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = wddmcheck("explain", "0x119/0x2")
    assert result.code == 0
    assert "--model MODEL shows which of its properties forecast this" in result.out
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "bad.wddm").write_text("model", encoding="utf-8")
    assert "not read, for they have errors: models/bad.wddm" in wddmcheck(
        "explain", "0x119/0x2").out


def test_a_property_names_its_stop_codes_with_their_pages() -> None:
    out = " ".join(wddmcheck("explain", "no_orphan", "--model", "models/miniport.wddm").out.split())
    assert ("stop code: bug check 0x10E VIDEO_MEMORY_MANAGEMENT_INTERNAL, parameter 1 = 0x33: A "
            "device is destroyed while allocations are resident on it. (page windows-driver-docs"
            ) in out


@pytest.mark.parametrize(("named", "case"), [
    ("0x10E/0x33", "0x10E/0x33"), ("0x10e,0x33", "0x10E/0x33"), ("0x0010E/0x033", "0x10E/0x33"),
    ("0xD5", "0xD5"), ("0x10E", None), ("0x10E/0x99", None), ("0x1", None), ("nonsense", None),
])
def test_the_case_that_a_stop_code_names(named: str, case: str | None) -> None:
    found = bugchecks.the_case(named, bugchecks.load())
    assert (found.id if found else None) == case


def test_a_verdict_has_the_forecast_with_its_page() -> None:
    args = ("verify", "models/seeded/destroydevice_keeps_the_device.wddm", "--property",
            "no_orphan")
    (verdict,) = json.loads(wddmcheck(*args, "--json", "-").out)["verdicts"]
    (stop,) = verdict["forecast"]
    assert stop == verdict["trace"]["story"]["why"]["forecast"][0]
    assert (stop["code"], stop["parameter1"], stop["name"]) == (
        "0x10E", "0x33", "VIDEO_MEMORY_MANAGEMENT_INTERNAL")
    out = wddmcheck(*args).out
    assert f"page {stop['page']}" in out


def test_a_replay_names_the_stop_and_the_forecast() -> None:
    name = "destroydevice_leaves_shared_save_area"
    out = " ".join(wddmcheck("replay", f"counterexamples/{name}/trace.json", "--on",
                             f"defect:{name}").out.split())
    assert "forecast by the model: bug check 0x10E VIDEO_MEMORY_MANAGEMENT_INTERNAL, parameter 1" \
        in out
    fine = wddmcheck("replay", f"counterexamples/{name}/trace.json").out
    assert "forecast" not in fine
