"""The models of preemption agree with the machine, on random walks in both directions."""

from __future__ import annotations

import random

import pytest

from tests.support.twins import Twins
from tests.support.walks import program
from wddmcheck.replay.families import preemption

WALKS = [(name, scope) for name, scopes in {
    "preemption": ("turns", "reading", "small"),
}.items() for scope in scopes]

METHODS = {
    "preemption": {**preemption.LEXICON.gpu, **preemption.LEXICON.thunks},
}
SEEDS, LENGTH = 8, 150


@pytest.mark.parametrize(("name", "scope"), WALKS)
def test_model_and_machine_agree(name: str, scope: str) -> None:
    for seed in range(SEEDS):
        rng = random.Random(seed)
        twins = Twins(program(scope, f"models/{name}.wddm"), METHODS[name])
        for number in range(LENGTH):
            twins.wander(rng)
            if number % 4 == 0:
                others = twins.forbidden()
                blocks = sorted({block for block, _ in others})
                if blocks:
                    block = rng.choice(blocks)
                    twins.refuse(rng.choice([c for c in others if c[0] == block]))
