"""How questions become answers about the system: what carries over from a slice, and what not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.properties.test_slicing import Asker, verdicts
from tests.support.tiny import action, flag, put
from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines.base import Limits
from wddmcheck.ir.build import not_
from wddmcheck.ir.expr import TRUE
from wddmcheck.ir.sorts import BOOL
from wddmcheck.ir.system import Kind, Obligation, Property, StateVar, System
from wddmcheck.pipeline.slicer import Slicer
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Holds,
    Inconclusive,
    Proved,
    Stop,
    Verdict,
    Violated,
)
from wddmcheck.slicing.cut import Slice


def flags(names: str) -> tuple[StateVar, ...]:
    return tuple(StateVar(n, (), BOOL, 0) for n in names)


def two_faults() -> System:
    """`late` is broken in the third step by `use`, and could be by `never`, which never happens."""
    return System("two_faults", (), flags("abcz"), (
        action("a", not_(flag("a")), put("a", TRUE)),
        action("b", flag("a"), put("b", TRUE)),
        action("use", flag("b"), put("c", TRUE), obligations=(Obligation("late", TRUE, True),)),
        action("never", flag("z"), obligations=(Obligation("late", TRUE, True),)),
    ), (Property("late", Kind.OBLIGATION),))


class Doubtful(Asker):
    """Has `answer` for the question about `never`."""

    answer: Verdict = Inconclusive(Stop.STATES)

    def __call__(self, part: Slice, limits: Limits) -> CheckResult:
        result = super().__call__(part, limits)
        changed = {n: self.answer if "never" in n else v for n, v in result.verdicts.items()}
        return replace(result, verdicts=changed)


def slicer(system: System, ask: Asker, limits: Limits | None = None) -> Slicer:
    made = Slicer(system, {}, tuple(p.name for p in system.properties), ask, limits or Limits(),
                  most=2.0)
    made.run()
    return made


@pytest.mark.parametrize(("answer", "shortest"), [
    (Proved(Enumeration(1, False)), True),
    (Holds(2), True),
    (Holds(1), False),
    (Inconclusive(Stop.STATES), False),
])
def test_a_run_is_a_shortest_one_if_nothing_shorter_is_possible(answer: Verdict,
                                                                shortest: bool) -> None:
    ask = Doubtful(two_faults(), {})
    ask.answer = answer
    verdict = slicer(two_faults(), ask).verdict("late")
    assert isinstance(verdict, Violated)
    assert len(verdict.trace.steps) == 3
    assert verdict.trace.shortest is shortest


def test_the_cone_grows_by_what_is_in_the_way() -> None:
    made = slicer(two_faults(), Asker(two_faults(), {}))
    shown = next(a.exploration for q, a in made.answers.items() if q.action == "use")
    kept = dict(made.runs[shown].kept)
    assert kept == {"a": "b depends on it", "b": "use depends on it"}
    assert made.runs[shown].variables_away == ("c", "z")
    proved = next(a.exploration for q, a in made.answers.items() if q.action == "never")
    assert dict(made.runs[proved].kept)["z"] == "never depends on it"


def test_another_propertys_fault_hides_what_lies_behind_it() -> None:
    """`bad` is reached only by `go`, and `go` is always a fault."""
    system = System("hidden", (), flags("ab"), (
        action("first", not_(flag("a")), put("a", TRUE)),
        action("go", flag("a"), put("b", TRUE),
               obligations=(Obligation("fault", flag("a"), True),)),
    ), (Property("bad", Kind.INVARIANT, not_(flag("b"))), Property("fault", Kind.OBLIGATION)))
    found = verdicts(system, {})
    assert isinstance(found["bad"], Proved)
    assert isinstance(found["bad"].evidence, Enumeration)
    assert found["bad"].evidence.beyond == ("fault",)
    assert isinstance(found["fault"], Violated)


def test_fairness_to_a_block_that_is_never_enabled() -> None:
    """`tick` never happens, so a run may idle for ever; a slice without `z` would think that it is
    always about to happen, and must."""
    system = System("unfair", (), flags("az"), (
        action("ask", not_(flag("a")), put("a", TRUE)),
        action("idle", TRUE),
        action("serve", flag("a"), put("a", not_(flag("a")))),
        action("tick", flag("z"), obligations=(Obligation("fault", TRUE, True),)),
    ), (Property("served", Kind.LEADS_TO, flag("a"), not_(flag("a")), fair=("tick",)),
        Property("fault", Kind.OBLIGATION)))
    assert not isinstance(verdicts(system, {})["served"], Proved)


@pytest.mark.parametrize(("limits", "stop"), [
    (Limits(depth=1), Stop.DEPTH), (Limits(timeout_s=0.0), Stop.TIME)])
def test_limits_leave_questions_open(limits: Limits, stop: Stop) -> None:
    ask = Asker(two_faults(), {})
    made = slicer(two_faults(), ask, limits)
    verdict = made.verdict("late")
    assert isinstance(verdict, Holds | Inconclusive)
    assert verdict.stopped_by is stop
    assert len(made.explorations) <= 6, "what more states do not help is not tried again"


def test_what_the_engine_refuses_is_left() -> None:
    def refuse(part: Slice, limits: Limits) -> CheckResult:
        raise UserError((Diagnostic("WC304", "too large"),), exit_code=2)

    system = two_faults()
    made = Slicer(system, {}, ("late",), refuse, Limits())
    made.run()
    assert isinstance(made.verdict("late"), Inconclusive)
    assert made.explorations == []


def test_an_interruption_keeps_what_is_known() -> None:
    system = two_faults()
    both = replace(system, properties=(*system.properties, Property(
        "not z", Kind.INVARIANT, not_(flag("z")))))

    class Stopped(Asker):
        asked: int = 0

        def __call__(self, part: Slice, limits: Limits) -> CheckResult:
            result = super().__call__(part, limits)
            self.asked += 1
            if self.asked == 1:
                return result
            nothing: Mapping[str, Verdict] = {
                n: Inconclusive(Stop.INTERRUPTED) for n in result.verdicts}
            return replace(result, verdicts=nothing, exploration=replace(
                result.exploration, stopped_by=Stop.INTERRUPTED))

    made = slicer(both, Stopped(both, {}))
    assert made.interrupted
    assert isinstance(made.verdict("not z"), Proved)
    assert made.verdict("late") == Inconclusive(Stop.INTERRUPTED)
