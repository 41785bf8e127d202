"""What an action with values does to each single place of a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from wddmcheck.export.instantiate import Instantiate, binary
from wddmcheck.ir.build import and_, ite
from wddmcheck.ir.expr import FALSE, BinOp, Const, Expr, Read
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Update
from wddmcheck.ir.walk import everything

Cell = tuple[str, tuple[int, ...]]
"""A variable and the slots at which it stands."""


@dataclass(frozen=True, slots=True)
class Cells:
    """The places of the variables of `ground`, which unrolls all pools."""

    ground: Instantiate

    def places(self, var: str) -> Iterator[Cell]:
        """All places of a variable."""
        dims = self.ground.variables[var].dims
        for slots in product(*(range(self.ground.sizes[pool]) for pool in dims)):
            yield var, slots

    def read(self, cell: Cell) -> Read:
        """The value at a place."""
        var = self.ground.variables[cell[0]]
        return Read(cell[0], self._slots(var.dims, cell[1]), var.sort)

    def _slots(self, dims: Sequence[str], slots: Sequence[int]) -> tuple[Expr, ...]:
        return tuple(Const(slot, RefSort(pool)) for pool, slot in zip(dims, slots, strict=True))

    def assigned(self, updates: Sequence[Update], env: Mapping[str, Const]) -> dict[Cell, Expr]:
        """The new value of each place that `updates` may change, in terms of the old state."""
        new: dict[Cell, Expr] = {}
        for update in updates:
            dims = self.ground.variables[update.var].dims
            for write in update.writes:
                for turn in product(*(range(self.ground.sizes[p]) for _, p in write.binders)):
                    inner = {**env, **{name: Const(slot, RefSort(pool)) for (name, pool), slot
                                       in zip(write.binders, turn, strict=True)}}
                    where = self.ground(write.where, inner)
                    index = tuple(self.ground(i, inner) for i in write.index)
                    value = self.ground(write.value, inner)
                    for slots in product(*(range(self.ground.sizes[p]) for p in dims)):
                        hit = and_(where, *(binary(BinOp.EQ, i, s) for i, s in zip(
                            index, self._slots(dims, slots), strict=True)))
                        if hit != FALSE:
                            cell = (update.var, slots)
                            new[cell] = ite(hit, value, new.get(cell, self.read(cell)))
        return {cell: value for cell, value in new.items() if value != self.read(cell)}

    def read_by(self, expr: Expr) -> frozenset[Cell]:
        """The places that the value of `expr` may depend on."""
        found: set[Cell] = set()
        for part in everything(expr):
            if isinstance(part, Read):
                found.update(cell for cell in self.places(part.var) if all(
                    not isinstance(i, Const) or i.value == slot
                    for i, slot in zip(part.index, cell[1], strict=True)))
        return frozenset(found)
