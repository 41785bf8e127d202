"""What expressions are made of: all that looks for something in them goes through `everything`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

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
from wddmcheck.ir.sorts import RefSort, Sort
from wddmcheck.ir.system import Action, Property, System, Update, Write

# (A table, because this is asked of every node of a system several times: it takes a fifth of the
# time of a `match`.)
_PARTS: Mapping[type, Callable[[Any], tuple[Expr, ...]]] = {
    Const: lambda e: (), Var: lambda e: (), Read: lambda e: e.index, Not: lambda e: (e.arg,),
    And: lambda e: e.args, Or: lambda e: e.args, Binary: lambda e: (e.left, e.right),
    Ite: lambda e: (e.cond, e.then, e.orelse), Quant: lambda e: (e.body,),
    Count: lambda e: (e.body,)}


def parts(expr: Expr) -> tuple[Expr, ...]:
    """What is directly within."""
    return _PARTS[type(expr)](expr)


def everything(*exprs: Expr) -> Iterator[Expr]:
    """Some expressions and all that is within them."""
    stack = list(reversed(exprs))
    while stack:
        expr = stack.pop()
        yield expr
        stack.extend(reversed(parts(expr)))


def reads(*exprs: Expr) -> frozenset[str]:
    """The state variables that `exprs` read."""
    return frozenset(e.var for e in everything(*exprs) if isinstance(e, Read))


def names(*exprs: Expr) -> frozenset[str]:
    """The parameters, quantified variables and binders that `exprs` mention."""
    return frozenset(e.name for e in everything(*exprs) if isinstance(e, Var))


def pools(*exprs: Expr) -> frozenset[str]:
    """The pools that `exprs` range over or have references into."""
    found: set[str] = set()
    for e in everything(*exprs):
        match e:
            case Quant(pool=pool) | Count(pool=pool):
                found.add(pool)
            case Const(sort=RefSort(pool)) | Var(sort=RefSort(pool)) | Read(sort=RefSort(pool)):
                found.add(pool)
            case _:
                pass
    return frozenset(found)


def free(expr: Expr) -> dict[str, Sort]:
    """The variables that `expr` does not bind, in order. (Names are bound once on each path.)"""
    bound = {e.var for e in everything(expr) if isinstance(e, (Quant, Count))}
    return {e.name: e.sort for e in everything(expr) if isinstance(e, Var) and e.name not in bound}


def conjuncts(expr: Expr) -> tuple[Expr, ...]:
    """The parts of a conjunction."""
    return expr.args if isinstance(expr, And) else (expr,)


def guard_levels(action: Action) -> list[list[Expr]]:
    """The conjuncts of the guard by how many parameters must be fixed before they can be tested."""
    params = [p.name for p in action.params]
    levels: list[list[Expr]] = [[] for _ in range(len(params) + 1)]
    for part in conjuncts(action.guard):
        found = names(part)
        last = max((i + 1 for i, n in enumerate(params) if n in found), default=0)
        levels[last].append(part)
    return levels


def of_write(write: Write) -> tuple[Expr, ...]:
    """The expressions of a write."""
    return (*write.index, write.value, write.where)


def of_updates(updates: Iterable[Update]) -> tuple[Expr, ...]:
    """The expressions of all writes of `updates`."""
    return tuple(e for update in updates for write in update.writes for e in of_write(write))


def of_action(action: Action) -> tuple[Expr, ...]:
    """The expressions of an action that mean something."""
    return (action.guard, *(o.broken for o in action.obligations), *of_updates(action.updates))


def of_property(prop: Property) -> tuple[Expr, ...]:
    """The formulas of a property."""
    return prop.formula, prop.target, prop.premise


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
        yield from everything(*of_property(prop))
