"""The system in which at most so many failures happen, and which of them a run had.

A *slot* is a state variable that holds the number of a failure, 0 if it is free; there are as many
as failures are allowed, filled in order. An action with causes is enabled only while there are free
slots for them, and enters them. So a state says which failures led to it, one search tries them
all, and a property that is proved survives each of them.

A failure that leaves the state as it was is not entered (unless a liveness claim could see the
difference): what comes after it could come without it. Most creates that fail at once are such.

A property can be relieved of sets of failures: runs with all of one of these sets do not count for
it any more. So the next search finds what else breaks it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations

from wddmcheck.ir.build import and_, eq, ite, ne, or_
from wddmcheck.ir.evaluate import Layout, evaluate, initial_state
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Read
from wddmcheck.ir.sorts import IntRange
from wddmcheck.ir.system import (
    Action,
    Kind,
    Obligation,
    Property,
    StateVar,
    System,
    Update,
    Write,
)
from wddmcheck.result.sweep import Failure
from wddmcheck.result.verdict import Trace
from wddmcheck.sweep.causes import Cause, Causes

RELIEVED = "relieved"
"""The property that takes the obligations of runs that do not count."""

GOAL = "happens:"
"""Prefix of the goals that a failure happens at all."""

Sets = Collection[tuple[int, ...]]
"""Sets of failures, by number, in order; one that has to happen twice is there twice."""

SWEPT = (Kind.INVARIANT, Kind.OBLIGATION, Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO, Kind.NO_DEADLOCK)
"""Kinds of claims that a failure can break. (That something is reachable is none.)"""


@dataclass(frozen=True, slots=True)
class Injected:
    """A system with failures. `system` has the slots as its last variables; its actions are those
    of the original, by name. `new` are the contents of the slots after each action."""

    original: System
    system: System
    slots: tuple[Expr, ...]
    new: Mapping[str, tuple[Expr, ...]]

    def failures(self, trace: Trace, layout: Layout) -> tuple[int, ...]:
        """The failures of a run of `system`, in the order in which they happened."""
        state = initial_state(layout)
        actions = {a.name: a for a in self.system.actions}
        for step in trace.steps:
            if step.state is None and step.action in self.new:
                env = dict(zip((p.name for p in actions[step.action].params), step.args,
                               strict=True))
                return _held(evaluate(e, layout, state, env) for e in self.new[step.action])
            state = state if step.state is None else step.state
        return _held(evaluate(e, layout, state, {}) for e in self.slots)

    def lift(self, trace: Trace) -> Trace:
        """The same run of the original system: the slots, which are single values, go."""
        count = len(self.slots)

        def cut(state: tuple[int, ...]) -> tuple[int, ...]:
            return state[:len(state) - count]

        steps = tuple(replace(s, state=None if s.state is None else cut(s.state))
                      for s in trace.steps)
        return replace(trace, initial=cut(trace.initial), steps=steps)


def inject(system: System, causes: Causes, most: int,
           relieved: Mapping[str, Sets] | None = None) -> Injected:
    """`system` with at most `most` failures a run (0: none). Properties are those that failures can
    break, and a goal for each failure; `relieved` says which sets do not count for which."""
    relieved = relieved or {}
    numbers = {f: n for n, f in enumerate(causes.failures, 1)}
    sort = IntRange(0, max(len(numbers), 1))
    slots = tuple(Read(f"failure.{i}", (), sort) for i in range(1, most + 1))
    builder = _Builder(slots, sort, numbers, causes,
                       any(p.kind is Kind.LEADS_TO for p in system.properties))
    actions, new = [], {}
    for action in system.actions:
        after = builder.after(action)
        if after is None:
            continue
        contents, free = after
        built = builder.action(action, contents, free, relieved)
        if built.guard != FALSE:
            actions.append(built)
            new[action.name] = contents
    return Injected(system, replace(
        system, variables=(*system.variables, *builder.variables()), actions=tuple(actions),
        properties=tuple(builder.properties(system, relieved))), slots, new)


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the parts of one system."""

    slots: tuple[Read, ...]
    sort: IntRange
    numbers: Mapping[Failure, int]
    causes: Causes
    liveness: bool

    def variables(self) -> Iterator[StateVar]:
        """The slots; they have no name for people."""
        for slot in self.slots:
            yield StateVar(slot.var, (), self.sort, 0)

    def after(self, action: Action) -> tuple[tuple[Expr, ...], Expr] | None:
        """The contents of the slots after `action`, and when it is free to happen."""
        contents: tuple[Expr, ...] = self.slots
        free: Expr = TRUE
        for group in self.causes.of.get(action.name, ()):
            contents, room = self._push(contents, self._number(group))
            free = and_(free, room)
        return None if free == FALSE else (contents, free)

    def _number(self, group: tuple[Cause, ...]) -> Expr:
        """The number of the failure of a group that happens, 0 if none does."""
        number: Expr = Const(0, self.sort)
        for cause in reversed(group):
            own = Const(self.numbers[cause.failure], self.sort)
            number = ite(and_(cause.when, *self._first_of_family(cause)), own, number)
        return number

    def _first_of_family(self, cause: Cause) -> Iterator[Expr]:
        """No other block's event of the family has happened."""
        if not cause.family:
            return
        others = {self.numbers[c.failure] for groups in self.causes.of.values()
                  for group in groups for c in group
                  if c.family == cause.family and c.failure.name != cause.failure.name}
        for slot in self.slots:
            for number in sorted(others):
                yield ne(slot, Const(number, self.sort))

    def _push(self, contents: tuple[Expr, ...],
              number: Expr) -> tuple[tuple[Expr, ...], Expr]:
        """The slots with `number` entered (0 changes nothing), and whether there is room."""
        zero = Const(0, self.sort)
        none = eq(number, zero)
        room = or_(none, eq(contents[-1], zero)) if contents else none
        new = []
        for i, slot in enumerate(contents):
            full = and_(*(ne(before, zero) for before in contents[:i]))
            new.append(ite(and_(full, eq(slot, zero)), number, slot))
        return tuple(new), room

    def action(self, action: Action, contents: tuple[Expr, ...], free: Expr,
               relieved: Mapping[str, Sets]) -> Action:
        """`action`, where it is free to happen, with its failures entered."""
        updates = [] if self._leaves_no_trace(action) else [
            Update(slot.var, (Write((), value),))
            for slot, value in zip(self.slots, contents, strict=True) if value != slot]
        obligations: list[Obligation] = []
        for o in action.obligations:
            aside = self._covered(contents, relieved.get(o.property, ()))
            if aside != FALSE:
                obligations.append(replace(o, property=RELIEVED, broken=and_(o.broken, aside)))
            obligations.append(o)
        return replace(action, guard=and_(action.guard, free),
                       updates=(*action.updates, *updates), obligations=tuple(obligations))

    def _leaves_no_trace(self, action: Action) -> bool:
        """Whether the state after `action` is the one before it, and that says all."""
        return not (action.updates or self.liveness)

    def properties(self, system: System, relieved: Mapping[str, Sets]) -> Iterator[Property]:
        """The claims to check, and the goals."""
        for prop in system.properties:
            if prop.goal or prop.kind not in SWEPT:
                continue
            aside = self._covered(self.slots, relieved.get(prop.name, ()))
            match prop.kind:
                case Kind.INVARIANT | Kind.ALWAYS_POSSIBLE:
                    yield replace(prop, formula=or_(aside, prop.formula))
                case Kind.LEADS_TO:
                    yield replace(prop, target=or_(aside, prop.target))
                case _:
                    yield prop
        if any(relieved.values()):
            yield Property(RELIEVED, Kind.OBLIGATION)
        if self.slots:
            yield from self._goals(system)

    def _goals(self, system: System) -> Iterator[Property]:
        """That each failure happens: that a slot holds it, or that an action has it that leaves no
        trace of it."""
        for failure, number in self.numbers.items():
            held = or_(*(eq(slot, Const(number, self.sort)) for slot in self.slots))
            yield Property(f"{GOAL}{number}", Kind.REACHABLE, held, goal=True)
            traceless = tuple(
                a.name for a in system.actions if self._leaves_no_trace(a)
                and any(c.failure == failure and c.when == TRUE
                        for group in self.causes.of.get(a.name, ()) for c in group))
            if traceless:
                yield Property(f"{GOAL}{number}:at once", Kind.FIRES, actions=traceless, goal=True)

    def _covered(self, contents: tuple[Expr, ...], sets: Sets) -> Expr:
        """The slots hold all of one of `sets`."""
        return or_(*(and_(*(eq(slot, Const(n, self.sort))
                            for slot, n in zip(chosen, one, strict=True)))
                     for one in sorted(sets) for chosen in permutations(contents, len(one))))


def _held(values: Iterator[int]) -> tuple[int, ...]:
    return tuple(v for v in values if v)


__all__ = ["GOAL", "RELIEVED", "SWEPT", "Injected", "Sets", "inject"]
