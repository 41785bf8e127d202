"""What an expression is made of."""

from __future__ import annotations

from collections.abc import Iterator

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
    Read,
    Var,
)
from wddmcheck.ir.sorts import Sort
from wddmcheck.ir.system import Action, System, Write


def parts(expr: Expr) -> tuple[Expr, ...]:
    """What is directly within."""
    match expr:
        case Const() | Var():
            return ()
        case Read(_, index, _):
            return index
        case Not(arg):
            return (arg,)
        case And(args) | Or(args):
            return args
        case Binary(_, left, right, _):
            return (left, right)
        case Ite(cond, then, orelse, _):
            return (cond, then, orelse)
        case Quant(body=body) | Count(body=body):
            return (body,)


def everything(*exprs: Expr) -> Iterator[Expr]:
    """Some expressions and all that is within them."""
    stack = list(reversed(exprs))
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(reversed(parts(expr)))


def free(expr: Expr) -> dict[str, Sort]:
    """The variables that `expr` does not bind, in order. (Names are bound once on each path.)"""
    bound = {e.var for e in everything(expr) if isinstance(e, (Quant, Count))}
    return {e.name: e.sort for e in everything(expr) if isinstance(e, Var) and e.name not in bound}


def of_write(write: Write) -> tuple[Expr, ...]:
    """The expressions of a write."""
    return (*write.index, write.value, write.where)


def of_action(action: Action) -> Iterator[Expr]:
    """The expressions of an action."""
    yield action.guard
    yield from (o.broken for o in action.obligations)
    for update in action.updates:
        for write in update.writes:
            yield from of_write(write)


def sorts(system: System) -> Iterator[Sort]:
    """The sorts of the variables, parameters and constants of a system."""
    yield from (v.sort for v in system.variables)
    for action in system.actions:
        yield from (p.sort for p in action.params)
    for expr in _everywhere(system):
        if isinstance(expr, Const):
            yield expr.sort


def _everywhere(system: System) -> Iterator[Expr]:
    for action in system.actions:
        yield from everything(*of_action(action))
    for prop in system.properties:
        yield from everything(prop.formula, prop.target)
