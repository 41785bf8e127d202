"""What is known of the states of a system, and conclusions from it by cases.

`Known` has two kinds of facts about all states (`facts.py` finds them):

* a variable of a pool is *settled*: where a slot is absent, it has its initial value;
* a reference is *sound*: it never names an absent slot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from wddmcheck.ir import partial
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.partial import Cells, Ground, Partial, Rest, ground, rest
from wddmcheck.ir.sorts import DANGLING, IntRange, RefSort
from wddmcheck.ir.system import StateVar
from wddmcheck.ir.walk import reads

DEPTH = 4
"""Cells on whose values a conclusion may be divided into cases."""

VALUES = 8
"""Values of the cells of which that is done, at most."""

Test: TypeAlias = "Callable[[Mapping[int, int]], bool | Sequence[Rest]]"
"""What is to be concluded, where some cells are known: whether it is so, or, if that cannot be
told, the terms that it depends on."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression with the values of what it mentions, and the variables that it reads."""

    ground: Ground
    reads: frozenset[str]

    @classmethod
    def of(cls, layout: Layout, expr: Expr, env: Mapping[str, int]) -> Piece:
        """The piece of an expression."""
        return cls(ground(layout, expr, env), reads(expr))

    def rest(self, state: Partial) -> Rest:
        """What is left of it in a state."""
        return rest(self.ground, state)


@dataclass(frozen=True, slots=True)
class Effect:
    """What may change in a step: cells with their values, if they are known; and variables of which
    it is not known which cells. `changed` are all variables."""

    cells: Cells
    wide: frozenset[str]
    changed: frozenset[str]

    def clashes(self, other: Effect) -> bool:
        """Whether both may write one cell, and not the same value."""
        if self.wide & other.changed or other.wide & self.changed:
            return True
        return any(self.cells[cell] != other.cells[cell]
                   for cell in self.cells.keys() & other.cells.keys())


@dataclass(frozen=True)
class Known:
    """Facts about all states of a layout: the variables that are settled, and the references that
    are sound."""

    layout: Layout
    settled: frozenset[str] = frozenset()
    sound: frozenset[str] = frozenset()

    # --- cells -------------------------------------------------------------------------------

    @cached_property
    def lives(self) -> dict[str, str]:
        """The life variable of each pool that has one."""
        return {p.name: p.life for p in self.layout.system.pools if p.life}

    @cached_property
    def _within(self) -> dict[str, list[StateVar]]:
        """By life variable: the settled variables of its pool."""
        result: dict[str, list[StateVar]] = {life: [] for life in self.lives.values()}
        for name in self.settled:
            var = self.layout.variables[name]
            result[self.lives[var.dims[0]]].append(var)
        return result

    @cached_property
    def _places(self) -> list[tuple[StateVar, tuple[int, ...]]]:
        """What each cell is: a variable and its index."""
        return [(var, index) for var in self.layout.system.variables
                for index in product(*(range(self.layout.sizes[d]) for d in var.dims))]

    def life(self, pool: str, slot: int) -> int | None:
        """The cell that says whether a slot is absent (0)."""
        name = self.lives.get(pool)
        return None if name is None else self.layout.offset(name, (slot,))

    def values(self, cell: int) -> list[int]:
        """The values that a cell can have; none, if they are too many to look at each."""
        var, _ = self._places[cell]
        match var.sort:
            case RefSort(_, none, dangling):
                found = self.layout.values(RefSort(var.sort.pool, none)) + [DANGLING] * dangling
            case IntRange(lo, hi) if hi - lo >= VALUES:
                return []
            case sort:
                found = self.layout.values(sort)
        found = list(dict.fromkeys([*found, var.init]))
        return found if len(found) <= VALUES else []

    def closure(self, cells: Mapping[int, int]) -> dict[int, int] | None:
        """What else is known where these cells are; None if there is no such state."""
        result = dict(cells)
        for cell, value in cells.items():
            var, index = self._places[cell]
            if var.name in self._within and value == 0:
                for other in self._within[var.name]:
                    if result.setdefault(self.layout.offset(other.name, index),
                                         other.init) != other.init:
                        return None
            if var.name in self.sound and value >= 0 and isinstance(var.sort, RefSort):
                life = self.life(var.sort.pool, value)
                if life is not None and result.get(life) == 0:
                    return None
        return result

    # --- conclusions -------------------------------------------------------------------------

    def never(self, expr: Piece, cells: Mapping[int, int], given: Sequence[Piece]) -> bool:
        """Whether it is certain that a truth value is false in all states where these cells are
        known and what is `given` holds."""
        def test(known: Mapping[int, int]) -> bool | Sequence[Rest]:
            left = expr.rest(Partial(known))
            return left == 0 if isinstance(left, int) else (left,)
        return self._certain(cells, given, test)

    def same(self, expr: Piece, effect: Effect, cells: Mapping[int, int],
             given: Sequence[Piece]) -> bool:
        """Whether it is certain that an expression has the value after a step that it has before,
        in all such states."""
        if not expr.reads & effect.changed:
            return True

        def test(known: Mapping[int, int]) -> bool | Sequence[Rest]:
            before = expr.rest(Partial(known))
            after = expr.rest(Partial({**known, **effect.cells}, effect.changed, effect.wide))
            return before == after or (
                False if isinstance(before, int) and isinstance(after, int) else (before, after))
        return self._certain(cells, given, test)

    def _certain(self, cells: Mapping[int, int], given: Sequence[Piece], test: Test,
                 assumed: tuple[int, ...] = ()) -> bool:
        """Whether a test is passed in all such states; the cells that are `assumed` were divided
        into cases before."""
        known = self.closure(cells)
        if known is None:
            return True
        found = test(known)
        if found is True:
            return True
        here, names = Partial(known), {self._places[c][0].name for c in assumed}
        if any(g.rest(here) == 0 for g in given if not names.isdisjoint(g.reads)):
            return True
        cell = self._divide(known, found or ()) if len(assumed) < DEPTH else None
        return cell is not None and all(
            self._certain({**known, cell: value}, given, test, (*assumed, cell))
            for value in self.values(cell))

    def _divide(self, known: Mapping[int, int], terms: Sequence[Rest]) -> int | None:
        """The cell to look at next: first whether a slot is absent, of which something is asked, or
        known."""
        asked = [c for c in _cells(terms) if c not in known]
        for cell in (*asked, *(() if asked else known)):
            var, index = self._places[cell]
            life = self.life(var.dims[0], index[0]) if len(index) == 1 else None
            if life is not None and life not in known and self.values(life):
                return life
        return next((cell for cell in asked if self.values(cell)), None)


def _cells(terms: Sequence[Rest]) -> list[int]:
    """The cells in terms, in order."""
    found: dict[int, None] = {}
    left: list[object] = [*reversed(terms)]
    while left:
        term = left.pop()
        if isinstance(term, tuple):
            if term[0] == partial.CELL:
                found[term[1]] = None
            else:
                left.extend(reversed(term))
    return list(found)
