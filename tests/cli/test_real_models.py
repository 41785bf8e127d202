"""The command line on the models of the repository: what scripts rely on, every bad input, the
pages of the command-line codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.tiny import Result, wddmcheck
from wddmcheck.diagnostics.codes import commandline
from wddmcheck.diagnostics.codes.page import CodePage

YARDSTICK = "models/yardstick.wddm"
ONE = "Process=1,Device=1,Context=1,Allocation=1"


def run(command: str) -> Result:
    name, *args = shlex.split(command)
    assert name == "wddmcheck"
    return wddmcheck(*args)


# --- code pages ----------------------------------------------------------------------------------

SHOWN = [p for p in commandline.PAGES if p.bad]


@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.code)
def test_bad_command_yields_exactly_its_code(page: CodePage) -> None:
    result = run(page.bad)
    assert result.code in (2, 5)
    assert not result.out
    first = result.err.splitlines()[0]
    assert first.startswith(f"error[{page.code}]: ")
    assert len(first) <= 100 + len(f"error[{page.code}]: ")
    assert "  help: " in result.err
    assert result.err.count("error[") == 1


@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.code)
def test_good_command_does_not(page: CodePage) -> None:
    result = run(page.good)
    assert result.code in (0, 1), result.err
    assert "error[" not in result.err


# --- the scriptable minimum ----------------------------------------------------------------------


@pytest.mark.parametrize(("scope", "states", "transitions"), [
    ("Process=1,Device=1,Context=1,Allocation=1", 8, None),
    ("Process=1,Device=1,Context=2,Allocation=2", 74, None),
    ("process=2,device=2,context=2,allocation=2", 1676, None),
    ("Process=2,Device=2,Context=3,Allocation=2", 13660, 95720),
])
def test_counts_of_the_yardstick(scope: str, states: int, transitions: int | None) -> None:
    result = wddmcheck("verify", YARDSTICK, "--scope", scope, "--symmetry", "off",
                       "--engine", "interpret", "--json", "-")
    data = json.loads(result.out)
    exploration = data["exploration"]
    assert exploration["engine"] == "interpret"
    assert exploration["symmetry"] is False
    assert exploration["complete"] is True
    assert exploration["states"] == states
    if transitions is not None:
        assert exploration["transitions"] == transitions


@pytest.mark.parametrize(("name", "prop", "steps"), [("b1", "I3", 7), ("b2", "I4", 8)])
@pytest.mark.parametrize("engine", ["interpret", "bmc"])
def test_the_seeded_defects_of_the_yardstick(tmp_path: Path, name: str, prop: str, steps: int,
                                             engine: str) -> None:
    result = wddmcheck("verify", f"models/seeded/yardstick_{name}.wddm", "--engine", engine,
                       "--json", str(tmp_path / "r.json"), "--out", str(tmp_path))
    assert result.code == 1
    assert f"VIOLATED {prop}" in result.out
    data = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    (found,) = [v for v in data["verdicts"] if v["verdict"] == "VIOLATED"]
    assert (found["property"], found["depth"]) == (prop, steps)
    assert found["trace"]["verdict"] == "VIOLATED"
    shown = wddmcheck("trace", "show", str(tmp_path / f"{prop}.trace.json"))
    assert shown.code == 0
    assert shown.out.splitlines()[0] in result.out


def test_a_scope_that_is_too_small_is_hollow() -> None:
    result = wddmcheck("verify", YARDSTICK, "--scope", "Allocation=0")
    assert result.code == 1
    assert "HOLLOW" in result.out


def test_limits_end_a_run_in_order() -> None:
    result = wddmcheck("verify", YARDSTICK, "--scope", "Context=8,Allocation=8", "--engine",
                       "interpret", "--timeout", "1s", "--symmetry", "off")
    assert result.code == 4
    assert "INCONCLUSIVE (time)" in result.out
    bounded = wddmcheck("verify", YARDSTICK, "--engine", "interpret", "--depth", "12")
    assert bounded.code in (0, 4)


# --- bad input of every kind ---------------------------------------------------------------------


@pytest.mark.parametrize(("content", "codes"), [
    (b"", (3,)),
    (b"\x00\xff\xfe\x01" * 100, (3,)),
    ("model m\n".encode("utf-16"), (3,)),
    (b"model m\n" + b"a" * 10_000_000, (3,)),
    (b"model m\nproperty p: invariant " + b"(" * 100_000 + b"true" + b")" * 100_000, (3,)),
    (b"model m\nproperty p: invariant " + b"not " * 100_000 + b"true\n", (3,)),
    (b"model m\nddi D() { retrun STATUS_SUCCESS }\n", (3,)),
    (b"model m\nobject Context\nproperty p: reachable some c: Contxt\n", (3,)),
    (b"model m extends m from \"m.wddm\"\n", (3,)),
    (b"part p\n", (3,)),
    (b"model m\n", (3,)),
    (b"model m\nscope s { Process 0 }\nobject Process\n"
     b"ddi D() { create Process() return STATUS_SUCCESS }\n", (1, 5)),
], ids=["empty", "binary", "utf-16", "10 MB", "100,000 deep", "100,000 nots", "syntax", "name",
        "circle", "part", "nothing", "scope 0"])
@pytest.mark.parametrize("command", ["verify", "check"])
def test_bad_models(tmp_path: Path, content: bytes, codes: tuple[int, ...], command: str) -> None:
    path = tmp_path / "m.wddm"
    path.write_bytes(content)
    result = wddmcheck(command, str(path))
    expected = (0,) if command == "check" and codes == (1, 5) else codes
    assert result.code in expected, result.err[:2000]
    assert "Traceback" not in result.err + result.out
    assert "WC9" not in result.err
    assert len(result.err) < 20_000


@pytest.mark.parametrize("path", ["no/such/model.wddm", "models", "models/yardstik.wddm", "\0", ""])
@pytest.mark.parametrize("command", ["verify", "check", "run", "docs"])
def test_models_that_are_not_there(path: str, command: str) -> None:
    result = wddmcheck(command, path)
    assert result.code == 2, result.err
    assert "error" in result.err
    assert "help: " in result.err
    assert not result.out


def test_all_models_are_checked_though_one_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.wddm"
    wrong.write_text("model wrong\n", encoding="utf-8")
    result = wddmcheck("verify", str(wrong), YARDSTICK, "--scope", ONE)
    assert result.code == 3
    assert "I1" in result.out


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "\0", '{"format": "wddmcheck-trace"}'])
def test_bad_trace_files(tmp_path: Path, content: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(content, encoding="utf-8")
    result = wddmcheck("trace", "show", str(path))
    assert result.code == 2
    assert "error[WC5" in result.err


# --- check, run, docs ----------------------------------------------------------------------------


def test_check() -> None:
    result = wddmcheck("check", YARDSTICK)
    assert result.code == 0
    assert "4 object classes, 13 DDIs, 1 gpu block" in result.out
    assert "6 properties" in result.out
    assert "default scope small: Process=2 Device=2 Context=2 Allocation=2" in result.out
    shown = wddmcheck("check", YARDSTICK, "--ir")
    assert shown.out.startswith("system yardstick\n")


def test_run_covers_and_repeats() -> None:
    args = ("run", YARDSTICK, "--runs", "30", "--steps", "20", "--seed", "7", "--scope", ONE)
    one, two = wddmcheck(*args), wddmcheck(*args)
    assert one == two
    assert one.code == 0
    assert "30 runs, 600 steps" in one.out
    assert "never" not in one.out
    other = wddmcheck(*args[:-3], "8", *args[-2:])
    assert other.out != one.out


def test_run_stops_at_a_violation() -> None:
    result = wddmcheck("run", "models/seeded/yardstick_b1.wddm", "--runs", "500", "--seed", "1")
    assert result.code == 1
    assert result.out.startswith("VIOLATED I3")
    assert "wddmcheck verify models/seeded/yardstick_b1.wddm --property I3" in result.out
    assert "CreateContextAllocation" in result.out


def test_run_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    from wddmcheck.pipeline import randomwalk

    real, calls = randomwalk.walk, []

    def walk(*args: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(randomwalk, "walk", walk)
    result = wddmcheck("run", YARDSTICK, "--runs", "100")
    assert result.code == 130
    assert "3 runs" in result.out
    assert "interrupted" in result.err


def test_docs_of_the_miniport() -> None:
    result = wddmcheck("docs")
    assert result.code == 0, result.out[-2000:]
    assert "NOT LINKED" not in result.out
    for page in ("CREATECONTEXT", "DESTROYALLOCATION", "DESTROYCONTEXT", "DESTROYPROCESS"):
        assert f"NC:d3dkmddi.DXGKDDI_{page}" in result.out
    assert "NC:d3dkmddi.DXGKCB_DESTROYCONTEXTALLOCATION" in result.out
    assert "out of scope: " in result.out
    assert result.out.rstrip().endswith("0 open")


def test_docs_of_a_model_that_covers_nothing() -> None:
    result = wddmcheck("docs", YARDSTICK)
    assert result.code == 1
    assert "NOT LINKED" in result.out


def test_a_rule_that_does_not_exist(tmp_path: Path) -> None:
    path = tmp_path / "m.wddm"
    path.write_text('model m\n@doc("NC:x", "CTX-99")\nddi D() { return STATUS_SUCCESS }\n',
                    encoding="utf-8")
    result = wddmcheck("docs", str(path))
    assert result.code == 1
    assert "UNKNOWN RULE CTX-99, cited by ddi D" in result.out


# --- explain -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("topic", "said"), [
    ("WC301", "no such pool"),
    ("wc301", "no such pool"),
    ("DxgkDdiDestroyContext", "NC:d3dkmddi.DXGKDDI_DESTROYCONTEXT"),
    ("dxgkddidestroycontext", "rules that rest on its page"),
    ("CTX-05", "a rule on the miniport"),
    ("no_leak", "a built-in property"),
    ("0x10E", "VIDEO_MEMORY_MANAGEMENT_INTERNAL"),
    ("0x10e,0x33", "resident"),
    ("bugcheck:0x10E/0x33", "resident"),
])
def test_explain(topic: str, said: str) -> None:
    result = wddmcheck("explain", topic)
    assert result.code == 0
    assert said in result.out
    assert all(len(line) <= 100 for line in result.out.splitlines())


@pytest.mark.parametrize(("topic", "said"), [
    ("WC9999", "help: "),
    ("WC302x", "did you mean `WC302`?"),
    ("DxgkDdiDestroyContxt", "did you mean `DxgkDdiDestroyContext`?"),
    ("no_leek", "did you mean `no_leak`?"),
    ("0xFFFF", "help: "),
    ("0x10E,0x99", "help: "),
    ("", "topics: "),
    ("\0" * 1000, "topics: "),
])
def test_explain_what_is_unknown(topic: str, said: str) -> None:
    result = wddmcheck("explain", topic)
    assert result.code == 2
    assert "WC312" in result.err
    assert said in result.err


def test_explain_a_property_of_a_model() -> None:
    result = wddmcheck("explain", "context_allocations_freed_before_process", "--model",
                       "models/miniport.wddm")
    assert result.code == 0
    assert "inferred: PRC-04" in result.out
    assert "models/parts/context_allocation.wddm:" in result.out
