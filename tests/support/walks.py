"""Random walks of a model, told step by step: what a machine is to follow."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache

from tests.support.models import shipped
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.report.narrate import Narrator
from wddmcheck.report.story import StoryStep
from wddmcheck.result.verdict import Step

MINIPORT = "models/miniport.wddm"


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk of a model of `family`, and the class of each of its identities."""

    family: str
    steps: tuple[StoryStep, ...]
    pools: dict[str, str]


@cache
def program(scope: str, path: str = MINIPORT,
            policies: tuple[tuple[str, str], ...] = ()) -> Program:
    """A shipped model at one of its scopes, compiled."""
    system = shipped(path, dict(policies))
    return compile_system(Layout.of(system, dict(dict(system.scopes)[scope])))


def choices(of: Program, state: Packed) -> dict[str, list[tuple[Step, Packed]]]:
    """What can happen in a packed state, by action."""
    good: list[tuple[int, Packed]] = []
    of.successors(state, good, [])
    found: dict[str, list[tuple[Step, Packed]]] = {}
    for number, after in good:
        instance = of.instances[number]
        found.setdefault(instance.action.name, []).append(
            (Step(instance.action.name, instance.args, of.codec.unpack(after)), after))
    return found


def walk(scope: str, seed: int, length: int, path: str = MINIPORT, *, fresh: bool = False) -> Walk:
    """A walk of `length` steps: first an action, then its parameters, so that blocks with many
    parameters do not crowd out the others. `fresh`: rather an action that was seldom taken, for
    models with more that leads back than on."""
    of, rng = program(scope, path), random.Random(seed)
    state = of.codec.pack(initial_state(of.codec.layout))
    narrator = Narrator(of.codec.layout)
    told = []
    taken: Counter[str] = Counter()
    for _ in range(length):
        possible = choices(of, state)
        names = sorted(possible)
        weights = [(1 + taken[n]) ** -4 if fresh else 1.0 for n in names]
        (name,) = rng.choices(names, weights) if fresh else (rng.choice(names),)
        taken[name] += 1
        step, state = rng.choice(possible[name])
        told.append(narrator.take(step))
    return Walk(of.codec.layout.system.family, tuple(told),
                {name: r.pool for name, r in narrator.who.records.items()})
