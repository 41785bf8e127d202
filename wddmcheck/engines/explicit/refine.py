"""Labellings of a state by individualisation and refinement, where sorting leaves much open.

A *colouring* gives each slot a number that no renaming changes. It is *refined* until the slots of
one colour look the same: their values, whom they refer to, and who refers to them. If slots of one
colour are left that are no twins, one of them gets a colour of its own, and so on: a tree, whose
leaves are orders of all slots. The tree of a renamed state is the renamed tree, so the smallest
renamed state at a leaf is canonical.

Two branches of a node whose first leaves are equal are images of each other under a renaming that
fixes the state, so one of them is enough. (McKay and Piperno, 2014.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any, TypeAlias

from wddmcheck.engines.explicit.codec import Codec, Packed
from wddmcheck.ir.sorts import RefSort

Order: TypeAlias = tuple[int, ...]
"""For a pool: which slot comes first, second, ..."""

Colours: TypeAlias = tuple[tuple[int, ...], ...]
"""For each pool: the colour of each slot."""

Slot: TypeAlias = tuple[int, int]
"""Which pool (counting those of more than one slot), and which of its slots."""


@dataclass(frozen=True, slots=True)
class Place:
    """One word of a state: its variable, and the slots at which it stands."""

    at: int
    variable: int
    index: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What all states of a codec have in common. `slots` has the slot of each code that names one
    of `sizes`; `is_ref` says which variables hold references."""

    places: tuple[Place, ...]
    is_ref: tuple[bool, ...]
    slots: dict[int, Slot]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, codec: Codec, pools: list[str]) -> Shape:
        """The shape of the states of `codec`; `pools` are those of more than one slot."""
        layout = codec.layout
        number = {name: i for i, name in enumerate(pools)}
        places = []
        for v, var in enumerate(layout.system.variables):
            for index in product(*(range(layout.sizes[p]) for p in var.dims)):
                slots = tuple((number[p], i) for p, i in zip(var.dims, index, strict=True)
                              if p in number)
                places.append(Place(layout.offset(var.name, index), v, slots))
        return cls(
            tuple(places),
            tuple(isinstance(v.sort, RefSort) for v in layout.system.variables),
            {codec.base[name] + i: (p, i) for name, p in number.items()
             for i in range(layout.sizes[name])},
            tuple(layout.sizes[name] for name in pools))


@dataclass(frozen=True, slots=True)
class Labelling:
    """The state to be labelled. `renamed` puts its slots into given orders; `twins(p, a, b)` says
    whether exchanging two slots of a pool leaves it as it is."""

    state: Packed
    shape: Shape
    renamed: Callable[[tuple[Order, ...]], Packed]
    twins: Callable[[int, int, int], bool]


def leaves(of: Labelling, colours: Colours) -> Iterator[Packed]:
    """The renamed states at the leaves of the tree below a colouring; the same set for every state
    of the orbit."""
    colours = refined(of, colours)
    cell = _open_cell(of, colours)
    if cell is None:
        yield of.renamed(tuple(tuple(sorted(range(len(own)), key=own.__getitem__))
                               for own in colours))
        return
    pool, slots = cell
    seen: set[Packed] = set()
    for slot in slots:
        branch = leaves(of, _individualised(colours, pool, slot))
        first = next(branch)
        if first in seen:
            continue
        seen.add(first)
        yield first
        yield from branch


def refined(of: Labelling, colours: Colours) -> Colours:
    """The coarsest stable colouring that is at least as fine as `colours`."""
    count = sum(len(set(own)) for own in colours)
    while True:
        colours = _round(of, colours)
        finer = sum(len(set(own)) for own in colours)
        if finer == count:
            return colours
        count = finer


def _round(of: Labelling, colours: Colours) -> Colours:
    """One round of refinement: each word of the state is told to the slots that it is about."""
    state, shape = of.state, of.shape
    told: list[list[list[tuple[int, ...]]]] = [[[] for _ in range(n)] for n in shape.sizes]
    for place in shape.places:
        code = state[place.at]
        target = shape.slots.get(code) if shape.is_ref[place.variable] else None
        value = code if target is None else colours[target[0]][target[1]]
        fact = (place.variable, target is None, value, *[colours[p][i] for p, i in place.index])
        for axis, (p, i) in enumerate(place.index):
            # A slot referring to itself is told so: its colour alone would not tell it.
            told[p][i].append((axis, target == (p, i), *fact))
        if target is not None:
            told[target[0]][target[1]].append((-1, False, *fact))
    return tuple(ranked([(colour, sorted(facts)) for colour, facts in zip(own, mine, strict=True)])
                 for own, mine in zip(colours, told, strict=True))


def ranked(signatures: Sequence[Any]) -> tuple[int, ...]:
    """Each signature's number among the distinct ones, in their order."""
    order = sorted(range(len(signatures)), key=signatures.__getitem__)
    ranks, rank = [0] * len(signatures), 0
    for before, slot in pairwise(order):
        rank += signatures[before] != signatures[slot]
        ranks[slot] = rank
    return tuple(ranks)


def _open_cell(of: Labelling, colours: Colours) -> tuple[int, list[int]] | None:
    """The first pool and colour whose slots are not all twins, and one slot of each kind."""
    for pool, own in enumerate(colours):
        for colour in range(max(own) + 1):
            kinds: list[int] = []
            for slot in [i for i, c in enumerate(own) if c == colour]:
                if not any(of.twins(pool, known, slot) for known in kinds):
                    kinds.append(slot)
            if len(kinds) > 1:
                return pool, kinds
    return None


def _individualised(colours: Colours, pool: int, slot: int) -> Colours:
    """`slot` comes before the others of its colour."""
    own = colours[pool]
    new = tuple(2 * c + (c == own[slot] and i != slot) for i, c in enumerate(own))
    return (*colours[:pool], new, *colours[pool + 1:])
