"""Whether slots are interchangeable: read off the system, not taken on faith.

Renaming the slots of a pool maps runs to runs if no expression can tell two of them apart. Three
things could: a slot written as a number, an order (or a sum, or an equation across pools) on
references, and a write whose last turn wins where several turns hit the same place. No lowering
makes these, but the types allow them. Size matters: one slot is only ever renamed to itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.engines.smt.layout import Layout
from wddmcheck.ir.build import mentions
from wddmcheck.ir.expr import (
    Binary,
    BinOp,
    Const,
    Expr,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import RefSort, Sort
from wddmcheck.ir.system import System, Write
from wddmcheck.ir.walk import of_action, parts


def asymmetry(system: System, layout: Layout) -> str:
    """What tells slots apart in `system` at the sizes of `layout`; empty if nothing does."""
    several = {pool for pool, size in layout.sizes.items() if size > 1}
    for var in system.variables:
        if _names(var.sort, var.init, several):
            return f"`{var.name}` has slot {var.init} as its initial value"
    for action in system.actions:
        for update in action.updates:
            for write in update.writes:
                if _turns_differ(write, several):
                    return f"the order of slots decides what `{action.name}` writes to " \
                           f"`{update.var}`"
    seen: set[int] = set()
    for where, expr in _expressions(system):
        problem = _problem(expr, several, seen)
        if problem:
            return f"{where} {problem}"
    return ""


def _names(sort: Sort, value: int, several: set[str]) -> bool:
    return isinstance(sort, RefSort) and value >= 0 and sort.pool in several


def _turns_differ(write: Write, several: set[str]) -> bool:
    """Whether turns of `write` can hit one place with different values: its place leaves out a
    binder, which the value uses."""
    placed = {i.name for i in write.index if isinstance(i, Var)}
    free = [name for name, pool in write.binders if name not in placed and pool in several]
    return mentions(write.value, free)


def _expressions(system: System) -> Iterator[tuple[str, Expr]]:
    for prop in system.properties:
        yield from ((f"`{prop.name}`", e) for e in (prop.formula, prop.target))
    for action in system.actions:
        where = f"`{action.name}`"
        yield from ((where, e) for e in of_action(action))


def _problem(root: Expr, several: set[str], seen: set[int]) -> str:
    stack = [root]
    while stack:
        expr = stack.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        match expr:
            case Const(value, sort) if _names(sort, value, several):
                return f"names slot {value}"
            case Binary(op, left, right, _):
                pools = {s.pool for s in (sort_of(left), sort_of(right)) if isinstance(s, RefSort)}
                if pools & several and (len(pools) > 1 or op not in (BinOp.EQ, BinOp.NE)):
                    return f"compares references by `{op.value}`"
            case _:
                pass
        stack += parts(expr)
    return ""
