"""Packed states: one code a word, in a `bytes` object where codes fit, else in a tuple.

Codes: a truth value or enum member is itself, an integer counts from the lower end of its range,
`NONE` and `DANGLING` have a code each, and slot i of a pool is `base[pool] + i`. All slot codes are
larger than all others, and no two pools share one, so that renaming slots is one translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from wddmcheck.ir.evaluate import Layout, State
from wddmcheck.ir.sorts import DANGLING, NONE, IntRange, RefSort, Sort, cardinality

Packed: TypeAlias = bytes | tuple[int, ...]
"""A packed state. All states of one search are of one kind."""

NARROW_LIMIT = 126       # codes below are plain values, then NONE, DANGLING, then slots up to 255


@dataclass(frozen=True)
class Codec:
    """How states of `layout` are packed."""

    layout: Layout

    @cached_property
    def wide(self) -> bool:
        """Whether codes need more than a byte."""
        slots = sum(self.layout.sizes.values())
        return slots > 256 - NARROW_LIMIT - 2 or any(
            span(v.sort) > NARROW_LIMIT for v in self.layout.system.variables)

    @cached_property
    def none(self) -> int:
        """The code of `NONE`: larger than all plain codes."""
        if not self.wide:
            return NARROW_LIMIT
        return max((span(v.sort) for v in self.layout.system.variables), default=0)

    @cached_property
    def dangling(self) -> int:
        """The code of `DANGLING`."""
        return self.none + 1

    @cached_property
    def base(self) -> dict[str, int]:
        """The code of slot 0 of each pool."""
        bases, at = {}, self.none + 2
        for pool in self.layout.system.pools:
            bases[pool.name] = at
            at += self.layout.sizes[pool.name]
        return bases

    @property
    def first_slot(self) -> int:
        """The smallest code of a slot."""
        return self.none + 2

    def code(self, value: int, sort: Sort) -> int:
        """The code of an encoded IR value."""
        match sort:
            case RefSort(pool, _, _):
                if value == NONE:
                    return self.none
                return self.dangling if value == DANGLING else self.base[pool] + value
            case IntRange(lo, _):
                return value - lo
            case _:
                return value

    def value(self, code: int, sort: Sort) -> int:
        """The IR value that has this code."""
        match sort:
            case RefSort(pool, _, _):
                if code == self.none:
                    return NONE
                return DANGLING if code == self.dangling else code - self.base[pool]
            case IntRange(lo, _):
                return code + lo
            case _:
                return int(code)       # wide states may hold True and False

    @cached_property
    def _sorts(self) -> tuple[Sort, ...]:
        return tuple(v.sort for v in self.layout.system.variables
                     for _ in range(self.layout.words(v)))

    def pack(self, state: State) -> Packed:
        """A flat IR state, packed."""
        codes = [self.code(v, s) for v, s in zip(state, self._sorts, strict=True)]
        return tuple(codes) if self.wide else bytes(codes)

    def unpack(self, packed: Packed) -> State:
        """The flat IR state of a packed one."""
        return tuple(self.value(c, s) for c, s in zip(packed, self._sorts, strict=True))


def span(sort: Sort) -> int:
    """How many plain codes a sort needs (references need none)."""
    return 0 if isinstance(sort, RefSort) else cardinality(sort, {})
