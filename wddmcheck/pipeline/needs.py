"""Which choices of policies a counterexample needs, and which guarantees it needs to be missing.

Each violated property is checked again with policies changed one at a time: put back to the default
where another choice was taken, as long as that keeps the violation, so that what stays is minimal;
then, of those that are at their default, with each other choice. A guarantee that was dropped is a
choice as well, whose default is that it is given. Runs are looked at up to the
length of the counterexample. Most changes need no search: the system is the same, or the same run
does it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.evidence import recheck
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.lower import lower
from wddmcheck.pipeline import choose
from wddmcheck.pipeline.flow import Loaded
from wddmcheck.pipeline.options import VerifyOptions
from wddmcheck.report.findings import run_of
from wddmcheck.result.needs import OR, Needs
from wddmcheck.result.report import Report
from wddmcheck.result.verdict import Holds, Proved, Trace, Verdict, Violated

STATES = 1_000_000
"""States that are looked at for one change; beyond that it is undecided."""

SAME_RUN = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK)
"""Kinds whose violation is seen from a run alone."""

WHOLE_GRAPH = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
"""Kinds that are decided without a bound on the length, or not at all."""


def with_needs(report: Report, loaded: Loaded, options: VerifyOptions,
               known: frozenset[str] = frozenset()) -> Report:
    """`report` with the needs of every property that it shows violated, but those in `known`;
    unchanged for a model without policies, of which nothing was dropped. Searches end with the time
    limit of `options`, counted from the start of the report's run."""
    if loaded.model is None or not (loaded.model.policies or loaded.system.without):
        return report
    left = None if options.timeout_s is None else options.timeout_s - report.seconds
    search = _Search(loaded, options, None if left is None else time.monotonic() + left)
    props = {p.name: p for p in report.system.properties}
    found = []
    try:
        for result in report.merged:
            if isinstance(result.verdict, Violated) and result.name not in known:
                sizes = dict(run_of(report, result).sizes)
                case = _Case(search, props[result.name], result.verdict.trace, sizes)
                found.append((result.name, case.needs(report.system)))
    except KeyboardInterrupt:
        pass  # (what was found stays; the run itself was complete)
    return replace(report, needs=tuple(found))


GIVEN, DROPPED = "given", "dropped"


@dataclass(frozen=True, slots=True)
class Dial:
    """Something that can be chosen: a policy, or whether a guarantee is given. `taken` is what the
    report chose."""

    name: str
    choices: tuple[str, ...]
    default: str
    taken: str
    guarantee: bool = False


Choices: TypeAlias = tuple[tuple[Dial, str], ...]


@dataclass(slots=True)
class _Search:
    """What all questions of one report share."""

    loaded: Loaded
    options: VerifyOptions
    deadline: float | None
    systems: dict[Choices, System] = field(default_factory=dict)

    def dials(self, system: System) -> tuple[Dial, ...]:
        """What can be changed in `system`: policies, then the guarantees that it does without."""
        assert self.loaded.model is not None
        chosen = dict(system.policies)
        return (*(Dial(p.name, p.choices, p.default, chosen[p.name])
                  for p in self.loaded.model.policies.values()),
                *(Dial(name, (GIVEN, DROPPED), GIVEN, DROPPED, guarantee=True)
                  for name in system.without))

    def system(self, choices: Mapping[Dial, str]) -> System:
        """The system under `choices`, without the record of them."""
        key = tuple(choices.items())
        if key not in self.systems:
            assert self.loaded.model is not None
            lowered = lower(self.loaded.model,
                            {d.name: c for d, c in key if not d.guarantee},
                            without=[d.name for d, c in key if d.guarantee and c == DROPPED])
            self.systems[key] = replace(lowered, policies=(), without=())
        return self.systems[key]

    def ask(self, system: System, prop: Property, sizes: Mapping[str, int],
            depth: int) -> Verdict | None:
        """What a search of runs up to `depth` steps says of `prop`; None if there is no time."""
        left = None if self.deadline is None else self.deadline - time.monotonic()
        if left is not None and left <= 0:
            return None
        # (Whether a state is stuck is seen one step later.)
        most = depth + 1 if prop.kind is Kind.NO_DEADLOCK else depth
        limits = Limits(None if prop.kind in WHOLE_GRAPH else most, STATES, left,
                        self.options.memory)
        name = choose.explicit(system, sizes, self.options.symmetry).name
        task = CheckTask(system, sizes, (prop.name,), limits, self.options.symmetry)
        verdict = choose.load(name).check(task).verdicts[prop.name]
        recheck.recheck(system, sizes, prop, verdict, seed=self.options.seed)
        return verdict


@dataclass(slots=True)
class _Case:
    """One violated property: what it needs."""

    search: _Search
    prop: Property
    trace: Trace
    sizes: Mapping[str, int]
    answers: dict[Choices, bool | None] = field(default_factory=dict)

    def needs(self, system: System) -> Needs:
        """The needs of a violation in `system`, that of the report."""
        choices = self._minimal({d: d.taken for d in self.search.dials(system)})
        needed: dict[Dial, str] = {}
        undecided = []
        for dial, own in choices.items():
            others = [c for c in dial.choices if c != own]
            if own != dial.default:
                others = [dial.default]
            elif dial.guarantee:
                continue  # (the violation does without its being dropped)
            kept = [self._happens({**choices, dial: c}, choices) for c in others]
            if all(kept):
                continue
            if None in kept:
                undecided.append(dial.name)
            else:
                also = [c for c, happens in zip(others, kept, strict=True) if happens]
                needed[dial] = OR.join((own, *also))
        return Needs(tuple((d.name, choice) for d, choice in needed.items() if not d.guarantee),
                     tuple(undecided), tuple(d.name for d in needed if d.guarantee))

    def _minimal(self, taken: dict[Dial, str]) -> dict[Dial, str]:
        """`taken` with every choice put back to its default that the violation does without."""
        choices = dict(taken)
        changed = True
        while changed:
            changed = False
            for dial in taken:
                back = {**choices, dial: dial.default}
                if choices[dial] != dial.default and self._happens(back, choices):
                    choices, changed = back, True
        return choices

    def _happens(self, choices: Mapping[Dial, str], known: Mapping[Dial, str]) -> bool | None:
        """Whether the property is violated under `choices` in as many steps, as it is under
        `known`; None: undecided."""
        key = tuple(choices.items())
        if key not in self.answers:
            system = self.search.system(choices)
            same = system == self.search.system(known)
            self.answers[key] = True if same else self._in(system)
        return self.answers[key]

    def _in(self, system: System) -> bool | None:
        prop = next((p for p in system.properties if p.name == self.prop.name), None)
        if prop is None:
            return False  # nothing in this system could break it
        if prop.kind in SAME_RUN and self._replays(system, prop):
            return True
        verdict = self.search.ask(system, prop, self.sizes, len(self.trace.steps))
        match verdict:
            case Violated(trace):
                return prop.kind in WHOLE_GRAPH or len(trace.steps) <= len(self.trace.steps)
            case Proved():
                return False
            case Holds(depth, _) if depth >= len(self.trace.steps):
                return False
            case _:
                return None

    def _replays(self, system: System, prop: Property) -> bool:
        """Whether the very run is one of `system` and violates the property there."""
        if system.variables != self.search.loaded.system.variables:
            return False
        try:
            recheck.recheck(system, self.sizes, prop, Violated(self.trace))
        except InternalError:
            return False
        return True
