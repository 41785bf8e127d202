"""Guesses at invariants: clauses over small atoms, in shapes that object lifecycles tend to have.

An *atom* of a slot says that one of its variables has one value (a reference: that it is none, or
dangling). The shapes are: an atom never holds; two atoms of a slot exclude each other ("absent
slots are as at first", "at this point of a call that local is not set"); an atom and a global
atom exclude each other; a reference leads only to slots without some atom ("to live slots"); two
paths of references meet; references do not share; at most one slot has an atom; an integer counts
references; elements of a set or relation are related otherwise too. Wrong guesses are dropped by
Houdini, so nothing here has to be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice

from wddmcheck.ir.build import and_, dangling_of, eq, forall, implies, is_slot, ne, none_of, not_
from wddmcheck.ir.expr import Const, Count, Expr, Read, slot
from wddmcheck.ir.sorts import BOOL, BoolSort, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import StateVar, System

MAX_EACH = 2500
"""At most this many guesses of one shape."""
MAX_VALUES = 6
"""Integers with more values than this have no atoms."""

X, Y = "i0", "i1"


@dataclass(frozen=True, slots=True)
class Shapes:
    """The variables of a system, sorted by what the shapes need."""

    system: System

    def unary(self, pool: str) -> list[StateVar]:
        """The variables of the slots of `pool`, the life state and program counter first."""
        lives = {p.life for p in self.system.pools}
        found = [v for v in self.system.variables if v.dims == (pool,)]
        return sorted(found, key=lambda v: (v.name not in lives, not isinstance(v.sort, EnumSort)))

    def singles(self) -> list[tuple[StateVar, tuple[Expr, ...]]]:
        """Global variables, and those of single pools at their only slot."""
        single = {p.name for p in self.system.pools if p.single}
        return [(v, tuple(Const(0, RefSort(d)) for d in v.dims)) for v in self.system.variables
                if len(v.dims) < 2 and set(v.dims) <= single]

    def pools(self) -> list[str]:
        """The pools that can have several slots."""
        return [p.name for p in self.system.pools if not p.single]

    def references(self, pool: str) -> list[tuple[StateVar, str]]:
        """The references that slots of `pool` hold, with the pool that they lead to."""
        return [(v, v.sort.pool) for v in self.unary(pool) if isinstance(v.sort, RefSort)]

    def atoms(self, var: StateVar, index: tuple[Expr, ...]) -> list[Expr]:
        """All atoms of `var` at `index`."""
        read = Read(var.name, index, var.sort)
        match var.sort:
            case BoolSort():
                return [read, not_(read)]
            case EnumSort(_, members):
                return [eq(read, Const(i, var.sort)) for i in range(len(members))]
            case IntRange(lo, hi):
                if hi - lo >= MAX_VALUES:
                    return [eq(read, Const(var.init, var.sort)),
                            ne(read, Const(var.init, var.sort))]
                return [eq(read, Const(v, var.sort)) for v in range(lo, hi + 1)]
            case RefSort(pool, _, dangling):
                special = [dangling_of(pool)] if dangling else []
                return [*(eq(read, c) for c in (none_of(pool), *special)), is_slot(read)]

    def slot_atoms(self, pool: str, at: Expr) -> list[tuple[str, Expr]]:
        """The atoms of the slot `at`, with their variables."""
        return [(v.name, a) for v in self.unary(pool) for a in self.atoms(v, (at,))]


def candidates(system: System) -> list[Expr]:
    """All guesses, without repetitions."""
    shapes = Shapes(system)
    families = (_never, _exclude, _with_globals, _globals, _lead_to, _lead_to_if, _meet,
                _not_shared, _at_most_one, _counts, _elements)
    found: dict[Expr, None] = {}
    for family in families:
        found.update((c, None) for c in islice(family(shapes), MAX_EACH) if not _trivial(c))
    return list(found)


def _trivial(expr: Expr) -> bool:
    return isinstance(expr, Const)


def _all(pool: str, body: Expr, var: str = X) -> Expr:
    return forall(var, pool, body)


def _never(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        for _, atom in shapes.slot_atoms(pool, slot(X, pool)):
            yield _all(pool, not_(atom))
    for var, index in shapes.singles():
        for atom in shapes.atoms(var, index):
            yield not_(atom)


def _exclude(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        atoms = shapes.slot_atoms(pool, slot(X, pool))
        for (u, a), (v, b) in combinations(atoms, 2):
            if u != v:
                yield _all(pool, not_(and_(a, b)))


def _with_globals(shapes: Shapes) -> Iterator[Expr]:
    for var, index in shapes.singles():
        for pool in shapes.pools():
            for _, b in shapes.slot_atoms(pool, slot(X, pool)):
                for a in shapes.atoms(var, index):
                    yield _all(pool, not_(and_(a, b)))


def _globals(shapes: Shapes) -> Iterator[Expr]:
    for (u, i), (v, j) in combinations(shapes.singles(), 2):
        for a in shapes.atoms(u, i):
            for b in shapes.atoms(v, j):
                yield not_(and_(a, b))


def _lead_to(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        x = slot(X, pool)
        for ref, target in shapes.references(pool):
            read = Read(ref.name, (x,), ref.sort)
            for _, b in shapes.slot_atoms(target, read):
                yield _all(pool, not_(and_(is_slot(read), b)))


def _lead_to_if(shapes: Shapes) -> Iterator[Expr]:
    lives = {p.life for p in shapes.system.pools}
    for pool in shapes.pools():
        x = slot(X, pool)
        for ref, target in shapes.references(pool):
            read = Read(ref.name, (x,), ref.sort)
            for v, a in shapes.slot_atoms(pool, x):
                for w, b in shapes.slot_atoms(target, read):
                    if v != ref.name and (v in lives or w in lives):
                        yield _all(pool, not_(and_(a, is_slot(read), b)))


def _meet(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        x = slot(X, pool)
        for first, middle in shapes.references(pool):
            head = Read(first.name, (x,), first.sort)
            paths: list[tuple[Expr, str, Expr]] = [
                (Read(s.name, (head,), s.sort), end, is_slot(head))
                for s, end in shapes.references(middle)]
            paths += [(Read(t.name, (via,), t.sort), end, and_(some, is_slot(via)))
                      for via, at, some in tuple(paths) for t, end in shapes.references(at)]
            for path, end, some in paths:
                for direct, other in shapes.references(pool):
                    if other == end and direct.name != first.name:
                        yield _all(pool, implies(some, eq(
                            path, Read(direct.name, (x,), direct.sort))))


def _not_shared(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        x, y = slot(X, pool), slot(Y, pool)
        for ref, _ in shapes.references(pool):
            a, b = (Read(ref.name, (at,), ref.sort) for at in (x, y))
            yield _all(pool, _all(pool, not_(and_(ne(x, y), is_slot(a), eq(a, b))), Y))


def _at_most_one(shapes: Shapes) -> Iterator[Expr]:
    for pool in shapes.pools():
        x, y = slot(X, pool), slot(Y, pool)
        for (_, a), (_, b) in zip(shapes.slot_atoms(pool, x), shapes.slot_atoms(pool, y),
                                  strict=True):
            yield _all(pool, _all(pool, not_(and_(ne(x, y), a, b)), Y))


def _counts(shapes: Shapes) -> Iterator[Expr]:
    for var in shapes.system.variables:
        if not isinstance(var.sort, IntRange) or len(var.dims) > 1:
            continue
        for own in _owners(var):
            value = Read(var.name, own, var.sort)
            for pool in shapes.pools():
                y = slot(Y, pool)
                conditions: list[Expr] = [a for _, a in shapes.slot_atoms(pool, y)]
                if own:
                    held = [eq(Read(r.name, (y,), r.sort), own[0])
                            for r, target in shapes.references(pool) if target == var.dims[0]]
                    conditions = [and_(h, c) for h in held for c in (h, *conditions)]
                for condition in conditions:
                    same = eq(value, Count(Y, pool, condition))
                    yield _all(var.dims[0], same) if own else same


def _owners(var: StateVar) -> Iterable[tuple[Expr, ...]]:
    return [tuple(slot(X, d) for d in var.dims)]


def _elements(shapes: Shapes) -> Iterator[Expr]:
    for var in shapes.system.variables:
        if len(var.dims) != 2 or var.sort != BOOL:
            continue
        left, right = var.dims
        x, y = slot(X, left), slot(Y, right)
        member = Read(var.name, (x, y), var.sort)
        facts = [not_(a) for _, a in (*shapes.slot_atoms(left, x), *shapes.slot_atoms(right, y))]
        facts += [eq(Read(r.name, (x,), r.sort), y)
                  for r, target in shapes.references(left) if target == right]
        facts += [eq(Read(r.name, (y,), r.sort), x)
                  for r, target in shapes.references(right) if target == left]
        facts += [eq(Read(r.name, (x,), r.sort), Read(s.name, (y,), s.sort))
                  for r, a in shapes.references(left) for s, b in shapes.references(right)
                  if a == b]
        for fact in facts:
            yield _all(left, _all(right, implies(member, fact), Y))
            yield _all(left, _all(right, implies(fact, member), Y))
