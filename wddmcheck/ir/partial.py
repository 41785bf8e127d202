"""Evaluation of expressions in states of which only some cells are known.

For the values of its free variables an expression is made *ground* once: quantifiers are unrolled,
and what does not depend on the state is evaluated. That is a value, or a function which says what
is left of the expression in a state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from wddmcheck.ir.evaluate import Layout, binary
from wddmcheck.ir.expr import (
    And,
    Binary,
    BinOp,
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

    cells: Cells
    changed: frozenset[str] = frozenset()
    wide: frozenset[str] = frozenset()


Ground: TypeAlias = "int | Callable[[Partial], Rest]"
"""An expression without variables of its own: its value, or what is left of it in a state."""


def rest(what: Ground, state: Partial) -> Rest:
    """What is left of it in a state."""
    return what if isinstance(what, int) else what(state)


def ground(layout: Layout, expr: Expr, env: Mapping[str, int]) -> Ground:
    """What is left of `expr` in the states of a layout; `env` has the values of its free
    variables."""
    def part(expr: Expr) -> Ground:
        return ground(layout, expr, env)

    def turns(name: str, pool: str, body: Expr) -> list[Ground]:
        return [ground(layout, body, {**env, name: slot}) for slot in range(layout.sizes[pool])]

    match expr:
        case Const(value, _):
            return value
        case Var(name, _):
            return env[name]
        case Read(var, index, _):
            return _read(layout, var, [part(i) for i in index])
        case Not(arg):
            return _not(part(arg))
        case And(args):
            return _joined([part(a) for a in args], 0)
        case Or(args):
            return _joined([part(a) for a in args], 1)
        case Binary(op, left, right, _):
            return _binary(op, part(left), part(right))
        case Ite(cond, then, orelse, _):
            return _either(part(cond), part(then), part(orelse))
        case Quant(op, name, pool, body):
            return _joined(turns(name, pool, body), int(op is QuantOp.EXISTS))
        case Count(name, pool, body):
            return _count(turns(name, pool, body))


def _read(layout: Layout, var: str, index: Sequence[Ground]) -> Ground:
    slots = tuple(i for i in index if isinstance(i, int))
    nothing = layout.variables[var].init
    if any(slot < 0 for slot in slots):
        return nothing
    if len(slots) == len(index):
        return _cell(var, layout.offset(var, slots))
    cells: dict[int, Callable[[Partial], Rest]] = {}

    def read(state: Partial) -> Rest:
        here = [rest(i, state) for i in index]
        known = tuple(i for i in here if isinstance(i, int))
        if any(slot < 0 for slot in known):
            return nothing
        if len(known) < len(here):
            changed = var in state.wide or var in state.changed
            return (Changed(),) if changed else ("read", var, *here)
        cell = layout.offset(var, known)
        if cell not in cells:
            cells[cell] = _cell(var, cell)
        return cells[cell](state)
    return read


def _cell(var: str, cell: int) -> Callable[[Partial], Rest]:
    itself = CELL, cell

    def read(state: Partial) -> Rest:
        if var in state.wide:
            return (Changed(),)
        known = state.cells.get(cell)
        if known is None:
            return itself
        return known if isinstance(known, int) else (known,)
    return read


def _not(what: Ground) -> Ground:
    if isinstance(what, int):
        return 1 - what

    def negated(state: Partial) -> Rest:
        got = what(state)
        return 1 - got if isinstance(got, int) else ("not", got)
    return negated


def _joined(parts: Sequence[Ground], stop: int) -> Ground:
    """All of them (stop 0), or any (stop 1)."""
    if stop in parts:
        return stop
    open_ = [p for p in parts if not isinstance(p, int)]
    if not open_:
        return 1 - stop
    head = "or" if stop else "and"

    def joined(state: Partial) -> Rest:
        left: list[object] = [head]
        for what in open_:
            got = what(state)
            if got == stop:
                return stop
            if not isinstance(got, int):
                left.append(got)
        return tuple(left) if len(left) > 1 else 1 - stop
    return joined


def _binary(op: BinOp, left: Ground, right: Ground) -> Ground:
    if isinstance(left, int) and isinstance(right, int):
        return binary(op, left, right)

    def applied(state: Partial) -> Rest:
        a, b = rest(left, state), rest(right, state)
        return binary(op, a, b) if isinstance(a, int) and isinstance(b, int) else (op, a, b)
    return applied


def _either(test: Ground, then: Ground, other: Ground) -> Ground:
    if isinstance(test, int):
        return then if test else other

    def chosen(state: Partial) -> Rest:
        got = test(state)
        if isinstance(got, int):
            return rest(then if got else other, state)
        return "if", got, rest(then, state), rest(other, state)
    return chosen


def _count(turns: Sequence[Ground]) -> Ground:
    if all(isinstance(t, int) for t in turns):
        return sum(t for t in turns if isinstance(t, int))

    def counted(state: Partial) -> Rest:
        here = [rest(t, state) for t in turns]
        known = [t for t in here if isinstance(t, int)]
        return sum(known) if len(known) == len(here) else ("count", *here)
    return counted
