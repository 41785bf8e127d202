"""Cones of influence: which variables a question depends on, and why.

Two closures of a set of variables. Under both, what the actions write to a variable of the set is
computed from variables of the set.

* `data`: no more than that. Guards and obligations may read other variables; a slice over it
  weakens them, so it has more runs than the system (`cut`).
* `control`: also the guards and stopping obligations of the actions that write to the set. A slice
  over it has the system's runs, without the steps that change nothing in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from math import log2, prod

from wddmcheck.ir.sorts import cardinality
from wddmcheck.ir.system import Kind, Property, StateVar, System
from wddmcheck.ir.walk import of_property, of_write, reads

Cone = Mapping[str, str]
"""The variables of a cone, each with the reason why it is there, as part of a sentence."""


@dataclass(frozen=True)
class Dependence:
    """What depends on what in `system`, at pools of `sizes` (1 for single ones)."""

    system: System
    sizes: Mapping[str, int]

    @cached_property
    def variables(self) -> dict[str, StateVar]:
        """The state variables by name."""
        return {v.name: v for v in self.system.variables}

    @cached_property
    def properties(self) -> dict[str, Property]:
        """The properties by name."""
        return {p.name: p for p in self.system.properties}

    @cached_property
    def _data(self) -> dict[str, dict[str, str]]:
        """Of each variable: what the values written to it are computed from."""
        needs: dict[str, dict[str, str]] = {v.name: {} for v in self.system.variables}
        for action in self.system.actions:
            for update in action.updates:
                for write in update.writes:
                    for name in sorted(reads(*of_write(write))):
                        needs[update.var].setdefault(
                            name, f"{action.name} sets {update.var} by it")
        return needs

    @cached_property
    def _control(self) -> dict[str, dict[str, str]]:
        """Of each variable: what decides whether an action that writes to it is taken."""
        needs: dict[str, dict[str, str]] = {v.name: {} for v in self.system.variables}
        for action in self.system.actions:
            steering = reads(action.guard, *(o.broken for o in action.obligations if o.stops))
            for update in action.updates:
                for name in sorted(steering):
                    needs[update.var].setdefault(
                        name, f"{action.name}, which sets {update.var}, depends on it")
        return needs

    def data(self, seeds: Cone) -> dict[str, str]:
        """The smallest set with `seeds` that values stay within."""
        return self._closed(seeds, (self._data,))

    def control(self, seeds: Cone) -> dict[str, str]:
        """The smallest set with `seeds` that values, guards and stopping obligations stay
        within."""
        return self._closed(seeds, (self._data, self._control))

    def _closed(self, seeds: Cone, tables: Iterable[Mapping[str, Mapping[str, str]]],
                ) -> dict[str, str]:
        cone = dict(seeds)
        todo = list(cone)
        while todo:
            var = todo.pop()
            for table in tables:
                for name, why in table[var].items():
                    if name not in cone:
                        cone[name] = why
                        todo.append(name)
        return {v.name: cone[v.name] for v in self.system.variables if v.name in cone}

    # --- what a property itself looks at ---------------------------------------------------------

    def spoken_of(self, name: str) -> dict[str, str]:
        """The variables that the claim itself reads; of an obligation, its conditions."""
        prop = self.properties[name]
        exprs = list(of_property(prop))
        if prop.kind is Kind.OBLIGATION:
            exprs = [o.broken for a in self.system.actions for o in a.obligations
                     if o.property == name]
        return dict.fromkeys(sorted(reads(*exprs)), f"{name} speaks of it")

    def steering(self) -> dict[str, str]:
        """The variables on which it depends whether any action is taken: those of all guards and
        stopping obligations."""
        seeds: dict[str, str] = {}
        for action in self.system.actions:
            for var in sorted(reads(action.guard,
                                    *(o.broken for o in action.obligations if o.stops))):
                seeds.setdefault(var, f"{action.name} depends on it")
        return seeds

    def steered_by(self, names: AbstractSet[str]) -> int:
        """Of how many actions the guards read some of the variables called `names`."""
        return sum(1 for read in self._guards if not read.isdisjoint(names))

    @cached_property
    def _guards(self) -> tuple[frozenset[str], ...]:
        return tuple(reads(a.guard) for a in self.system.actions)

    # --- how much that is ------------------------------------------------------------------------

    def bits(self, names: Iterable[str]) -> float:
        """How many bits the variables called `names` take: an estimate of what it costs to keep
        them. Reachable states are far fewer than two to this power."""
        return sum(self.weight(name) for name in names)

    def weight(self, name: str) -> float:
        """How many bits a variable takes."""
        var = self.variables[name]
        words = prod(self.sizes[pool] for pool in var.dims)
        return words * log2(max(cardinality(var.sort, self.sizes), 1))
