"""Properties as circuits that say when they are violated (or, for goals, reached).

A claim about states is split into bad instances, one for each orbit under the renaming of slots;
a claim about steps is split by action, its arguments in canonical order. If a run violates the
claim at depth k then a renamed run violates one of these parts at depth k, because the initial
state, the steps and the property cannot tell slots apart; `whole` has all instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Lit
from wddmcheck.engines.smt.encode import Encoder, Value, constant
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.step import StepEncoding
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
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Kind, Property, System

MAX_PARTS = 48
"""A claim with more orbits of bad instances is asked as a whole."""

STEP_KINDS = (Kind.OBLIGATION, Kind.FIRES)
STATE_KINDS = (Kind.INVARIANT, Kind.REACHABLE)


@dataclass(frozen=True, slots=True)
class Claim:
    """Over a state (`of_step` False) or a step: `whole` holds iff the property is violated there
    (reached, for REACHABLE and FIRES). With `parts` asked one by one, `whole` need not be."""

    property: Property
    of_step: bool
    parts: tuple[Lit, ...]
    whole: Lit


def claims_of(properties: Iterable[Property], layout: Layout, step: StepEncoding,
              *, symmetric: bool) -> list[Claim]:
    """The claims of those properties that are about single states or steps."""
    result = []
    for prop in properties:
        if prop.kind in STATE_KINDS:
            wanted = prop.kind is Kind.REACHABLE
            result.append(state_claim(prop, prop.formula, wanted, layout, step.encoder,
                                      symmetric=symmetric))
        elif prop.kind in STEP_KINDS:
            result.append(_step_claim(prop, layout, step, symmetric=symmetric))
    return result


def state_claim(prop: Property, formula: Expr, wanted: bool, layout: Layout, encoder: Encoder,
                *, symmetric: bool) -> Claim:
    """The claim that `formula` takes the value `wanted` in a state."""
    whole = encoder.lit(formula, {}) ^ (0 if wanted else 1)
    if whole == FALSE:
        return Claim(prop, False, (), FALSE)
    parts: tuple[Lit, ...] = (whole,)
    if symmetric:
        cases = _Orbits(layout, encoder).cases(formula, wanted, ({}, ()), {})
        if len(cases) <= MAX_PARTS:
            found = (encoder.circuit.and_(lits) for _, lits in cases)
            parts = tuple(dict.fromkeys(lit for lit in found if lit != FALSE))
    return Claim(prop, False, parts, whole)


def _step_claim(prop: Property, layout: Layout, step: StepEncoding, *,
                symmetric: bool) -> Claim:
    circuit = step.circuit
    by_action: dict[int, list[Lit]] = {}
    if prop.kind is Kind.OBLIGATION:
        for breach in step.breaches:
            if breach.property == prop.name:
                by_action.setdefault(breach.action, []).append(breach.lit)
    else:
        for number, action in enumerate(layout.system.actions):
            if action.name in prop.actions:
                taken = circuit.and_((step.chosen[number], step.stopped[number] ^ 1))
                by_action.setdefault(number, []).append(taken)
    order = step.canonical if symmetric else TRUE
    either = [circuit.or_(lits) for lits in by_action.values()]
    parts = [circuit.and_((lit, order)) for lit in either]
    return Claim(prop, True, tuple(p for p in parts if p != FALSE), circuit.or_(either))


class _Orbits:
    """Enumerates the ways in which a formula can take a truth value, up to renaming of slots.

    A case is how many slots of each pool have been named so far (always 0, 1, 2, ...) and the
    literals that it asks for. Only quantifiers that let us pick a slot are split.
    """

    def __init__(self, layout: Layout, encoder: Encoder) -> None:
        self.layout = layout
        self.encoder = encoder

    def cases(self, expr: Expr, wanted: bool, start: Case, env: Mapping[str, Value]
              ) -> list[Case]:
        """All cases that extend `start` and give `expr` the value `wanted`."""
        match expr:
            case Not(arg):
                return self.cases(arg, not wanted, start, env)
            case Quant(op, var, pool, body) if (op is QuantOp.EXISTS) == wanted:
                named = start[0].get(pool, 0)
                result = []
                for i in range(min(named + 1, self.layout.sizes[pool])):
                    used = {**start[0], pool: max(named, i + 1)}
                    result += self.cases(body, wanted, (used, start[1]),
                                         {**env, var: constant(i)})
                return result
            case And(args) | Or(args) if any(_picks(a, wanted) for a in args):
                if isinstance(expr, Or) == wanted:
                    return [c for arg in args for c in self.cases(arg, wanted, start, env)]
                cases = [start]
                for arg in args:
                    more = [n for c in cases for n in self.cases(arg, wanted, c, env)]
                    if len(more) > MAX_PARTS:
                        more = [self._leaf(arg, wanted, c, env) for c in cases]
                    cases = more
                return cases
            case _:
                return [self._leaf(expr, wanted, start, env)]

    def _leaf(self, expr: Expr, wanted: bool, start: Case, env: Mapping[str, Value]) -> Case:
        lit = self.encoder.lit(expr, env) ^ (0 if wanted else 1)
        return start[0], (*start[1], lit)


Case = tuple[dict[str, int], tuple[Lit, ...]]


def _picks(expr: Expr, wanted: bool) -> bool:
    """Whether giving `expr` the value `wanted` lets us pick a slot."""
    match expr:
        case Not(arg):
            return _picks(arg, not wanted)
        case Quant(op):
            return (op is QuantOp.EXISTS) == wanted
        case And(args) | Or(args):
            return any(_picks(a, wanted) for a in args)
        case _:
            return False


def names_slots(system: System, layout: Layout) -> bool:
    """Whether the system names a slot of a pool with several by number, which no lowering does
    but the types allow: then slots are not interchangeable."""
    several = {pool for pool, size in layout.sizes.items() if size > 1}
    if any(isinstance(v.sort, RefSort) and v.init >= 0 and v.sort.pool in several
           for v in system.variables):
        return True
    seen: set[int] = set()
    stack: list[Expr] = [e for p in system.properties for e in (p.formula, p.target)]
    for action in system.actions:
        stack.append(action.guard)
        stack += [o.broken for o in action.obligations]
        for update in action.updates:
            for write in update.writes:
                stack += (*write.index, write.value, write.where)
    while stack:
        expr = stack.pop()
        if id(expr) in seen:
            continue
        seen.add(id(expr))
        match expr:
            case Const(value, RefSort(pool)):
                if value >= 0 and pool in several:
                    return True
            case Const() | Var():
                pass
            case Read(_, parts, _) | And(parts) | Or(parts):
                stack += parts
            case Not(arg):
                stack.append(arg)
            case Binary(_, left, right, _):
                stack += (left, right)
            case Ite(cond, then, orelse, _):
                stack += (cond, then, orelse)
            case Quant(body=body) | Count(body=body):
                stack.append(body)
    return False
