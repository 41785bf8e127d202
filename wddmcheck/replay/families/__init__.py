"""The families of models that the machine can follow: a model of models/ and its variants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from wddmcheck.machine.dxgkrnl.loading import load_before
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.families.bring_up import BRING_UP
from wddmcheck.replay.families.display_objects import DISPLAY_OBJECTS
from wddmcheck.replay.families.dma_buffers import DMA_BUFFERS
from wddmcheck.replay.families.fences_events import FENCES_EVENTS
from wddmcheck.replay.families.hardware_queues import HARDWARE_QUEUES
from wddmcheck.replay.families.kill import KILL
from wddmcheck.replay.families.locks import LOCKS
from wddmcheck.replay.families.miniport import MINIPORT
from wddmcheck.replay.families.paging import PAGING
from wddmcheck.replay.families.power import POWER
from wddmcheck.replay.families.preemption import PREEMPTION
from wddmcheck.replay.families.removal import REMOVAL
from wddmcheck.replay.families.sharing import SHARING
from wddmcheck.replay.families.tdr import TDR
from wddmcheck.replay.families.threading import THREADING
from wddmcheck.replay.families.yardstick import STEPS, YARDSTICK
from wddmcheck.replay.vocabulary import Vocabulary
from wddmcheck.report.story import Story

FAMILIES: Final[Mapping[str, Vocabulary]] = MappingProxyType({
    "bring_up": BRING_UP,
    "display_objects": DISPLAY_OBJECTS,
    "dma_buffers": DMA_BUFFERS,
    "fences_events": FENCES_EVENTS,
    "hardware_queues": HARDWARE_QUEUES,
    "kill": KILL,
    "locks": LOCKS,
    "miniport": MINIPORT,
    "paging": PAGING,
    "power": POWER,
    "preemption": PREEMPTION,
    "removal": REMOVAL,
    "sharing": SHARING,
    "tdr": TDR,
    "threading": THREADING,
    "yardstick": YARDSTICK,
})
"""The vocabulary of each family, by the name of its model."""


def words_of(family: str) -> Vocabulary:
    """The vocabulary of a family; that of models/miniport.wddm, whose names are the machine's, for
    one that is not known."""
    return FAMILIES.get(family, MINIPORT)


def machine_for(factory: Factory, family: str, policies: Mapping[str, str],
                gpu: Gpu | None = None) -> Machine:
    """A machine for a run of a family: on its own reference miniport if `factory` is the reference
    miniport, with what Dxgkrnl does in it without being asked, and with `policies`; with `gpu`, or
    one of the kind that the family runs on."""
    words = words_of(family)
    made = words.reference if factory is ReferenceMiniport else factory
    machine = Machine(made, Policies(**{**words.policies, **policies}), gpu=gpu or words.gpu())
    if not words.from_entry:
        load_before(machine)
    return machine


def words_for(story: Story) -> Vocabulary:
    """The vocabulary of a story."""
    # Files of before schema 4 do not say what a variant extends.
    if not story.family and story.steps and all(s.block in STEPS for s in story.steps):
        return YARDSTICK
    return words_of(story.family)
