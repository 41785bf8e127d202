"""How large a system becomes when it is unrolled at a scope; found without unrolling it.

What would not fit is refused (WC304) before anything is built.
"""

from __future__ import annotations

from math import prod

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import (
    Count,
    Expr,
    Quant,
)
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import guard_levels, of_write, parts

MAX_WORDS = 20_000
"""Words in a state, and slots in all pools together."""

MAX_INSTANCES = 200_000

MAX_NODES = 20_000_000
"""Nodes of unrolled expressions; most fold away, so the program is far smaller."""


def check_sizes(layout: Layout) -> None:
    """Raise `UserError` if states are too large, or instances too many, to be built."""
    _check("slots", sum(layout.sizes.values()), MAX_WORDS)
    _check("words in a state", sum(layout.words(v) for v in layout.system.variables), MAX_WORDS)
    _check("instances of actions",
           sum(count_instances(layout, a) for a in layout.system.actions), MAX_INSTANCES)


def check_terms(layout: Layout) -> None:
    """Raise `UserError` if the unrolled actions are too large to be built."""
    _check("terms in the unrolled actions",
           sum(_action(layout, a) for a in layout.system.actions), MAX_NODES)


def check_formula(layout: Layout, formula: Expr) -> None:
    """Raise `UserError` if a state formula is too large to be unrolled."""
    _check("terms in an unrolled formula", nodes(layout, formula), MAX_NODES)


def _check(what: str, count: int, most: int) -> None:
    if count > most:
        raise UserError((Diagnostic(
            "WC304", f"the scope is too large for this engine: {count:,} {what}",
            help="use smaller sizes, such as 2 or 3 of each class"),), exit_code=2)


def count_instances(layout: Layout, action: Action) -> int:
    """How many instances an action has, those included that are never enabled."""
    return prod(layout.choices(p.sort) for p in action.params)


def _action(layout: Layout, action: Action) -> int:
    total, turns = 0, 1
    for number, level in enumerate(guard_levels(action)):
        if number:
            turns *= layout.choices(action.params[number - 1].sort)
        total += turns * nodes(layout, *level)
    body = nodes(layout, *(o.broken for o in action.obligations))
    for update in action.updates:
        for write in update.writes:
            places = prod(layout.sizes[pool] for _, pool in write.binders)
            body += places * nodes(layout, *of_write(write))
    return total + turns * body


def nodes(layout: Layout, *exprs: Expr) -> int:
    """The number of nodes of some expressions with their quantifiers unrolled."""
    total, left = 0, [(expr, 1) for expr in exprs]
    while left:
        expr, turns = left.pop()
        total += turns
        if isinstance(expr, (Quant, Count)):
            turns *= layout.sizes[expr.pool]
        for part in parts(expr):
            left.append((part, turns))
    return total
