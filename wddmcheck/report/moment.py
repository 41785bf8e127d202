"""A state to look at: the oracle's view of one state, with values for parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product

from wddmcheck.ir.evaluate import Layout, evaluate
from wddmcheck.ir.expr import Expr, Var
from wddmcheck.ir.system import StateVar, Write
from wddmcheck.result.verdict import State


@dataclass(frozen=True, slots=True)
class Moment:
    """`state` under `layout`, with `env` for the variables of expressions."""

    layout: Layout
    state: State
    env: Mapping[str, int] = field(default_factory=dict)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The size of every pool."""
        return self.layout.sizes

    @property
    def variables(self) -> Mapping[str, StateVar]:
        """All state variables by name."""
        return self.layout.variables

    def value(self, expr: Expr) -> int:
        """The value of `expr` here."""
        return evaluate(expr, self.layout, self.state, self.env)

    def cell(self, var: str, index: tuple[int, ...]) -> int:
        """The value of a state variable here."""
        return self.state[self.layout.offset(var, index)]

    def indices(self, var: StateVar) -> Iterator[tuple[int, ...]]:
        """All places of `var`, in order."""
        return product(*(range(self.sizes[d]) for d in var.dims))

    def bind(self, env: Mapping[str, int]) -> Moment:
        """The same state with more variables bound."""
        return replace(self, env={**self.env, **env})

    def hit(self, write: Write, index: tuple[int, ...]) -> Moment | None:
        """Whether `write` writes at `index`: the moment with its binders bound, or None."""
        names = {name for name, _ in write.binders}
        bound = {e.name: i for e, i in zip(write.index, index, strict=True)
                 if isinstance(e, Var) and e.name in names}
        inner = self.bind(bound)
        if len(bound) != len(names):
            return None
        same = all(inner.value(e) == i for e, i in zip(write.index, index, strict=True))
        return inner if same and inner.value(write.where) else None
