"""An action with known arguments: when it can be taken, what it breaks, and the state after it.

The words of the state after it are made when they are asked for. Most are those before it, as the
same literals, so that what an action does not touch costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Lit
from wddmcheck.engines.smt.encode import Encoder, Value, constant
from wddmcheck.engines.smt.layout import Layout
from wddmcheck.engines.smt.orbits import Args, Case, Orbits
from wddmcheck.engines.smt.writes import landings
from wddmcheck.ir.expr import And, Binary, BinOp, Const, Count, Expr, Ite, Not, Or, Quant, Read, Var
from wddmcheck.ir.sorts import Sort
from wddmcheck.ir.system import Action


class After:
    """The words after an action, `before` it the state that `encoder` reads."""

    def __init__(self, encoder: Encoder, action: Action, env: dict[str, Value]) -> None:
        self._encoder = encoder
        self._env = env
        self._writes = {u.var: u.writes for u in action.updates}
        self._known: dict[int, Value] = {}

    def __getitem__(self, place: int, /) -> Value:
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._word(place)
        return known

    def _word(self, place: int) -> Value:
        """Its value, which may be outside of its sort."""
        before = self._encoder.words[place]
        writes = self._writes.get(self._encoder.layout.words[place].var.name, ())
        values, missed = landings(self._encoder, place, writes, self._env)
        if missed == TRUE:
            return before
        return self._encoder.choice([(v, (lit,)) for v, lit in values]
                                    + [(v, (missed, lit)) for v, lit in before])


class Taken:
    """`action` with `args` in the state that `encoder` reads; `case` has the slots that the
    arguments name. `guard`: it is enabled; `moves`: it has a successor too."""

    def __init__(self, encoder: Encoder, action: Action, case: Case, args: Args) -> None:
        circuit = encoder.circuit
        self.action = action
        self.case = case
        self.args = args
        self._encoder = encoder
        self.env = {p.name: constant(v) for p, v in zip(action.params, args, strict=True)}
        self.guard = encoder.lit(action.guard, self.env)
        self.breaches: list[tuple[str, Lit]] = []
        stopped: Lit = FALSE
        for owed in action.obligations if self.guard != FALSE else ():
            broken = encoder.lit(owed.broken, self.env)
            met = circuit.and_((self.guard, broken, stopped ^ 1))
            if met != FALSE:
                self.breaches.append((owed.property, met))
            if owed.stops:
                stopped = circuit.or_((stopped, broken))
        self.moves = circuit.and_((self.guard, stopped ^ 1))
        self._after = After(encoder, action, self.env)
        after = Encoder(circuit, encoder.layout, self._after, encoder.free)
        self.orbits = {follow: Orbits(encoder.layout, after, follow=follow)
                       for follow in (True, False)}

    def escapes(self) -> Iterator[Lit]:
        """That it has a successor, and that this has a value outside the sort of its variable:
        a literal for each word where that might be."""
        layout = self._encoder.layout
        for update in self.action.updates:
            var = layout.variables[update.var]
            if all(_within(w.value, var.sort, layout) for w in update.writes):
                continue
            for place in layout.places(var.name):
                domain = layout.words[place].domain
                outside = [lit for v, lit in self._after[place] if v not in domain]
                if outside:
                    yield self._encoder.circuit.and_(
                        (self.moves, self._encoder.circuit.or_(outside)))


def _within(value: Expr, sort: Sort, layout: Layout) -> bool:
    """Whether `value` is of `sort` whatever the state is; False where that takes a closer look."""
    domain = layout.domain(sort)
    match value:
        case Const(v, _):
            return v in domain
        case Read(_, _, own) | Var(_, own):
            return set(layout.domain(own)) <= set(domain)
        case Ite(_, then, orelse, _):
            return _within(then, sort, layout) and _within(orelse, sort, layout)
        case Not() | And() | Or() | Quant():
            return True
        case Binary(op):
            return op not in (BinOp.ADD, BinOp.SUB)
        case Count():
            return False
