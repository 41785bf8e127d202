"""Model and machine side by side: the model takes a step, the machine has to do the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.ir.evaluate import Layout
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.families import machine_for, words_of
from wddmcheck.replay.runner import Done, Runner
from wddmcheck.report.narrate import Narrator
from wddmcheck.result.verdict import Step


@dataclass(slots=True)
class Pair:
    """A run of a model of one of the families at a scope, and the same on a machine: on the
    reference miniport of the family, unless `factory` says otherwise."""

    layout: Layout
    factory: Factory = ReferenceMiniport
    machine: Machine = field(init=False)
    narrator: Narrator = field(init=False)
    runner: Runner = field(init=False)

    def __post_init__(self) -> None:
        system = self.layout.system
        words = words_of(system.family)
        known = {k: v for k, v in system.policies if k in Policies.__slots__}
        self.machine = machine_for(self.factory, system.family, known)
        self.narrator = Narrator(self.layout)
        self.runner = Runner(self.machine, {}, words, compare_state=True)

    def take(self, step: Step) -> Done:
        """Take a step of the model on both. Raises `InternalError` if it is none of the model's;
        what the machine does otherwise is in the result."""
        told = self.narrator.take(step)
        for identity, record in self.narrator.who.records.items():
            self.runner.pools.setdefault(identity, record.pool)
        return self.runner.step(told)
