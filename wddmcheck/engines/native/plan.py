"""Where each value of a state stands in its 64-bit words.

The values of one slot form a *record*, and the records of a pool stand side by side at a fixed
stride wherever they fit one word: reading through a reference is then one shift, and renaming
slots moves whole records. Values with more than one index, and what belongs to no slot, fill the
gaps. Nothing straddles words.

Codes: a truth value or enum member is itself, an integer counts from the lower end of its range;
in references to a pool of n slots, slot i is i, `NONE` is n and `DANGLING` n + 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from wddmcheck.ir.evaluate import Layout, State
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import StateVar

WORD = 64


@dataclass(frozen=True, slots=True)
class Spot:
    """`width` bits from `shift` of a word; a width of 0 holds nothing but the code 0."""

    word: int
    shift: int
    width: int

    @property
    def mask(self) -> int:
        """The bits of a value, before it is shifted into place."""
        return (1 << self.width) - 1


@dataclass(frozen=True, slots=True)
class Field:
    """A variable within a record, from bit `offset` of it."""

    var: StateVar
    offset: int
    width: int


@dataclass(frozen=True, slots=True)
class Group:
    """The records of the slots of a pool, or a part of them that fits a word. `spots` says where
    the record of each slot stands."""

    pool: str
    fields: tuple[Field, ...]
    width: int
    spots: tuple[Spot, ...]


@dataclass
class Plan:
    """The packed form of the states of a layout."""

    layout: Layout
    groups: list[Group] = field(default_factory=list)
    spots: dict[str, list[Spot]] = field(default_factory=dict)
    """Of each variable, row-major."""
    words: int = 1

    def __post_init__(self) -> None:
        _Packer(self).pack()

    # --- codes -------------------------------------------------------------------------------

    def code(self, value: int, sort: Sort) -> int:
        """The code of an encoded IR value."""
        match sort:
            case RefSort(pool, _, _):
                size = self.layout.sizes[pool]
                return size if value == NONE else size + 1 if value == DANGLING else value
            case IntRange(lo, _):
                return value - lo
            case BoolSort() | EnumSort():
                return value

    def value(self, code: int, sort: Sort) -> int:
        """The IR value that has this code."""
        match sort:
            case RefSort(pool, _, _):
                size = self.layout.sizes[pool]
                return code if code < size else NONE if code == size else DANGLING
            case IntRange(lo, _):
                return code + lo
            case BoolSort() | EnumSort():
                return code

    def most(self, var: StateVar) -> int:
        """The largest code of a value of `var`."""
        match var.sort:
            case BoolSort():
                most = 1
            case IntRange(lo, hi):
                most = hi - lo
            case EnumSort(_, members):
                most = len(members) - 1
            case RefSort(pool, none, dangling):
                size = self.layout.sizes[pool]
                most = size + 1 if dangling else size if none else size - 1
        return max(most, self.code(var.init, var.sort), 0)

    def width(self, var: StateVar) -> int:
        """The bits that a value of `var` needs."""
        return self.most(var).bit_length()

    # --- states ------------------------------------------------------------------------------

    @cached_property
    def _flat(self) -> list[tuple[Spot, Sort]]:
        return [(spot, var.sort) for var in self.layout.system.variables
                for spot in self.spots[var.name]]

    def pack(self, state: State) -> tuple[int, ...]:
        """A flat IR state as words."""
        words = [0] * self.words
        for value, (spot, sort) in zip(state, self._flat, strict=True):
            words[spot.word] |= self.code(value, sort) << spot.shift
        return tuple(words)

    def unpack(self, words: tuple[int, ...]) -> State:
        """The flat IR state of packed words."""
        return tuple(self.value(words[spot.word] >> spot.shift & spot.mask, sort)
                     for spot, sort in self._flat)

    @cached_property
    def bits(self) -> int:
        """The bits that are used."""
        return sum(spot.width for spot, _ in self._flat)

    # --- slots -------------------------------------------------------------------------------

    @cached_property
    def pools(self) -> tuple[str, ...]:
        """Pools of more than one slot: those that a renaming can change."""
        return tuple(p.name for p in self.layout.system.pools if self.layout.sizes[p.name] > 1)

    def axes(self, var: StateVar) -> tuple[str, ...]:
        """The dimensions of `var` that have more than one slot."""
        return tuple(d for d in var.dims if self.layout.sizes[d] > 1)

    def cells(self, var: StateVar) -> Iterator[tuple[tuple[int, ...], Spot]]:
        """The values of `var`: slots along its `axes`, and where the value stands."""
        ranges = [range(self.layout.sizes[d]) for d in self.axes(var)]
        if len(self.spots[var.name]):
            yield from zip(product(*ranges), self.spots[var.name], strict=True)

    def loose(self) -> list[StateVar]:
        """The variables that are in no record, and have values."""
        return [v for v in self.layout.system.variables
                if len(self.axes(v)) != 1 and self.spots[v.name]]


class _Packer:
    """Fills words, the widest pieces first, each where it first fits."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pieces: list[tuple[int, int, list[tuple[str, int, int]], int]] = []
        self.free: list[int] = []

    def pack(self) -> None:
        plan, layout = self.plan, self.plan.layout
        for var in layout.system.variables:
            plan.spots[var.name] = [Spot(0, 0, 0)] * layout.words(var)
        groups = [g for pool in plan.pools for g in self._records(pool)]
        arrays: list[tuple[int, int, list[Spot]]] = []         # (width, count, spots to fill)
        filled: list[tuple[str, list[Field], int, list[Spot]]] = []
        for pool, fields, width in groups:
            spots: list[Spot] = []
            arrays.append((width, layout.sizes[pool], spots))
            filled.append((pool, fields, width, spots))
        loose: list[tuple[StateVar, list[Spot]]] = []
        for var in layout.system.variables:
            if len(plan.axes(var)) != 1:
                own: list[Spot] = []
                arrays.append((plan.width(var), layout.words(var), own))
                loose.append((var, own))
        self._place(arrays)
        for pool, fields, width, spots in filled:
            plan.groups.append(Group(pool, tuple(fields), width, tuple(spots)))
            for f in fields:
                plan.spots[f.var.name] = [
                    Spot(s.word, s.shift + f.offset, f.width) for s in spots]
        for var, own in loose:
            plan.spots[var.name] = own
        plan.words = max(len(self.free), 1)

    def _records(self, pool: str) -> Iterator[tuple[str, list[Field], int]]:
        """The variables of a pool, scalars before references, in parts of at most a word."""
        own = [v for v in self.plan.layout.system.variables
               if self.plan.axes(v) == (pool,) and self.plan.layout.words(v)]
        own.sort(key=lambda v: isinstance(v.sort, RefSort))
        fields: list[Field] = []
        at = 0
        for var in own:
            width = self.plan.width(var)
            if at + width > WORD:
                yield pool, fields, at
                fields, at = [], 0
            fields.append(Field(var, at, width))
            at += width
        if fields:
            yield pool, fields, at

    def _place(self, arrays: list[tuple[int, int, list[Spot]]]) -> None:
        chunks: list[tuple[int, int, int, list[Spot]]] = []    # (bits, width, count, spots)
        for width, count, spots in arrays:
            if width == 0:
                spots += [Spot(0, 0, 0)] * count
                continue
            most = WORD // width
            for start in range(0, count, most):
                size = min(most, count - start)
                part = [Spot(0, 0, 0)] * size
                chunks.append((width * size, width, start, spots))
                spots += part
        chunks.sort(key=lambda c: -c[0])                       # stable: the same plan every time
        for bits, width, start, spots in chunks:
            word = next((i for i, room in enumerate(self.free) if room >= bits), None)
            if word is None:
                word = len(self.free)
                self.free.append(WORD)
            at = WORD - self.free[word]
            self.free[word] -= bits
            for i in range(bits // width):
                spots[start + i] = Spot(word, at + i * width, width)
