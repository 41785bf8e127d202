"""From a run of a slice back to a run of the system: `concretise`.

The run that is looked for takes the same actions with the same values for the parameters that the
slice has, so it is as long; the other parameters are free. It is found with the oracle, so what is
returned has been executed. Where there is none, the answer is `Blocked`: what keeps the system from
following, as variables that the slice would have to have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, product

from wddmcheck.ir.evaluate import Outcome, State, initial_state, take
from wddmcheck.ir.system import Action, Kind
from wddmcheck.ir.walk import conjuncts
from wddmcheck.result.verdict import Step, Trace
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import Slice
from wddmcheck.slicing.instances import Enabled
from wddmcheck.slicing.missing import Missing
from wddmcheck.slicing.question import Question

OF_ACTIONS = (Kind.OBLIGATION, Kind.FIRES)
"""Kinds of claims about the last action of a run, not its last state."""

WIDTH = 8
"""States of the system that are followed beside each other, for one state of the slice."""

CHOICES = 4096
"""Values for free parameters that are tried at a step."""


FAILURES = 256
"""Instances that could not follow, of a step, of which the reason is looked for."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The system has no such run, as far as was looked. `because`: variables that a slice needs to
    see that, each with the reason, as part of a sentence."""

    because: Mapping[str, str]


def concretise(part: Slice, dependence: Dependence, question: Question,
               trace: Trace) -> Trace | Blocked:
    """The run of the system that `trace`, an answer to `question` in the slice, stands for; or why
    there is none."""
    return _Follow(part, dependence, question).run(trace)


@dataclass(slots=True)
class _Level:
    """States of the system after some steps, each with the state and the step before it."""

    came: dict[State, tuple[State, Step] | None]


@dataclass(frozen=True, slots=True)
class _Failure:
    """An instance that does not do in `state` what it did in the slice, but `outcome`."""

    action: Action
    args: tuple[int, ...]
    state: State
    outcome: Outcome | None


@dataclass
class _Follow:
    part: Slice
    dependence: Dependence
    question: Question
    failed: list[_Failure] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.missing = Missing(self.part, self.dependence)
        self.layout = self.missing.layout
        self.actions = {a.name: a for a in self.part.full.actions}
        self.enabled = {a.name: Enabled(self.layout, a) for a in self.part.full.actions}
        self.places = [i for v in self.part.system.variables
                       for i in range(self.layout.starts[v.name],
                                      self.layout.starts[v.name] + self.layout.words(v))]

    def run(self, trace: Trace) -> Trace | Blocked:
        start = initial_state(self.layout)
        levels = [_Level({start: None})]
        for number, step in enumerate(trace.steps, 1):
            last = number == len(trace.steps)
            ends = last and self.question.kind is Kind.OBLIGATION
            level = _Level({})
            self.failed.clear()
            for state in levels[-1].came:
                found = self.follow(state, step, level, ends=ends)
                if found is not None:
                    return self.back(levels, state, found, trace)
            if not level.came and not (last and self.question.kind in OF_ACTIONS):
                self.otherwise(levels[-1], step, level)
            if not level.came:
                return self.blocked(ends=ends)
            levels.append(level)
        for state in levels[-1].came:
            if self.question.kind is not Kind.NO_DEADLOCK or self.stuck(state):
                return self.back(levels, state, None, trace)
        return Blocked(self.missing.needed)

    def back(self, levels: list[_Level], state: State, last: Step | None, trace: Trace) -> Trace:
        """The run that leads to `state` in the last level, then `last`."""
        steps = [] if last is None else [last]
        for level in reversed(levels):
            before = level.came[state]
            if before is not None:
                state, step = before
                steps.append(step)
        return Trace(initial_state(self.layout), tuple(reversed(steps)), trace.shortest)

    def follow(self, state: State, step: Step, level: _Level, *, ends: bool) -> Step | None:
        """Take `step` from `state` in all ways; note where that leads, or what it lacks. With
        `ends`, the step that breaks what the question is about."""
        action = self.actions[step.action]
        for args in self.choices(action, step):
            outcome = take(self.layout, action, args, state)
            if ends and outcome is not None:
                if action.obligations[self.question.number] in outcome.broken:
                    return Step(action.name, args, outcome.state)
                self.failed.append(_Failure(action, args, state, outcome))
            elif outcome is None or outcome.state is None:
                self.failed.append(_Failure(action, args, state, outcome))
            elif len(level.came) < WIDTH:
                level.came.setdefault(outcome.state,
                                      (state, Step(action.name, args, outcome.state)))
        return None

    def otherwise(self, before: _Level, step: Step, level: _Level) -> None:
        """Go with any action of the slice to where `step` leads in it."""
        assert step.state is not None
        for state in before.came:
            for name in self.part.params:
                for args in islice(self.enabled[name].at(state), CHOICES):
                    outcome = take(self.layout, self.actions[name], args, state)
                    if (outcome is not None and outcome.state is not None
                            and self.seen(outcome.state) == step.state):
                        level.came.setdefault(outcome.state,
                                              (state, Step(name, args, outcome.state)))
                        return

    def seen(self, state: State) -> State:
        """`state` as the slice has it."""
        return tuple(state[i] for i in self.places)

    def choices(self, action: Action, step: Step) -> Iterator[tuple[int, ...]]:
        """Values for all parameters, those of `step` where the slice has them."""
        given = dict(zip(self.part.params[action.name], step.args, strict=True))
        return islice(product(*(
            [given[i]] if i in given else self.layout.values(p.sort)
            for i, p in enumerate(action.params))), CHOICES)

    # --- what the slice did not see --------------------------------------------------------------

    def blocked(self, *, ends: bool) -> Blocked:
        """What a slice needs to see that none of the failed instances does what it did there: of
        each, the cheapest of the reasons, unless one is noted already."""
        for failure in self.failed[:FAILURES]:
            action, state = failure.action, failure.state
            env = {p.name: v for p, v in zip(action.params, failure.args, strict=True)}
            if failure.outcome is None:
                wrong = [(c, False) for c in conjuncts(action.guard)
                         if not self.missing.true(c, state, env)]
            else:
                before = action.obligations[:self.question.number if ends else None]
                wrong = [(o.broken, True) for o in before
                         if o.stops and self.missing.true(o.broken, state, env)]
                if ends:
                    asked = action.obligations[self.question.number].broken
                    wrong += [(asked, False)] * (not self.missing.true(asked, state, env))
            self.missing.note(wrong, state, env, f"{action.name} depends on it")
        return Blocked(self.missing.needed)

    def stuck(self, state: State) -> bool:
        """Whether nothing is enabled in `state`; if something is, that is noted."""
        able: list[tuple[Action, Mapping[str, int]]] = []
        for action in self.part.full.actions:
            args = next(self.enabled[action.name].at(state), None)
            if args is not None:
                able.append((action, {p.name: v for p, v in zip(action.params, args,
                                                                strict=True)}))
        found = [self.missing.least(a.guard, True, state, env) for a, env in able]
        if found:
            cheapest = min(found, key=self.missing.cost)
            self.missing.add(cheapest, "it decides whether something can happen")
        return not able
