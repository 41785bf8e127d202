"""Why a slice does not know of a way to the goal: `overlooked`.

The slice says that from some state, reached by steps that the system may take, no way of certain
steps leads to the goal. Either the system cannot get there; then the slice needs what the run fails
by (`concretise`). Or it can; then a way that the system has from there is looked for with the
oracle, and the slice needs what makes the steps of that way certain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import inf

from wddmcheck.ir.evaluate import Outcome, State, take
from wddmcheck.ir.system import Action
from wddmcheck.result.verdict import Step, Trace
from wddmcheck.slicing.concretise import CHOICES, Blocked, concretise
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import Slice
from wddmcheck.slicing.instances import Enabled
from wddmcheck.slicing.missing import Missing
from wddmcheck.slicing.must import TURN, spoils
from wddmcheck.slicing.question import Question
from wddmcheck.slicing.stages import empty, taken

VIEWS = 2_000
"""States from which a way is looked for in the system."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step of a way."""

    state: State
    action: Action
    args: tuple[int, ...]
    outcome: Outcome


def overlooked(part: Slice, dependence: Dependence, question: Question, trace: Trace,
               seconds: float | None = None) -> Mapping[str, str]:
    """The variables, each with the reason, that `part` would need to see that `trace`, a run to a
    state from which it sees no way, is no run of the system, or that there is a way. None at all,
    if the system has the run and no way was found, for which there are so many `seconds`."""
    run = Trace(trace.initial[:-1], tuple(
        Step(s.action, s.args, s.state[:-1]) for s in trace.steps
        if s.action != TURN and s.state is not None), trace.shortest)
    found = concretise(part, dependence, question, run)
    if isinstance(found, Blocked):
        return found.because
    state = found.steps[-1].state if found.steps else found.initial
    assert state is not None
    until = inf if seconds is None else time.monotonic() + seconds
    return _Ways(part, dependence, question, until).missing(state)


class _Ways:
    def __init__(self, part: Slice, dependence: Dependence, question: Question,
                 until: float) -> None:
        self.part, self.question, self.until = part, question, until
        self.unseen = Missing(part, dependence)
        self.empty = [empty(part.full, pool) for pool in question.before]
        self.layout = self.unseen.layout
        self.enabled = {a.name: Enabled(self.layout, a) for a in part.full.actions}
        self.places = [i for v in part.system.variables
                       for i in range(self.layout.starts[v.name],
                                      self.layout.starts[v.name] + self.layout.words(v))]

    def missing(self, start: State) -> Mapping[str, str]:
        """What tells that the way need not begin at `start`; or what makes the steps of a shortest
        way from there certain."""
        full = [(pool, False) for pool in self.empty if not self.unseen.true(pool, start, {})]
        if full:
            self.unseen.note(full, start, {}, "the way begins when its pool is empty")
            return self.unseen.needed
        own = [a for a in self.part.full.actions if a.name in self.part.params]
        way = self.way(start, own, self.seen) or self.way(start, self.part.full.actions, _whole)
        for step in way:
            self.keep(step.action)
            env = {p.name: v for p, v in zip(step.action.params, step.args, strict=True)}
            sure = [(step.action.guard, True)]
            self.unseen.note(sure, step.state, env, f"{step.action.name} depends on it")
            if step.outcome.state is None:
                fault = next(o for o in step.outcome.broken if o.stops)
                self.unseen.note([(fault.broken, True)], step.state, env,
                                 f"{step.action.name} may end in a fault by it")
        return self.unseen.needed

    def keep(self, action: Action) -> None:
        """See the pools that are to stay empty, if `action` may take a slot of one."""
        more = self.part.kept | self.unseen.needed.keys()
        while pool := spoils(self.part.full, action, more, self.question):
            name = taken(self.part.full, pool).name
            self.unseen.add(frozenset((name,)), f"{action.name} may set it on the way")
            more |= {name}

    def way(self, start: State, actions: Iterable[Action],
            look: Callable[[State], State]) -> list[_Taken]:
        """The steps of a way to the goal, or to a fault, by `actions`; none if none was found. Of
        states that look the same, one is gone on from."""
        came: dict[State, _Taken | None] = {start: None}
        seen, todo = {look(start)}, [start]
        for state in todo:
            if time.monotonic() > self.until:
                break
            for step in self.steps(state, actions):
                after = step.outcome.state
                if after is None or self.reached(after):
                    return self.back(came, step)
                view = look(after)
                if view not in seen and len(seen) < VIEWS:
                    seen.add(view)
                    came[after] = step
                    todo.append(after)
        return []

    def steps(self, state: State, actions: Iterable[Action]) -> Iterator[_Taken]:
        for action in actions:
            for args in islice(self.enabled[action.name].at(state), CHOICES):
                outcome = take(self.layout, action, args, state)
                if outcome is not None:
                    yield _Taken(state, action, args, outcome)

    def back(self, came: Mapping[State, _Taken | None], last: _Taken) -> list[_Taken]:
        way: list[_Taken] = []
        step: _Taken | None = last
        while step is not None:
            way.append(step)
            step = came[step.state]
        return way[::-1]

    def reached(self, state: State) -> bool:
        again = self.empty if self.question.empties else ()
        return all(self.unseen.true(e, state, {}) for e in (self.question.goal, *again))

    def seen(self, state: State) -> State:
        return tuple(state[i] for i in self.places)


def _whole(state: State) -> State:
    return state
