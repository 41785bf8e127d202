"""Ways that are certain: what an engine is asked about *always possible* on a slice.

A slice takes steps that the system may not take (*may* steps). Those whose guard holds whatever the
variables that were sliced away are (`approximate.below`) the system takes too, to where the slice
goes or to a fault (*must* steps; the two kinds are those of modal transition systems, Larsen and
Thomsen, LICS 1988). A state has a way to the goal in the system if it has one of must steps in the
slice; and every reachable state of the system is reached by may steps.

So the slice is run by may steps up to any state in which the pools of the question are empty, as
far as it sees them, and from there by must steps only. That is a system like others: a variable
more says which part of the run it is, an action more goes from the first to the second, and what is
asked of it is that in the second part the goal is always possible from such states. Pools that were
empty have to be so again in the end: those that the slice sees are part of the goal; steps that
might take a slot of another are no must steps.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from wddmcheck.ir.build import and_, not_, or_
from wddmcheck.ir.expr import FALSE, TRUE, Read
from wddmcheck.ir.sorts import BOOL
from wddmcheck.ir.system import (
    Action,
    Actor,
    Kind,
    Label,
    Property,
    StateVar,
    System,
    Update,
    Write,
)
from wddmcheck.slicing.approximate import below
from wddmcheck.slicing.question import Question
from wddmcheck.slicing.stages import empty, fills, taken

CERTAIN = StateVar("%certain", (), BOOL, 0)
"""Whether a run has come to its second part, of must steps only. The last variable."""

_NOW = Read(CERTAIN.name, (), BOOL)

TURN = "%turn"
"""The action that begins it."""


def two_parts(system: System, full: System, kept: AbstractSet[str], question: Question) -> System:
    """What to ask about `question`, of kind *always possible*: the slice `system` of `full` over
    `kept`, with runs that turn to must steps."""
    whole = {a.name: a for a in full.actions}

    def both(action: Action) -> Action:
        own = whole[action.name]
        sure = FALSE if spoils(full, own, kept, question) else below(own.guard, kept)
        return replace(action, guard=and_(action.guard, or_(not_(_NOW), sure)))

    seen = [empty(full, p) for p in question.before if taken(full, p).name in kept]
    again = seen if question.empties else []
    turn = Action(TURN, Label(TURN, "worker", Actor.OS), (), and_(not_(_NOW), *seen),
                  (Update(CERTAIN.name, (Write((), TRUE),)),))
    claim = Property(question.name, Kind.ALWAYS_POSSIBLE, and_(question.goal, *again),
                     premise=and_(_NOW, *seen))
    return replace(
        system, variables=(*system.variables, CERTAIN),
        actions=(*map(both, system.actions), turn),
        properties=(*(p for p in system.properties if p.name != question.name), claim))


def spoils(full: System, action: Action, kept: AbstractSet[str], question: Question) -> str:
    """A pool that has to stay empty, that the slice over `kept` does not see, and of which `action`
    of the system may take a slot; "" if there is none."""
    if not question.empties:
        return ""
    return next((p for p in question.before
                 if taken(full, p).name not in kept and fills(full, action, p)), "")
