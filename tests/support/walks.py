"""Random walks of a model, told step by step: what a machine is to follow."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from tests.support.models import shipped
from wddmcheck.engines.explicit.codec import Packed
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.report.narrate import Narrator
from wddmcheck.report.story import StoryStep
from wddmcheck.result.verdict import Step

MINIPORT = "models/miniport.wddm"
Choices = dict[str, list[tuple[Step, Packed]]]

Policies: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk of a model of `family`, and the class of each of its identities."""

    family: str
    steps: tuple[StoryStep, ...]
    pools: dict[str, str]


@cache
def program(scope: str, path: str = MINIPORT, policies: Policies = (),
            sizes: tuple[tuple[str, int], ...] = ()) -> Program:
    """A shipped model at one of its scopes, but with some `sizes` of pools, compiled."""
    system = shipped(path, dict(policies))
    return compile_system(Layout.of(system, dict(dict(system.scopes)[scope]) | dict(sizes)))


def choices(of: Program, state: Packed) -> Choices:
    """What can happen in a packed state, by action."""
    good: list[tuple[int, Packed]] = []
    of.successors(state, good, [])
    found: Choices = {}
    for number, after in good:
        instance = of.instances[number]
        found.setdefault(instance.action.name, []).append(
            (Step(instance.action.name, instance.args, of.codec.unpack(after)), after))
    return found


WORKS = ("Submit", "Packet", "Preempt", "Engine", "Timeout")
TAKES_DOWN = ("Destroy", "Remove", "Stop", "DeviceError", "Unplug", "Notify")


def pick(possible: Choices, rng: random.Random, taken: Counter[str]) -> tuple[Step, Packed]:
    """Some step: first a block, those that take things down more rarely than others and work more
    often, then one of its paths, then its parameters."""
    paths: dict[str, list[str]] = {}
    for name in sorted(possible):
        paths.setdefault(name.partition("/")[0], []).append(name)
    weights = [1 if any(w in block for w in TAKES_DOWN) else
               20 if any(w in block for w in WORKS) else 6 for block in paths]
    (block,) = rng.choices(list(paths), weights)
    name = rng.choice(paths[block])
    taken[name] += 1
    return rng.choice(possible[name])


def seldom(possible: Choices, rng: random.Random, taken: Counter[str]) -> tuple[Step, Packed]:
    """Some step, rather of an action that was seldom `taken`."""
    names = sorted(possible)
    (name,) = rng.choices(names, [(1 + taken[n]) ** -4 for n in names])
    taken[name] += 1
    return rng.choice(possible[name])


def walk(scope: str, seed: int, length: int, path: str = MINIPORT, *, fresh: bool = False) -> Walk:
    """A walk of `length` steps. `fresh`: rather actions that were seldom taken, for models with
    more that leads back than on."""
    of, rng = program(scope, path), random.Random(seed)
    state = of.codec.pack(initial_state(of.codec.layout))
    narrator = Narrator(of.codec.layout)
    told = []
    taken: Counter[str] = Counter()
    for _ in range(length):
        possible = choices(of, state)
        step, state = (seldom if fresh else pick)(possible, rng, taken)
        told.append(narrator.take(step))
    return Walk(of.codec.layout.system.family, tuple(told),
                {name: r.pool for name, r in narrator.who.records.items()})
