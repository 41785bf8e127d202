"""What an expression looks at: the state variables that it reads, the pools that it ranges over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

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
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, Update, Write


def parts(expr: Expr) -> Iterator[Expr]:
    """`expr` and all that is in it."""
    stack = [expr]
    while stack:
        e = stack.pop()
        yield e
        match e:
            case Const() | Var():
                pass
            case Read(_, args, _) | And(args) | Or(args):
                stack.extend(args)
            case Not(arg):
                stack.append(arg)
            case Binary(_, left, right, _):
                stack += (left, right)
            case Ite(cond, then, orelse, _):
                stack += (cond, then, orelse)
            case Quant(body=body) | Count(body=body):
                stack.append(body)
            case _:
                assert_never(e)


def reads(*exprs: Expr) -> frozenset[str]:
    """The state variables that `exprs` read."""
    return frozenset(e.var for expr in exprs for e in parts(expr) if isinstance(e, Read))


def names(*exprs: Expr) -> frozenset[str]:
    """The parameters, quantified variables and binders that `exprs` mention."""
    return frozenset(e.name for expr in exprs for e in parts(expr) if isinstance(e, Var))


def pools(*exprs: Expr) -> frozenset[str]:
    """The pools that `exprs` range over or have references into."""
    found: set[str] = set()
    for expr in exprs:
        for e in parts(expr):
            match e:
                case Quant(pool=pool) | Count(pool=pool):
                    found.add(pool)
                case Const(sort=RefSort(pool)) | Var(sort=RefSort(pool)) | Read(
                        sort=RefSort(pool)):
                    found.add(pool)
                case _:
                    pass
    return frozenset(found)


def conjuncts(guard: Expr) -> tuple[Expr, ...]:
    """The parts of a conjunction."""
    return guard.args if isinstance(guard, And) else (guard,)


def written(write: Write) -> tuple[Expr, ...]:
    """The expressions of a write."""
    return (*write.index, write.value, write.where)


def update_exprs(updates: Iterable[Update]) -> tuple[Expr, ...]:
    """The expressions of all writes of `updates`."""
    return tuple(e for update in updates for write in update.writes for e in written(write))


def action_exprs(action: Action) -> tuple[Expr, ...]:
    """The expressions of an action that mean something."""
    return (action.guard, *(o.broken for o in action.obligations), *update_exprs(action.updates))
