"""Generated tests: what they look like, that they pass on the fixed driver and fail on the defect,
and tours that leave out no transition."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.golden import Golden
from tests.support.models import shipped, system_of
from wddmcheck.cli.main import run
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.ir.evaluate import Layout, initial_state, take
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.scenario import DriverMistake
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.families import machine_for, words_for
from wddmcheck.report import trace_file
from wddmcheck.testgen.layout import code, docstring
from wddmcheck.testgen.pytest_file import pytest_file
from wddmcheck.testgen.suite import suite
from wddmcheck.testgen.tour import Tour, tour

pytest_plugins = ["pytester"]
HERE = Path.cwd()
KEPT = {path.parent.name: path for path in sorted(Path("counterexamples").glob("*/trace.json"))}


def load(path: Path) -> Callable[[Machine], None]:
    """The one test function of a generated file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (function,) = (v for k, v in vars(module).items() if k.startswith("test_"))
    assert callable(function)
    return function  # type: ignore[no-any-return]


# --- one counterexample --------------------------------------------------------------------------


@pytest.mark.parametrize("name", KEPT)
def test_it_fails_on_the_defect_and_passes_on_the_reference(name: str) -> None:
    (path,) = KEPT[name].parent.glob("test_*.py")
    test = load(path)
    given = {m.name: m for m in getattr(test, "pytestmark", [])}
    words = words_for(trace_file.read(KEPT[name]).story)
    assert bool(words.hardware) is ("wddm_hardware" in given)
    assert (words.reference is not ReferenceMiniport) is ("wddm_family" in given)
    # As the fixture makes it, which knows nothing but the markers.
    family = given["wddm_family"].args[0] if "wddm_family" in given else "miniport"
    policies = given["wddm_policies"].kwargs if "wddm_policies" in given else {}
    hardware = given["wddm_hardware"].kwargs if "wddm_hardware" in given else {}
    test(machine_for(ReferenceMiniport, family, policies, Gpu(**hardware)))
    with pytest.raises(DriverMistake):
        test(machine_for(DEFECTS[name], family, policies, Gpu(**hardware)))


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_what_is_generated_now(name: str) -> None:
    made = pytest_file(trace_file.read(KEPT[name]))
    (path,) = KEPT[name].parent.glob("test_*.py")
    assert (path.name, path.read_text("utf-8")) == (made.name, made.text)


def test_kept_folders_have_a_page_with_rules() -> None:
    for name, path in KEPT.items():
        page = (path.parent / "README.md").read_text("utf-8")
        assert page.startswith(f"# {name}\n")
        assert "* rules: " in page
        assert f"--on defect:{name}" in page


def test_the_text(golden: Golden) -> None:
    made = pytest_file(trace_file.read(KEPT["escape_keeps_raw_pointer"]))
    golden(Path(__file__).with_name("golden") / "escape_keeps_raw_pointer.txt", made.text)


def test_writing_again_adds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    traces = [str(p) for p in KEPT.values()]
    assert run(["testgen", *traces, "-o", str(tmp_path / "out")]) == 0
    first = sorted((tmp_path / "out").iterdir())
    assert len(first) == len(KEPT)
    capsys.readouterr()
    assert run(["testgen", *traces, "-o", str(tmp_path / "out")]) == 0
    assert sorted((tmp_path / "out").iterdir()) == first
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "is there already and did not change" in shown.err


def test_verify_saves_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["verify", "models/seeded/stop_leaks_isr_state.wddm", "--no-progress",
            "--save-tests", str(tmp_path / "tests")]
    assert run(args) == 1
    (path,) = (tmp_path / "tests").iterdir()
    (kept,) = KEPT["stop_leaks_isr_state"].parent.glob("test_*.py")
    assert path.name == kept.name
    assert path.read_text("utf-8") == kept.read_text("utf-8")
    assert run(args) == 1
    assert list((tmp_path / "tests").iterdir()) == [path]
    assert f"kept {path}" in capsys.readouterr().err


def test_where_tests_cannot_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    for args in (["verify", "models/yardstick.wddm", "--save-tests", str(tmp_path / "file")],
                 ["testgen", str(KEPT["yardstick_b1"]), "-o", str(tmp_path / "file" / "x")],
                 ["testgen", "nothing.json", "-o", str(tmp_path)],
                 ["testgen", str(KEPT["yardstick_b1"]), "--scope", "small"]):
        assert run(args) == 2
        assert "Traceback" not in capsys.readouterr().err


def test_the_option_and_the_fixture(pytester: pytest.Pytester) -> None:
    (kept,) = (HERE / KEPT["dpc_walks_freed_context"]).parent.glob("test_*.py")
    pytester.makepyfile(test_it=kept.read_text("utf-8"), mine="""
        from wddmcheck.machine.reference import ReferenceMiniport

        class Mine(ReferenceMiniport):
            def leave_submissions(self, context):
                pass
        """)
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=1)
    result = pytester.runpytest("--miniport", "mine.py:Mine", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*bug check 0xD5: use after free*Context.reported*",
                                 "*was allocated at *", "*and freed at *"])
    result = pytester.runpytest("--miniport", "nobody", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*`nobody` names no miniport*"])


# --- tours ---------------------------------------------------------------------------------------


def transitions(layout: Layout, of: Tour) -> set[tuple[object, ...]]:
    """The transitions that the runs take, by the oracle."""
    actions = {a.name: a for a in layout.system.actions}
    taken: set[tuple[object, ...]] = set()
    for one in of.runs:
        state = initial_state(layout)
        for step in one:
            outcome = take(layout, actions[step.action], step.args, state)
            assert outcome is not None
            assert outcome.state == step.state
            assert step.state is not None
            taken.add((state, step.action, step.args))
            state = step.state
    return taken


@pytest.mark.parametrize(("without", "at_least"), [
    (("Resource", "Allocation", "OpenAllocation"), 500),
    pytest.param((), 20_000, marks=pytest.mark.slow)], ids=["no allocations", "whole"])
def test_a_tour_of_the_miniport_takes_every_transition_on_the_machine(
        without: tuple[str, ...], at_least: int) -> None:
    """The small scope, perhaps `without` some classes, with the whole state compared after every
    step."""
    system = shipped("models/miniport.wddm")
    sizes = dict(dict(system.scopes)["small"])
    layout = Layout.of(system, sizes | dict.fromkeys(without, 0))
    found = tour(layout)
    assert "(100 %)" in found.covered
    taken: set[tuple[object, ...]] = set()
    for one in found.runs:
        pair = Pair(layout)
        for step in one:
            before = pair.narrator.now.state
            done = pair.take(step)
            assert (done.impossible, done.deviations, done.findings) == ("", (), ())
            taken.add((before, step.action, step.args))
    assert len(taken) == found.transitions > at_least


def test_a_tour_takes_every_transition() -> None:
    layout = Layout.of(shipped("models/yardstick.wddm"),
                       {"Process": 1, "Device": 1, "Context": 2, "Allocation": 1})
    found = tour(layout)
    assert len(transitions(layout, found)) == found.transitions


ONE_WAY = """
model one_way
default scope one { Thing 2 }
var left: 0..3 = 3
object Thing
ddi Make() -> Thing requires left > 0 {
  left = left - 1
  let t = create Thing()
  return STATUS_SUCCESS, t
}
ddi Drop(t: Thing) {
  destroy t
  return STATUS_SUCCESS
}
"""


def test_a_tour_of_a_model_that_never_comes_back() -> None:
    layout = Layout.of(system_of(ONE_WAY), {"Thing": 2})
    found = tour(layout)
    assert len(transitions(layout, found)) == found.transitions
    assert len(found.runs) > 1


def test_no_tour_of_a_model_that_is_violated() -> None:
    system = shipped("models/seeded/stop_frees_isr_state_first.wddm")
    layout = Layout.of(system, dict(dict(system.scopes)["seeded"]))
    with pytest.raises(UserError, match="is violated at this scope: no_use_after_destroy"):
        tour(layout)


def test_no_tour_of_a_large_scope() -> None:
    system = shipped("models/miniport.wddm")
    layout = Layout.of(system, dict(dict(system.scopes)["review"]))
    with pytest.raises(UserError, match="more than 250,000 transitions"):
        tour(layout)


def test_a_suite_passes_and_says_what_it_covers(tmp_path: Path, pytester: pytest.Pytester,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    scope = "Process=1,Device=1,Context=0,ContextAllocation=1,Allocation=0,OpenAllocation=0," \
            "Resource=0,calls=1"
    assert run(["testgen", str(HERE / "models/miniport.wddm"), "--cover", "transitions",
                "--scope", scope, "-o", str(out)]) == 0
    assert "transitions (100 %)" in capsys.readouterr().out
    files = sorted(out.iterdir())
    assert files
    for path in files:
        assert max(map(len, path.read_text("utf-8").splitlines())) <= 100
    pytester.runpytest(str(out), "-p", "no:cacheprovider").assert_outcomes(
        passed=sum(p.read_text("utf-8").count("\ndef test_") for p in files))
    result = pytester.runpytest(str(out), "--miniport", "defect:stop_leaks_isr_state",
                                "-p", "no:cacheprovider")
    assert result.parseoutcomes()["failed"] > 0


def test_a_suite_of_a_model_that_the_machine_does_not_have() -> None:
    layout = Layout.of(system_of(ONE_WAY), {"Thing": 1})
    from wddmcheck.replay.vocabulary import UnknownStepError

    with pytest.raises(UnknownStepError, match="the machine has no Thing"):
        list(suite(layout, tour(layout), "one"))


# --- layout --------------------------------------------------------------------------------------


def test_long_lines_are_broken_after_commas() -> None:
    line = "run.call(" + ", ".join(f'argument_{i}="value, {i}"' for i in range(8)) + ")"
    broken = list(code(line, 8))
    assert max(map(len, broken)) <= 100
    assert " ".join(part.strip() for part in broken) == line


def test_a_docstring_cannot_be_ended_by_its_text() -> None:
    text = "\n".join(docstring(['a """ and a \\ in it', "b"]))
    scope: dict[str, object] = {}
    exec(f"def f():\n    {text}\n", scope)
    assert scope["f"].__doc__.startswith("a ''' and a \\ in it")  # type: ignore[attr-defined]
