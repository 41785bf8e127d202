"""Induction over one step: the greatest inductive subset, with and without orbits."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import random_system
from tests.engines.smt.test_bmc import sizes
from tests.engines.smt.yardstick import ADAPTER, action, adapter_is, busy, ctx, yardstick
from tests.support.models import system_of
from tests.support.naive import Reference
from wddmcheck.engines.base import CheckTask, Limits, silent
from wddmcheck.engines.smt.candidates import candidates
from wddmcheck.engines.smt.kinduction import KInduction
from wddmcheck.engines.smt.onestep import OneStep
from wddmcheck.engines.smt.orbits import TooMany
from wddmcheck.engines.smt.solver import Supervisor
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.build import and_, eq, exists, forall, ne, none_of, not_
from wddmcheck.ir.evaluate import State, evaluate
from wddmcheck.ir.expr import Expr, enum_const, slot
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.result.verdict import (
    CheckResult,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Violated,
)

SETTINGS = settings(max_examples=8, deadline=None, database=None, derandomize=True)


def guesses(system: System, seed: int = 0) -> list[Expr]:
    """Formulas of which hardly any is kept, and some of which many are."""
    found = [p.formula if p.kind is Kind.INVARIANT else not_(p.formula)
             for p in system.properties if p.kind in (Kind.INVARIANT, Kind.REACHABLE)]
    return [*found, *Random(seed).sample(candidates(system), 20)]


def kept_by_enumeration(system: System, scope: dict[str, int], formulas: list[Expr]) -> set[Expr]:
    """The greatest subset that holds at first and that every step keeps."""
    reference = Reference(system, scope)
    layout = reference.layout
    domains = [sorted({*layout.values(v.sort), *([-2] if v.name == "to" else [])})
               for v in system.variables for _ in range(layout.words(v))]
    steps: list[tuple[State, State]] = [
        (state, t.state) for state in product(*domains)
        for t in reference.taken(state) if t.state is not None]

    def holds(formula: Expr, state: State) -> bool:
        return bool(evaluate(formula, layout, state, {}))

    alive = [f for f in formulas if holds(f, reference.initial)]
    every = dict.fromkeys(s for pair in steps for s in pair)
    truth = {f: {s for s in every if holds(f, s)} for f in alive}
    while True:
        good = {s for s in every if all(s in truth[f] for f in alive)}
        lost = {f for before, after in steps if before in good and after not in good
                for f in alive if after not in truth[f]}
        if not lost:
            return set(alive)
        alive = [f for f in alive if f not in lost]


def one_step(system: System, scope: dict[str, int], *, symmetric: bool
             ) -> tuple[set[Expr], bool, list[bool]]:
    """What is kept, whether nothing leaves its sort, and which claims about steps are shown."""
    with Supervisor("test", Limits(), silent) as supervisor:
        step = OneStep(system, scope, supervisor, symmetric=symmetric)
        assert step.symmetric == symmetric
        kept = step.kept(guesses(system)[:16])
        every = tuple(kept)
        assert all(used <= set(kept) for used in kept.values())
        never = [step.never(p, every) is not None for p in system.properties
                 if p.kind in (Kind.OBLIGATION, Kind.FIRES)]
        return set(kept), step.stays(every) is not None, never


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_keeps_what_enumeration_keeps(seed: int) -> None:
    system, scope = random_system(seed), {"P": 1, "Q": 1}
    formulas = guesses(system, seed)
    with Supervisor("test", Limits(), silent) as supervisor:
        kept = set(OneStep(system, scope, supervisor).kept(formulas))
    assert kept == kept_by_enumeration(system, scope, formulas)
    assert 0 < len(kept) < len(formulas)


@SETTINGS
@given(st.integers(0, 10**6), st.sampled_from([(2, 1), (1, 2), (2, 2), (3, 2)]))
def test_orbits_change_no_answer(seed: int, scope: tuple[int, int]) -> None:
    system = random_system(seed)
    at = {"P": scope[0], "Q": scope[1]}
    try:
        assert one_step(system, at, symmetric=True) == one_step(system, at, symmetric=False)
    except TooMany:
        note("too many instances")


def test_an_assumption_is_used_at_slots_without_names() -> None:
    """The step has no arguments, and the claim no slots: no name says where `quiet` is needed."""
    system = yardstick()
    quiet = forall("c", "C", eq(busy(slot("c", "C")), none_of("A")))
    at_work = exists("c", "C", ne(busy(slot("c", "C")), none_of("A")))
    stopped = not_(adapter_is("Added"))
    breaks = action("Break", (), at_work, ("adapter", (), enum_const(ADAPTER, "Added")))
    idle = replace(system, actions=(breaks,), properties=())
    with Supervisor("test", Limits(), silent) as supervisor:
        step = OneStep(idle, sizes(1, 1, 3, 2), supervisor)
        assert set(step.kept([stopped])) == set()
        assert step.kept([quiet, stopped])[stopped] >= {quiet}


# --- the engine ----------------------------------------------------------------------------------


def check(system: System, scope: dict[str, int], *names: str) -> CheckResult:
    result = KInduction().check(CheckTask(system, scope, names, Limits()))
    for prop in system.properties:
        if prop.name in names:
            recheck(system, scope, prop, result.verdicts[prop.name])
    return result


MIDDLE = {"Process": 3, "Device": 4, "Context": 6, "Allocation": 8}
LARGE = {"Process": 4, "Device": 8, "Context": 16, "Allocation": 32}
BEYOND = """
property S1: invariant all c: Context where c.busy is not none: adapter is Started
property S2: invariant all c: Context where c.busy is not none: c.device.process is live
property S3: invariant all a: Allocation: a.context.device.process is live
"""


def lifecycle() -> System:
    with open("models/yardstick.wddm", encoding="utf-8") as file:
        return system_of(file.read() + BEYOND)


def test_proves_at_a_large_scope() -> None:
    names = ("I1", "I2", "I3", "I4", "I5")
    result = check(lifecycle(), LARGE, *names)
    assert {n: type(v) for n, v in result.verdicts.items()} == dict.fromkeys(names, Proved)


def test_proves_with_lemmas_what_is_not_inductive() -> None:
    system = lifecycle()
    names = ("S1", "S2", "S3")
    with Supervisor("test", Limits(), silent) as supervisor:
        step = OneStep(system, MIDDLE, supervisor)
        assert not any(step.kept([p.formula]) for p in system.properties if p.name in names)
    for verdict in check(system, MIDDLE, *names).verdicts.values():
        assert isinstance(verdict, Proved)
        assert isinstance(verdict.evidence, Inductive)
        assert verdict.evidence.k == 1
        invariant = verdict.evidence.invariant
    with Supervisor("test", Limits(), silent) as supervisor:
        again = OneStep(system, dict.fromkeys(MIDDLE, 2), supervisor, symmetric=False)
        assert set(again.kept(invariant)) == set(invariant)


@pytest.mark.parametrize(("bug", "name"), [(1, "I3"), (2, "I4")])
def test_never_proves_a_defect_beyond_the_base_case(bug: int, name: str) -> None:
    verdict = check(yardstick(bug), sizes(2, 2, 4, 4), name).verdicts[name]
    assert isinstance(verdict, Inconclusive)


def test_what_is_true_of_few_slots_only_is_not_proved_of_more() -> None:
    """Lemmas come from a scope of two slots each, where this is inductive."""
    system = yardstick()
    c = [slot(f"c{i}", "C") for i in range(3)]
    three = and_(*(ne(ctx(e), none_of("D")) for e in c), ne(c[0], c[1]), ne(c[1], c[2]),
                 ne(c[0], c[2]))
    formula = not_(exists("c0", "C", exists("c1", "C", exists("c2", "C", three))))
    system = replace(system, properties=(*system.properties,
                                         Property("two", Kind.INVARIANT, formula)))
    assert isinstance(check(system, sizes(2, 2, 2, 2), "two").verdicts["two"], Proved)
    verdict = check(system, sizes(2, 2, 4, 4), "two").verdicts["two"]
    assert isinstance(verdict, Inconclusive | Violated)


def test_a_claim_about_all_pairs_is_taken_apart() -> None:
    """Two slots of one pool beside the argument: orbits range over three."""
    system = yardstick()
    a, b = slot("a", "C"), slot("b", "C")
    alone = forall("a", "C", forall("b", "C", not_(and_(
        ne(a, b), ne(busy(a), none_of("A")), ne(busy(b), none_of("A"))))))
    with Supervisor("test", Limits(), silent) as supervisor:
        assert not OneStep(system, sizes(2, 2, 3, 3), supervisor).kept([alone])
    claim = Property("alone", Kind.INVARIANT, alone)
    system = replace(system, properties=(*system.properties, claim), actions=tuple(
        replace(act, guard=and_(act.guard, not_(exists("o", "C", ne(
            busy(slot("o", "C")), none_of("A")))))) if act.name == "Submit" else act
        for act in system.actions))
    with Supervisor("test", Limits(), silent) as supervisor:
        assert OneStep(system, sizes(2, 2, 3, 3), supervisor).kept([alone])


def test_goals_are_borrowed_only_if_their_run_reaches_them_here() -> None:
    """With two contexts all can live after six steps; with six, that run leaves four out."""
    system = yardstick()
    every = forall("c", "C", ne(ctx(slot("c", "C")), none_of("D")))
    busy_once = exists("c", "C", ne(busy(slot("c", "C")), none_of("A")))
    system = replace(system, properties=(
        Property("every", Kind.REACHABLE, every, goal=True),
        Property("busy", Kind.REACHABLE, busy_once, goal=True)))
    found = check(system, sizes(2, 2, 6, 6), "every", "busy").verdicts
    assert isinstance(found["every"], Inconclusive)
    assert isinstance(found["busy"], Reached)
    trace = found["busy"].trace
    assert trace is not None
    assert len(trace.steps) == 7
    assert not trace.shortest
    few = check(system, sizes(2, 2, 2, 2), "every").verdicts["every"]
    assert isinstance(few, Reached)
    assert few.trace is not None
    assert len(few.trace.steps) == 6
    assert few.trace.shortest
