"""Which instances of actions do not notice one another, in whatever order they are taken.

Instance a is *independent* of instance b if in every state where b is enabled and nothing stops it:
where a is enabled after b, it is enabled before b too; and where both are, each breaks the same
obligations after the other as before it, b is still enabled after a, and both orders lead to the
same state. (Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems", LNCS
1032, 1996, chapter 3; his relation is symmetric, and asks that b does not disable a either.)

It is found without looking at states, so not all of it is found: what an instance requires fixes
some cells of the state before it, and what it writes fixes some of those after it. An expression
that comes down to the same from either has the same value before and after.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TypeAlias

from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import BinOp, Expr
from wddmcheck.ir.partial import CELL, Cells, Changed, Partial
from wddmcheck.ir.sorts import NONE, RefSort
from wddmcheck.ir.system import Action, Write
from wddmcheck.ir.walk import conjuncts, of_action, of_write, reads

Args: TypeAlias = tuple[int, ...]
"""Encoded values of the parameters of an action."""


@dataclass
class Independence:
    """The independence of the instances of a system at a scope. It is the same for all that differ
    by a renaming of slots, so it is found for one of them."""

    layout: Layout
    _instances: dict[tuple[int, Args], _Instance] = field(default_factory=dict)
    _known: dict[tuple[object, ...], bool] = field(default_factory=dict)

    @cached_property
    def _touched(self) -> list[tuple[frozenset[str], frozenset[str]]]:
        """The variables that each action reads, and those that it may write."""
        return [(reads(*of_action(a)), frozenset(u.var for u in a.updates))
                for a in self.layout.system.actions]

    def of(self, a: int, args: Args, b: int, others: Args) -> bool:
        """Whether it is known that the instance of action number `a` is independent of that of
        `b`."""
        (reads_a, writes_a), (reads_b, writes_b) = self._touched[a], self._touched[b]
        if not (writes_b & (reads_a | writes_a) or writes_a & reads_b):
            return True
        key = (a, b, *self._pattern(a, args, b, others))
        known = self._known.get(key)
        if known is None:
            known = _independent(self._instance(a, args), self._instance(b, others))
            self._known[key] = known
        return known

    def _instance(self, action: int, args: Args) -> _Instance:
        found = self._instances.get((action, args))
        if found is None:
            found = _Instance(self.layout, self.layout.system.actions[action], args)
            self._instances[action, args] = found
        return found

    def _pattern(self, a: int, args: Args, b: int, others: Args) -> Iterator[object]:
        """The values of all parameters, slots renamed in the order in which they come."""
        actions = self.layout.system.actions
        names: dict[tuple[str, int], str] = {}
        for param, value in zip((*actions[a].params, *actions[b].params), (*args, *others),
                                strict=True):
            if isinstance(param.sort, RefSort) and value != NONE:
                yield names.setdefault((param.sort.pool, value), f"slot {len(names)}")
            else:
                yield value


@dataclass(frozen=True, slots=True)
class _Piece:
    """An expression of an instance with the values of what it mentions; the variables it reads."""

    expr: Expr
    env: Mapping[str, int]
    reads: frozenset[str]


def _piece(expr: Expr, env: Mapping[str, int]) -> _Piece:
    return _Piece(expr, env, reads(expr))


@dataclass(frozen=True, slots=True)
class _Effect:
    """What an instance may change: cells with their values, if they are known; and variables of
    which it is not known which cells."""

    layout: Layout
    cells: Cells
    wide: frozenset[str]
    changed: frozenset[str]        # all variables

    def leaves(self, pieces: list[_Piece], known: Mapping[int, int]) -> bool:
        """Whether expressions certainly have the value that they had, where `known` was known."""
        noticed = [p for p in pieces if p.reads & self.changed]
        if not noticed:
            return True
        before = Partial(self.layout, known)
        after = Partial(self.layout, {**known, **self.cells}, self.changed, self.wide)
        return all(before.rest(p.expr, p.env) == after.rest(p.expr, p.env) for p in noticed)

    def clashes(self, other: _Effect) -> bool:
        """Whether both may write one cell, and not the same value."""
        if self.wide & other.changed or other.wide & self.changed:
            return True
        return any(self.cells[cell] != other.cells[cell]
                   for cell in self.cells.keys() & other.cells.keys())


@dataclass
class _Instance:
    """An instance of an action."""

    layout: Layout
    action: Action
    args: Args

    @cached_property
    def _env(self) -> dict[str, int]:
        return {p.name: value for p, value in zip(self.action.params, self.args, strict=True)}

    @cached_property
    def _writes(self) -> list[tuple[str, Write, dict[str, int]]]:
        """Each write with each choice of its binders: (variable, write, values)."""
        result = []
        for update in self.action.updates:
            for write in update.writes:
                ranges = [range(self.layout.sizes[pool]) for _, pool in write.binders]
                result += [(update.var, write, {
                    **self._env, **{b: i for (b, _), i in zip(write.binders, turn, strict=True)}})
                    for turn in product(*ranges)]
        return result

    @cached_property
    def guard(self) -> list[_Piece]:
        """Its guard."""
        return [_piece(part, self._env) for part in conjuncts(self.action.guard)]

    @cached_property
    def body(self) -> list[_Piece]:
        """What it does where it is enabled."""
        return [*(_piece(o.broken, self._env) for o in self.action.obligations),
                *(_piece(e, env) for _, write, env in self._writes for e in of_write(write))]

    @cached_property
    def before(self) -> dict[int, int]:
        """The cells that its guard fixes."""
        nothing = Partial(self.layout, {})
        return dict(cell for piece in self.guard
                    for cell in _fixed(nothing.rest(piece.expr, piece.env)))

    @cached_property
    def alone(self) -> _Effect:
        """Its effect, if nothing else is known."""
        return self.effect(self.before)

    def effect(self, known: Mapping[int, int]) -> _Effect:
        """What it may change in a state where `known` is known."""
        before = Partial(self.layout, known)
        cells: dict[int, int | Changed] = {}
        wide, changed = set(), set()
        for var, write, env in self._writes:
            where = before.rest(write.where, env)
            index = [before.rest(i, env) for i in write.index]
            slots = tuple(i for i in index if isinstance(i, int))
            if where == 0 or any(slot < 0 for slot in slots):
                continue
            if len(slots) < len(index):
                wide.add(var)
                changed.add(var)
                continue
            cell, value = self.layout.offset(var, slots), before.rest(write.value, env)
            if cell not in cells and value in ((CELL, cell), known.get(cell)):
                continue                       # it stays as it is
            cells[cell] = value if isinstance(value, int) and where == 1 else Changed()
            changed.add(var)
        return _Effect(self.layout, cells, frozenset(wide), frozenset(changed))


def _fixed(rest: object) -> Iterator[tuple[int, int]]:
    """The cells that have one value only where `rest` holds."""
    match rest:
        case ("and", *parts):
            for part in parts:
                yield from _fixed(part)
        case ("cell", int(cell)):
            yield cell, 1
        case ("not", ("cell", int(cell))):
            yield cell, 0
        case (BinOp.EQ, ("cell", int(cell)), int(value)) | (
                BinOp.EQ, int(value), ("cell", int(cell))):
            yield cell, value


def _independent(a: _Instance, b: _Instance) -> bool:
    if not b.alone.leaves(a.guard, b.before):
        return False
    if any(b.before.get(cell, value) != value for cell, value in a.before.items()):
        return True                            # never both enabled
    known = {**a.before, **b.before}
    by_a, by_b = a.effect(known), b.effect(known)
    return not by_a.clashes(by_b) and by_b.leaves(a.body, known) and (
        by_a.leaves([*b.guard, *b.body], known))
