"""Instances of actions: what they require, look at and change, as far as that is known."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeAlias

from wddmcheck.ir import partial
from wddmcheck.ir.expr import BinOp, Expr
from wddmcheck.ir.known import Effect, Known, Piece
from wddmcheck.ir.partial import Changed, Partial, Rest
from wddmcheck.ir.sorts import NONE, RefSort
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import conjuncts

Args: TypeAlias = tuple[int, ...]
"""Encoded values of the parameters of an action."""


@dataclass(frozen=True, slots=True)
class _Write:
    """A write to a variable: where, what, and its condition."""

    var: str
    index: list[Piece]
    value: Piece
    where: Piece


@dataclass
class Instance:
    """An action with values for its parameters."""

    known: Known
    action: Action
    args: Args

    @cached_property
    def _env(self) -> dict[str, int]:
        return {p.name: value for p, value in zip(self.action.params, self.args, strict=True)}

    def _piece(self, expr: Expr, env: Mapping[str, int] | None = None) -> Piece:
        return Piece.of(self.known.layout, expr, self._env if env is None else env)

    @cached_property
    def _writes(self) -> list[_Write]:
        """Each write with each choice of its binders."""
        sizes, result = self.known.layout.sizes, []
        for update in self.action.updates:
            for write in update.writes:
                for turn in product(*(range(sizes[pool]) for _, pool in write.binders)):
                    env = {**self._env,
                           **{b: i for (b, _), i in zip(write.binders, turn, strict=True)}}
                    result.append(_Write(update.var, [self._piece(i, env) for i in write.index],
                                         self._piece(write.value, env),
                                         self._piece(write.where, env)))
        return result

    @cached_property
    def guard(self) -> list[Piece]:
        """What it requires."""
        return [self._piece(part) for part in conjuncts(self.action.guard)]

    @cached_property
    def body(self) -> list[Piece]:
        """What it looks at where it is enabled."""
        return [*(self._piece(o.broken) for o in self.action.obligations),
                *(piece for write in self._writes
                  for piece in (*write.index, write.value, write.where))]

    @cached_property
    def before(self) -> dict[int, int]:
        """The cells that its guard fixes."""
        nothing = Partial({})
        return dict(cell for piece in self.guard for cell in self._fixed(piece.rest(nothing)))

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

    @cached_property
    def enabled(self) -> dict[int, int] | None:
        """What is known where it is enabled; None if it never is."""
        return self.known.closure(self.before)

    @cached_property
    def anywhere(self) -> Effect:
        """What it may change wherever it is enabled."""
        return self.effect(self.enabled or {}, self.guard)

    @cached_property
    def _possible(self) -> list[tuple[_Write, Rest]]:
        """The writes that may happen where it is enabled; what is left of their conditions."""
        cells = self.enabled or {}
        left = [(write, write.where.rest(Partial(cells))) for write in self._writes]
        return [(write, where) for write, where in left
                if where == 1 or not self.known.never(write.where, cells, self.guard)]

    def effect(self, cells: Mapping[int, int], given: Sequence[Piece],
               only: Container[int] | None = None) -> Effect:
        """What it may change in a state where it is enabled, these cells are known, and what is
        `given` holds; `only`: the cells that are asked about."""
        layout, before = self.known.layout, Partial(cells)
        found: dict[int, int | Changed] = {}
        wide, changed = set(), set()
        writes = self._possible if only is None else [(write, None) for write in self._writes]
        for write, tried in writes:
            var, where = write.var, write.where.rest(before)
            if where == 0:
                continue
            index = [i.rest(before) for i in write.index]
            slots = tuple(i for i in index if isinstance(i, int))
            if any(slot < 0 for slot in slots):
                continue
            direct = len(slots) == len(index)
            if only is not None and direct and layout.offset(var, slots) not in only:
                continue
            # (what was tried in vain before is not tried again if it is the same still)
            if where not in (1, tried) and self.known.never(write.where, cells, given):
                continue
            if not direct:
                wide.add(var)
                changed.add(var)
                continue
            cell, value = layout.offset(var, slots), write.value.rest(before)
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
