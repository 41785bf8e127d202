"""Which instances of actions lead from a state to one that another order of steps leads to.

Instance a is *independent* of instance b if in every state where b is enabled and nothing stops it:
where a is enabled after b, it is enabled before b too; and where both are, each breaks the same
obligations after the other as before it, b is still enabled after a, and both orders lead to the
same state. (Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", LNCS
1032, 1996, chapter 3; his relation is symmetric, and asks that b does not disable a either.)

Instance a *takes back* b if after b it leads to the state before b, if it leads anywhere.

Both are found without looking at states, and so not in all cases: what an instance requires fixes
some cells of the state before it, what it writes fixes some of those after it, and facts about all
reachable states say more (`facts.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.facts import facts
from wddmcheck.ir.instance import Args, Instance, pattern
from wddmcheck.ir.known import Known
from wddmcheck.ir.walk import of_action, reads


@dataclass
class Independence:
    """The independence of the instances of a system at a scope. It is the same for all that differ
    by a renaming of slots, so it is found for one of them."""

    layout: Layout
    _instances: dict[tuple[int, Args], Instance] = field(default_factory=dict)
    _independent: dict[tuple[object, ...], bool] = field(default_factory=dict)
    _back: dict[tuple[object, ...], bool] = field(default_factory=dict)

    known: Known = field(init=False)

    def __post_init__(self) -> None:
        self.known = Known(self.layout)

    def prepare(self) -> Iterator[None]:
        """Find facts about all reachable states, without which less is found, in small parts."""
        self.known = yield from facts(self.layout)

    @cached_property
    def _touched(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """The variables that each action reads, and those that it may write."""
        return [(reads(*of_action(a)), frozenset(u.var for u in a.updates))
                for a in self.layout.system.actions]

    def independent(self, a: int, args: Args, b: int, others: Args) -> bool:
        """Whether it is known that the instance of action number `a` is independent of that of
        `b`."""
        (reads_a, writes_a), (reads_b, writes_b) = self._touched[a], self._touched[b]
        if not (writes_b & (reads_a | writes_a) or writes_a & reads_b):
            return True
        key = self._key(a, args, b, others)
        found = self._independent.get(key)
        if found is None:
            found = _independent(self._instance(a, args), self._instance(b, others))
            self._independent[key] = found
        return found

    def takes_back(self, a: int, args: Args, b: int, others: Args) -> bool:
        """Whether it is known that it takes back that of `b`."""
        if not self._touched[b][1] <= self._touched[a][1]:
            return False                       # (something that b writes stays)
        key = self._key(a, args, b, others)
        found = self._back.get(key)
        if found is None:
            found = self._back[key] = _takes_back(self._instance(a, args),
                                                  self._instance(b, others))
        return found

    def _instance(self, action: int, args: Args) -> Instance:
        found = self._instances.get((action, args))
        if found is None:
            found = Instance(self.known, self.layout.system.actions[action], args)
            self._instances[action, args] = found
        return found

    def _key(self, a: int, args: Args, b: int, others: Args) -> tuple[object, ...]:
        actions = self.layout.system.actions
        sorts = [p.sort for p in (*actions[a].params, *actions[b].params)]
        return (a, b, *pattern(list(zip(sorts, (*args, *others), strict=True))))


def _independent(a: Instance, b: Instance) -> bool:
    known, cells = a.known, b.enabled
    if cells is None:
        return True                            # b is never enabled
    if not all(known.same(piece, b.anywhere, cells, b.guard) for piece in a.guard):
        return False
    both, given = known.closure({**cells, **a.before}), [*a.guard, *b.guard]
    if both is None or any(cells.get(cell, value) != value for cell, value in a.before.items()):
        return True                            # never both
    by_a, by_b = a.effect(both, given), b.effect(both, given)
    return (not by_a.clashes(by_b)
            and all(known.same(piece, by_b, both, given) for piece in a.body)
            and all(known.same(piece, by_a, both, given) for piece in (*b.guard, *b.body)))


def _takes_back(a: Instance, b: Instance) -> bool:
    known, before, there = a.known, b.enabled, b.anywhere
    if before is None or there.wide:
        return False
    old = {cell: before.get(cell) for cell in there.cells}
    if not all(isinstance(v, int) for v in (*old.values(), *there.cells.values())):
        return False
    if not a.anywhere.wide and any(old[cell] != value and cell not in a.anywhere.cells
                                   for cell, value in there.cells.items()):
        return False                           # something that b changed stays
    reached = {**before, **{c: v for c, v in there.cells.items() if isinstance(v, int)}}
    after = known.closure({**reached, **a.before})
    if after is None or any(after[cell] != value for cell, value in reached.items()):
        return False
    back = a.effect(after, a.guard)
    if back.wide:
        return False
    return all(back.cells.get(cell, there.cells.get(cell)) == old.get(cell, after.get(cell))
               for cell in back.cells.keys() | there.cells.keys())
