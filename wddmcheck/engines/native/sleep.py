"""Sleep sets: instances that need not be taken, because what they lead to is known to be there.

A state that was found by instance b need not be left by instance a

* if a takes b back: that leads to where b started; or
* if a comes before b in the order in which instances are taken, and is independent of it: where b
  started a was enabled too, and led to a state that was found before this one, and so was left
  before it; and b led from there to where a leads from here. (Or it was left out for the same
  reasons, because that was there still earlier.)

So what is left out would have found a state that is there already: all states are found, with the
same numbers and from the same states, and so are the first of all violations. Godefroid,
"Partial-Order Methods for the Verification of Concurrent Systems", LNCS 1032, 1996, chapter 5,
keeps more: what slept where b started sleeps on. That would ask for a set with every state; here
the number of b does.

With symmetry, t is a canonical form, and b what the instance is called in it; a had another name
where b started. So instances of one action have no order there that is known, and the second
point asks for the action of a to come before that of b: then a was taken before b, or a twin of it
was, and what was said of states holds of their orbits.

Which instances sleep after another is found bit by bit while the search runs, for a part of its
time: until it is known, none does. It is kept for the next run, as code is, which goes on with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from wddmcheck.engines.native import cache
from wddmcheck.engines.native.arena import Block
from wddmcheck.engines.native.kernels import Task
from wddmcheck.ir.evaluate import all_instances
from wddmcheck.ir.independence import Independence

SHARE = 0.2
"""Seconds that may be spent for each second that the search ran."""

LEFT = 4
"""Bytes of a file that say how many instances are left."""

AT_ONCE = 0.05
"""Seconds that may be spent besides, once the search ran for as long."""


@dataclass(slots=True)
class Sleep:
    """What sleeps after each instance of a task: `rows` has a bit for each instance, first for the
    initial state, after which none sleeps, then for each instance that can have led to a state;
    `free` it."""

    task: Task
    rows: Block = field(init=False)
    left: int = 0                    # instances of which it is not known; they are the first ones,
    _kept: int = 0                   # and so many were left by earlier runs
    _work: Iterator[None] | None = None
    _spent: float = 0.0

    def __post_init__(self) -> None:
        self.rows = Block(8, self.task.row * (1 + self.task.most if self.task.sleeps else 1))
        if self.task.sleeps:
            self.left = self.task.most
            self._restore()
            if self.left:
                self._work = self._find()
        self._kept = self.left

    def improve(self, running: float) -> None:
        """Find more, if little time went into that compared to the `running` seconds of the
        search."""
        allowed = SHARE * running + (AT_ONCE if running > AT_ONCE else 0)
        while self._work is not None and self._spent < allowed:
            started = time.perf_counter()
            if next(self._work, self) is self:
                self._work = None
            self._spent += time.perf_counter() - started

    def _find(self) -> Iterator[None]:
        """Find what is left, in small parts. The last instances come first: most can sleep after
        them."""
        layout, quotient = self.task.plan.layout, self.task.quotient
        all_, width = list(all_instances(layout)), self.task.row
        self.left = min(self.left, len(all_))      # (a task has room for one in any case)
        independence = Independence(layout)
        yield from independence.prepare()
        while self.left:
            row, last = 0, self.left - 1
            b = all_[last]
            for number, a in enumerate(all_):
                if independence.takes_back(*a, *b) or (
                        (a[0] < b[0] if quotient else number < last)
                        and independence.independent(*a, *b)):
                    row |= 1 << number
                yield
            for k in range(width):
                self.rows[(1 + last) * width + k] = row >> 64 * k
            self.left = last

    # --- from one run to the next ----------------------------------------------------------------

    @property
    def _name(self) -> str:
        """What is kept is another matter with symmetry."""
        return "orbits-sleep" if self.task.quotient else "sleep"

    def _restore(self) -> None:
        """Begin with what earlier runs have found."""
        data = cache.load(self.task.model, self._name)
        if data is not None and len(data) == LEFT + self.rows.space:
            self.left = int.from_bytes(data[:LEFT], "little")
            self.rows.put(data[LEFT:])

    def free(self) -> None:
        """Give the memory back; what was found is kept for the next run."""
        if self.left < self._kept:
            cache.store(self.task.model, self._name,
                        self.left.to_bytes(LEFT, "little") + self.rows.content(self.rows.count))
        self.rows.free()
