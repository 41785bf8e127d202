"""Where something was seen first: the state's number plus one.

There is a *record* for each action that is taken, one for each obligation that is broken, one for
each state formula, and one for a deadlock.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import System


@dataclass(frozen=True)
class Records:
    """The numbers of records. `formulas` are looked at in every state: (property, formula, the
    value that is sought)."""

    system: System
    formulas: tuple[tuple[str, Expr, bool], ...] = ()

    @cached_property
    def _obligations(self) -> list[int]:
        return list(accumulate((len(a.obligations) for a in self.system.actions),
                               initial=len(self.system.actions)))

    def of_action(self, number: int) -> int:
        """The record of the first obligation of an action."""
        return self._obligations[number]

    @property
    def looked(self) -> int:
        """The first record of a formula."""
        return self._obligations[-1]

    @property
    def deadlock(self) -> int:
        """The record of a deadlock."""
        return self.looked + len(self.formulas)

    @property
    def count(self) -> int:
        """How many there are."""
        return self.deadlock + 1
