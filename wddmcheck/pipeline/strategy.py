"""One scope: run one engine, or as `auto` several in turn, and keep the best verdict for each
property. Every verdict is re-checked by `evidence` before it is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.base import CheckTask, Limits, Tick
from wddmcheck.evidence import recheck
from wddmcheck.ir.system import Kind, System
from wddmcheck.pipeline import choose, sliced
from wddmcheck.pipeline.options import Budget, ScopeProgress, VerifyOptions
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.pipeline.selection import Selection
from wddmcheck.result.report import PropertyResult, ScopeRun, SliceRun
from wddmcheck.result.verdict import (
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
from wddmcheck.slicing.question import GRAPH

SOLVED = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK, Kind.REACHABLE, Kind.FIRES)
"""Kinds of which a bounded search can show an example."""


def run_scope(system: System, choice: ScopeChoice, selection: Selection, options: VerifyOptions,
              budget: Budget, progress: ScopeProgress) -> ScopeRun:
    """Explore one scope. Ctrl-C ends it in order: what was not decided is `INTERRUPTED`."""
    scope = _Scope(system, choice, selection, options, budget, progress)
    try:
        if options.engine == "auto":
            scope.auto()
        else:
            scope.named()
    except KeyboardInterrupt:
        scope.interrupted = True
    except MemoryError:
        scope.stop = Stop.MEMORY
        scope.notes += ("the machine ran out of memory; --memory ends a run in order before that",)
    return scope.finish()


def not_run(choice: ScopeChoice, selection: Selection, stop: Stop, reason: str = "") -> ScopeRun:
    """The result for a scope that was not explored at all."""
    verdict = Inconclusive(stop, None, reason)
    return ScopeRun(choice.name, choice.sizes, (),
                    tuple(PropertyResult(n, verdict, "") for n in selection.properties),
                    tuple(PropertyResult(n, verdict, "") for n in selection.goals))


def undecided(verdict: Verdict) -> bool:
    """Whether another engine may still say more."""
    match verdict:
        case Proved() | Violated() | Reached() | Unreached():
            return False
        case Holds() | Inconclusive() | Skipped():
            return True


def better(old: PropertyResult | None, new: PropertyResult) -> PropertyResult:
    """The result that says more; `InternalError` if the two contradict each other."""
    if old is None:
        return new
    for one, other in ((old, new), (new, old)):
        if _contradict(one.verdict, other.verdict):
            raise InternalError(
                f"engines disagree on {one.name}: {one.engine or 'one'} says "
                f"{type(one.verdict).__name__}, {other.engine or 'another'} says "
                f"{type(other.verdict).__name__}")
    return new if _worth(new.verdict) > _worth(old.verdict) else old


def _contradict(one: Verdict, other: Verdict) -> bool:
    match one, other:
        case (Proved(), Violated()) | (Unreached(), Reached()):
            return True
        case Holds(depth, _), Violated(trace):
            return len(trace.steps) <= depth and trace.loop is None
        case _:
            return False


def _worth(verdict: Verdict) -> tuple[int, int]:
    match verdict:
        case Proved() | Violated() | Reached() | Unreached():
            return (3, 0)
        case Holds(depth, _):
            return (2, depth)
        case Inconclusive(_, depth, _):
            return (1, -1 if depth is None else depth)
        case Skipped():
            return (0, 0)


def _cut_short(verdict: Verdict) -> Verdict:
    """`verdict` when Ctrl-C came: what is undecided is so because of that."""
    match verdict:
        case Holds(depth, _):
            return Holds(depth, Stop.INTERRUPTED)
        case Inconclusive(_, depth, reason):
            return Inconclusive(Stop.INTERRUPTED, depth, reason)
        case Proved() | Violated() | Reached() | Unreached() | Skipped():
            return verdict


@dataclass(slots=True)
class _Scope:
    """The work on one scope."""

    system: System
    choice: ScopeChoice
    selection: Selection
    options: VerifyOptions
    budget: Budget
    progress: ScopeProgress
    results: dict[str, PropertyResult] = field(default_factory=dict)
    explorations: list[Exploration] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    slices: tuple[SliceRun, ...] = ()
    peak: int = 0
    interrupted: bool = False
    stop: Stop = Stop.UNKNOWN
    started: float = field(default_factory=time.monotonic)

    @property
    def limits(self) -> Limits:
        """The limits of the whole scope."""
        return Limits(depth=self.options.depth, timeout_s=self.budget.timeout_s,
                      memory=self.budget.memory)

    def ask(self, name: str, properties: tuple[str, ...], limits: Limits) -> Exploration:
        """Ask one engine; keep what it says, re-checked."""
        engine = choose.load(name)
        task = CheckTask(self.system, self.sizes, properties, limits, self.options.symmetry,
                         self.budget.threads, self.options.compact, self.options.reduced)
        started = time.monotonic()
        result = engine.check(task, self._tick)
        seconds = time.monotonic() - started
        self.explorations.append(result.exploration)
        self.notes += result.notes
        self.details += result.details
        walk = recheck.Walk()
        for prop in properties:
            verdict = result.verdicts.get(prop, Skipped(f"{name} gave no verdict"))
            self.keep(prop, verdict, name, seconds, walk)
        if result.exploration.stopped_by is Stop.INTERRUPTED:
            self.interrupted = True
        return result.exploration

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of the pools."""
        return dict(self.choice.sizes)

    def explicit(self) -> str:
        """The explicit engine for this scope."""
        chosen = choose.explicit(self.system, self.sizes, self.options.symmetry)
        for note in chosen.notes:
            self._note(f"engine {self.options.engine}: {note}")
        return chosen.name

    def keep(self, prop: str, verdict: Verdict, engine: str, seconds: float,
             walk: recheck.Walk | None = None) -> None:
        """Keep what an engine says of a property, re-checked, if it says more than is known."""
        props = {p.name: p for p in self.system.properties}
        recheck.recheck(self.system, self.sizes, props[prop], verdict, seed=self.options.seed,
                        walk=walk)
        self.results[prop] = better(self.results.get(prop),
                                    PropertyResult(prop, verdict, engine, seconds))

    def named(self) -> None:
        """Ask the engine that the options name; with `--slice on`, about slices first."""
        name = self.explicit() if self.options.engine == "explicit" else self.options.engine
        left = self.selection.names
        if self.options.slicing == "on" and name in choose.EXPLICIT:
            left = self.on_slices(name, left, self.limits)
        elif self.options.slicing == "on":
            self._note(f"--slice on: {name} does not explore, so it was asked about the "
                       "whole model")
        if left and not self.interrupted:
            self.ask(name, left, self.limits.after(self._used))

    def on_slices(self, engine: str, properties: tuple[str, ...],
                  limits: Limits) -> tuple[str, ...]:
        """Ask `engine` about slices of the system; the properties that are left."""
        found = sliced.decide(self.system, self.choice, properties, engine, limits,
                              self.budget.threads, self.options, self._tick)
        self.slices += found.runs
        self.notes += found.notes
        self.peak = max(self.peak, found.peak_bytes)
        self.interrupted = self.interrupted or found.interrupted
        for prop, verdict in found.verdicts.items():
            self.keep(prop, verdict, engine, found.seconds)
        return tuple(p for p in properties
                     if p not in self.results or undecided(self.results[p].verdict))

    def auto(self) -> None:
        """Explore; if that does not complete, prove by induction, then search with a solver."""
        explicit = self.explicit()
        seen = self._explore(explicit)
        if self.interrupted or seen is None:
            return
        graph = self._open((Kind.LEADS_TO,))
        if explicit == "native" and seen.complete and graph:
            self._then("interpret", graph, 1, "for `leads to`:")
        open_ = self._open(SOLVED)
        if not open_:
            why = "explored completely" if seen.complete else "decided everything"
            self._note(f"engine auto: {explicit} {why}")
            return
        stopped = seen.stopped_by.value if seen.stopped_by is not None else "a limit"
        self._note(f"engine auto: {explicit} stopped ({stopped}) after {seen.states:,} states, "
                   f"complete to depth {seen.depth}")
        provable = tuple(n for n in self._open(choose.BOTH_WAYS) if n in self.selection.properties)
        deeper = self.options.depth is None or self.options.depth > seen.depth
        if provable:
            self._then("kinduction", provable, 2 if deeper else 1, "to prove")
        open_ = self._open(SOLVED)
        if open_ and deeper and not self.interrupted:
            self._then("bmc", open_, 1, "to look for runs beyond that of")

    def _explore(self, explicit: str) -> Exploration | None:
        """Explore the system: at once, or where that is too much, slices and then what is left.
        The last exploration of the whole, None if slices left nothing."""
        left = self.selection.names
        if self.options.slicing == "off":
            return self.ask(explicit, left, choose.first_limits(explicit, self.limits))
        if self.options.slicing == "auto":
            kinds = {p.kind for p in self.system.properties if p.name in left}
            seen = self.ask(explicit, left, choose.try_limits(
                explicit, self.limits, graph=not kinds.isdisjoint(GRAPH)))
            if seen.stopped_by not in choose.TOO_LARGE:
                return seen
            self._note(f"engine auto: {explicit} stopped ({seen.stopped_by.value}) after "
                       f"{seen.states:,} states, so slices were explored next")
            left = tuple(n for n in left if undecided(self.results[n].verdict))
        left = self.on_slices(explicit, left, choose.slice_limits(self.limits, self._used))
        if not left or self.interrupted:
            if not left:
                self._note("engine auto: slices decided everything")
            return None
        return self.ask(explicit, left, choose.first_limits(
            explicit, self.limits.after(self._used)))

    @property
    def _used(self) -> float:
        return time.monotonic() - self.started

    def _then(self, name: str, properties: tuple[str, ...], engines_left: int, why: str) -> None:
        from wddmcheck.engines import registry

        if name not in registry.names():
            self._note(f"engine auto: there is no {name} in this version")
            return
        limits = choose.solver_limits(self.limits, self._used, engines_left)
        if limits.timeout_s is not None and limits.timeout_s < 0.1:
            self._note(f"engine auto: no time left for {name}")
            return
        many = f"{len(properties)} undecided"
        self._note(f"engine auto: then {name} {why} {many}")
        self.ask(name, properties, limits)

    def _open(self, kinds: tuple[Kind, ...]) -> tuple[str, ...]:
        chosen = set(self.selection.names)
        return tuple(p.name for p in self.system.properties
                     if p.name in chosen and p.kind in kinds
                     and undecided(self.results[p.name].verdict))

    def _note(self, text: str) -> None:
        self.notes += (text,)

    def _tick(self, tick: Tick) -> None:
        self.progress(self.choice.text, tick)

    def finish(self) -> ScopeRun:
        """The scope's results, in the order of the selection."""

        def result(name: str) -> PropertyResult:
            found = self.results.get(name)
            if found is None:
                stop = Stop.INTERRUPTED if self.interrupted else self.stop
                return PropertyResult(name, Inconclusive(stop), "")
            if not self.interrupted:
                return found
            return replace(found, verdict=_cut_short(found.verdict))

        return ScopeRun(self.choice.name, self.choice.sizes, tuple(self.explorations),
                        tuple(map(result, self.selection.properties)),
                        tuple(map(result, self.selection.goals)), self.notes, self.slices,
                        self.details, self.peak)
