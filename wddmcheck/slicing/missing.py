"""What a slice does not see, and should: variables that tell what a condition is in a state of the
system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from wddmcheck.ir.evaluate import Layout, State, evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.walk import reads
from wddmcheck.slicing.approximate import above, below
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import Slice


@dataclass
class Missing:
    """Gathers the variables that `part` needs beside its own: `needed`, each with the reason, as
    part of a sentence."""

    part: Slice
    dependence: Dependence
    needed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.layout = Layout(self.part.full, dict(self.dependence.sizes))

    def note(self, wrong: Iterable[tuple[Expr, bool]], state: State, env: Mapping[str, int],
             why: str) -> None:
        """Add the cheapest set of variables that settles one of `wrong`: conditions with the value
        that they have in `state`."""
        conditions = tuple(wrong)
        if any(self.settled(expr, value, state, env, frozenset(self.needed))
               for expr, value in conditions):
            return
        found = [self.least(expr, value, state, env) for expr, value in conditions]
        if found:
            self.add(min(found, key=self.cost), why)

    def add(self, variables: frozenset[str], why: str) -> None:
        """They are needed."""
        for name in sorted(variables):
            self.needed.setdefault(name, why)

    def least(self, expr: Expr, value: bool, state: State, env: Mapping[str, int],
              ) -> frozenset[str]:
        """Some least set of variables that, beside those of the slice, tells that `expr` has
        `value`; the expensive ones are done without first."""
        left = reads(expr) - self.part.kept
        for name in sorted(left, key=lambda n: (-self.dependence.bits(
                self.dependence.data({n: ""})), n)):
            if self.settled(expr, value, state, env, left - {name}):
                left -= {name}
        return left

    def settled(self, expr: Expr, value: bool, state: State, env: Mapping[str, int],
                more: frozenset[str]) -> bool:
        """Whether a slice with `more` variables can tell that `expr` has `value` in `state`."""
        kept = self.part.kept | more
        seen = below(expr, kept) if value else above(expr, kept)
        return self.true(seen, state, env) is value

    def cost(self, variables: frozenset[str]) -> tuple[float, tuple[str, ...]]:
        """The bits that `variables` add to the slice, for each action whose guard they make
        exacter: what restrains many actions pays more than what restrains few."""
        cone = self.dependence.data(dict.fromkeys((*self.part.kept, *variables), ""))
        bits = self.dependence.bits(set(cone) - self.part.kept)
        return bits / (1 + self.dependence.steered_by(variables)), tuple(sorted(variables))

    def true(self, expr: Expr, state: State, env: Mapping[str, int]) -> bool:
        """Whether `expr` holds in `state` of the system."""
        return bool(evaluate(expr, self.layout, state, env))
