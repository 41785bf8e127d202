"""What is always possible, on slices: the stages of a claim, which steps are certain, and what a
slice is told that it overlooked."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.properties.test_slicing import Asker, verdicts
from tests.support.models import shipped
from tests.support.tiny import action, flag, of, put
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.build import and_, not_, or_
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Read, Var
from wddmcheck.ir.sorts import BOOL, RefSort
from wddmcheck.ir.system import (
    Action,
    Kind,
    Obligation,
    Pool,
    Property,
    StateVar,
    System,
    Update,
)
from wddmcheck.pipeline.slicer import Slicer
from wddmcheck.result.report import Way
from wddmcheck.result.verdict import Inconclusive, Proved, Verdict, Violated
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import Slice, cut
from wddmcheck.slicing.question import Question, questions
from wddmcheck.slicing.stages import empty, fills, stages, taken
from wddmcheck.slicing.ways import overlooked

SIZES = {"A": 1, "B": 2}


def slot(pool: str, name: str) -> Expr:
    """Whether a slot of `pool` is taken."""
    return Read(f"{pool}.life", (Var(name, RefSort(pool)),), BOOL)


def fill(pool: str, name: str, value: Expr = TRUE) -> Update:
    return put(f"{pool}.life", value, Var(name, RefSort(pool)))


def system_of(*actions: Action, flags: str = "", goal: Expr | None = None) -> System:
    """Pools A and B, and flags."""
    lives = tuple(StateVar(f"{p}.life", (p,), BOOL, 0) for p in "AB")
    others = tuple(StateVar(n, (), BOOL, 0) for n in flags)
    return System("ways", (Pool("A", life="A.life"), Pool("B", life="B.life")), (*lives, *others),
                  actions, (Property("way", Kind.ALWAYS_POSSIBLE, TRUE if goal is None else goal),
                            Property("fault", Kind.OBLIGATION)))


MAKE = (action("make a", not_(slot("A", "a")), fill("A", "a"), params=(of("A", "a"),)),
        action("make b", not_(slot("B", "b")), fill("B", "b"), params=(of("B", "b"),)))


def asked(system: System, question: Question, kept: Iterable[str]) -> tuple[Slice, Verdict]:
    part = cut(system, SIZES, frozenset(kept), [question])
    found = get("interpret").check(CheckTask(part.asked, part.sizes, (question.name,), Limits()))
    return part, found.verdicts[question.name]


def after(system: System, *before: str, empties: str) -> Question:
    return Question("way", Kind.ALWAYS_POSSIBLE, "", len(before), before,
                    empty(system, empties), empties)


# --- the stages of a claim -----------------------------------------------------------------------


def test_the_miniport_is_taken_down_in_this_order() -> None:
    system = shipped("models/miniport.wddm")
    claim = next(p for p in system.properties if p.name == "teardown_always_possible")
    order = ["Call", "Context", "OpenAllocation", "Device", "Process", "Allocation", "Resource"]
    found = stages(system, claim.formula)
    assert [s.empties for s in found] == [*order, ""]
    assert [list(s.before) for s in found] == [order[:n] for n in range(len(order) + 1)]
    assert found[-1].goal == claim.formula
    assert [q.name for q in questions(system, claim)][-1] == "teardown_always_possible@.7"


def test_what_needs_nothing_gone_has_one_stage() -> None:
    system = shipped("models/miniport.wddm")
    claim = next(p for p in system.properties if p.name == "no_stuck_call")
    assert [(s.before, s.empties) for s in stages(system, claim.formula)] == [((), "")]


def test_filling_and_giving_back() -> None:
    system = system_of(*MAKE)
    assert taken(system, "A").name == "A.life"
    assert fills(system, MAKE[0], "A")
    assert not fills(system, MAKE[0], "B")
    assert not fills(system, action("free a", TRUE, fill("A", "a", FALSE)), "A")


# --- certain steps -------------------------------------------------------------------------------


def free(guard: Expr, *more: Update, obligations: tuple[Obligation, ...] = ()) -> Action:
    """Gives a slot of B back."""
    return action("free b", and_(slot("B", "b"), guard), fill("B", "b", FALSE), *more,
                  params=(of("B", "b"),), obligations=obligations)


@pytest.mark.parametrize(("kept", "proved"), [("", False), ("z", True)])
def test_a_step_is_certain_only_where_its_guard_is_seen(kept: str, proved: bool) -> None:
    """`z` is always set once it matters; a slice without it cannot know."""
    system = system_of(action("set z", not_(flag("z")), put("z", TRUE)),
                       action("make b", and_(flag("z"), not_(slot("B", "b"))), fill("B", "b"),
                              params=(of("B", "b"),)), free(flag("z")), flags="z")
    _, verdict = asked(system, after(system, empties="B"), {"B.life", *kept})
    assert isinstance(verdict, Proved) is proved


@pytest.mark.parametrize("kept", [{"B.life"}, {"A.life", "B.life"}])
def test_a_pool_that_was_empty_has_to_be_so_again(kept: set[str]) -> None:
    """A slot of B is only given back by taking one of A, which is never given back."""
    system = system_of(*MAKE, free(TRUE, put("A.life", TRUE, Const(0, RefSort("A")))))
    _, verdict = asked(system, after(system, "A", empties="B"), kept)
    assert not isinstance(verdict, Proved)
    _, verdict = asked(system, after(system, empties="B"), kept)
    assert isinstance(verdict, Proved), "nothing has to be empty again"


def test_a_pool_may_be_filled_on_the_way() -> None:
    back = action("free a", slot("A", "a"), fill("A", "a", FALSE), params=(of("A", "a"),))
    system = system_of(*MAKE, back, free(TRUE, put("A.life", TRUE, Const(0, RefSort("A")))))
    _, verdict = asked(system, after(system, "A", empties="B"), {"A.life", "B.life"})
    assert isinstance(verdict, Proved)
    _, verdict = asked(system, after(system, "A", empties="B"), {"B.life"})
    assert not isinstance(verdict, Proved), "whether A is empty again cannot be seen"


def test_a_fault_is_an_end_as_well() -> None:
    system = system_of(*MAKE, free(TRUE, obligations=(Obligation("fault", TRUE, True),)))
    _, verdict = asked(system, after(system, empties="B"), {"B.life"})
    assert isinstance(verdict, Proved)


def test_a_step_that_only_may_be_taken_is_no_end() -> None:
    """The fault is certain where `free b` is taken, which is never."""
    system = system_of(*MAKE, free(flag("z"), obligations=(Obligation("fault", TRUE, True),)),
                       flags="z")
    _, verdict = asked(system, after(system, empties="B"), {"B.life"})
    assert not isinstance(verdict, Proved)


# --- what was overlooked -------------------------------------------------------------------------


def missed(system: System, question: Question, kept: Iterable[str]) -> dict[str, str]:
    part, verdict = asked(system, question, kept)
    assert isinstance(verdict, Violated)
    return dict(overlooked(part, Dependence(system, SIZES), question, verdict.trace))


def test_what_makes_the_steps_of_a_way_certain() -> None:
    system = system_of(action("set z", not_(flag("z")), put("z", TRUE)), *MAKE,
                       free(or_(flag("z"), flag("y"))), flags="yz")
    assert missed(system, after(system, empties="B"), {"B.life"}) == {
        "z": "set z depends on it"}, "a step that the slice does not have, and then `free b`"


def test_what_keeps_the_system_from_getting_there() -> None:
    system = system_of(action("set z", flag("y"), put("z", TRUE)),
                       action("make b", and_(flag("z"), not_(slot("B", "b"))), fill("B", "b"),
                              params=(of("B", "b"),)), flags="yz")
    assert missed(system, after(system, empties="B"), {"B.life"}) == {
        "z": "make b depends on it"}


def test_that_the_way_need_not_begin_there() -> None:
    both = action("make both", TRUE, fill("A", "a"), fill("B", "b"),
                  params=(of("A", "a"), of("B", "b")))
    clear = action("free a", slot("A", "a"), fill("A", "a", FALSE), params=(of("A", "a"),))
    system = system_of(both, clear, free(empty(system_of(), "A")))
    assert missed(system, after(system, "A", empties="B"), {"B.life"}) == {
        "A.life": "the way begins when its pool is empty"}


def test_that_a_pool_is_filled_on_the_way() -> None:
    back = action("free a", slot("A", "a"), fill("A", "a", FALSE), params=(of("A", "a"),))
    system = system_of(*MAKE, back, free(TRUE, put("A.life", TRUE, Const(0, RefSort("A")))))
    assert missed(system, after(system, "A", empties="B"), {"B.life"}) == {
        "A.life": "free b may set it on the way"}


def test_a_way_is_looked_for_as_long_as_there_is_time() -> None:
    system = system_of(*MAKE, free(flag("z")), action("set z", TRUE, put("z", TRUE)), flags="z")
    question = after(system, empties="B")
    part, verdict = asked(system, question, {"B.life"})
    assert isinstance(verdict, Violated)
    found = [overlooked(part, Dependence(system, SIZES), question, verdict.trace, seconds)
             for seconds in (None, 0.0)]
    assert [bool(missing) for missing in found] == [True, False]


def test_that_there_is_no_way() -> None:
    system = system_of(*MAKE)
    assert missed(system, after(system, empties="B"), {"B.life"}) == {}


# --- as a claim ----------------------------------------------------------------------------------


def teardown(*, stuck: bool) -> System:
    """`off` needs A to be empty, and that B is. With `stuck`, B is never given back."""
    back = action("free a", and_(slot("A", "a"), empty(system_of(), "B")), fill("A", "a", FALSE),
                  params=(of("A", "a"),))
    on = action("on", not_(flag("o")), put("o", TRUE))
    off = action("off", and_(flag("o"), empty(system_of(), "A")), put("o", FALSE))
    own = () if stuck else (free(TRUE),)
    return system_of(*MAKE, back, on, off, *own, flags="o", goal=not_(flag("o")))


def test_a_claim_in_stages() -> None:
    system = teardown(stuck=False)
    made = Slicer(system, SIZES, ("way",), Asker(system, SIZES), Limits(), most=2.0)
    made.run()
    verdict = made.verdict("way")
    assert isinstance(verdict, Proved)
    assert {run.way for run in made.runs.values()} == {
        Way((), "B"), Way(("B",), "A"), Way(("B", "A"), "")}


def test_a_claim_that_does_not_hold_is_left() -> None:
    assert isinstance(verdicts(teardown(stuck=True), SIZES)["way"], Inconclusive)
