"""What a property says about single states, as IR formulas: so that a certificate can be written
out and checked by others, claims about steps are turned into claims about the state before."""

from __future__ import annotations

from itertools import product

from wddmcheck.engines.smt.layout import Layout
from wddmcheck.ir.build import and_, forall, not_, substitute
from wddmcheck.ir.expr import Const, Expr
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, Kind, Property


def claim_formulas(prop: Property, layout: Layout) -> list[Expr]:
    """Closed formulas whose conjunction says: `prop` is not violated in this state or by a step
    from it (for REACHABLE and FIRES: not reached)."""
    match prop.kind:
        case Kind.INVARIANT:
            return [prop.formula]
        case Kind.REACHABLE:
            return [not_(prop.formula)]
        case Kind.OBLIGATION:
            return [f for action in layout.system.actions
                    for f in _unbroken(prop.name, action, layout)]
        case Kind.FIRES:
            return [f for action in layout.system.actions if action.name in prop.actions
                    for f in for_all_instances(action, not_(and_(action.guard, *(
                        not_(o.broken) for o in action.obligations if o.stops))), layout)]
        case _:
            raise AssertionError(prop.kind)


def _unbroken(name: str, action: Action, layout: Layout) -> list[Expr]:
    found: list[Expr] = []
    passed = [action.guard]
    for owed in action.obligations:
        if owed.property == name:
            found += for_all_instances(action, not_(and_(*passed, owed.broken)), layout)
        if owed.stops:
            passed.append(not_(owed.broken))
    return found


def for_all_instances(action: Action, body: Expr, layout: Layout) -> list[Expr]:
    """`body` for all parameters of `action`: quantified over slots, written out for the rest."""
    cases: list[list[Const | None]] = []
    for param, domain in zip(action.params, layout.arguments(action), strict=True):
        if isinstance(param.sort, RefSort):
            special: list[Const | None] = [Const(v, param.sort) for v in domain if v < 0]
            cases.append([None, *special])
        else:
            cases.append([Const(v, param.sort) for v in domain])
    found = []
    for case in product(*cases):
        pairs = list(zip(action.params, case, strict=True))
        formula = substitute(body, {p.name: c for p, c in pairs if c is not None})
        for param, chosen in reversed(pairs):
            if chosen is None and isinstance(param.sort, RefSort):
                formula = forall(param.name, param.sort.pool, formula)
        if not isinstance(formula, Const) or not formula.value:
            found.append(formula)
    return found
