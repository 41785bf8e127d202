"""The canonical state of an orbit under renaming of slots, exactly.

1. Every slot gets a signature that no renaming changes: its own values, with references reduced to
   the kind of thing they name, and how often each variable refers to it; then once more with the
   rank of what they name. (Colour refinement, two rounds.)
2. Slots of a pool are sorted by signature. What is left open are *cells* of slots with equal
   signatures. Slots whose exchange leaves the state as it is (*twins*) may stand in any order.
3. If few orders of the others are left, all are tried, and the smallest renamed state is the
   canonical one; if many, `refine.leaves` finds a set of orders that depends on the orbit only.

Signatures only prune, so the form is exact however coarse they are. See McKay and Piperno,
"Practical graph isomorphism, II" (2014) for the general method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import factorial
from operator import itemgetter
from typing import Any, TypeAlias

from wddmcheck.engines.explicit.codec import Codec, Packed
from wddmcheck.engines.explicit.refine import Labelling, Order, Shape, leaves, ranked
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import StateVar

Cell: TypeAlias = list[list[int]]
"""Slots of a pool with equal signatures, by twins."""

Rename: TypeAlias = Callable[[Packed], Packed]

FEW = 24
"""Up to this many orders are tried one by one; a search costs about as much."""

MEMO_LIMIT = 1 << 20
"""Raw states whose canonical state is remembered, at most."""


@dataclass(slots=True)
class _Pool:
    """What signatures of one pool look at."""

    name: str
    size: int
    singles: list[itemgetter[Any]]                  # per slot: its values of 1-dim variables
    rows: list[list[itemgetter[Any]]]               # per slot: its lines of 2-dim variables


@dataclass
class Canonical:
    """Computes canonical states of one codec's packed states."""

    codec: Codec
    pools: list[_Pool] = field(default_factory=list)
    refs: list[tuple[int, int]] = field(default_factory=list)   # ranges of references in a state
    _renames: dict[tuple[Order, ...], Rename] = field(default_factory=dict)
    _exchanges: dict[tuple[str, int, int], Rename] = field(default_factory=dict)
    _memo: dict[Packed, Packed] = field(default_factory=dict)
    _rough: dict[int, int] = field(default_factory=dict)    # every slot to one code

    def __post_init__(self) -> None:
        layout = self.codec.layout
        for pool in layout.system.pools:
            if layout.sizes[pool.name] > 1:
                self.pools.append(self._pool(pool.name))
        for var in layout.system.variables:
            if isinstance(var.sort, RefSort):
                start = layout.starts[var.name]
                self.refs.append((start, start + layout.words(var)))
        first = self.codec.first_slot
        self._rough = dict.fromkeys(range(first, first + sum(layout.sizes.values())), first)

    @cached_property
    def _shape(self) -> Shape:
        return Shape.of(self.codec, [pool.name for pool in self.pools])

    @property
    def trivial(self) -> bool:
        """Whether no two slots could be exchanged."""
        return not self.pools

    def _pool(self, name: str) -> _Pool:
        layout = self.codec.layout
        size = layout.sizes[name]
        singles: list[list[int]] = [[] for _ in range(size)]
        rows: list[list[itemgetter[Any]]] = [[] for _ in range(size)]
        for var in layout.system.variables:
            for axis, pool in enumerate(var.dims):
                if pool != name:
                    continue
                for slot in range(size):
                    places = list(self._line(var, axis, slot))
                    if len(var.dims) == 1:
                        singles[slot] += places
                    elif places:
                        rows[slot].append(_getter(places))
        return _Pool(name, size, [_getter(places) for places in singles], rows)

    def _line(self, var: StateVar, axis: int, slot: int) -> Iterator[int]:
        layout = self.codec.layout
        ranges = [range(layout.sizes[p]) for p in var.dims]
        ranges[axis] = range(slot, slot + 1)
        return (layout.offset(var.name, index) for index in product(*ranges))

    # --- the canonical state -------------------------------------------------------------------

    def __call__(self, state: Packed) -> Packed:
        """The canonical state of the orbit of `state`."""
        memo = self._memo
        found = memo.get(state)
        if found is None:
            found = self._canonical(state)
            if len(memo) >= MEMO_LIMIT:
                memo.clear()
            memo[state] = found
        return found

    def _canonical(self, state: Packed) -> Packed:
        signatures = self._signatures(state)
        orders: list[Order] = []
        cells: list[list[Cell]] = []
        few = 1
        for pool, own in zip(self.pools, signatures, strict=True):
            order = sorted(range(pool.size), key=own.__getitem__)
            groups = _groups(order, own)
            orders.append(tuple(order))
            if len(groups) == pool.size:
                cells.append([])
                continue
            split = [self._twins(pool, group, state) for group in groups]
            for cell in split:
                few *= _arrangements(cell)
            cells.append(split)
        if few == 1:
            return self._rename(tuple(orders))(state)
        if few > FEW:
            colours = tuple(ranked(own) for own in signatures)
            return min(leaves(self._labelling(state), colours))
        choices = [list(_orders(split)) if split else [order]
                   for split, order in zip(cells, orders, strict=True)]
        return min(self._rename(choice)(state) for choice in product(*choices))

    def _twins(self, pool: _Pool, group: list[int], state: Packed) -> Cell:
        """The slots of a group by twins: exchanging two of a class changes nothing."""
        classes: Cell = []
        for slot in group:
            for known in classes:
                if self._exchange(pool, known[0], slot)(state) == state:
                    known.append(slot)
                    break
            else:
                classes.append([slot])
        return classes

    def _exchange(self, pool: _Pool, a: int, b: int) -> Rename:
        rename = self._exchanges.get((pool.name, a, b))
        if rename is None:
            swap = {a: b, b: a}
            rename = self._make({pool.name: tuple(swap.get(i, i) for i in range(pool.size))})
            self._exchanges[pool.name, a, b] = rename
        return rename

    def _labelling(self, state: Packed) -> Labelling:
        """What the search for a labelling needs to know of `state`."""
        return Labelling(
            state, self._shape,
            lambda orders: self._rename(orders)(state),
            lambda p, a, b: self._exchange(self.pools[p], a, b)(state) == state)

    # --- signatures ----------------------------------------------------------------------------

    def _signatures(self, state: Packed) -> list[list[Any]]:
        """Per pool and slot: (references to it, own values, sorted lines)."""
        base, first = self.codec.base, self.codec.first_slot
        held = [state[a:b] for a, b in self.refs]
        plain = _translate(state, self._rough)
        ranks: dict[int, int] = {}
        counts: list[list[tuple[int, ...]]] = []
        for pool in self.pools:
            start = base[pool.name]
            mine = [tuple([h.count(start + slot) for h in held]) for slot in range(pool.size)]
            counts.append(mine)
            rough = [(mine[slot], pool.singles[slot](plain)) for slot in range(pool.size)]
            order = {value: rank for rank, value in enumerate(sorted(set(rough)))}
            for slot in range(pool.size):
                ranks[start + slot] = first + order[rough[slot]]
        ranked = _translate(state, ranks)
        return [
            [(counts[p][slot], pool.singles[slot](ranked),
              [sorted(row(ranked)) for row in pool.rows[slot]]) for slot in range(pool.size)]
            for p, pool in enumerate(self.pools)
        ]

    # --- renaming ------------------------------------------------------------------------------

    def _rename(self, orders: tuple[Order, ...]) -> Rename:
        """The function that puts slots into these orders."""
        rename = self._renames.get(orders)
        if rename is None:
            rename = self._renames[orders] = self._make(
                {pool.name: order for pool, order in zip(self.pools, orders, strict=True)})
        return rename

    def _make(self, old_of: dict[str, Order]) -> Rename:
        layout, base = self.codec.layout, self.codec.base
        table = {base[name] + old: base[name] + new
                 for name, order in old_of.items() for new, old in enumerate(order)
                 if old != new}
        if not table:
            return lambda state: state
        places: list[int] = []
        for var in layout.system.variables:
            for index in product(*(range(layout.sizes[p]) for p in var.dims)):
                old = tuple(old_of[p][i] if p in old_of else i
                            for p, i in zip(var.dims, index, strict=True))
                places.append(layout.offset(var.name, old))
        moved = _getter(places)
        if self.codec.wide:
            return lambda state: tuple([table.get(c, c) for c in moved(state)])
        codes = bytes(table.get(c, c) for c in range(256))
        return lambda state: bytes(moved(state)).translate(codes)


def _groups(order: list[int], own: list[Any]) -> list[list[int]]:
    """Sorted slots, those with equal signatures together."""
    groups = [[order[0]]]
    for slot in order[1:]:
        if own[groups[-1][0]] == own[slot]:
            groups[-1].append(slot)
        else:
            groups.append([slot])
    return groups


def _arrangements(cell: Cell) -> int:
    """In how many ways the slots of a cell can stand, twins being alike."""
    count = factorial(sum(map(len, cell)))
    for twins in cell:
        count //= factorial(len(twins))
    return count


def _orders(cells: list[Cell]) -> Iterator[Order]:
    """All orders of a pool that keep the order of its cells, up to twins."""
    for parts in product(*(list(_arranged(cell)) for cell in cells)):
        yield tuple(slot for part in parts for slot in part)


def _arranged(cell: Cell) -> Iterator[Order]:
    if not any(cell):
        yield ()
    for at, twins in enumerate(cell):
        if twins:
            rest = [t[1:] if i == at else t for i, t in enumerate(cell)]
            for tail in _arranged(rest):
                yield (twins[0], *tail)


def _getter(places: list[int]) -> itemgetter[Any]:
    """Picks `places` out of a state, as a tuple however many there are."""
    if len(places) == 1:
        return itemgetter(slice(places[0], places[0] + 1))
    return itemgetter(*places) if places else itemgetter(slice(0, 0))


_SAME = bytes(range(256))


def _translate(state: Packed, table: dict[int, int]) -> Packed:
    if isinstance(state, bytes):
        codes = bytearray(_SAME)
        for code, new in table.items():
            codes[code] = new
        return state.translate(codes)
    return tuple([table.get(c, c) for c in state])
