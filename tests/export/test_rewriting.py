"""Rewriting for exports keeps the meaning: a system at a scope has the states, steps and claims of
the original, and assignments one by one have the effect of updates at once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import random_system
from tests.support.naive import Naive
from tests.support.tiny import Tiny
from tests.support.tiny_systems import tiny_systems
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.export.cells import Cells
from wddmcheck.export.claims import enabled, faults, goal
from wddmcheck.export.instantiate import Instantiate
from wddmcheck.export.order import sequence
from wddmcheck.export.scoped import at_scope
from wddmcheck.ir.build import or_
from wddmcheck.ir.evaluate import Layout, State, evaluate, instances, take
from wddmcheck.ir.expr import Const
from wddmcheck.ir.system import Kind, System
from wddmcheck.ir.validate import problems
from wddmcheck.ir.walk import free

SETTINGS = settings(max_examples=15, deadline=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))
SCOPES = st.sampled_from([{"P": 2, "Q": 2}, {"P": 1, "Q": 3}, {"P": 0, "Q": 2}, {"P": 3, "Q": 1}])
STATED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.REACHABLE, Kind.NO_DEADLOCK)


def small(seed: int, scope: Mapping[str, int]) -> System:
    system = random_system(seed)
    explored = get("native").check(CheckTask(system, scope, (), symmetry=False)).exploration
    assume(explored.transitions < 1000)
    return system


@SETTINGS
@given(st.integers(0, 10**6), SCOPES)
def test_a_system_at_a_scope_has_the_same_graph(seed: int, scope: Mapping[str, int]) -> None:
    same_graph(small(seed, scope), scope)


@pytest.mark.parametrize("tiny", tiny_systems(), ids=lambda t: t.name)
def test_so_have_the_tiny_systems(tiny: Tiny) -> None:
    same_graph(tiny.system, tiny.scope)


def same_graph(system: System, scope: Mapping[str, int]) -> None:
    scoped = at_scope(system, scope)
    assert problems(scoped.system) == []
    before, after = Naive(system, scope), Naive(scoped.system, scope)
    assert len(after.depths) == len(before.depths)
    assert after.transitions == before.transitions
    assert after.depth == before.depth
    for old, new in zip(system.properties, scoped.system.properties, strict=True):
        if old.kind in STATED:
            assert after.first(new) == before.first(old), old.name
    single = {p.name for p in system.pools if p.single}
    assert all(single.isdisjoint(v.dims) for v in scoped.system.variables)
    assert {a.name for a in system.actions} == {
        a.name for a in scoped.system.actions} | set(scoped.impossible)


@SETTINGS
@given(st.integers(0, 10**6), SCOPES)
def test_formulas_of_actions_say_what_actions_do(seed: int, scope: Mapping[str, int]) -> None:
    system = small(seed, scope)
    scoped = at_scope(system, scope)
    naive = Naive(scoped.system, scope)
    layout = naive.layout
    faulty = or_(*(found for _, found in faults(scoped.system)))
    some = enabled(scoped.system.actions)
    fires = {p.name: goal(scoped.system, p) for p in scoped.system.properties
             if p.kind is Kind.FIRES}
    for state in naive.depths:
        outcomes = {(a.name, args): outcome for a in scoped.system.actions
                    for args in instances(layout, a)
                    if (outcome := take(layout, a, args, state)) is not None}
        assert evaluate(some, layout, state, {}) == bool(outcomes)
        assert evaluate(faulty, layout, state, {}) == any(
            o.state is None for o in outcomes.values())
        done = {name for (name, _), outcome in outcomes.items() if outcome.state is not None}
        for prop in scoped.system.properties:
            if prop.kind is Kind.FIRES:
                assert evaluate(fires[prop.name], layout, state, {}) == bool(
                    done.intersection(prop.actions))


@SETTINGS
@given(st.integers(0, 10**6), SCOPES)
def test_assignments_one_by_one(seed: int, scope: Mapping[str, int]) -> None:
    """As the Promela export makes them: values aside first, the others in order, then those."""
    scoped = at_scope(small(seed, scope), scope)
    naive = Naive(scoped.system, scope)
    layout = naive.layout
    ground = Instantiate(layout.variables, scoped.sizes, frozenset(scoped.sizes))
    cells = Cells(ground)
    for action in scoped.system.actions:
        for args in instances(layout, action):
            env = {p.name: Const(v, p.sort) for p, v in zip(action.params, args, strict=True)}
            new = cells.assigned(action.updates, env)
            order = sequence({c: cells.read_by(e) for c, e in new.items()})
            assert all(not free(value) for value in new.values())
            for state in naive.depths:
                outcome = take(layout, action, args, state)
                guard = evaluate(ground(action.guard, env), layout, state, {})
                assert guard == (outcome is not None)
                if outcome is None or outcome.state is None:
                    continue
                aside = {c: evaluate(new[c], layout, state, {}) for c in order.early}
                now: State = state
                for cell in order.direct:
                    now = changed(layout, now, cell, evaluate(new[cell], layout, now, {}))
                for cell, value in aside.items():
                    now = changed(layout, now, cell, value)
                assert now == outcome.state


def changed(layout: Layout, state: State, cell: tuple[str, tuple[int, ...]],
            value: int) -> State:
    at = layout.offset(*cell)
    return (*state[:at], value, *state[at + 1:])


def test_values_are_kept_aside_only_in_a_circle() -> None:
    assert sequence({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()}).early == ()
    assert sequence({"a": frozenset("b"), "b": frozenset("c"), "c": frozenset()}).direct == (
        "a", "b", "c")
    around = sequence({"a": frozenset("b"), "b": frozenset("a")})
    assert len(around.early) == 1
    assert sequence({"a": frozenset("a")}).early == ()
    assert sequence({"a": frozenset("a")}, frozenset("a")).early == ("a",)
