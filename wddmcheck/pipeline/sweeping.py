"""A sweep of failures: what each property survives, and what it does not.

Of each scope: a search without failures; one with them; and, for each property that it found
violated, further ones in which what broke it does not count any more, until nothing breaks it.
Where two failures are allowed, that is done with one first, so that only what takes two is reported
as two. Every counterexample is a run of the model itself, executed again there before it is kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.base import Tick
from wddmcheck.evidence import recheck
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.pipeline import choose, merge
from wddmcheck.pipeline.flow import Loaded
from wddmcheck.pipeline.options import Budget, ScopeProgress, VerifyOptions, silent
from wddmcheck.pipeline.scopes import ScopeChoice, reject_empty, resolve
from wddmcheck.pipeline.selection import Selection, select
from wddmcheck.pipeline.strategy import run_scope
from wddmcheck.report.tables import given_odds, remarks
from wddmcheck.report.words import Exit, Strength, wording
from wddmcheck.result.report import PropertyResult, ScopeRun
from wddmcheck.result.sweep import Failing, Sweep, SweptProperty, SweptScope
from wddmcheck.result.verdict import (
    Exploration,
    Holds,
    Proved,
    Reached,
    Skipped,
    Trace,
    Violated,
)
from wddmcheck.sweep import catalogue
from wddmcheck.sweep.causes import Causes, causes
from wddmcheck.sweep.inject import GOAL, RELIEVED, SWEPT, Injected, inject

MOST = 2
"""More failures in one run than this are not offered: their combinations grow too fast."""

STUCK = (Kind.ALWAYS_POSSIBLE, Kind.NO_DEADLOCK)
"""Kinds that a run can break only because it is allowed no more failures."""

WAY_BACK = 2_000
"""States in which a way back is looked for from where a run is stuck."""

ONLY_LIMITED = "at scope {}: stuck where no more failures are allowed, and not proved without limit"
UNLIMITED = ("{}: stuck where no more failures are allowed (recovery is a failure itself), but "
             "proved with any number of them")


def sweep(loaded: Loaded, options: VerifyOptions, most: int = 1,
          progress: ScopeProgress = silent) -> Sweep:
    """Try every failure of `loaded` at every step, up to `most` in a run. Raises `UserError`."""
    started = time.monotonic()
    system = loaded.system
    choose.check(options.engine)
    if options.engine == "auto":
        # Solvers would be asked again for every failure, and cannot say what is always possible.
        options = replace(options, engine="explicit")
    choices = resolve(system, options.scopes)
    selection = select(system, options.properties)
    if selection.asked:
        reject_empty(system, choices, selection.properties)
    kinds = {p.name: p.kind for p in system.properties}
    names = tuple(n for n in selection.properties if kinds[n] in SWEPT)
    found = causes(system, catalogue.load())
    work = _Work(system, found, most, options, progress, len(choices), started)
    swept = []
    for index, choice in enumerate(choices):
        swept.append(_Scope(work, choice, index, names))
        swept[-1].run()
        if swept[-1].interrupted:
            break
    properties = tuple(_merged(name, swept) for name in names)
    code = _exit(properties, swept, options)
    return Sweep(loaded.path, loaded.digest, options.command, system, most, found.failures,
                 tuple(s.swept() for s in swept), properties, int(code),
                 time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Work:
    """What all scopes share."""

    system: System
    causes: Causes
    most: int
    options: VerifyOptions
    progress: ScopeProgress
    scopes: int
    started: float


@dataclass(slots=True)
class _Scope:
    """The work on one scope. `open`: properties that something may still break."""

    work: _Work
    choice: ScopeChoice
    index: int
    open: tuple[str, ...]
    baseline: dict[str, PropertyResult] = field(default_factory=dict)
    failing: dict[str, list[Failing]] = field(default_factory=dict)
    undecided: dict[str, str] = field(default_factory=dict)
    unlimited: dict[str, PropertyResult] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    first: tuple[Exploration, ...] = ()
    explorations: tuple[Exploration, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def run(self) -> None:
        """All searches of the scope."""
        none = self._search(inject(self.work.system, self.work.causes, 0), goals=False)
        self.first = none.explorations
        self.baseline = {r.name: self._without(r) for r in none.results}
        self.open = tuple(n for n in self.open
                          if isinstance(self.baseline[n].verdict, Proved | Holds))
        whole = self.open
        for most in range(1, self.work.most + 1):
            self.open = tuple(n for n in whole if n not in self.undecided)
            first = True
            while self.open and not self.interrupted:
                self._round(most, first)
                first = False

    def _round(self, most: int, first: bool) -> None:
        """One search with up to `most` failures; closes the properties that nothing else breaks."""
        relieved = {n: [tuple(sorted(f.failures)) for f in found]
                    for n, found in self.failing.items()}
        injected = inject(self.work.system, self.work.causes, most, relieved)
        run = self._search(injected, goals=first and most == 1)
        if first:
            self.explorations += run.explorations
            said = (*run.notes, *remarks(run.results, RELIEVED), *given_odds(run.results))
            self.notes = tuple(dict.fromkeys((*self.notes, *said)))
        self.seen |= {int(g.name.removeprefix(GOAL).partition(":")[0]) for g in run.goals
                      if isinstance(g.verdict, Reached)}
        self.open = tuple(r.name for r in run.results if self._goes_on(r, injected))

    def _goes_on(self, result: PropertyResult, injected: Injected) -> bool:
        """Take a verdict in; whether the property is to be looked at again."""
        match result.verdict:
            case Violated():
                return self._broken(result, result.verdict, injected)
            case Proved():
                return False
            case other:
                self.undecided[result.name] = (
                    f"at scope {self.choice.text}: {wording(other).word}")
                return False

    def _broken(self, result: PropertyResult, verdict: Violated, injected: Injected) -> bool:
        """Keep what breaks a property, if it does so in the model itself."""
        name, sizes = result.name, dict(self.choice.sizes)
        layout = Layout.of(injected.system, sizes)
        failures = injected.failures(verdict.trace, layout)
        prop = self._prop(name)
        trace = injected.lift(verdict.trace)
        if not self._real(prop, trace):
            if isinstance(self._unlimited(prop).verdict, Proved):
                self.notes += (UNLIMITED.format(name),)
            else:
                self.undecided[name] = ONLY_LIMITED.format(self.choice.text)
            return False
        if not failures:
            # The search without failures went less deep, or was cut short.
            self.baseline[name] = PropertyResult(name, Violated(trace), result.engine)
            return False
        if any(f.failures == failures for f in self.failing.get(name, ())):
            raise InternalError(f"{name} is violated again by failures that no longer count")
        self.failing.setdefault(name, []).append(
            Failing(failures, trace, self.index, result.engine))
        if prop.kind is Kind.NO_DEADLOCK:
            self.undecided[name] = "of a deadlock, only the shortest run is looked for"
            return False
        return True

    def _prop(self, name: str) -> Property:
        return next(p for p in self.work.system.properties if p.name == name)

    def _real(self, prop: Property, trace: Trace) -> bool:
        """Whether a run violates `prop` in the model itself, where failures have no limit. That may
        be in doubt only of what is stuck."""
        if prop.kind is Kind.ALWAYS_POSSIBLE and isinstance(self._unlimited(prop).verdict, Proved):
            return False
        try:
            recheck.recheck(self.work.system, dict(self.choice.sizes), prop, Violated(trace),
                            states=WAY_BACK, seed=self.work.options.seed)
        except InternalError:
            if prop.kind not in STUCK:
                raise
            return False
        return True

    def _unlimited(self, prop: Property) -> PropertyResult:
        """What holds of a property in the model itself."""
        if prop.name not in self.unlimited:
            run = run_scope(self.work.system, self.choice, Selection((prop.name,), (), True),
                            self.work.options, self._budget(), self._tick)
            self.interrupted = self.interrupted or merge.was_interrupted(run)
            self.unlimited[prop.name] = run.results[0]
        return self.unlimited[prop.name]

    def _without(self, result: PropertyResult) -> PropertyResult:
        """A verdict without failures; of what is stuck only for want of them, that of the model
        itself, if it holds there."""
        prop = self._prop(result.name)
        match result.verdict:
            case Violated(trace) if not self._real(prop, trace):
                unlimited = self._unlimited(prop)
                if isinstance(unlimited.verdict, Proved):
                    self.notes += (UNLIMITED.format(result.name),)
                    return unlimited
                return replace(result, verdict=Skipped("stuck only for want of a failure"))
            case _:
                return result

    def _search(self, injected: Injected, *, goals: bool) -> ScopeRun:
        names = tuple(p.name for p in injected.system.properties if p.goal) if goals else ()
        run = run_scope(injected.system, self.choice, Selection(self.open, names, True),
                        self.work.options, self._budget(), self._tick)
        self.interrupted = self.interrupted or merge.was_interrupted(run)
        return run

    def _budget(self) -> Budget:
        """The time that is left, in fair shares of the scopes still to come."""
        options = self.work.options
        threads = options.jobs or choose.cores()
        if options.timeout_s is None:
            return Budget(None, options.memory, threads)
        left = options.timeout_s - (time.monotonic() - self.work.started)
        return Budget(max(left, 0.0) / (self.work.scopes - self.index), options.memory, threads)

    def _tick(self, scope: str, tick: Tick) -> None:
        self.work.progress(scope, tick)

    def swept(self) -> SweptScope:
        """The scope as a result."""
        return SweptScope(self.choice.name, self.choice.sizes, self.first, self.explorations,
                          frozenset(self.seen), self.notes)


def _merged(name: str, scopes: list[_Scope]) -> SweptProperty:
    """One property over all scopes: the weakest baseline, and the smallest sets that break it."""
    baseline = min((s.baseline[name] for s in scopes), key=lambda r: wording(r.verdict).rank)
    found = sorted((f for s in scopes for f in s.failing.get(name, ())),
                   key=lambda f: (len(f.trace.steps), f.scope))
    undecided = "; ".join(dict.fromkeys(
        s.undecided[name] for s in scopes if name in s.undecided))
    if not undecided and any(s.interrupted for s in scopes):
        undecided = "interrupted"
    return SweptProperty(name, baseline, tuple(_minimal(found)), undecided)


def _minimal(found: list[Failing]) -> Iterator[Failing]:
    """Without repetitions, and without sets that contain another."""
    sets = [Counter(f.failures) for f in found]
    for i, failing in enumerate(found):
        if not any(s < sets[i] for s in sets) and sets[i] not in sets[:i]:
            yield failing


def _exit(properties: tuple[SweptProperty, ...], scopes: list[_Scope],
          options: VerifyOptions) -> Exit:
    """Worst first, as for `verify`."""
    if any(s.interrupted for s in scopes):
        return Exit.INTERRUPTED
    if not properties:
        return Exit.NOTHING
    strength = Strength.BOUNDED if options.require == "bounded" else Strength.SCOPE
    broken = any(p.failing or wording(p.baseline.verdict).code is Exit.FINDING
                 for p in properties)
    if broken:
        return Exit.OK if options.exit_zero else Exit.FINDING
    weak = options.require == "proved" or any(
        p.undecided or wording(p.baseline.verdict, strength).code is Exit.INCONCLUSIVE
        for p in properties)
    lenient = options.allow_inconclusive or options.exit_zero
    return Exit.INCONCLUSIVE if weak and not lenient else Exit.OK
