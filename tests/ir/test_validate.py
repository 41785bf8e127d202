"""Each rule of well-formedness: a system that breaks it, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.tiny import action, flag, of, put
from tests.support.tiny_systems import THREE, tiny_systems
from wddmcheck.ir.build import none_of
from wddmcheck.ir.expr import (
    FALSE,
    TRUE,
    Binary,
    BinOp,
    Const,
    Expr,
    Ite,
    Not,
    Quant,
    QuantOp,
    Read,
    Var,
    slot,
)
from wddmcheck.ir.sorts import BOOL, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import (
    Action,
    Kind,
    Obligation,
    Param,
    Pool,
    Property,
    StateVar,
    System,
    Update,
    Write,
)
from wddmcheck.ir.validate import problems

P, Q = slot("p", "P"), slot("q", "Q")
GOOD = System(
    "good", (Pool("P"), Pool("Q")),
    (StateVar("n", ("P",), THREE, 0), StateVar("b", ("Q",), BOOL, 0), StateVar("g", (), BOOL, 0)),
    (action("a", TRUE, put("g", TRUE), params=(of("P", "p"),)),),
    (Property("o", Kind.OBLIGATION), Property("i", Kind.INVARIANT)))


def test_the_tiny_systems_are_well_formed() -> None:
    assert [t.name for t in tiny_systems() if problems(t.system)] == []
    assert problems(GOOD) == []


def of_action(act: Action) -> System:
    return replace(GOOD, actions=(act,))


def of_guard(guard: Expr) -> System:
    return of_action(action("a", guard, params=(of("P", "p"),)))


def of_write(var: str, write: Write) -> System:
    return of_action(action("a", TRUE, Update(var, (write,)), params=(of("P", "p"),)))


def of_property(prop: Property) -> System:
    return replace(GOOD, properties=(*GOOD.properties, prop))


def of_variable(var: StateVar) -> System:
    return replace(GOOD, variables=(*GOOD.variables, var))


CASES: dict[str, tuple[System, str]] = {
    "a pool twice": (replace(GOOD, pools=(*GOOD.pools, Pool("P"))), "pool P is declared twice"),
    "an action twice": (replace(GOOD, actions=GOOD.actions * 2), "action a is declared twice"),
    "a variable twice": (of_variable(GOOD.variables[0]), "variable n is declared twice"),
    "a property twice": (of_property(GOOD.properties[0]), "property o is declared twice"),
    "a dimension": (of_variable(StateVar("v", ("X",), BOOL, 0)), "unknown pool X"),
    "an initial value": (of_variable(StateVar("v", (), THREE, 4)), "initial value 4"),
    "an initial none": (of_variable(StateVar("v", (), RefSort("P"), -1)), "initial value -1"),
    "an empty range": (of_variable(StateVar("v", (), IntRange(1, 0), 1)), "empty range"),
    "a life": (replace(GOOD, pools=(Pool("P", life="x"), Pool("Q"))), "its life x"),
    "an owner": (replace(GOOD, pools=(Pool("P", owner=("X", "")), Pool("Q"))), "unknown owner X"),
    "a scope": (replace(GOOD, scopes=(("s", (("X", 1),)),)), "scope s: unknown pool X"),
    "a default scope": (replace(GOOD, default_scopes=("s",)), "default scope s"),
    "a parameter twice": (of_action(action("a", TRUE, params=(of("P", "p"), of("P", "p")))),
                          "parameter p twice"),
    "a parameter that dangles": (
        of_action(action("a", TRUE, params=(Param("p", RefSort("P", dangling=True)),))),
        "may dangle"),
    "an unbound name": (of_guard(Quant(QuantOp.EXISTS, "x", "P", flag("b", Q))), "unbound q"),
    "another sort": (of_guard(flag("b", Var("p", RefSort("Q")))), "used with another sort"),
    "a read of nothing": (of_guard(flag("zz")), "read of zz"),
    "too few indices": (of_guard(flag("b")), "read of b"),
    "another pool": (of_guard(flag("b", P)), "is no Q"),
    "a guard that is no truth value": (of_guard(Const(1, THREE)), "not a truth value"),
    "a constant": (of_guard(Not(Const(2, BOOL))), "constant 2"),
    "a comparison": (of_guard(Binary(BinOp.EQ, P, Const(0, THREE), BOOL)), "different sorts"),
    "an order of references": (of_guard(Binary(BinOp.LT, P, P, BOOL)), "no integer"),
    "branches": (of_guard(Ite(TRUE, TRUE, Const(0, THREE), BOOL)), "branches"),
    "a pool of a quantifier": (of_guard(Quant(QuantOp.FORALL, "x", "X", TRUE)), "unknown pool X"),
    "a name bound twice": (of_guard(Quant(QuantOp.FORALL, "p", "P", TRUE)), "p is bound twice"),
    "an obligation of nothing": (
        of_action(action("a", TRUE, obligations=(Obligation("x", FALSE, True),))),
        "x is no property of kind obligation"),
    "an obligation of an invariant": (
        of_action(action("a", TRUE, obligations=(Obligation("i", FALSE, True),))),
        "i is no property of kind obligation"),
    "an update twice": (of_action(action("a", TRUE, put("g", TRUE), put("g", FALSE))),
                        "updated twice"),
    "a write without its index": (of_write("n", Write((), Const(0, THREE))), "has 0 indices"),
    "a write of another sort": (of_write("n", Write((P,), TRUE)), "of another sort"),
    "a write elsewhere": (of_write("n", Write((none_of("Q"),), Const(0, THREE))), "is no P"),
    "a binder that hides": (
        of_write("n", Write((P,), Const(0, THREE), binders=(("p", "P"),))), "hides"),
    "a binder of no pool": (
        of_write("n", Write((P,), Const(0, THREE), binders=(("x", "X"),))), "unknown pool X"),
    "an action to fire": (of_property(Property("f", Kind.FIRES, actions=("x",))),
                          "unknown action x"),
    "a block to be fair to": (of_property(Property("l", Kind.LEADS_TO, fair=("x",))),
                              "unknown block x"),
    "a property with a parameter": (of_property(Property("f", Kind.INVARIANT, flag("b", Q))),
                                    "unbound q"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_said(name: str) -> None:
    system, said = CASES[name]
    assert any(said in problem for problem in problems(system)), problems(system)


def test_an_index_with_a_binder_inside_is_refused() -> None:
    """A write's index is a binder or has none in it."""
    to = RefSort("P", none=True)
    system = replace(
        of_write("n", Write((Read("to", (slot("x", "Q"),), to),), Const(0, THREE),
                            binders=(("x", "Q"),))),
        variables=(*GOOD.variables, StateVar("to", ("Q",), to, -1)))
    assert problems(system) == ["action a: unbound x"]


def test_enums_of_different_names_do_not_compare() -> None:
    a, b = EnumSort("a", ("x",)), EnumSort("b", ("x",))
    system = of_guard(Binary(BinOp.EQ, Const(0, a), Const(0, b), BOOL))
    assert "different sorts" in problems(system)[0]
