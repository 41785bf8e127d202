"""Questions: what a slice is made for. A property that many obligations name is as many questions,
for each may depend on little where all together depend on much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.ir.system import Kind, Property, System

SLICED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.REACHABLE, Kind.FIRES, Kind.NO_DEADLOCK)
"""Kinds of claims about single runs, which slices with more runs can decide."""

GRAPH = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
"""Kinds of claims about the graph of states: only slices with the same runs can decide them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A property, or one of the places where it can be violated: obligation number `number` of
    `action`."""

    prop: str
    kind: Kind
    action: str = ""
    number: int = -1

    @property
    def name(self) -> str:
        """The name of the question as a property of a slice."""
        return f"{self.prop}@{self.action}.{self.number}" if self.action else self.prop


def questions(system: System, prop: Property) -> tuple[Question, ...]:
    """What to ask to decide `prop`."""
    whole = Question(prop.name, prop.kind)
    places = tuple(_places(system, prop)) if prop.kind is Kind.OBLIGATION else ()
    return places or (whole,)


def _places(system: System, prop: Property) -> Iterator[Question]:
    for action in system.actions:
        for number, obligation in enumerate(action.obligations):
            if obligation.property == prop.name:
                yield Question(prop.name, prop.kind, action.name, number)
