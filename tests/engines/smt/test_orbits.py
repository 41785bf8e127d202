"""Orbits against all renamings, and what tells slots apart."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import POOLS, VARIABLES, Maker, random_system
from tests.engines.smt.yardstick import action, yardstick
from tests.support.models import shipped
from wddmcheck.engines.smt.circuit import Circuit, Lit
from wddmcheck.engines.smt.encode import Encoder, Value
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.orbits import Case, Orbits, TooMany, instances
from wddmcheck.engines.smt.step import state_inputs
from wddmcheck.engines.smt.symmetry import asymmetry
from wddmcheck.evidence.renaming import rename
from wddmcheck.ir.build import and_, exists, is_slot, ne, not_
from wddmcheck.ir.evaluate import Layout as OracleLayout
from wddmcheck.ir.evaluate import State, evaluate
from wddmcheck.ir.expr import TRUE, Binary, BinOp, Const, Expr, Read, slot
from wddmcheck.ir.sorts import BOOL, IntRange, RefSort, Sort
from wddmcheck.ir.system import Kind, Param, Property, System, Update, Write

SETTINGS = settings(max_examples=150, deadline=None, database=None, derandomize=True)
EMPTY = System("empty", POOLS, VARIABLES, (), ())


def holds(circuit: Circuit, lit: Lit, true: set[Lit]) -> bool:
    """Whether `lit` holds where just the inputs in `true` do."""
    args = circuit.args[lit >> 1]
    value = lit & ~1 in true if args is None and lit > 1 else (
        lit > 1 and all(holds(circuit, a, true) for a in args or ()))
    return value != bool(lit & 1) if lit > 1 else bool(lit & 1)


def inputs(now: list[Value], state: State) -> set[Lit]:
    """The inputs that hold in `state`."""
    chosen = [dict(value)[v] for value, v in zip(now, state, strict=True)]
    return {lit for lit in chosen if not lit & 1 and lit > 1}


def renamings(sizes: dict[str, int]) -> list[dict[str, tuple[int, ...]]]:
    return [dict(zip(sizes, p, strict=True))
            for p in product(*(permutations(range(n)) for n in sizes.values()))]


@SETTINGS
@given(st.integers(0, 10**6), st.sampled_from([(1, 1), (2, 1), (2, 2), (3, 2), (2, 3)]),
       st.booleans(), st.booleans())
def test_the_cases_are_all_ways_up_to_renaming(
        seed: int, scope: tuple[int, int], wanted: bool, follow: bool) -> None:
    sizes = {"P": scope[0], "Q": scope[1], "S": 1}
    layout, oracle = Layout(EMPTY, sizes), OracleLayout.of(EMPTY, sizes)
    circuit = Circuit()
    now = state_inputs(circuit, layout, "")
    maker = Maker(seed)
    formula = maker.pattern() if seed % 2 else maker.bool_([], 3)
    orbits = Orbits(layout, Encoder(circuit, layout, now), follow=follow)
    try:
        cases = orbits.cases(formula, wanted, Case({}), {})
    except TooMany:
        return
    random = Random(seed)
    for _ in range(12):
        state = tuple(random.choice(w.domain) for w in layout.words)
        is_so = evaluate(formula, oracle, state, {}) == wanted
        shown = False
        for renaming in renamings(sizes):
            true = inputs(now, rename(EMPTY, oracle, state, renaming))
            shown |= any(all(holds(circuit, x, true) for x in c.lits) for c in cases)
        assert shown == is_so


def test_what_a_reference_leads_to_may_be_a_slot_without_a_name() -> None:
    """One slot of Q is on, and `to` leads to one that is not: these are two."""
    sizes = {"P": 1, "Q": 3, "S": 1}
    layout, oracle = Layout(EMPTY, sizes), OracleLayout.of(EMPTY, sizes)
    circuit = Circuit()
    now = state_inputs(circuit, layout, "")

    def on(e: Expr) -> Expr:
        return Read("on", (e,), BOOL)

    to = Read("to", (x,), VARIABLES[1].sort)
    formula = exists("q", "Q", and_(on(q), exists("x", "P", and_(is_slot(to), not_(on(to))))))
    cases = Orbits(layout, Encoder(circuit, layout, now)).cases(formula, True, Case({}), {})
    random = Random(1)
    seen = set()
    for _ in range(300):
        state = tuple(random.choice(w.domain) for w in layout.words)
        shown = any(all(holds(circuit, lit, inputs(now, rename(EMPTY, oracle, state, r)))
                        for lit in case.lits) for r in renamings(sizes) for case in cases)
        assert shown == bool(evaluate(formula, oracle, state, {}))
        seen.add(shown)
    assert seen == {False, True}


POOL_SORTS: list[Sort] = [RefSort("P"), RefSort("P", none=True), RefSort("Q"),
                          RefSort("S"), BOOL, IntRange(0, 2)]


@SETTINGS
@given(st.lists(st.sampled_from(POOL_SORTS), max_size=4), st.integers(0, 3), st.integers(0, 3))
def test_one_tuple_of_arguments_for_each_orbit(sorts: list[Sort], p: int, q: int) -> None:
    sizes = {"P": p, "Q": q, "S": 1}
    layout = Layout(EMPTY, sizes)
    act = action("A", tuple(Param(f"a{i}", s) for i, s in enumerate(sorts)), TRUE)
    every = list(product(*layout.arguments(act)))

    def renamed(args: tuple[int, ...], renaming: dict[str, tuple[int, ...]]) -> tuple[int, ...]:
        return tuple(renaming[s.pool][v] if isinstance(s, RefSort) and v >= 0 else v
                     for s, v in zip(sorts, args, strict=True))

    orbits = {frozenset(renamed(args, r) for r in renamings(sizes)) for args in every}
    found = instances(act, layout, symmetric=True)
    assert sorted(sorted(o) for o in orbits) == sorted(
        sorted({renamed(args, r) for r in renamings(sizes)}) for _, args in found)
    for case, args in found:
        for pool in "PQ":
            mine = {v for s, v in zip(sorts, args, strict=True)
                    if isinstance(s, RefSort) and s.pool == pool and v >= 0}
            assert mine == set(range(case.named.get(pool, 0)))
    assert [args for _, args in instances(act, layout, symmetric=False)] == every


def test_an_action_with_too_many_arguments_is_not_taken_apart() -> None:
    layout = Layout(EMPTY, {"P": 2, "Q": 1, "S": 1})
    act = action("A", tuple(Param(f"a{i}", IntRange(0, 9)) for i in range(3)), TRUE)
    with pytest.raises(TooMany):
        instances(act, layout, symmetric=True)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_generated_and_shipped_is_symmetric(seed: int) -> None:
    system = random_system(seed)
    assert asymmetry(system, Layout(system, {"P": 3, "Q": 2})) == ""


@pytest.mark.parametrize("path", ["models/yardstick.wddm", "models/miniport.wddm"])
def test_the_models_are_symmetric(path: str) -> None:
    system = shipped(path)
    assert asymmetry(system, Layout(system, {p.name: 2 for p in system.pools})) == ""


P0 = Const(0, RefSort("P"))
x, y, q = slot("x", "P"), slot("y", "P"), slot("q", "Q")


def with_property(formula: object) -> System:
    return replace(EMPTY, properties=(Property(
        "I", Kind.INVARIANT, exists("x", "P", exists("q", "Q", formula))),))  # type: ignore[arg-type]


UPDATE = action("A", (), TRUE)
DIFFERENT = [
    (with_property(ne(x, P0)), "`I` names slot 0"),
    (with_property(Binary(BinOp.LT, x, x, BOOL)), "`I` compares references by `<`"),
    (with_property(Binary(BinOp.EQ, x, q, BOOL)), "`I` compares references by `==`"),
    (replace(EMPTY, variables=(replace(VARIABLES[1], init=0),)),
     "`to` has slot 0 as its initial value"),
    (replace(EMPTY, actions=(replace(UPDATE, updates=(Update("up", (Write(
        (Read("to", (P0,), VARIABLES[1].sort),), y, TRUE, (("y", "P"),)),)),)),)),
     "the order of slots decides what `A` writes to `up`"),
    (replace(EMPTY, actions=(replace(UPDATE, guard=exists("x", "P", ne(x, P0))),)),
     "`A` names slot 0"),
]


@pytest.mark.parametrize(("system", "reason"), DIFFERENT)
def test_what_tells_slots_apart_is_found(system: System, reason: str) -> None:
    assert asymmetry(system, Layout(system, {"P": 2, "Q": 2})) == reason
    # One slot is only ever renamed to itself.
    assert asymmetry(system, Layout(system, {"P": 1, "Q": 1})) == ""


def test_a_claim_of_the_yardstick_has_few_orbits() -> None:
    """What `busy` leads to is named: an allocation, its context, that one's device."""
    system = yardstick()
    layout = Layout(system, {"P": 3, "D": 4, "C": 6, "A": 8})
    circuit = Circuit()
    encoder = Encoder(circuit, layout, state_inputs(circuit, layout, ""))
    [formula] = [p.formula for p in system.properties if p.name == "I4"]
    assert len(Orbits(layout, encoder, follow=False).cases(formula, False, Case({}), {})) == 1
    cases = Orbits(layout, encoder).cases(formula, False, Case({}), {})
    assert 1 < len(cases) <= 12
    assert all(len(case.fixed) >= 1 for case in cases)
