"""Random walks over every scope of every family, under all answers to open questions that the
machine has: wider and longer than the tests of each family.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import product

import pytest

from tests.properties import test_dma_buffers_machine as dma_buffers
from tests.properties import test_families as families
from tests.properties import test_machine_display as display_objects
from tests.properties import test_machine_fences_events as fences_events
from tests.properties import test_machine_hardware_queues as hardware_queues
from tests.properties import test_machine_reset as reset
from tests.properties import test_machine_sharing as sharing
from tests.properties import test_paging_machine as paging
from tests.support.models import shipped, typed
from tests.support.twins import May, Twins
from tests.support.walks import pick, program, seldom
from wddmcheck.replay.families import FAMILIES
from wddmcheck.replay.outcome import POLICIES

MAY: Mapping[str, Mapping[str, May]] = {
    **reset.MAY, "dma_buffers": dma_buffers.MAY, "display_objects": display_objects.BEYOND,
    "fences_events": fences_events.BEYOND, "hardware_queues": hardware_queues.BEYOND,
    "locks": families.LocksAgreement.may, "paging": paging.MAY, "sharing": sharing.MAY,
    "threading": families.ThreadingAgreement.may}
MODELS = sorted(set(FAMILIES) - {"yardstick"})
WALKS, LENGTH, REFUSES = 60, 150, 6


def answers(model: str) -> list[tuple[tuple[str, str], ...]]:
    """All answers to the open questions of a model that the machine has too."""
    only = FAMILIES[model].only
    choices = [[(policy.name, choice) for choice in policy.choices
                if choice == only.get(policy.name, choice)
                and choice in POLICIES.get(policy.name, (only.get(policy.name, policy.default),))]
               for policy in typed(f"models/{model}.wddm").policies.values()]
    return [tuple(sorted(one)) for one in product(*choices)]


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_no_walk_finds_a_difference(model: str) -> None:
    path, all_answers = f"models/{model}.wddm", answers(model)
    scopes = [name for name, _ in shipped(path).scopes]
    for seed in range(WALKS):
        rng = random.Random(seed)
        twins = Twins(program(rng.choice(scopes), path, rng.choice(all_answers)),
                      MAY.get(model, {}))
        chosen = rng.choice((pick, seldom))
        for number in range(LENGTH):
            if not twins.possible():
                break
            twins.wander(rng, chosen)
            if number % REFUSES == 0:
                twins.refuse_something(rng)
