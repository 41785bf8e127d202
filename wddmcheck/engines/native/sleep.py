"""Sleep sets: instances that need not be taken, because another order of the same steps was.

A state that was found by instance b need not be left by an instance a which comes before b in the
order in which instances are taken, and is independent of it: where b started a was enabled too, and
led to a state that was found before this one and so was left before it, by b, to where a leads from
here. (If that was not done either, then for the same reason, with an instance later than b in the
place of b; so this comes to an end.) So what is left out would have found a state that is there
already: all states are found, with the same numbers and from the same states, and so are the first
of all violations. Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems",
LNCS 1032, 1996, chapter 5, keeps more: what slept where b started sleeps on. That would ask for a
set with every state; here a byte does, the class of b.

Which instances sleep after another is found bit by bit while the search runs, for a part of its
time: until it is known, none does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.kernels import Task
from wddmcheck.ir.evaluate import instances
from wddmcheck.ir.independence import Independence

CLASSES = 256
"""Classes of instances: those of one class let the same instances sleep; after class 0, none do."""

SHARE = 0.25
"""Seconds that may be spent for each second that the search ran."""


@dataclass(slots=True)
class Sleep:
    """What sleeps after each instance of a task. `classes` has the class of each instance, `rows` a
    bit for each instance in each class; `free` them."""

    task: Task
    classes: Block = field(init=False)
    rows: Block = field(init=False)
    _instances: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    _independence: Independence = field(init=False)
    _known: dict[int, int] = field(default_factory=lambda: {0: 0})
    _spent: float = 0.0

    def __post_init__(self) -> None:
        task, layout = self.task, self.task.plan.layout
        self.classes = Block(1, task.most)
        self.rows = Block(8, CLASSES * task.row if task.sleeps else 1)
        self._independence = Independence(layout)
        if task.sleeps:
            self._instances = [(number, args) for number, action in enumerate(layout.system.actions)
                               for args in instances(layout, action)]

    @property
    def count(self) -> int:
        """How many classes there are."""
        return len(self._known)

    def improve(self, running: float) -> None:
        """Find more, if little time went into that compared to the `running` seconds of the search.
        The last instances come first: most can sleep after them."""
        while self._instances and self._spent < SHARE * running:
            started = time.perf_counter()
            last = len(self._instances) - 1
            b = self._instances.pop()
            row = sum(1 << n for n, a in enumerate(self._instances)
                      if self._independence.of(*a, *b))
            self.classes[last] = self._class(row)
            self._spent += time.perf_counter() - started

    def _class(self, row: int) -> int:
        """The class of an instance after which those of `row` may sleep: if there are too many
        classes, one of fewer."""
        if row not in self._known and len(self._known) < CLASSES:
            number = self._known[row] = len(self._known)
            for k in range(self.task.row):
                self.rows[number * self.task.row + k] = row >> 64 * k
        best = max((known for known in self._known if not known & ~row), key=int.bit_count)
        return self._known[best]

    def free(self) -> None:
        """Give the memory back."""
        self.classes.free()
        self.rows.free()
