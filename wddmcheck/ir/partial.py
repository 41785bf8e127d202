"""Evaluation of expressions in a state of which only some cells are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from wddmcheck.ir.evaluate import Layout, binary
from wddmcheck.ir.expr import (
    And,
    Binary,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
    Var,
)

Rest: TypeAlias = "int | tuple[object, ...]"
"""What is left of an expression: its value, or a term over cells that are not known. Equal terms
have equal values in a state."""

CELL = "cell"
"""The head of the term of one cell: ("cell", its place in a flat state)."""


class Changed:
    """A value that may be other than it was; equal to nothing but itself."""


Cells: TypeAlias = Mapping[int, "int | Changed"]
"""Values of cells, by their places in a flat state (`Layout.offset`)."""


@dataclass(frozen=True, slots=True)
class Partial:
    """A state of which `cells` are known. Some cell of the variables in `changed`, and any cell of
    those in `wide`, may be other than it was."""

    layout: Layout
    cells: Cells
    changed: frozenset[str] = frozenset()
    wide: frozenset[str] = frozenset()

    def rest(self, expr: Expr, env: Mapping[str, int]) -> Rest:
        """What is left of `expr`; `env` has the values of its free variables."""
        match expr:
            case Const(value, _):
                return value
            case Var(name, _):
                return env[name]
            case Read(var, index, _):
                return self._read(var, [self.rest(i, env) for i in index])
            case Not(arg):
                got = self.rest(arg, env)
                return 1 - got if isinstance(got, int) else ("not", got)
            case And(args):
                return _joined((self.rest(a, env) for a in args), 0)
            case Or(args):
                return _joined((self.rest(a, env) for a in args), 1)
            case Binary(op, left, right, _):
                a, b = self.rest(left, env), self.rest(right, env)
                if isinstance(a, int) and isinstance(b, int):
                    return binary(op, a, b)
                return op, a, b
            case Ite(cond, then, orelse, _):
                test = self.rest(cond, env)
                if isinstance(test, int):
                    return self.rest(then if test else orelse, env)
                return "if", test, self.rest(then, env), self.rest(orelse, env)
            case Quant(op, name, pool, body):
                return _joined(self._turns(name, pool, body, env), int(op is QuantOp.EXISTS))
            case Count(name, pool, body):
                turns = list(self._turns(name, pool, body, env))
                known = [t for t in turns if isinstance(t, int)]
                return sum(known) if len(known) == len(turns) else ("count", *turns)

    def _turns(self, name: str, pool: str, body: Expr, env: Mapping[str, int]) -> Iterator[Rest]:
        return (self.rest(body, {**env, name: slot}) for slot in range(self.layout.sizes[pool]))

    def _read(self, var: str, index: list[Rest]) -> Rest:
        slots = tuple(i for i in index if isinstance(i, int))
        if any(slot < 0 for slot in slots):
            return self.layout.variables[var].init
        if var in self.wide or (len(slots) < len(index) and var in self.changed):
            return (Changed(),)
        if len(slots) < len(index):
            return (var, *index)
        cell = self.layout.offset(var, slots)
        known = self.cells.get(cell)
        if isinstance(known, int):
            return known
        return (CELL, cell) if known is None else (known,)


def _joined(args: Iterable[Rest], stop: int) -> Rest:
    """All of `args` (stop 0), or any of them (stop 1)."""
    left = []
    for arg in args:
        if arg == stop:
            return stop
        if not isinstance(arg, int):
            left.append(arg)
    return ("or" if stop else "and", *left) if left else 1 - stop
