"""Properties as circuits that say when they are violated (or, for goals, reached).

A claim about states is split into bad instances, one for each orbit under the renaming of slots;
a claim about steps is split by action, its arguments in canonical order. If a run violates the
claim at depth k then a renamed run violates one of these parts at depth k, because the initial
state, the steps and the property cannot tell slots apart; `whole` has all instances.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Lit
from wddmcheck.engines.smt.encode import Encoder
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.orbits import Case, Orbits, TooMany
from wddmcheck.engines.smt.step import StepEncoding
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property

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
    parts = _parts(formula, wanted, layout, encoder) if symmetric else None
    return Claim(prop, False, (whole,) if parts is None else parts, whole)


def _parts(formula: Expr, wanted: bool, layout: Layout, encoder: Encoder
           ) -> tuple[Lit, ...] | None:
    """One literal for each orbit of bad instances, None if there are too many."""
    for follow in (True, False):
        try:
            cases = Orbits(layout, encoder, follow=follow).cases(formula, wanted, Case({}), {})
        except TooMany:
            continue
        found = (encoder.circuit.and_(case.lits) for case in cases)
        return tuple(dict.fromkeys(lit for lit in found if lit != FALSE))
    return None


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
