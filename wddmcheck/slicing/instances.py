"""The instances that are enabled in a state, found parameter by parameter: a part of the guard is
looked at as soon as its parameters have values."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.ir.evaluate import Layout, State, evaluate
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import conjuncts, names


class Enabled:
    """Finds the enabled instances of an action of a system under `layout`."""

    def __init__(self, layout: Layout, action: Action) -> None:
        self.layout, self.action = layout, action
        self.levels: list[list[Expr]] = [[] for _ in range(len(action.params) + 1)]
        for part in conjuncts(action.guard):
            needs = names(part)
            last = max((i for i, p in enumerate(action.params, 1) if p.name in needs), default=0)
            self.levels[last].append(part)

    def at(self, state: State, given: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
        """The values for all parameters, those `given` first, with which it is enabled."""
        params = self.action.params
        env = {p.name: v for p, v in zip(params, given, strict=False)}
        if not all(evaluate(part, self.layout, state, env) for part in self.levels[len(given)]):
            return
        if len(given) == len(params):
            yield given
            return
        for value in self.layout.values(params[len(given)].sort):
            yield from self.at(state, (*given, value))
