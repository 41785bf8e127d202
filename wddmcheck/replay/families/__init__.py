"""The families of models that the machine can follow: a model of models/ and its variants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wddmcheck.replay.families.bring_up import BRING_UP
from wddmcheck.replay.families.kill import KILL
from wddmcheck.replay.families.miniport import MINIPORT
from wddmcheck.replay.families.paging import PAGING
from wddmcheck.replay.families.power import POWER
from wddmcheck.replay.families.preemption import PREEMPTION
from wddmcheck.replay.families.removal import REMOVAL
from wddmcheck.replay.families.tdr import TDR
from wddmcheck.replay.families.yardstick import STEPS, YARDSTICK
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import Story

FAMILIES: Final[Mapping[str, Vocabulary]] = MappingProxyType({
    "bring_up": BRING_UP,
    "kill": KILL,
    "miniport": MINIPORT,
    "paging": PAGING,
    "power": POWER,
    "preemption": PREEMPTION,
    "removal": REMOVAL,
    "tdr": TDR,
    "yardstick": YARDSTICK,
})
"""The vocabulary of each family, by the name of its model."""


def words_of(family: str) -> Vocabulary:
    """The vocabulary of a family; that of models/miniport.wddm, whose names are the machine's, for
    one that is not known."""
    return FAMILIES.get(family, MINIPORT)


def words_for(story: Story) -> Vocabulary:
    """The vocabulary of a story."""
    # Files of before schema 4 do not say what a variant extends.
    if not story.family and story.steps and all(s.block in STEPS for s in story.steps):
        return YARDSTICK
    return words_of(story.family)
