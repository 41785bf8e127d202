"""A run told step by step, as it is taken. In: a system, pool sizes, steps. Out: `StoryStep`s.

Each step is executed by the oracle on the way; one that does not execute, or does not lead where it
should, is an `InternalError`. Everything shown about a step is evaluated in the state before it, as
`ir.system` defines labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.ir.evaluate import Layout, Outcome, initial_state, take
from wddmcheck.ir.expr import Expr, sort_of
from wddmcheck.ir.show import show_value
from wddmcheck.ir.sorts import DANGLING, NONE, RefSort
from wddmcheck.ir.system import Action, Label, Obligation, Phase, SubCall, System
from wddmcheck.report.changes import changes
from wddmcheck.report.identities import Identities, StepNames
from wddmcheck.report.moment import Moment
from wddmcheck.report.places import Places, cited, clean
from wddmcheck.report.story import (
    Argument,
    CallMade,
    Fault,
    Place,
    StoryStep,
    Value,
    ValueKind,
    Waiting,
)
from wddmcheck.report.witness import witnesses
from wddmcheck.result.verdict import Step


@dataclass(slots=True)
class Narrator:
    """Tells one run. `now` is where it is, `number` how many steps it has taken, `ended` whether
    its last step was a fault; `waiting` are the calls in flight."""

    layout: Layout
    places: Places = field(default_factory=lambda: Places(SourceMap()))
    waiting: dict[str, Waiting] = field(default_factory=dict)
    number: int = 0
    ended: bool = False
    now: Moment = field(init=False)
    who: Identities = field(init=False)
    actions: Mapping[str, Action] = field(init=False)

    def __post_init__(self) -> None:
        self.actions = {a.name: a for a in self.system.actions}
        self.who = Identities(self.system, self.layout.sizes)
        self.now = Moment(self.layout, initial_state(self.layout))
        self.who.start(self.now)

    @property
    def system(self) -> System:
        """What runs."""
        return self.layout.system

    def take(self, step: Step) -> StoryStep:
        """Take the step and tell it. Raises `InternalError` if it is none, or if the run has ended
        before."""
        number, now, who = self.number + 1, self.now, self.who
        action = self.actions.get(step.action)
        if action is None or len(step.args) != len(action.params):
            raise InternalError(f"step {number} of a trace is no action: {step.action}")
        if self.ended:
            raise InternalError(f"step {number - 1} of a trace ends the run, but is not the last")
        old = now.bind({p.name: v for p, v in zip(action.params, step.args, strict=True)})
        outcome = take(self.layout, action, step.args, now.state)
        if outcome is None:
            raise InternalError(f"step {number} of a trace is not enabled: {step.action}")
        if outcome.state != step.state:
            raise InternalError(f"step {number} of a trace leads elsewhere: {step.action}")
        after = Moment(self.layout, outcome.state) if outcome.state is not None else None
        new = after or self._intended(action, step, now, outcome)
        names = who.step(number, action, old, new)
        show = _Show(old, who, names)
        label = action.label
        made = tuple(c for sub in label.calls for c in show.calls(sub))
        faults = tuple(
            Fault(o.property, clean(o.message), self._place(o), cited(o.origin),
                  witnesses(o.broken, old, who, names), o.stops)
            for o in outcome.broken)
        for fault in faults:
            for identity in fault.objects:
                died = who.records[identity].died
                if died is not None and died < number and fault.stops:
                    who.records[identity].touched.append(number)
        ended = new is None
        told = StoryStep(
            number, label.actor.value, label.block, label.kind, label.phase.value,
            show.arguments(label.args), "" if ended else label.status,
            show.value(label.result) if label.result is not None and not ended else None,
            made, show.call(label), "" if ended else _stop(label),
            None if ended or not _stop(label) else self.places.of(_last(label)),
            tuple(p for p in map(self.places.of, label.path) if p is not None),
            cited(action.origin), changes(self.system, old, new, names), faults, label.failed,
            label.turns)
        who.advance(names, new)
        self._in_flight(told)
        self.number, self.now, self.ended = number, after or now, after is None
        return told

    def _intended(self, action: Action, step: Step, now: Moment,
                  outcome: Outcome) -> Moment | None:
        """What the step was about to do, if what stops it is a written claim (about the entry or
        the return of a call) and no fault on the way."""
        if not self._is_written(outcome.broken[-1]):
            return None
        free = take(self.layout, replace(action, obligations=()), step.args, now.state)
        assert free is not None
        assert free.state is not None
        return Moment(self.layout, free.state)

    def _is_written(self, obligation: Obligation) -> bool:
        """Whether it stems from a property that the model writes, not from a statement."""
        written = {p.name: p.origin.span for p in self.system.properties}
        span = obligation.origin.span
        return span is not None and written.get(obligation.property) == span

    def _place(self, obligation: Obligation) -> Place | None:
        span = obligation.origin.span
        if self._is_written(obligation):
            return self.places.claim(span, obligation.property)[1]
        return self.places.of(span)

    def _in_flight(self, step: StoryStep) -> None:
        if step.call and step.at:
            self.waiting[step.call] = Waiting(step.call, step.block, step.at, step.stops)
        elif step.call:
            self.waiting.pop(step.call, None)


def _last(label: Label) -> Span | None:
    return label.path[-1] if label.path else None


def _stop(label: Label) -> str:
    """Why the call stops at the end of the step, if it does."""
    if label.phase not in (Phase.ENTRY, Phase.RESUME):
        return ""
    words = label.at or "step"
    if words.startswith("acquire "):
        return f"waits for {words.removeprefix('acquire ')}"
    return {"step": "pauses", "wait": "waits"}.get(words, words)


@dataclass(slots=True)
class _Show:
    """Shows values of one step."""

    old: Moment
    who: Identities
    names: StepNames

    def arguments(self, args: tuple[tuple[str, Expr], ...]) -> tuple[Argument, ...]:
        """Named values."""
        return tuple(Argument(name, self.value(expr)) for name, expr in args)

    def value(self, expr: Expr) -> Value:
        """The value of `expr` before the step."""
        sort, value = sort_of(expr), self.old.value(expr)
        if not isinstance(sort, RefSort):
            return Value(ValueKind.PLAIN, show_value(value, sort))
        if value == NONE:
            return Value(ValueKind.NONE, "none")
        if value == DANGLING:
            was = self.who.was(expr, self.old, self.names)
            return Value(ValueKind.DANGLING, f"destroyed {was}".rstrip(), was)
        identity = self.names.of((sort.pool, value))
        if identity is None:
            return Value(ValueKind.DANGLING, f"absent {sort.pool}")
        return Value(ValueKind.OBJECT, identity, identity)

    def calls(self, sub: SubCall) -> tuple[CallMade, ...]:
        """The callbacks that a `SubCall` stands for, one for each value of its binders."""
        at = [self.old]
        for name, pool in sub.binders:
            at = [m.bind({name: slot}) for m in at for slot in range(m.sizes[pool])]
        made = []
        for moment in at:
            if moment.value(sub.where):
                inner = _Show(moment, self.who, self.names)
                made.append(CallMade(
                    sub.name, inner.arguments(sub.args), sub.status,
                    inner.value(sub.result) if sub.result is not None else None))
        return tuple(made)

    def call(self, label: Label) -> str:
        """The call in flight to which the step belongs."""
        if not label.call_slot:
            return ""
        pool = next(p.name for p in self.who.system.pools if p.calls)
        return self.names.of((pool, self.old.env[label.call_slot])) or ""
