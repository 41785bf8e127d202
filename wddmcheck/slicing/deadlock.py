"""That something can happen, as a condition on a state."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import assert_never

from wddmcheck.ir.build import exists, or_, substitute
from wddmcheck.ir.expr import FALSE, Const, Expr, Var
from wddmcheck.ir.sorts import BOOL, NONE, BoolSort, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import Action, Param, System
from wddmcheck.ir.walk import names
from wddmcheck.slicing.approximate import below


def can_move(system: System, kept: AbstractSet[str]) -> Expr:
    """A condition over `kept` under which some instance is enabled, whatever the other variables
    are. Over all variables it is the negation of a deadlock."""
    return or_(*(enabled(a, below(a.guard, kept)) for a in system.actions))


def enabled(action: Action, guard: Expr) -> Expr:
    """That `guard` holds for some values of the parameters of `action`."""
    for param in reversed(action.params):
        if guard == FALSE:
            return FALSE
        guard = _some(param, guard)
    return guard


def _some(param: Param, body: Expr) -> Expr:
    if param.name not in names(body) and not isinstance(param.sort, RefSort):
        return body
    match param.sort:
        case BoolSort():
            values: list[Expr] = [Const(v, BOOL) for v in (0, 1)]
        case IntRange(lo, hi) as sort:
            values = [Const(v, sort) for v in range(lo, hi + 1)]
        case EnumSort(_, members) as sort:
            values = [Const(v, sort) for v in range(len(members))]
        case RefSort(pool, none, _):
            slot = exists(param.name, pool, substitute(
                body, {param.name: Var(param.name, RefSort(pool))}))
            if not none:
                return slot
            nothing = Const(NONE, RefSort(pool, none=True))
            return or_(substitute(body, {param.name: nothing}), slot)
        case _:
            assert_never(param.sort)
    return or_(*(substitute(body, {param.name: value}) for value in values))
