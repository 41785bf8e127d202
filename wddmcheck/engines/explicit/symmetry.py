"""The canonical state of an orbit under renaming of slots, exactly.

1. Every slot gets a signature that no renaming changes: its own values, with references reduced to
   the kind of thing they name, and how often each variable refers to it; then once more with the
   rank of what they name. (Colour refinement, two rounds.)
2. Slots of a pool are sorted by signature. What is left open are slots with equal signatures; for
   those all orders are tried, and the smallest renamed state is the canonical one. Absent slots
   that nothing refers to are all alike, so their order does not matter.

Signatures only prune, so the form is exact however coarse they are. See McKay and Piperno,
"Practical graph isomorphism, II" (2014) for the general method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import permutations, product
from operator import itemgetter
from typing import Any, TypeAlias

from wddmcheck.engines.explicit.codec import Codec, Packed
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import StateVar

Order: TypeAlias = tuple[int, ...]
"""For a pool: which slot comes first, second, ..."""

Rename: TypeAlias = Callable[[Packed], Packed]

MEMO_LIMIT = 1 << 20
"""Raw states whose canonical state is remembered, at most."""


@dataclass(slots=True)
class _Pool:
    """What signatures of one pool look at."""

    name: str
    size: int
    singles: list[itemgetter[Any]]                  # per slot: its values of 1-dim variables
    rows: list[list[itemgetter[Any]]]               # per slot: its lines of 2-dim variables
    life: list[int]                                 # per slot: where its life state stands


@dataclass(slots=True)
class Canonical:
    """Computes canonical states of one codec's packed states."""

    codec: Codec
    pools: list[_Pool] = field(default_factory=list)
    refs: list[tuple[int, int]] = field(default_factory=list)   # ranges of references in a state
    _renames: dict[tuple[Order, ...], Rename] = field(default_factory=dict)
    _memo: dict[Packed, Packed] = field(default_factory=dict)
    _rough: dict[int, int] = field(default_factory=dict)    # every slot to one code

    def __post_init__(self) -> None:
        layout = self.codec.layout
        for pool in layout.system.pools:
            if layout.sizes[pool.name] > 1:
                self.pools.append(self._pool(pool.name, pool.life))
        for var in layout.system.variables:
            if isinstance(var.sort, RefSort):
                start = layout.starts[var.name]
                self.refs.append((start, start + layout.words(var)))
        first = self.codec.first_slot
        self._rough = dict.fromkeys(range(first, first + sum(layout.sizes.values())), first)

    @property
    def trivial(self) -> bool:
        """Whether no two slots could be exchanged."""
        return not self.pools

    def _pool(self, name: str, life: str) -> _Pool:
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
        lives = [layout.offset(life, (slot,)) if life else -1 for slot in range(size)]
        return _Pool(name, size, [_getter(places) for places in singles], rows, lives)

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
        choices: list[list[Order]] = []
        for pool, own in zip(self.pools, signatures, strict=True):
            order = sorted(range(pool.size), key=own.__getitem__)
            choices.append(self._orders(pool, own, order, state))
        if all(len(c) == 1 for c in choices):
            return self._rename(tuple(c[0] for c in choices))(state)
        return min(self._rename(orders)(state) for orders in product(*choices))

    def _orders(self, pool: _Pool, own: list[Any], order: list[int],
                state: Packed) -> list[Order]:
        """All orders of the pool's slots that sort their signatures."""
        groups: list[list[int]] = []
        for slot in order:
            if groups and own[groups[-1][0]] == own[slot]:
                groups[-1].append(slot)
            else:
                groups.append([slot])
        if all(len(g) == 1 or self._alike(pool, g[0], own, state) for g in groups):
            return [tuple(order)]
        parts = [[tuple(g)] if self._alike(pool, g[0], own, state) else list(permutations(g))
                 for g in groups]
        return [tuple(s for part in choice for s in part) for choice in product(*parts)]

    def _alike(self, pool: _Pool, slot: int, own: list[Any], state: Packed) -> bool:
        """Whether slots of this signature are absent and nowhere referred to."""
        at = pool.life[slot]
        return at >= 0 and state[at] == 0 and not any(own[slot][0])

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
            rename = self._renames[orders] = self._make(orders)
        return rename

    def _make(self, orders: tuple[Order, ...]) -> Rename:
        layout, base = self.codec.layout, self.codec.base
        old_of = {pool.name: order for pool, order in zip(self.pools, orders, strict=True)}
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
