"""Trace -> story. In: a system, pool sizes, a property, a trace and the sources. Out: a `Story`.

The trace is executed again by the oracle on the way; one that does not re-execute, or does not
show what it should, is an `InternalError`. Everything shown about a step is evaluated in the state
before it, as `ir.system` defines labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.ir.evaluate import Layout, Outcome, initial_state, take
from wddmcheck.ir.expr import Expr, sort_of
from wddmcheck.ir.show import show_expr, show_value
from wddmcheck.ir.sorts import DANGLING, NONE, RefSort
from wddmcheck.ir.system import Action, Kind, Label, Obligation, Phase, Property, SubCall, System
from wddmcheck.report.changes import changes
from wddmcheck.report.identities import Identities, StepNames
from wddmcheck.report.lives import lives
from wddmcheck.report.moment import Moment
from wddmcheck.report.places import Places, cited, clean
from wddmcheck.report.story import (
    Argument,
    CallMade,
    Fault,
    Place,
    Size,
    Story,
    StoryStep,
    Value,
    ValueKind,
    Waiting,
    Why,
)
from wddmcheck.report.witness import witnesses
from wddmcheck.result.verdict import Step, Trace


def tell(system: System, scope: Mapping[str, int], prop: Property, trace: Trace, *,
         violated: bool = True, sources: SourceMap | None = None) -> Story:
    """The story of `trace`, which violates `prop` at `scope`, or witnesses it if not `violated`.
    Raises `InternalError` if the trace does not re-execute."""
    return _Teller(system, Layout.of(system, scope), prop, trace, violated,
                   Places(sources or SourceMap())).story()


@dataclass(slots=True)
class _Teller:
    """What one telling needs."""

    system: System
    layout: Layout
    prop: Property
    trace: Trace
    violated: bool
    places: Places
    waiting: dict[str, Waiting] = field(default_factory=dict)

    def story(self) -> Story:
        """Execute the trace and tell it."""
        if self.trace.initial != initial_state(self.layout):
            raise InternalError("a trace does not start in the initial state")
        actions = {a.name: a for a in self.system.actions}
        who = Identities(self.system, self.layout.sizes)
        now = Moment(self.layout, self.trace.initial)
        who.start(now)
        steps = []
        for number, step in enumerate(self.trace.steps, 1):
            action = actions.get(step.action)
            if action is None or len(step.args) != len(action.params):
                raise InternalError(f"step {number} of a trace is no action: {step.action}")
            told, after = self._step(number, step, action, now, who)
            steps.append(told)
            if after is None and number < len(self.trace.steps):
                raise InternalError(f"step {number} of a trace ends the run, but is not the last")
            now = after or now
        return self._finish(tuple(steps), now, who)

    def _step(self, number: int, step: Step, action: Action, now: Moment,
              who: Identities) -> tuple[StoryStep, Moment | None]:
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
        return told, after

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

    # --- the end -------------------------------------------------------------------------------

    def _finish(self, steps: tuple[StoryStep, ...], last: Moment, who: Identities) -> Story:
        prop = self.prop
        count = len(steps)
        objects: tuple[str, ...] = ()
        broken_at: int | None = count if self.violated else None
        where = f"after step {count}" if count else "in the initial state"
        match prop.kind:
            case Kind.OBLIGATION:
                own = [f for f in steps[-1].faults if f.property == prop.name] if steps else []
                if self.violated and not own:
                    raise InternalError(f"a trace does not violate {prop.name}")
                ends = own[0].message if own else ""
                objects = own[0].objects if own else ()
            case Kind.INVARIANT:
                if self.violated and last.value(prop.formula):
                    raise InternalError(f"a trace does not violate {prop.name}")
                ends = f"the rule does not hold {where}"
                objects = witnesses(prop.formula, last, who)
            case Kind.NO_DEADLOCK:
                ends = f"nothing can happen {where}"
            case Kind.ALWAYS_POSSIBLE:
                ends = f"{where}, no run reaches the goal any more"
                objects = witnesses(prop.formula, last, who)
            case Kind.LEADS_TO:
                loop = self.trace.loop
                broken_at = None
                ends = "what should come never does" + (
                    f": steps {loop + 1} to {count} repeat for ever"
                    if loop is not None and loop < count else "")
            case Kind.REACHABLE | Kind.FIRES:
                ends = f"reached {where}"
        return Story(
            self.system.name, prop.name, self.violated,
            tuple(Size(p.name, self.layout.sizes[p.name]) for p in self.system.pools
                  if not p.single),
            steps, lives(prop, steps, who, objects), self._why(), self.trace.shortest, ends,
            broken_at, self.trace.loop, objects, tuple(self.waiting.values()))

    def _why(self) -> Why:
        prop = self.prop
        text, place = self.places.claim(prop.origin.span, prop.name)
        return Why(clean(prop.title), prop.kind.value, text or self._claim(), place,
                   cited(prop.origin), prop.bugchecks, tuple(sorted(self.system.policies)))

    def _claim(self) -> str:
        """The claim from the IR, for properties that have no text of their own."""
        prop = self.prop
        match prop.kind:
            case Kind.INVARIANT | Kind.REACHABLE | Kind.ALWAYS_POSSIBLE:
                return f"{prop.kind.value} {show_expr(prop.formula)}"
            case Kind.LEADS_TO:
                return f"{show_expr(prop.formula)} leads to {show_expr(prop.target)}"
            case Kind.OBLIGATION | Kind.FIRES | Kind.NO_DEADLOCK:
                return ""


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
