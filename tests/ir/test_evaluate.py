"""The oracle, sentence by sentence of the docstrings that it makes executable."""

from __future__ import annotations

import pytest

from tests.support.tiny import action, flag, of, put
from tests.support.tiny_systems import THREE, dangling_reference, obligations_in_order, swap
from wddmcheck.ir.build import arith, eq, exists, forall
from wddmcheck.ir.evaluate import Layout, evaluate, initial_state, instances, take
from wddmcheck.ir.expr import (
    FALSE,
    TRUE,
    And,
    BinOp,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Read,
    slot,
)
from wddmcheck.ir.sorts import BOOL, DANGLING, NONE, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, Param, Pool, StateVar, System, Update, Write

REF = RefSort("P", none=True, dangling=True)
VARIABLES = (
    StateVar("n", ("P",), THREE, 1), StateVar("to", ("P",), REF, NONE),
    StateVar("edge", ("P", "Q"), BOOL, 0), StateVar("g", (), THREE, 2),
    StateVar("one", ("S",), THREE, 3),
)


def layout(*actions: Action, p: int = 2, q: int = 3) -> Layout:
    system = System("m", (Pool("P"), Pool("Q"), Pool("S", single=True)), VARIABLES, actions, ())
    return Layout.of(system, {"P": p, "Q": q})


def n(index: Expr) -> Expr:
    return Read("n", (index,), THREE)


def a_ref(value: int) -> Expr:
    return Const(value, REF)


def num(value: int) -> Expr:
    return Const(value, THREE)


def test_the_flat_state_has_variables_in_order_each_row_major() -> None:
    lay = layout()
    assert initial_state(lay) == (1, 1, NONE, NONE, 0, 0, 0, 0, 0, 0, 2, 3)
    assert [lay.offset("edge", (p, q)) for p in range(2) for q in range(3)] == list(range(4, 10))
    assert lay.offset("one", (0,)) == 11


STATE = (0, 3, 1, DANGLING, 0, 1, 1, 0, 0, 0, 2, 3)


@pytest.mark.parametrize(("expr", "value"), [
    (n(a_ref(1)), 3),
    (n(a_ref(NONE)), 1),
    (n(a_ref(DANGLING)), 1),
    (n(Read("to", (a_ref(0),), REF)), 3),
    (n(Read("to", (a_ref(1),), REF)), 1),
    (eq(a_ref(NONE), Read("to", (a_ref(NONE),), REF)), 1),
    (eq(Read("to", (a_ref(1),), REF), a_ref(DANGLING)), 1),
    (And(()), 1), (Or(()), 0), (Not(TRUE), 0),
    (Ite(FALSE, num(1), num(2), THREE), 2),
    (arith(BinOp.SUB, n(a_ref(0)), n(a_ref(1))), -3),
    (arith(BinOp.ADD, n(a_ref(1)), n(a_ref(1))), 6),
    (Count("x", "Q", Read("edge", (a_ref(0), slot("x", "Q")), BOOL)), 2),
    (forall("x", "P", exists("y", "Q", Read("edge", (slot("x", "P"), slot("y", "Q")), BOOL))), 0),
    (exists("x", "P", eq(n(slot("x", "P")), num(3))), 1),
])
def test_expressions(expr: Expr, value: int) -> None:
    assert evaluate(expr, layout(), STATE, {}) == value


def test_quantifiers_over_no_slots() -> None:
    empty = layout(p=0)
    assert evaluate(forall("x", "P", FALSE), empty, initial_state(empty), {}) == 1
    assert evaluate(exists("x", "P", TRUE), empty, initial_state(empty), {}) == 0


def test_instances_are_all_values_in_lexicographic_order() -> None:
    sorts: tuple[Sort, ...] = (RefSort("P", none=True), BOOL, EnumSort("e", ("a",)),
                               IntRange(-1, 0))
    params = tuple(Param(f"p{i}", s) for i, s in enumerate(sorts))
    found = list(instances(layout(), action("a", TRUE, params=params)))
    assert found == sorted(found)
    assert len(found) == 3 * 2 * 1 * 2
    assert found[0] == (NONE, 0, 0, -1)
    # A parameter that may dangle is not picked so.
    dangling = action("a", TRUE, params=(Param("p", REF),))
    assert list(instances(layout(), dangling)) == [(NONE,), (0,), (1,)]


def after(lay: Layout, act: Action, args: tuple[int, ...] = (),
          state: tuple[int, ...] = STATE) -> tuple[int, ...]:
    outcome = take(lay, act, args, state)
    assert outcome is not None
    assert outcome.state is not None
    return outcome.state


def test_updates_are_simultaneous() -> None:
    system = swap().system
    assert after(Layout.of(system, {}), system.actions[0], state=(1, 2)) == (2, 1)


def test_the_later_write_wins() -> None:
    p = slot("p", "P")
    act = action("a", TRUE, Update("n", (Write((p,), num(0)), Write((p,), num(2)))),
                 params=(of("P", "p"),))
    assert after(layout(act), act, (1,))[:2] == (0, 2)


@pytest.mark.parametrize("nowhere", [NONE, DANGLING])
def test_a_write_at_no_slot_is_ignored(nowhere: int) -> None:
    act = action("a", TRUE, put("n", num(2), a_ref(nowhere)))
    assert after(layout(act), act) == STATE


def test_a_bulk_write_binds_every_slot_and_reads_the_old_state() -> None:
    p, q = slot("p", "P"), slot("q", "Q")
    turn = Write((p, q), Not(flag("edge", p, q)), eq(n(p), num(0)), (("p", "P"), ("q", "Q")))
    act = action("a", TRUE, Update("edge", (turn,)))
    assert after(layout(act), act)[4:10] == (1, 0, 0, 0, 0, 0)


def test_an_instance_whose_guard_is_false_is_not_enabled() -> None:
    tiny = dangling_reference()
    lay = Layout.of(tiny.system, tiny.scope)
    hold = tiny.system.actions[1]
    assert take(lay, hold, (0,), initial_state(lay)) is None


def test_obligations_are_met_in_order_up_to_one_that_stops() -> None:
    system = obligations_in_order().system
    outcome = take(Layout.of(system, {}), system.actions[1], (), (1,))
    assert outcome is not None
    assert [o.property for o in outcome.broken] == ["o0", "o1"]
    assert outcome.state is None


def test_destroying_what_a_reference_names_leaves_it_dangling() -> None:
    tiny = dangling_reference()
    lay = Layout.of(tiny.system, tiny.scope)
    create, hold, destroy, _ = tiny.system.actions
    state = initial_state(lay)
    for act in (create, hold, destroy):
        state = after(lay, act, (1,), state)
    assert state == (0, 0, DANGLING)
