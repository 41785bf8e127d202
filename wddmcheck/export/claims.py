"""What actions do and what properties claim, as formulas over one state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import assert_never

from wddmcheck.ir.build import and_, exists, not_, or_, substitute
from wddmcheck.ir.expr import FALSE, Const, Expr
from wddmcheck.ir.sorts import NONE, BoolSort, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import Action, Kind, Obligation, Param, Property, System


def for_some(params: tuple[Param, ...], body: Expr) -> Expr:
    """Whether `body` holds for some values of `params`. Slots are quantified over, other values
    are listed."""
    slots = [p for p in params if isinstance(p.sort, RefSort)]
    others = [p for p in params if not isinstance(p.sort, RefSort)]
    found = []
    for values in product(*(_values(p) for p in others)):
        part = substitute(body, dict(zip((p.name for p in others), values, strict=True)))
        for param in reversed(slots):
            part = _some_slot(param, part)
        found.append(part)
    return or_(*found)


def _some_slot(param: Param, body: Expr) -> Expr:
    assert isinstance(param.sort, RefSort)
    some = exists(param.name, param.sort.pool, body)
    if not param.sort.none:
        return some
    return or_(substitute(body, {param.name: Const(NONE, param.sort)}), some)


def _values(param: Param) -> Iterator[Const]:
    match param.sort:
        case BoolSort():
            found = range(2)
        case IntRange(lo, hi):
            found = range(lo, hi + 1)
        case EnumSort(_, members):
            found = range(len(members))
        case RefSort():
            raise AssertionError("slots are not listed")
        case _:
            assert_never(param.sort)
    return (Const(value, param.sort) for value in found)


def clean(action: Action, until: int | None = None) -> Expr:
    """That no stopping obligation (before number `until`) is broken."""
    return and_(*(not_(o.broken) for o in action.obligations[:until] if o.stops))


def breaks(action: Action, obligation: int) -> Expr:
    """Whether taking an instance breaks its obligation of that number."""
    return and_(action.guard, clean(action, obligation), action.obligations[obligation].broken)


def selected(action: Action, checked: frozenset[str]) -> tuple[Obligation, ...]:
    """The obligations of `action` that matter when only those in `checked` are reported: these, and
    what stops a run."""
    return tuple(o for o in action.obligations if o.stops or o.property in checked)


def enabled(actions: Iterable[Action]) -> Expr:
    """Whether some instance of some of `actions` is enabled."""
    return or_(*(for_some(a.params, a.guard) for a in actions))


def faults(system: System) -> Iterator[tuple[Action, Expr]]:
    """The actions that may end a run, and when an enabled instance of one does."""
    for action in system.actions:
        found = for_some(action.params, and_(action.guard, not_(clean(action))))
        if found != FALSE:
            yield action, found


def blocks(system: System) -> dict[str, tuple[Action, ...]]:
    """The actions of each block, in order."""
    found: dict[str, tuple[Action, ...]] = {}
    for action in system.actions:
        found[action.label.block] = (*found.get(action.label.block, ()), action)
    return found


def fires(system: System, prop: Property) -> Expr:
    """Whether one of the actions of `prop` can be taken without a fault."""
    return or_(*(for_some(a.params, and_(a.guard, clean(a))) for a in system.actions
                 if a.name in prop.actions))


def goal(system: System, prop: Property) -> Expr:
    """What a reachable state has to satisfy for a REACHABLE or FIRES property to be reached."""
    return prop.formula if prop.kind is Kind.REACHABLE else fires(system, prop)
