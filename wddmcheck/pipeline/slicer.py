"""Deciding properties on slices: explore a part of the system, follow what it violates in the
system itself, and where the system cannot follow, explore a larger part.

`Slicer.run` asks all open questions (`slicing.question`), those with similar cones together. An
answer that says that something cannot happen holds for the system at once. One that says how it
happens is followed there (`slicing.concretise`): either the system has that run too, and then it is
a shortest one, or the cone of the question grows by what the slice did not see. A cone grows until
its question is answered, or until it is most of the system: then there is nothing to gain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wddmcheck.diagnostics.diagnostic import InternalError, UserError
from wddmcheck.engines.base import Limits
from wddmcheck.ir.system import Kind, System
from wddmcheck.ir.walk import reads
from wddmcheck.result.report import SliceRun, Way
from wddmcheck.result.verdict import (
    CheckResult,
    Enumeration,
    Exploration,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Verdict,
    Violated,
)
from wddmcheck.slicing.concretise import Blocked, concretise
from wddmcheck.slicing.cone import Dependence
from wddmcheck.slicing.cut import Slice, cut
from wddmcheck.slicing.group import Group, groups
from wddmcheck.slicing.question import GRAPH, Question, questions
from wddmcheck.slicing.ways import overlooked

Ask: TypeAlias = Callable[[Slice, Limits], CheckResult]
"""Explores a slice within limits and answers its questions."""

RUNGS = {"interpret": (2_000, 20_000, 200_000, 2_000_000),
         "native": (2_000, 20_000, 200_000, 2_000_000, 50_000_000)}
"""States that an exploration of a slice may visit: a small slice that is too coarse is found out
with few, and one that is not has few. The last is what an engine visits in a minute."""

MOST = 0.9
"""Part of the system's bits from which on a slice is not worth its while."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on one question, about the system itself, and the number of the exploration that
    gave it."""

    verdict: Verdict
    exploration: int


@dataclass(slots=True)
class _Open:
    """What is known of a question without an answer."""

    cone: Mapping[str, str]
    rung: int = 0
    bound: Verdict | None = None     # what a search that was cut short says


@dataclass
class Slicer:
    """Decides `properties` of a system at sizes (of all pools) on slices. What it finds is there
    at any time, also after an exception."""

    system: System
    sizes: Mapping[str, int]
    properties: tuple[str, ...]
    ask: Ask
    limits: Limits
    rungs: tuple[int, ...] = RUNGS["interpret"]
    most: float = MOST
    answers: dict[Question, Answer] = field(default_factory=dict)
    runs: dict[int, SliceRun] = field(default_factory=dict)
    explorations: list[Exploration] = field(default_factory=list)
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.dependence = Dependence(self.system, self.sizes)
        self.enough = self.most * self.dependence.bits(self.dependence.variables)
        self.started = time.monotonic()
        props = self.dependence.properties
        self.questions = {n: questions(self.system, props[n]) for n in self.properties}
        self.open = {q: _Open(self._first(q)) for own in self.questions.values() for q in own}
        self.asked = {q.name: q.prop for q in self.open}
        self.left: dict[Question, _Open] = {}

    def _first(self, question: Question) -> dict[str, str]:
        """The smallest cone that can say anything. The formula of a state must be seen in full;
        conditions of actions are taken as they come."""
        spoken = self.dependence.spoken_of(question.prop)
        match question.kind:
            case Kind.INVARIANT | Kind.REACHABLE:
                return self.dependence.data(spoken)
            case Kind.ALWAYS_POSSIBLE:
                return self.dependence.data(dict.fromkeys(
                    sorted(reads(question.goal)), f"{question.prop} speaks of it"))
            case Kind.LEADS_TO:
                return self.dependence.control({**spoken, **self.dependence.steering()})
            case Kind.OBLIGATION | Kind.FIRES | Kind.NO_DEADLOCK:
                return {}

    # --- rounds ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Ask until every question has its answer or is left."""
        self._leave_large()
        while self.open:
            for group in self._groups():
                if self.interrupted or self._seconds_left() == 0:
                    return
                self._explore(group)
            self._leave_large()

    def _groups(self) -> Iterable[Group]:
        """Claims about the graph need their own cones; the others may share."""
        cones = {q: o.cone for q, o in self.open.items()}
        yield from (Group(c, (q,)) for q, c in cones.items() if q.kind in GRAPH)
        yield from groups(self.dependence,
                          {q: c for q, c in cones.items() if q.kind not in GRAPH})

    def _leave_large(self) -> None:
        for question, known in tuple(self.open.items()):
            if (self.dependence.bits(known.cone) > self.enough
                    or known.rung >= len(self.rungs)):
                self._leave(question)

    def _leave(self, question: Question) -> None:
        self.left[question] = self.open.pop(question)

    def _explore(self, group: Group) -> None:
        part = cut(self.system, self.sizes, frozenset(group.cone), group.questions)
        rung = max(self.open[q].rung for q in group.questions)
        limits = replace(self.limits, states=self.rungs[rung], timeout_s=self._seconds_left())
        try:
            result = self.ask(part, limits)
        except UserError:    # too large for the engine
            for question in group.questions:
                self._leave(question)
            return
        number = len(self.explorations)
        self.explorations.append(result.exploration)
        stopped = result.exploration.stopped_by
        self.interrupted = stopped is Stop.INTERRUPTED
        for question in group.questions:
            self._take(part, group, question, result.verdicts[question.name], number)
            if question in self.open and stopped not in (None, Stop.STATES, Stop.INTERRUPTED):
                self._leave(question)    # a limit that more states do not help against
        decided = tuple(q for q in group.questions if q in self.answers)
        if decided:
            self.runs[number] = self._record(part, group, decided, result.exploration)

    def _take(self, part: Slice, group: Group, question: Question, verdict: Verdict,
              number: int) -> None:
        """What a verdict on a slice says about the system."""
        known = self.open[question]
        match verdict:
            case Proved() | Unreached():
                self._answer(question, verdict, number)
            case Violated(trace) if question.kind is Kind.ALWAYS_POSSIBLE:
                needed = overlooked(part, self.dependence, question, trace, self._seconds_left())
                self._grow(question, group, needed)
            case Violated() | Reached() if question.kind in GRAPH:
                self._leave(question)
            case Violated(trace) | Reached(trace):
                if trace is None:
                    raise InternalError(f"{question.name} was reached on a slice without a trace")
                found = concretise(part, self.dependence, question, trace)
                if not isinstance(found, Blocked):
                    self._answer(question, replace(verdict, trace=found), number)
                    return
                self._grow(question, group, found.because)
            case Holds() | Inconclusive() | Skipped():
                known.bound = verdict
                known.rung += 1

    def _grow(self, question: Question, group: Group, because: Mapping[str, str]) -> None:
        """Ask again with the variables that were missing."""
        known = self.open[question]
        cone = self.dependence.data({**known.cone, **because})
        if cone.keys() <= group.cone.keys() and cone.keys() == known.cone.keys():
            self._leave(question)    # the search for what is missing was cut short
        known.cone, known.rung = cone, 0

    def _answer(self, question: Question, verdict: Verdict, number: int) -> None:
        del self.open[question]
        self.answers[question] = Answer(verdict, number)

    def _record(self, part: Slice, group: Group, decided: tuple[Question, ...],
                exploration: Exploration) -> SliceRun:
        props = tuple(dict.fromkeys(q.prop for q in decided))
        kept = tuple((v.name, group.cone[v.name]) for v in part.system.variables)
        possible = [q for q in decided if q.kind is Kind.ALWAYS_POSSIBLE]
        return SliceRun(props, kept, part.variables_away, part.actions_away, part.pools_away,
                        tuple(a.name for a in self.system.actions if a.name in part.weakened),
                        exploration,
                        Way(possible[0].before, possible[0].empties) if possible else None)

    def _seconds_left(self) -> float | None:
        if self.limits.timeout_s is None:
            return None
        return max(0.0, self.limits.timeout_s - (time.monotonic() - self.started))

    # --- what that says about properties ---------------------------------------------------------

    def verdict(self, prop: str) -> Verdict:
        """What is known of a property: the worst answer to its questions, else what all answers
        leave open."""
        own = self.questions[prop]
        verdicts = [self.answers[q].verdict for q in own if q in self.answers]
        bounds = [self._bound(q) for q in own if q not in self.answers]
        shown = [v for v in verdicts if isinstance(v, (Violated, Reached))]
        if shown:
            return self._shortest(shown, bounds)
        if bounds:
            return min(bounds, key=_depth)
        return self._together(prop, verdicts)

    def _bound(self, question: Question) -> Verdict:
        known = self.open.get(question) or self.left[question]
        if self.interrupted:
            return Inconclusive(Stop.INTERRUPTED)
        if question in self.open:
            return known.bound or Inconclusive(Stop.TIME)
        return known.bound or Inconclusive(Stop.STATES, None, "its slices were too large")

    def _shortest(self, shown: list[Violated | Reached], bounds: list[Verdict]) -> Verdict:
        """The shortest of several runs; not said to be that where another question is open."""
        best = min(shown, key=lambda v: len(v.trace.steps) if v.trace is not None else 0)
        assert best.trace is not None
        if isinstance(best, Reached):
            return best
        sure = all(_depth(bound) >= len(best.trace.steps) - 1 for bound in bounds)
        return Violated(replace(best.trace, shortest=best.trace.shortest and sure))

    def _together(self, prop: str, verdicts: list[Verdict]) -> Verdict:
        """All questions answered, and nothing found: the evidence of all slices."""
        numbers = sorted({self.answers[q].exploration for q in self.questions[prop]})
        evidence = [v.evidence for v in verdicts if isinstance(v, (Proved, Unreached))]
        enumerations = [e for e in evidence if isinstance(e, Enumeration)]
        if len(enumerations) != len(verdicts):
            raise InternalError(f"{prop}: a slice was not explored")
        whole = Enumeration(
            sum(self.explorations[n].states for n in numbers),
            any(e.symmetric for e in enumerations),
            tuple(sorted({own for e in enumerations for name in e.beyond
                          for own in (self.asked.get(name, name),) if not self._holds(own)})),
            min(1.0, sum(e.odds for e in enumerations)), len(numbers))
        return Unreached(whole) if isinstance(verdicts[0], Unreached) else Proved(whole)

    def _holds(self, prop: str) -> bool:
        """Whether a property was proved: runs that end in a violation of it are the slice's own."""
        own = self.questions.get(prop, ())
        return bool(own) and all(
            q in self.answers and isinstance(self.answers[q].verdict, Proved) for q in own)


def _depth(verdict: Verdict) -> int:
    """Up to which depth nothing was found; -1 if that is not known."""
    return verdict.depth if isinstance(verdict, Holds) else -1
