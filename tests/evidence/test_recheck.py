"""Rechecking verdicts: what is right passes, every kind of lie is caught."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.report.driver_model import (
    QUICK,
    SYSTEM,
    WIDE,
    gpu,
    invariant,
    lasso,
    leak,
    orphan,
    prop,
    run,
    twice,
)
from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.evidence.recheck import Walk, recheck
from wddmcheck.evidence.renaming import equal_up_to_renaming, rename
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import FALSE, TRUE
from wddmcheck.ir.system import Action, Kind, Property, System
from wddmcheck.result.verdict import (
    Enumeration,
    Holds,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Step,
    Stop,
    Trace,
    Unreached,
    Verdict,
    Violated,
)

LASSO = {**QUICK, "Process": 2}
RUNS = run(QUICK, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
           ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiSubmitCommand/1", 0))


def check(name: str, verdict: Verdict, scope: dict[str, int] | None = None,
          states: int = 60) -> None:
    recheck(SYSTEM, scope or QUICK, prop(name), verdict, states=states)


def rejects(name: str, verdict: Verdict, says: str, scope: dict[str, int] | None = None) -> None:
    with pytest.raises(InternalError, match=says):
        check(name, verdict, scope)


@pytest.mark.parametrize(("name", "trace", "scope"), [
    ("ctx_allocs_freed_first", leak(), QUICK),
    ("no_double_destroy", twice(), WIDE),
    ("no_gpu_access_to_destroyed", gpu(), WIDE),
    ("no_orphan", orphan(), QUICK),
    ("current_is_live", invariant(), QUICK),
    ("running_ends", lasso(), LASSO),
])
def test_real_violations_pass(name: str, trace: Trace, scope: dict[str, int]) -> None:
    check(name, Violated(trace), scope)


def test_claims_that_the_trace_does_not_show() -> None:
    rejects("no_orphan", Violated(leak()), "breaks no such obligation")
    rejects("ctx_allocs_freed_first", Violated(replace(leak(), steps=())), "no such obligation")
    rejects("current_is_live", Violated(RUNS), "the invariant is true")
    rejects("no_deadlock", Violated(RUNS), "something can still happen")
    rejects("can_tear_down", Violated(RUNS), "can be reached")
    rejects("a_context_runs", Violated(RUNS), "cannot be violated")
    rejects("current_is_live", Reached(RUNS), "only goals")
    rejects("a_context_runs", Reached(leak()), "goal is false")
    rejects("fires:Complete", Reached(RUNS), "none of the actions")
    rejects("a_context_runs", Proved(Enumeration(3, False)), "not proved")
    rejects("no_orphan", Unreached(Enumeration(3, False)), "only goals")


def test_traces_that_do_not_execute() -> None:
    trace = leak()
    rejects("no_orphan", Violated(replace(trace, initial=(1, *trace.initial[1:]))), "initial")
    rejects("no_orphan", Violated(replace(trace, steps=trace.steps[1:])), "step 1 .* not enabled")
    rejects("no_orphan", Violated(replace(trace, steps=(Step("x", (), None),))), "is no action")
    first = trace.steps[0]
    rejects("no_orphan", Violated(replace(trace, steps=(replace(first, args=()),))), "parameters")
    rejects("no_orphan", Violated(replace(trace, steps=(replace(first, state=None),))),
            "leads elsewhere")
    after_fault = replace(orphan(), steps=(*orphan().steps, orphan().steps[0]))
    rejects("no_orphan", Violated(after_fault), "follows a fault")


def test_witnesses() -> None:
    check("a_context_runs", Reached(RUNS))
    check("a_context_runs", Reached(None))
    done = run(QUICK, *[(s.action, *s.args) for s in RUNS.steps], ("Complete/1", 0))
    check("fires:Complete", Reached(done))


def test_loops_must_close_be_fair_and_refuse_the_target() -> None:
    trace = lasso()
    rejects("running_ends", Violated(replace(trace, loop=None)), "no loop", LASSO)
    rejects("running_ends", Violated(replace(trace, loop=4)), "does not close", LASSO)
    idle = run(LASSO, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiDestroyProcess/1", 0), loop=0)
    rejects("running_ends", Violated(idle), "gets it", LASSO)
    unfair = run(LASSO, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
                 ("DxgkDdiCreateContext/1", 0, 0, 0), ("DxgkDdiSubmitCommand/1", 0),
                 ("DxgkDdiCreateProcess/1", 1), ("DxgkDdiDestroyProcess/1", 1), loop=4)
    rejects("running_ends", Violated(unfair), "not fair to SaveState", LASSO)


def test_a_loop_may_close_up_to_renaming() -> None:
    scope = {**QUICK, "Process": 2}
    layout = Layout.of(SYSTEM, scope)
    one = run(scope, ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0))
    two = run(scope, ("DxgkDdiCreateProcess/1", 1), ("DxgkDdiCreateDevice/1", 1, 0))
    a, b = one.steps[-1].state, two.steps[-1].state
    assert a is not None
    assert b is not None
    assert a != b
    assert equal_up_to_renaming(SYSTEM, layout, a, b)
    assert not equal_up_to_renaming(SYSTEM, layout, a, one.initial)
    swap = {p.name: tuple(reversed(range(layout.sizes[p.name]))) for p in SYSTEM.pools}
    assert rename(SYSTEM, layout, a, swap) == b


def test_deadlocks() -> None:
    ghost = tuple(v for v in SYSTEM.variables if v.name == "ghost")
    stuck = System("stuck", (), ghost, (), (prop("no_deadlock"),))
    recheck(stuck, {}, prop("no_deadlock"), Violated(Trace((0,), (), True)))
    free = replace(stuck, actions=(Action("a", SYSTEM.actions[0].label, (), TRUE, ()),))
    with pytest.raises(InternalError, match="still happen"):
        recheck(free, {}, prop("no_deadlock"), Violated(Trace((0,), (), True)))


def test_unreachable_goals() -> None:
    never = Property("p", Kind.ALWAYS_POSSIBLE, FALSE)
    recheck(SYSTEM, QUICK, never, Violated(RUNS), states=60)
    elsewhere = replace(never, premise=FALSE)
    with pytest.raises(InternalError, match="nothing needs to be possible"):
        recheck(SYSTEM, QUICK, elsewhere, Violated(RUNS), states=60)


def test_inductive_evidence_is_sampled() -> None:
    check("current_is_live", Proved(Inductive((TRUE,), 1)), states=2)
    with pytest.raises(InternalError, match="violates it"):
        check("current_is_live", Proved(Inductive((TRUE,), 1)), states=1500)
    rejects("no_orphan", Proved(Inductive((FALSE,), 1)), "the invariant is false")
    rejects("no_orphan", Proved(Inductive((TRUE,), 0)), "less than one step")
    rejects("no_orphan", Proved(Inductive((TRUE,), 1)), "breaks it")
    rejects("a_context_runs", Unreached(Inductive((TRUE,), 1)), "satisfies it")
    rejects("fires:Complete", Unreached(Inductive((TRUE,), 1)), "does it")
    check("no_deadlock", Proved(Inductive((TRUE,), 1)))


def test_other_verdicts() -> None:
    check("no_orphan", Holds(3))
    check("no_orphan", Inconclusive(Stop.TIME))
    check("no_orphan", Skipped("x"))
    check("no_orphan", Proved(Enumeration(3, True, ("no_double_destroy",))))
    rejects("no_orphan", Proved(Enumeration(0, True)), "without the initial state")
    rejects("no_orphan", Proved(Enumeration(3, True, ("what",))), "does not exist")
    rejects("no_orphan", Holds(-1), "negative depth")


def test_no_engine_is_imported() -> None:
    code = ("import sys, wddmcheck.evidence.recheck; "
            "sys.exit(any(m.startswith('wddmcheck.engines') for m in sys.modules))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_shared_walk_hides_no_false_invariant() -> None:
    walk = Walk()
    true = Inductive((TRUE,), 1)
    recheck(SYSTEM, QUICK, prop("current_is_live"), Proved(true), states=2, walk=walk)
    assert walk.states
    assert TRUE in walk.held
    with pytest.raises(InternalError, match="invariant is false"):
        recheck(SYSTEM, QUICK, prop("no_orphan"), Proved(Inductive((TRUE, FALSE), 1)), states=2,
                walk=walk)
    assert FALSE not in walk.held
