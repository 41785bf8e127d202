"""The shape of a system at one scope: its state words, their values, and parameter domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod

from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, StateVar, System

MAX_DOMAIN = 1024
"""More values than this in one state word are not encoded: every value gets a literal."""


class CannotEncode(Exception):  # noqa: N818  not an error: the engine passes on its reason
    """This system is outside what the encoding handles; the message says why."""


@dataclass(frozen=True, slots=True)
class Word:
    """One place of the state: `var` at `index`, and the values that it can hold, ascending."""

    var: StateVar
    index: tuple[int, ...]
    domain: tuple[int, ...]

    @property
    def name(self) -> str:
        """The word as text, `Context.device[1]`."""
        return self.var.name + "".join(f"[{i}]" for i in self.index)


class Layout:
    """State words in flat order (`ir.system`), and the sizes of all pools."""

    def __init__(self, system: System, scope: Mapping[str, int]) -> None:
        self.system = system
        self.sizes = {p.name: 1 if p.single else scope[p.name] for p in system.pools}
        self.variables = {v.name: v for v in system.variables}
        self.words: list[Word] = []
        self.first: dict[str, int] = {}
        for var in system.variables:
            self.first[var.name] = len(self.words)
            values = set(self.domain(var.sort)) | {var.init}
            if len(values) > MAX_DOMAIN:
                raise CannotEncode(f"variable `{var.name}` has {len(values)} values")
            domain = tuple(sorted(values))
            for index in product(*(range(self.sizes[d]) for d in var.dims)):
                self.words.append(Word(var, index, domain))

    def place(self, var: str, index: tuple[int, ...]) -> int | None:
        """The number of the word, or None if `index` is not a slot everywhere."""
        flat = 0
        for dim, i in zip(self.variables[var].dims, index, strict=True):
            size = self.sizes[dim]
            if not 0 <= i < size:
                return None
            flat = flat * size + i
        return self.first[var] + flat

    def places(self, var: str) -> range:
        """The numbers of all words of `var`."""
        size = prod(self.sizes[d] for d in self.variables[var].dims)
        return range(self.first[var], self.first[var] + size)

    def domain(self, sort: Sort) -> tuple[int, ...]:
        """The encoded values of `sort`, ascending."""
        match sort:
            case BoolSort():
                return (0, 1)
            case IntRange(lo, hi):
                if hi - lo >= MAX_DOMAIN:
                    raise CannotEncode(f"integers from {lo} to {hi} are too many")
                return tuple(range(lo, hi + 1))
            case EnumSort(_, members):
                return tuple(range(len(members)))
            case RefSort(pool, none, dangling):
                special = (*((DANGLING,) if dangling else ()), *((NONE,) if none else ()))
                return (*special, *range(self.sizes[pool]))

    def arguments(self, action: Action) -> list[tuple[int, ...]]:
        """The domains of the parameters of `action`; the environment never picks DANGLING."""
        return [tuple(v for v in self.domain(p.sort) if v != DANGLING or
                      not isinstance(p.sort, RefSort)) for p in action.params]
