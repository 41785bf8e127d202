"""The parts of slicing one by one, on random conditions and on systems made for the purpose."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import VARIABLES, Maker, random_system
from tests.support.tiny import action, flag, put
from wddmcheck.evidence.steps import Steps
from wddmcheck.ir.build import and_, eq, not_, or_
from wddmcheck.ir.evaluate import Layout, State, evaluate
from wddmcheck.ir.expr import TRUE, Const, Expr, Read
from wddmcheck.ir.sorts import BOOL, BoolSort, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import Action, Kind, Obligation, Property, StateVar, System
from wddmcheck.ir.validate import problems
from wddmcheck.ir.walk import reads
from wddmcheck.slicing.approximate import above, below
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import cut
from wddmcheck.slicing.deadlock import can_move
from wddmcheck.slicing.group import groups
from wddmcheck.slicing.question import Question, questions

SIZES = {"P": 2, "Q": 2, "S": 1}
NAMES = [v.name for v in VARIABLES]
SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)


def any_state(layout: Layout, random: Random) -> State:
    """A state, reachable or not."""
    values: list[int] = []
    for var in layout.system.variables:
        match var.sort:
            case BoolSort():
                choices = [0, 1]
            case IntRange(lo, hi):
                choices = list(range(lo, hi + 1))
            case EnumSort(_, members):
                choices = list(range(len(members)))
            case RefSort(pool, none, dangling):
                choices = [-2] * dangling + [-1] * none + list(range(layout.sizes[pool]))
        values += [random.choice(choices) for _ in range(layout.words(var))]
    return tuple(values)


# --- conditions ----------------------------------------------------------------------------------


@SETTINGS
@given(st.integers(0, 1 << 32), st.sets(st.sampled_from(NAMES)))
def test_conditions_are_enclosed(seed: int, kept: set[str]) -> None:
    maker = Maker(seed)
    expr = maker.bool_([], 4)
    low, high = below(expr, kept), above(expr, kept)
    assert reads(low, high) <= kept
    if reads(expr) <= kept:
        assert low == expr == high
    layout = Layout.of(random_system(0), SIZES)
    random = Random(seed)
    for _ in range(20):
        state = any_state(layout, random)
        below_, exact, above_ = (evaluate(e, layout, state, {}) for e in (low, expr, high))
        assert below_ <= exact <= above_


def test_what_is_known_is_kept() -> None:
    a, b, c = flag("a"), flag("b"), flag("c")
    assert above(and_(a, or_(b, c)), {"a"}) == a
    assert above(and_(a, or_(b, c)), {"a", "b"}) == a
    assert below(or_(and_(a, b), c), {"a", "b"}) == and_(a, b)
    assert above(not_(or_(a, b)), {"a"}) == not_(a)


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_a_deadlock_is_a_state_where_nothing_is_enabled(seed: int) -> None:
    system = random_system(seed)
    layout = Layout.of(system, SIZES)
    formula = can_move(system, frozenset(NAMES))
    steps, random = Steps(system, layout), Random(seed)
    for _ in range(5):
        state = any_state(layout, random)
        assert bool(evaluate(formula, layout, state, {})) == steps.enabled(state)


# --- cones and cuts ------------------------------------------------------------------------------

THREE = IntRange(0, 3)


def counter(name: str) -> Expr:
    return Read(name, (), THREE)


def chain(*obligations: Obligation) -> System:
    """`a` is set from `b`; setting it depends on `c`, which depends on `d`; `e` is on its own."""
    flags = tuple(StateVar(n, (), BOOL, 0) for n in "abcde")
    actions: tuple[Action, ...] = (
        action("set a", flag("c"), put("a", flag("b")), obligations=obligations),
        action("set b", not_(flag("b")), put("b", TRUE)),
        action("set c", flag("d"), put("c", TRUE)),
        action("set d", not_(flag("d")), put("d", TRUE)),
        action("set e", TRUE, put("e", not_(flag("e")))))
    return System("chain", (), flags, actions, (
        Property("not a", Kind.INVARIANT, not_(flag("a"))),
        Property("fault", Kind.OBLIGATION),
        Property("other", Kind.OBLIGATION)))


def test_cones() -> None:
    dependence = Dependence(chain(), {})
    seeds = dependence.spoken_of("not a")
    assert list(dependence.data(seeds)) == ["a", "b"]
    control = dependence.control(seeds)
    assert list(control) == ["a", "b", "c", "d"]
    assert control["a"] == "not a speaks of it"
    assert control["b"] == "set a sets a by it"
    assert control["c"] == "set a, which sets a, depends on it"
    assert dependence.bits(control) == 4


def test_an_exact_slice() -> None:
    (question,) = questions(chain(), chain().properties[0])
    part = cut(chain(), {}, frozenset("abcd"), [question])
    assert part.variables_away == ("e",)
    assert part.actions_away == ("set e",)
    assert part.weakened == frozenset()
    assert problems(part.system) == []


def test_a_slice_with_more_runs() -> None:
    (question,) = questions(chain(), chain().properties[0])
    part = cut(chain(), {}, frozenset("ab"), [question])
    assert part.actions_away == ("set c", "set d", "set e")
    assert part.weakened == {"set a"}
    assert part.system.actions[0].guard == TRUE


def test_obligations_of_a_slice() -> None:
    sure = Obligation("fault", flag("b"), stops=True)
    unseen = Obligation("other", and_(flag("b"), flag("e")), stops=True)
    half = Obligation("other", or_(flag("a"), flag("e")), stops=True)
    system = chain(sure, unseen, half)
    own = questions(system, system.properties[2])
    assert [q.number for q in own] == [1, 2]
    part = cut(system, {}, frozenset("ab"), own)
    first, *rest = part.system.actions[0].obligations
    assert first == sure, "it reads what is kept, so it still ends runs"
    assert [(o.property, o.broken, o.stops) for o in rest] == [
        ("other@set a.1", flag("b"), False),   # perhaps broken: the run goes on
        ("other@set a.2", TRUE, False),
        ("other", flag("a"), True)]            # broken for sure: the run ends
    assert part.weakened == {"set a"}


def test_questions_share_slices_that_are_about_as_large() -> None:
    wide = tuple(StateVar(f"n{i}", (), IntRange(0, 255), 0) for i in range(4))
    system = System("wide", (), wide, (), ())
    dependence = Dependence(system, {})
    one, two, all_ = (Question(n, Kind.INVARIANT) for n in ("one", "two", "all"))
    cones = {one: {"n0": ""}, two: {"n0": "", "n1": ""},
             all_: {f"n{i}": "" for i in range(4)}}
    made = groups(dependence, cones)
    assert [g.questions for g in made] == [(all_,), (two,), (one,)]
    cones[one] = {f"n{i}": "" for i in range(4)}
    assert [g.questions for g in groups(dependence, cones)] == [(one, all_), (two,)]


@pytest.mark.parametrize("name", ["not a", "fault"])
def test_every_property_is_asked_about(name: str) -> None:
    system = chain()
    prop = next(p for p in system.properties if p.name == name)
    assert [q.prop for q in questions(system, prop)] == [name]


def test_equality_of_references_is_seen_or_not() -> None:
    ref = Read("r", (), RefSort("P", none=True))
    none = Const(-1, RefSort("P", none=True))
    assert above(eq(ref, none), {"r"}) == eq(ref, none)
    assert above(eq(ref, none), set()) == TRUE
