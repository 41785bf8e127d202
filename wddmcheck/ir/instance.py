"""Instances of actions: what they require, look at and change, as far as that is known."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from wddmcheck.ir import partial
from wddmcheck.ir.expr import BinOp
from wddmcheck.ir.known import Effect, Known, Piece
from wddmcheck.ir.partial import Changed, Partial
from wddmcheck.ir.sorts import NONE, RefSort
from wddmcheck.ir.system import Action, Write
from wddmcheck.ir.walk import conjuncts, of_write

Args: TypeAlias = tuple[int, ...]
"""Encoded values of the parameters of an action."""


@dataclass
class Instance:
    """An action with values for its parameters."""

    known: Known
    action: Action
    args: Args

    @cached_property
    def _env(self) -> dict[str, int]:
        return {p.name: value for p, value in zip(self.action.params, self.args, strict=True)}

    @cached_property
    def _writes(self) -> list[tuple[str, Write, Piece]]:
        """Each write with each choice of its binders: (variable, write, its condition)."""
        sizes, result = self.known.layout.sizes, []
        for update in self.action.updates:
            for write in update.writes:
                for turn in product(*(range(sizes[pool]) for _, pool in write.binders)):
                    env = {**self._env,
                           **{b: i for (b, _), i in zip(write.binders, turn, strict=True)}}
                    result.append((update.var, write, Piece.of(write.where, env)))
        return result

    @cached_property
    def guard(self) -> list[Piece]:
        """What it requires."""
        return [Piece.of(part, self._env) for part in conjuncts(self.action.guard)]

    @cached_property
    def body(self) -> list[Piece]:
        """What it looks at where it is enabled."""
        return [*(Piece.of(o.broken, self._env) for o in self.action.obligations),
                *(Piece.of(e, where.env) for _, write, where in self._writes
                  for e in of_write(write))]

    @cached_property
    def before(self) -> dict[int, int]:
        """The cells that its guard fixes."""
        nothing = Partial(self.known.layout, {})
        return dict(cell for piece in self.guard
                    for cell in self._fixed(nothing.rest(piece.expr, piece.env)))

    def _fixed(self, rest: object) -> Iterator[tuple[int, int]]:
        """The cells that have one value only where `rest` holds."""
        match rest:
            case ("and", *parts):
                for part in parts:
                    yield from self._fixed(part)
            case (partial.CELL, int(cell)):
                yield cell, 1
            case ("not", (partial.CELL, int(cell))):
                yield cell, 0
            case (BinOp.EQ, (partial.CELL, int(cell)), int(value)) | (
                    BinOp.EQ, int(value), (partial.CELL, int(cell))):
                yield cell, value
            case (BinOp.NE, (partial.CELL, int(cell)), int(value)):
                others = [v for v in self.known.values(cell) if v != value]
                if len(others) == 1:
                    yield cell, others[0]

    def effect(self, cells: Mapping[int, int], given: Sequence[Piece],
               only: Container[int] | None = None) -> Effect:
        """What it may change in a state where these cells are known and what is `given` holds;
        `only`: the cells that are asked about."""
        layout, before = self.known.layout, Partial(self.known.layout, cells)
        found: dict[int, int | Changed] = {}
        wide, changed = set(), set()
        for var, write, condition in self._writes:
            where = before.rest(write.where, condition.env)
            index = [before.rest(i, condition.env) for i in write.index]
            slots = tuple(i for i in index if isinstance(i, int))
            if where == 0 or any(slot < 0 for slot in slots):
                continue
            direct = len(slots) == len(index)
            if only is not None and direct and layout.offset(var, slots) not in only:
                continue
            if where != 1 and self.known.never(condition, cells, given):
                continue
            if not direct:
                wide.add(var)
                changed.add(var)
                continue
            cell, value = layout.offset(var, slots), before.rest(write.value, condition.env)
            if cell not in found and value in ((partial.CELL, cell), cells.get(cell)):
                continue                       # it stays as it is
            found[cell] = value if isinstance(value, int) and where == 1 else Changed()
            changed.add(var)
        return Effect(found, frozenset(wide), frozenset(changed))


def pattern(params: Sequence[tuple[object, int]]) -> tuple[object, ...]:
    """Values of parameters, (sort, value), with slots renamed in the order in which they come."""
    names: dict[tuple[str, int], str] = {}
    result: list[object] = []
    for sort, value in params:
        if isinstance(sort, RefSort) and value != NONE:
            result.append(names.setdefault((sort.pool, value), f"slot {len(names)}"))
        else:
            result.append(value)
    return tuple(result)
