"""Random small systems as a Hypothesis strategy.

Systems come from the generator of the SMT tests, by seed. Claims about the graph of states are
added, which those engines do not decide; Hypothesis makes their choices, and so can shrink them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from hypothesis import strategies as st

from tests.engines.smt.random_systems import Maker, random_system
from wddmcheck.ir.system import Kind, Property, System

SCOPES: tuple[Mapping[str, int], ...] = (
    {"P": 2, "Q": 2}, {"P": 3, "Q": 1}, {"P": 1, "Q": 3}, {"P": 2, "Q": 1}, {"P": 0, "Q": 2})


class _Chosen(Maker):
    """A maker whose choices are Hypothesis's."""

    def __init__(self, random: Random) -> None:
        super().__init__(0)
        self.random = random


def graph_claims(maker: Maker, system: System) -> tuple[Property, ...]:
    """Claims of the kinds that need the whole graph."""
    blocks = tuple(a.label.block for a in system.actions)
    return (
        Property("again", Kind.ALWAYS_POSSIBLE, maker.bool_([], 2)),
        Property("ever", Kind.ALWAYS_POSSIBLE, maker.pattern()),
        Property("from there", Kind.ALWAYS_POSSIBLE, maker.bool_([], 2),
                 premise=maker.bool_([], 2)),
        *(Property(f"soon {len(fair)}", Kind.LEADS_TO, maker.bool_([], 1), maker.bool_([], 1),
                   fair=fair) for fair in ((), blocks[:1], blocks[1:3], blocks)),
    )


@st.composite
def systems(draw: st.DrawFn) -> System:
    """A random system with claims of all kinds."""
    seed = draw(st.integers(0, 1 << 32))
    system = random_system(seed)
    claims = graph_claims(_Chosen(draw(st.randoms(use_true_random=False))), system)
    return replace(system, properties=(*system.properties, *claims))
