"""Claims about infinite runs as automata that SPIN runs beside the model.

`P leads to Q under fairness of A, B` is violated by a run with a state that has P, and never Q from
there on, in which each of A and B is again and again not enabled or taken. The automaton waits for
such a state and then for A, B, A, B, ... in turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.export.claims import blocks, enabled
from wddmcheck.export.instantiate import Instantiate
from wddmcheck.export.promela_words import Words, folded
from wddmcheck.export.render import Renderer
from wddmcheck.ir.system import Action, Property, System

RUN = """
For NAME of a claim about all runs: gcc -O2 -DNOREDUCE -o pan pan.c && ./pan -a -N NAME
Two variables are not the model's: the block of the last step, if a claim is under its fairness,
and whether a step broke an obligation, which ends the run. SPIN counts states with these."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """The claims `stated` of a system at a scope."""

    system: System
    stated: tuple[Property, ...]
    ground: Instantiate
    render: Renderer
    words: Words

    @property
    def fair(self) -> tuple[str, ...]:
        """The blocks that some claim is fair to, if they can happen at all."""
        named = {block for prop in self.stated for block in prop.fair}
        return tuple(b for b in blocks(self.system) if b in named)

    def variables(self) -> Iterator[str]:
        """What is not the model's."""
        if self.fair:
            yield f"byte {self.last} = 0;"
        yield f"bool {self.faulted} = false;"

    @property
    def last(self) -> str:
        """The variable with the number of the block of the last step."""
        return self.words.names.of("added", "last_block")

    @property
    def faulted(self) -> str:
        """The variable that says that the run has ended."""
        return self.words.names.of("added", "faulted")

    @property
    def fault(self) -> str:
        """What a step does that ends the run."""
        return f"{self.faulted} = true"

    def taken(self, action: Action) -> list[str]:
        """What a step of `action` does to the variable with the last block."""
        if not self.fair:
            return []
        return [f"{self.last} = {self.number(action.label.block)}"]

    def number(self, block: str) -> int:
        """The number of a block; all to which no claim is fair have 0."""
        return self.fair.index(block) + 1 if block in self.fair else 0

    def claims(self) -> Iterator[str]:
        """An automaton a claim."""
        for prop in self.stated:
            yield ""
            yield from self.claim(prop)

    def claim(self, prop: Property) -> Iterator[str]:
        """Accepts the runs that violate `prop`."""
        fair = [b for b in prop.fair if b in self.fair]
        premise = self.render.inner(self.ground(prop.formula, {}))
        target = self.render.inner(self.ground(prop.target, {}))
        missing = f"!({target} || {self.faulted})"
        yield f"never {self.words.prop(prop.name)} {{"
        yield "  do"
        start = f":: {premise} && {missing} -> goto {_label(0, len(fair))}"
        yield from folded(start, "  ", "     ")
        yield "  :: true"
        yield "  od;"
        for turn, block in enumerate(fair):
            done = f"(!{self.enabled(block)} || {self.last} == {self.number(block)})"
            yield f"{_label(turn, len(fair))}:  /* {block} */"
            yield "  if"
            for test, then in (("", turn + 1), ("!", turn)):
                yield from folded(f":: {missing} && {test}{done} -> goto {_label(then, len(fair))}",
                                  "  ", "     ")
            yield "  fi;"
        yield f"{_label(len(fair), len(fair))}:"
        yield "  if"
        yield from folded(f":: {missing} -> goto {_label(0, len(fair))}", "  ", "     ")
        yield "  fi"
        yield "}"

    def enabled(self, block: str) -> str:
        """Whether an instance of a block is enabled."""
        return self.render.inner(self.ground(enabled(blocks(self.system)[block]), {}))


def _label(turn: int, turns: int) -> str:
    return "accept_all" if turn == turns else f"waits_{turn + 1}"
