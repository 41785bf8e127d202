"""Which claims one step shows, together and with lemmas, and what of them makes the certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wddmcheck.engines.smt.claims import STATE_KINDS
from wddmcheck.engines.smt.formula import claim_formulas
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.onestep import OneStep
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Property

SMALL = 2
"""Slots of each pool in the scope where lemmas are looked for. With one slot, claims about two
would look true."""

MUCH_SMALLER = 1.5
"""How many times as many words a scope must have for lemmas to be looked for elsewhere."""


@dataclass(frozen=True, slots=True)
class Given:
    """Claims that have been shown, by name, and formulas that hold at first, that every step
    keeps together, and that imply the claims."""

    names: tuple[str, ...]
    formulas: tuple[Expr, ...]


NOTHING = Given((), ())


def shown_by(step: OneStep, properties: Sequence[Property], lemmas: Sequence[Expr] = ()) -> Given:
    """Those of `properties` that one step shows, if all that is written stays in its sort."""
    states = {p.name: claim_formulas(p, step.layout)
              for p in properties if p.kind in STATE_KINDS}
    kept = step.kept([*(f for found in states.values() for f in found), *lemmas])
    every = tuple(kept)
    safe = step.stays(every)
    if safe is None:
        return NOTHING
    names: dict[str, None] = {}
    needed = dict.fromkeys(safe)
    beside: list[Expr] = []
    for prop in properties:
        if prop.kind in STATE_KINDS:
            used = frozenset(states[prop.name])
            shown = used <= kept.keys()
        else:
            never = step.never(prop, every)
            shown, used = never is not None, never or frozenset()
            beside += claim_formulas(prop, step.layout) if shown else []
        if shown:
            names[prop.name] = None
            needed |= dict.fromkeys(used)
    waiting = list(needed)
    while waiting:
        more = [f for f in kept[waiting.pop()] if f not in needed]
        needed |= dict.fromkeys(more)
        waiting += more
    formulas = [f for f in every if f in needed]
    return Given(tuple(names), tuple(dict.fromkeys([*formulas, *beside])))


def small(layout: Layout) -> dict[str, int] | None:
    """A scope at which lemmas for `layout` are found sooner, if there is one."""
    sizes = {pool: min(size, SMALL) for pool, size in layout.sizes.items()}
    words = len(Layout(layout.system, sizes).words)
    return sizes if len(layout.words) >= MUCH_SMALLER * words else None
