"""How a state is packed: every cell a field of bits, no field across two words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from wddmcheck.ir.evaluate import Layout, State
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort

WORD = 64


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a state: `bits` bits of word `word` from `shift`, which hold the value less
    `low`."""

    word: int
    shift: int
    bits: int
    low: int
    boolean: bool

    @property
    def mask(self) -> int:
        """Its bits, in place."""
        return ((1 << self.bits) - 1) << self.shift


@dataclass(frozen=True)
class Packing:
    """The packing of the states of `layout`. `cells` are in the order of the flat state."""

    layout: Layout

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Where each value is. First fit by width, so that words are well filled."""
        spans = [_span(v.sort, self.layout) for v in self.layout.system.variables
                 for _ in range(self.layout.words(v))]
        wanted = sorted(range(len(spans)), key=lambda i: (-_bits(spans[i]), i))
        free: list[int] = []
        placed: dict[int, Cell] = {}
        for index in wanted:
            low, _, boolean = spans[index]
            bits = _bits(spans[index])
            word = next((w for w, left in enumerate(free) if left >= bits), len(free))
            if word == len(free):
                free.append(WORD)
            placed[index] = Cell(word, WORD - free[word], bits, low, boolean)
            free[word] -= bits
        return tuple(placed[i] for i in range(len(spans)))

    @cached_property
    def words(self) -> int:
        """Words in a state, at least one."""
        return max((c.word + 1 for c in self.cells), default=1)

    def pack(self, state: State) -> tuple[int, ...]:
        """A flat state, packed."""
        packed = [0] * self.words
        for cell, value in zip(self.cells, state, strict=True):
            packed[cell.word] |= (value - cell.low) << cell.shift
        return tuple(packed)

    def unpack(self, packed: Sequence[int]) -> State:
        """The flat state of a packed one."""
        return tuple(((packed[c.word] & c.mask) >> c.shift) + c.low for c in self.cells)


def _span(sort: Sort, layout: Layout) -> tuple[int, int, bool]:
    """The lowest and the highest value, and whether it is a truth value."""
    match sort:
        case BoolSort():
            return 0, 1, True
        case IntRange(low, high):
            return low, high, False
        case EnumSort(_, members):
            return 0, len(members) - 1, False
        case RefSort(pool, none, dangling):
            low = DANGLING if dangling else NONE if none else 0
            return low, layout.sizes[pool] - 1, False


def _bits(span: tuple[int, int, bool]) -> int:
    return max(1, (span[1] - span[0]).bit_length())


def total_bits(cells: Iterable[Cell]) -> int:
    """How many bits a state has."""
    return sum(c.bits for c in cells)
