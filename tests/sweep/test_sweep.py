"""Sweeps: against brute force, on seeded defects, where failures are what recovery takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sweep.naive import broken, minimal
from tests.sweep.test_causes import DRIVER
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.evidence.recheck import recheck
from wddmcheck.pipeline import Loaded, VerifyOptions, load_model
from wddmcheck.pipeline.sweeping import sweep
from wddmcheck.report.places import Places
from wddmcheck.report.sweep_text import describe, survived
from wddmcheck.report.words import Exit
from wddmcheck.result.sweep import Sweep, SweptProperty
from wddmcheck.result.verdict import Proved, Skipped, Violated
from wddmcheck.sweep import catalogue
from wddmcheck.sweep.causes import causes

COMPARED = (
    (DRIVER, 1), (DRIVER, 2),
    *(pytest.param(f"models/seeded/{name}.wddm", most, marks=pytest.mark.slow)
      for name, most in (("createcontext_failure_leaks_save_area", 1),
                         ("createcontext_failure_frees_twice", 1),
                         ("createallocation_failure_leaves_first", 2))),
)


def of(path: str, most: int = 1, **options: object) -> tuple[Loaded, Sweep]:
    loaded = load_model(path, {}, SourceMap())
    return loaded, sweep(loaded, VerifyOptions(jobs=1, **options), most)  # type: ignore[arg-type]


def prop(result: Sweep, name: str) -> SweptProperty:
    return next(p for p in result.properties if p.name == name)


@pytest.mark.parametrize(("path", "most"), COMPARED)
def test_brute_force_finds_the_same(path: str, most: int) -> None:
    loaded, result = of(path, most)
    (scope,) = result.scopes
    found = causes(loaded.system, catalogue.load())
    expected = broken(loaded.system, dict(scope.sizes), found, most)
    assert expected, "nothing to compare"
    for swept in result.properties:
        want = {s: n for s, n in minimal(expected.get(swept.name, {})).items() if s}
        have = {tuple(sorted(f.failures)): len(f.trace.steps) for f in swept.failing}
        kind = next(p.kind.value for p in loaded.system.properties if p.name == swept.name)
        if kind in ("invariant", "obligation"):
            assert have == want, swept.name
            assert isinstance(swept.baseline.verdict, Proved) == (() not in expected.get(
                swept.name, {}))


@pytest.mark.parametrize(("path", "most"), COMPARED)
def test_every_run_is_one_of_the_model(path: str, most: int) -> None:
    loaded, result = of(path, most)
    props = {p.name: p for p in loaded.system.properties}
    runs = [(p.name, f) for p in result.properties for f in p.failing]
    assert runs
    for name, failing in runs:
        recheck(loaded.system, dict(result.scopes[failing.scope].sizes), props[name],
                Violated(failing.trace))


@pytest.mark.parametrize(("model", "name", "failure", "steps"), [
    ("createcontext_failure_leaks_save_area", "failed_create_context_leaves_nothing",
     "DxgkDdiCreateContext STATUS_NO_MEMORY at createcontext_failure_leaks_save_area.wddm:17", 5),
    ("createcontext_failure_frees_twice", "no_double_destroy",
     "DxgkDdiCreateContext STATUS_NO_MEMORY at createcontext_failure_frees_twice.wddm:10", 5),
    ("createallocation_failure_leaves_first", "failed_create_allocation_leaves_nothing",
     "DxgkDdiCreateAllocation STATUS_NO_MEMORY at createallocation_failure_leaves_first.wddm:21",
     3),
    ("reset_reports_twice", "callback_contracts", "DxgkDdiResetEngine (TDR: engine reset)", 12),
])
def test_seeded_defects_that_failures_show(model: str, name: str, failure: str,
                                           steps: int) -> None:
    loaded, result = of(f"models/seeded/{model}.wddm")
    assert result.exit_code == Exit.FINDING
    (broken_one,) = [p for p in result.properties if p.failing]
    (failing,) = broken_one.failing
    (number,) = failing.failures
    text = describe(result.failures[number - 1], Places(loaded.sources))
    assert (broken_one.name, text, len(failing.trace.steps)) == (name, failure, steps)
    assert survived(result, broken_one) == result.seen - {number}


def test_a_defect_without_a_failure_is_not_blamed_on_one() -> None:
    _, result = of("models/seeded/stop_frees_isr_state_first.wddm")
    use = prop(result, "no_use_after_destroy")
    assert isinstance(use.baseline.verdict, Violated)
    assert use.failing == ()
    assert survived(result, use) == frozenset()
    assert result.exit_code == Exit.FINDING


def test_two_failures_are_reported_only_where_it_takes_two() -> None:
    _, one = of(DRIVER)
    _, two = of(DRIVER, 2)
    assert prop(one, "one_reset").failing == ()
    assert [f.failures for f in prop(two, "one_reset").failing] == [(7, 7)]
    single = [f.failures for f in prop(one, "failed_create_leaves_nothing").failing]
    assert single == [f.failures for f in prop(two, "failed_create_leaves_nothing").failing] == [
        (3,)]


HANG = """model m
object Node { life Idle -> Busy -> Idle, Busy -> Hung -> Idle }
scope one { Node 1 }
ddi DxgkDdiCreateNode() -> Node { let n = create Node() return STATUS_SUCCESS, n }
ddi DxgkDdiSubmitCommand(n: Node) requires n is Idle { n becomes Busy return STATUS_SUCCESS }
gpu Complete(n: Node) when n is Busy { n becomes Idle }
gpu Hang(n: Node) when n is Busy { n becomes Hung }
ddi DxgkDdiResetEngine() requires some n: Node where n is Hung {
  for n in Node where n is Hung { n becomes Idle }
  return STATUS_SUCCESS
}
property comes_back: always possible no n: Node where n is not Idle
"""


def test_recovery_that_is_a_failure_itself(tmp_path: Path) -> None:
    """A node that hangs comes back by a reset, which a run may not have left: no finding."""
    path = tmp_path / "hang.wddm"
    path.write_text(HANG, encoding="utf-8")
    _, result = of(str(path))
    back = prop(result, "comes_back")
    assert isinstance(back.baseline.verdict, Proved)
    assert (back.failing, back.undecided) == ((), "")
    assert any("comes_back: stuck where no more failures" in n for n in result.scopes[0].notes)
    assert result.exit_code == Exit.OK


def test_what_is_stuck_only_for_want_of_a_failure_is_no_finding(tmp_path: Path) -> None:
    """One reset is all there is: the model gets stuck after it, but not without any failure."""
    path = tmp_path / "hang.wddm"
    path.write_text(HANG.replace("object Node {", "var used: bool\nobject Node {").replace(
        "requires some n: Node where n is Hung {",
        "requires not used and some n: Node where n is Hung {\n  used = true"), "utf-8")
    _, result = of(str(path))
    stuck = prop(result, "no_deadlock")
    assert isinstance(stuck.baseline.verdict, Skipped)
    assert stuck.failing == ()
    assert survived(result, stuck) == frozenset()


def test_a_reset_that_does_not_help_is_found(tmp_path: Path) -> None:
    path = tmp_path / "hang.wddm"
    path.write_text(HANG.replace("{ n becomes Idle }\n  return", "{ }\n  return"), "utf-8")
    _, result = of(str(path))
    back = prop(result, "comes_back")
    assert isinstance(back.baseline.verdict, Violated)
    assert result.exit_code == Exit.FINDING


REMOVAL = """model m
object Buffer
scope one { Buffer 1 }
var gone: bool
var told: bool
ddi DxgkDdiMake() -> Buffer { let b = create Buffer() return STATUS_SUCCESS, b }
gpu Unplug() when not gone { gone = true }
ddi DxgkDdiNotifySurpriseRemoval() returns STATUS_SUCCESS requires gone and not told {
  told = true
  return STATUS_SUCCESS
}
property never_told: never told
"""


def test_what_follows_from_a_removal_is_no_second_failure(tmp_path: Path) -> None:
    path = tmp_path / "removal.wddm"
    path.write_text(REMOVAL, encoding="utf-8")
    _, result = of(str(path))
    (failing,) = prop(result, "never_told").failing
    assert [result.failures[n - 1].name for n in failing.failures] == ["Unplug"]
    assert len(failing.trace.steps) == 2


def test_a_limit_leaves_it_undecided() -> None:
    _, result = of(DRIVER, timeout_s=0.0001)
    assert result.exit_code == Exit.INCONCLUSIVE
    assert all(p.undecided or not isinstance(p.baseline.verdict, Proved)
               for p in result.properties)


def test_only_what_was_asked_for_is_swept() -> None:
    _, result = of(DRIVER, properties=("one_*",))
    assert [p.name for p in result.properties] == ["one_reset"]
