"""What the writes of an action do to one word of the state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Lit
from wddmcheck.engines.smt.encode import Encoder, Env, constant, lit_of
from wddmcheck.ir.expr import Var
from wddmcheck.ir.system import Write


def landings(encoder: Encoder, place: int, writes: tuple[Write, ...], env: Env
             ) -> tuple[list[tuple[int, Lit]], Lit]:
    """The values that `writes` give to the word at `place`, each with a condition under which it
    is this one, and the condition under which none of them hits. The last hit wins."""
    circuit = encoder.circuit
    found: list[tuple[int, Lit]] = []
    open_: Lit = TRUE
    for write in reversed(writes):
        for hits, inner in _turns(encoder, place, write, env):
            hit = circuit.and_((hits, encoder.lit(write.where, inner)))
            now = circuit.and_((hit, open_))
            if now != FALSE:
                for v, lit in encoder.value(write.value, inner):
                    condition = circuit.and_((now, lit))
                    if condition != FALSE:
                        found.append((v, condition))
            open_ = circuit.and_((open_, hit ^ 1))
            if open_ == FALSE:
                return found, FALSE
    return found, open_


def _turns(encoder: Encoder, place: int, write: Write, env: Env) -> Iterator[tuple[Lit, Env]]:
    """The ways in which `write` can hit the word, the last one first."""
    layout = encoder.layout
    inner = dict(env)
    pools = dict(write.binders)
    bound: set[str] = set()
    hits: list[Lit] = []
    for index, i in zip(write.index, layout.words[place].index, strict=True):
        if isinstance(index, Var) and index.name in pools and index.name not in bound:
            if i >= layout.sizes[pools[index.name]]:
                return
            inner[index.name] = constant(i)
            bound.add(index.name)
        else:
            hits.append(lit_of(encoder.value(index, inner), i))
            if hits[-1] == FALSE:
                return
    hit = encoder.circuit.and_(hits)
    if hit == FALSE:
        return
    unbound = [name for name in pools if name not in bound]
    sizes = [range(layout.sizes[pools[name]]) for name in unbound]
    for values in reversed(list(product(*sizes))):
        yield hit, {**inner, **{n: constant(v) for n, v in zip(unbound, values, strict=True)}}
