"""The canonical state, on any states of any system without actions: all renamings of a state have
the same one, and it is one of them. (Reachable states are often too regular to test it well, and
random ones not regular enough: some are built from copies of a part.)"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wddmcheck.engines.explicit.codec import Codec
from wddmcheck.engines.explicit.symmetry import Canonical
from wddmcheck.engines.native.jit import QUICK
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.program import Compiler, Program, normal
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.table import Edges
from wddmcheck.evidence.renaming import rename
from wddmcheck.ir.evaluate import Layout, State
from wddmcheck.ir.sorts import BOOL, NONE, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Pool, StateVar, System

SETTINGS = settings(max_examples=60, deadline=None, derandomize=True, database=None,
                    suppress_health_check=list(HealthCheck))
POOLS = ("P", "Q", "R")


@dataclass(frozen=True)
class Case:
    layout: Layout
    states: tuple[State, ...]
    random: Random


def sorts(random: Random) -> Sort:
    """A sort of a variable; mostly references."""
    match random.randrange(6):
        case 0:
            return BOOL
        case 1:
            return IntRange(-1, 3)
        case 2:
            return EnumSort("e", ("a", "b", "c"))
        case _:
            return RefSort(random.choice(POOLS), True, random.random() < 0.5)


def value(random: Random, layout: Layout, sort: Sort) -> int:
    match sort:
        case RefSort(pool, _, dangling):
            return random.randrange(-2 if dangling else -1, layout.sizes[pool])
        case IntRange(low, high):
            return random.randint(low, high)
        case EnumSort(_, members):
            return random.randrange(len(members))
        case _:
            return random.randrange(2)


def system(random: Random) -> System:
    dims = [(), ("P",), ("Q",), ("R",), ("P",), ("Q",), ("P", "Q"), ("P", "P"), ("Q", "R")]
    variables = tuple(
        StateVar(f"v{i}", random.choice(dims), sort, NONE if isinstance(sort, RefSort) else 0)
        for i in range(random.randint(1, 6)) if (sort := sorts(random)))
    return System("s", tuple(Pool(p) for p in POOLS), variables, (), ())


def states(random: Random, layout: Layout) -> Iterator[State]:
    """Random states, few of whose values differ, so that much is alike."""
    for _ in range(12):
        flat: list[int] = []
        for var in layout.system.variables:
            few = [value(random, layout, var.sort) for _ in range(random.choice((1, 2, 2, 9)))]
            flat += [random.choice(few) for _ in range(layout.words(var))]
        yield tuple(flat)
    for _ in range(12):         # structures that a shift of all slots leaves as they are
        by = random.choice((1, 2))
        flat = []
        for var in layout.system.variables:
            first = value(random, layout, var.sort)
            for at in range(layout.words(var)):
                if isinstance(var.sort, RefSort) and first >= 0:
                    flat.append((first + at * by) % layout.sizes[var.sort.pool])
                else:
                    flat.append(first)
        yield tuple(flat)


def case(seed: int, sizes: tuple[int, int, int]) -> Case:
    random = Random(seed)
    layout = Layout.of(system(random), dict(zip(POOLS, sizes, strict=True)))
    return Case(layout, tuple(states(random, layout)), random)


def compiled(layout: Layout) -> tuple[Plan, Program]:
    plan = Plan(layout)
    task = Task(plan, Records(layout.system), (), True, Edges.NONE, False)
    return plan, Compiler(task).compiled(QUICK)


def shuffled(random: Random, layout: Layout, state: State) -> State:
    renaming = {name: tuple(random.sample(range(size), size))
                for name, size in layout.sizes.items()}
    return rename(layout.system, layout, state, renaming)


def check(seed: int, sizes: tuple[int, int, int]) -> None:
    made = case(seed, sizes)
    layout = made.layout
    plan, program = compiled(layout)
    codec = Codec(layout)
    other = Canonical(codec)
    for state in made.states:
        kept = normal(program, plan.pack(state))
        assert plan.unpack(plan.pack(state)) == state
        for _ in range(4):
            renamed = shuffled(made.random, layout, state)
            assert normal(program, plan.pack(renamed)) == kept
        assert other(codec.pack(plan.unpack(kept))) == other(codec.pack(state))


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from([(2, 2, 2), (3, 2, 1), (4, 3, 2), (1, 4, 4)]))
def test_renamings_have_one_canonical_state(seed: int, sizes: tuple[int, int, int]) -> None:
    check(seed, sizes)


@pytest.mark.slow
@settings(SETTINGS, max_examples=1500)
@given(st.integers(0, 1 << 32), st.sampled_from([(4, 4, 4), (5, 3, 2), (6, 2, 2), (2, 5, 3)]))
def test_many_renamings(seed: int, sizes: tuple[int, int, int]) -> None:
    check(seed, sizes)
