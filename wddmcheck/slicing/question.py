"""Questions: what a slice is made for. A property that many obligations name is as many questions,
for each may depend on little where all together depend on much; so is *always possible*, in
stages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.ir.expr import TRUE, Expr
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.slicing.stages import stages

SLICED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.REACHABLE, Kind.FIRES, Kind.NO_DEADLOCK)
"""Kinds of claims about single runs, which slices with more runs can decide."""

GRAPH = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
"""Kinds of claims about the graph of states: slices can prove them, never refute them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A property, or a part of it: of an obligation, one of the places where it can be violated
    (number `number` of `action`); of *always possible*, its stage `number` (`Stage` says what
    `before`, `goal` and `empties` are)."""

    prop: str
    kind: Kind
    action: str = ""
    number: int = -1
    before: tuple[str, ...] = ()
    goal: Expr = TRUE
    empties: str = ""

    @property
    def name(self) -> str:
        """The name of the question as a property of a slice."""
        if self.number < 0:
            return self.prop
        return f"{self.prop}@{self.action}.{self.number}"


def questions(system: System, prop: Property) -> tuple[Question, ...]:
    """What to ask to decide `prop`."""
    whole = Question(prop.name, prop.kind)
    if prop.kind is Kind.ALWAYS_POSSIBLE:
        return tuple(Question(prop.name, prop.kind, "", n, s.before, s.goal, s.empties)
                     for n, s in enumerate(stages(system, prop.formula)))
    places = tuple(_places(system, prop)) if prop.kind is Kind.OBLIGATION else ()
    return places or (whole,)


def _places(system: System, prop: Property) -> Iterator[Question]:
    for action in system.actions:
        for number, obligation in enumerate(action.obligations):
            if obligation.property == prop.name:
                yield Question(prop.name, prop.kind, action.name, number)
