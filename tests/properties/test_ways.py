"""What slices prove about ways is so: on random systems, over random variables, each stage by
itself, against a search of the whole graph on the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, event, given, reject, settings
from hypothesis import strategies as st

from tests.engines.smt.random_systems import Maker, random_system
from tests.properties.random_systems import SCOPES
from tests.support.naive import Naive
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence import projection
from wddmcheck.ir.build import and_
from wddmcheck.ir.evaluate import State, evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Pool, Property, System
from wddmcheck.ir.validate import problems
from wddmcheck.ir.walk import reads
from wddmcheck.pipeline.sliced import plain, ways
from wddmcheck.result.verdict import Proved
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import cut
from wddmcheck.slicing.question import Question
from wddmcheck.slicing.stages import empty

SETTINGS = settings(max_examples=40, deadline=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))
MANY = settings(SETTINGS, max_examples=3_000)


def system_of(seed: int) -> System:
    """A random system of two pools whose slots are taken and given back."""
    system = random_system(seed)
    return replace(system, pools=(Pool("P", life="life"), Pool("Q", life="on"),
                                  Pool("S", single=True)))


def question_of(system: System, rng: Random) -> Question:
    """A stage, as a stage of some order may be."""
    before = tuple(rng.choice([(), ("P",), ("Q",), ("P", "Q"), ("Q", "P")]))
    pool = rng.choice("PQ")
    if pool in before or rng.random() < 0.3:
        return Question("way", Kind.ALWAYS_POSSIBLE, "", len(before), before,
                        Maker(rng.randrange(1 << 30)).bool_([], 2))
    return Question("way", Kind.ALWAYS_POSSIBLE, "", len(before), before, empty(system, pool),
                    pool)


def first_lost(naive: Naive, question: Question) -> State | None:
    """A reachable state from which the stage has no way, by what the stage says."""

    def holds(formula: Expr, state: State) -> bool:
        return bool(evaluate(formula, naive.layout, state, {}))

    before = and_(*(empty(naive.system, p) for p in question.before))
    goal = and_(question.goal, before) if question.empties else question.goal
    alive = {s for s in naive.depths if s in naive.faulty or holds(goal, s)}
    while more := {s for s in naive.depths if s not in alive
                   and any(t in alive for t in naive.edges[s])}:
        alive |= more
    return next((s for s in naive.depths if s not in alive and holds(before, s)), None)


def check(seed: int, scope: Mapping[str, int], choice: int) -> None:
    rng = Random(choice)
    system = system_of(seed)
    question = question_of(system, rng)
    system = replace(system, properties=(
        *system.properties, Property("way", Kind.ALWAYS_POSSIBLE, question.goal)))
    sizes = {p.name: 1 if p.single else scope[p.name] for p in system.pools}
    names = [v.name for v in system.variables]
    seeds = reads(question.goal) | set(rng.sample(names, rng.randrange(4)))
    kept = frozenset(Dependence(system, sizes).data(dict.fromkeys(sorted(seeds), "")))
    part = cut(system, sizes, kept, [question])
    assert problems(part.asked) == []
    result = get("interpret").check(CheckTask(
        part.asked, part.sizes, (question.name,), Limits(states=20_000)))
    proved = isinstance(result.verdicts[question.name], Proved)
    walked = projection.walk(system, sizes, 60)
    projection.recheck(system, sizes, plain(part), walked)
    for told in ways(part, question):
        projection.recheck_ways(system, sizes, told, walked)
    if not result.exploration.complete:
        reject()
    whole = get("interpret").check(CheckTask(system, scope, (), Limits(states=1_500),
                                             symmetry=False))
    if not whole.exploration.complete:
        reject()
    lost = first_lost(Naive(system, scope), question)
    event(f"the slice {'proves it' if proved else 'does not'}, "
          f"it is {'so' if lost is None else 'not so'}")
    assert not proved or lost is None


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from(SCOPES), st.integers(0, 1 << 32))
def test_what_is_proved_is_so(seed: int, scope: Mapping[str, int], choice: int) -> None:
    check(seed, scope, choice)


@pytest.mark.slow
@MANY
@given(st.integers(0, 1 << 32), st.sampled_from(SCOPES), st.integers(0, 1 << 32))
def test_much_that_is_proved_is_so(seed: int, scope: Mapping[str, int], choice: int) -> None:
    check(seed, scope, choice)
