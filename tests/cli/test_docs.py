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
    assert result.out.endswith("184 rules: 15 encoded, 7 excused, 162 open\n")
    assert all(len(line) <= 100 for line in result.out.splitlines())


def test_json_and_markdown(folder: Path) -> None:
    found = json.loads(wddmcheck("docs", "--rules", "mine", "--format", "json").out)
    assert found["counts"] == {"encoded": 15, "excused": 7, "open": 162, "stale": 0}
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
