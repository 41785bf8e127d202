"""The ways in which a formula can take a truth value, one for each orbit under renaming of slots.

A way names slots: those of the instance that is asked about, those that quantifiers pick, and
those that references lead to on the way to what is read. Slots of a pool are named in the order
0, 1, 2, ..., so that a slot picked next is one that has a name or the first that has none: every
choice of slots has a renaming that looks like this, and which one stands for it is fixed by the
order of naming. So with j arguments and k picks of a pool, tuples range over j + k slots.

Naming what references lead to makes every read one of a known place. It costs a few more questions,
and saves the solver from reasoning about all slots that might be meant. Where all of this counts
on slots being interchangeable, see `symmetry`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from wddmcheck.engines.smt.circuit import FALSE, Lit
from wddmcheck.engines.smt.encode import Encoder, Value, Words, constant
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.ir.expr import (
    And,
    Count,
    Expr,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
)
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import parts

MAX_CASES = 48
"""More ways than this are not told apart."""


MAX_INSTANCES = 400
"""An action with more tuples of arguments than this is not taken apart."""

Args: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A way: how many slots of each pool have names, the literals that it asks for, and the words
    whose values are among them."""

    named: Mapping[str, int]
    lits: tuple[Lit, ...] = ()
    fixed: tuple[tuple[int, int], ...] = ()


class Known:
    """Words of a state, of which some are known to have one value."""

    def __init__(self, words: Words, fixed: Iterable[tuple[int, int]]) -> None:
        self._words = words
        self._fixed = {place: constant(value) for place, value in fixed}

    def __getitem__(self, place: int, /) -> Value:
        known = self._fixed.get(place)
        return self._words[place] if known is None else known


class TooMany(Exception):  # noqa: N818  not an error: fewer things are named then
    """There are more than `MAX_CASES` ways."""


class Orbits:
    """Enumerates ways over one symbolic state. With `follow`, what references lead to is named
    too."""

    def __init__(self, layout: Layout, encoder: Encoder, *, follow: bool = True) -> None:
        self.layout = layout
        self.encoder = encoder
        self.follow = follow
        self._encoders: dict[tuple[tuple[int, int], ...], Encoder] = {(): encoder}

    def cases(self, expr: Expr, wanted: bool, start: Case, env: Mapping[str, Value]) -> list[Case]:
        """All ways that extend `start` and give `expr` the value `wanted`; raises `TooMany`."""
        match expr:
            case Not(arg):
                return self.cases(arg, not wanted, start, env)
            case Quant(op, var, pool, body) if (op is QuantOp.EXISTS) == wanted:
                named = start.named.get(pool, 0)
                return _few(
                    found for i in range(min(named + 1, self.layout.sizes[pool]))
                    for found in self.cases(
                        body, wanted,
                        replace(start, named={**start.named, pool: max(named, i + 1)}),
                        {**env, var: constant(i)}))
            case And(args) | Or(args) if isinstance(expr, And) == wanted:
                found = [start]
                for arg in args:
                    found = _few(more for case in found
                                 for more in self.cases(arg, wanted, case, env))
                return found
            case And(args) | Or(args) if any(_picks(a, wanted) for a in args):
                return _few(found for arg in args
                            for found in self.cases(arg, wanted, start, env))
            case _:
                return _few(self._leaf(expr, wanted, start, env))

    def _leaf(self, expr: Expr, wanted: bool, start: Case, env: Mapping[str, Value]
              ) -> Iterator[Case]:
        encoder = self.over(start)
        place = self._unknown(encoder, expr, env, frozenset()) if self.follow else None
        if place is None:
            lit = encoder.lit(expr, env) ^ (0 if wanted else 1)
            if lit != FALSE:
                yield replace(start, lits=(*start.lits, lit))
            return
        sort = self.layout.words[place].var.sort
        assert isinstance(sort, RefSort)
        named = start.named.get(sort.pool, 0)
        for value, lit in encoder.words[place]:
            if value <= named:
                now = {**start.named, sort.pool: max(named, value + 1)}
                yield from self._leaf(expr, wanted, Case(
                    now, (*start.lits, lit), (*start.fixed, (place, value))), env)

    def over(self, case: Case) -> Encoder:
        """An encoder that knows the words that `case` has fixed."""
        key = tuple(sorted(case.fixed))
        known = self._encoders.get(key)
        if known is None:
            known = self._encoders[key] = Encoder(
                self.encoder.circuit, self.layout, Known(self.encoder.words, key),
                self.encoder.free)
        return known

    def _unknown(self, encoder: Encoder, expr: Expr, env: Mapping[str, Value],
                 bound: frozenset[str]) -> int | None:
        """A word, not known yet, that `expr` reads to find another."""
        for part, inner in _parts(expr, bound):
            if isinstance(expr, Read):
                place = self._place(encoder, part, env, bound)
                if place is not None and len(encoder.words[place]) > 1:
                    return place
            place = self._unknown(encoder, part, env, inner)
            if place is not None:
                return place
        return None

    def _place(self, encoder: Encoder, expr: Expr, env: Mapping[str, Value],
               bound: frozenset[str]) -> int | None:
        """The word that `expr` reads, if that is known and does not depend on `bound`."""
        if not isinstance(expr, Read) or not bound.isdisjoint(encoder.free(expr)):
            return None
        index = []
        for part in expr.index:
            value = encoder.value(part, env)
            if len(value) != 1:
                return None
            index.append(value[0][0])
        return self.layout.place(expr.var, tuple(index))


def _few(cases: Iterable[Case]) -> list[Case]:
    found = list(islice(cases, MAX_CASES + 1))
    if len(found) > MAX_CASES:
        raise TooMany
    return found


def instances(action: Action, layout: Layout, *, symmetric: bool) -> list[tuple[Case, Args]]:
    """The arguments of `action`, one tuple for each orbit (all of them if slots can be told
    apart), with the slots that they name. Raises `TooMany`."""
    start = {} if symmetric else layout.sizes
    found: list[tuple[Case, Args]] = [(Case(start), ())]
    for param, domain in zip(action.params, layout.arguments(action), strict=True):
        more: list[tuple[Case, Args]] = []
        for case, args in found:
            if not isinstance(param.sort, RefSort):
                more += [(case, (*args, v)) for v in domain]
                continue
            pool = param.sort.pool
            named = case.named.get(pool, 0)
            more += [(Case({**case.named, pool: max(named, v + 1)}), (*args, v))
                     for v in domain if v <= named]
        if len(more) > MAX_INSTANCES:
            raise TooMany
        found = more
    return found


def _picks(expr: Expr, wanted: bool) -> bool:
    """Whether giving `expr` the value `wanted` lets us pick a slot."""
    match expr:
        case Not(arg):
            return _picks(arg, not wanted)
        case Quant(op):
            return (op is QuantOp.EXISTS) == wanted
        case And(args) | Or(args):
            return any(_picks(a, wanted) for a in args)
        case _:
            return False


def _parts(expr: Expr, bound: frozenset[str]) -> Iterator[tuple[Expr, frozenset[str]]]:
    """The direct parts of `expr`, with the variables that are bound there."""
    inner = bound | {expr.var} if isinstance(expr, (Quant, Count)) else bound
    return ((part, inner) for part in parts(expr))
