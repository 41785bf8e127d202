"""Which choices of policies a counterexample needs.

Each violated property is checked again with policies changed one at a time: put back to the default
where another choice was taken, as long as that keeps the violation, so that what stays is minimal;
then, of those that are at their default, with each other choice. Runs are looked at up to the
length of the counterexample. Most changes need no search: the system is the same, or the same run
does it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
from wddmcheck.sema.model import Policy

STATES = 1_000_000
"""States that are looked at for one change; beyond that it is undecided."""

SAME_RUN = (Kind.INVARIANT, Kind.OBLIGATION, Kind.NO_DEADLOCK)
"""Kinds whose violation is seen from a run alone."""

WHOLE_GRAPH = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
"""Kinds that are decided without a bound on the length, or not at all."""


def with_needs(report: Report, loaded: Loaded, options: VerifyOptions,
               known: frozenset[str] = frozenset()) -> Report:
    """`report` with the needs of every property that it shows violated, but those in `known`;
    unchanged for a model without policies. Searches end with the time limit of `options`, counted
    from the start of the report's run."""
    if loaded.model is None or not loaded.model.policies:
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
                found.append((result.name, case.needs(dict(report.system.policies))))
    except KeyboardInterrupt:
        pass  # (what was found stays; the run itself was complete)
    return replace(report, needs=tuple(found))


@dataclass(slots=True)
class _Search:
    """What all questions of one report share."""

    loaded: Loaded
    options: VerifyOptions
    deadline: float | None
    systems: dict[tuple[tuple[str, str], ...], System] = field(default_factory=dict)

    @property
    def policies(self) -> Mapping[str, Policy]:
        """The policies of the model."""
        assert self.loaded.model is not None
        return self.loaded.model.policies

    def system(self, choices: Mapping[str, str]) -> System:
        """The system under `choices`, without the record of them."""
        key = tuple(sorted(choices.items()))
        if key not in self.systems:
            assert self.loaded.model is not None
            self.systems[key] = replace(lower(self.loaded.model, choices), policies=())
        return self.systems[key]

    def ask(self, system: System, prop: Property, sizes: Mapping[str, int],
            depth: int) -> Verdict | None:
        """What a search of runs up to `depth` steps says of `prop`; None if there is no time."""
        left = None if self.deadline is None else self.deadline - time.monotonic()
        if left is not None and left <= 0:
            return None
        limits = Limits(None if prop.kind in WHOLE_GRAPH else depth, STATES, left,
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
    answers: dict[tuple[tuple[str, str], ...], bool | None] = field(default_factory=dict)

    def needs(self, taken: dict[str, str]) -> Needs:
        """The needs of a violation under the choices `taken`."""
        defaults = {p.name: p.default for p in self.search.policies.values()}
        choices = self._minimal(taken, defaults)
        needed, undecided = [], []
        for policy in self.search.policies.values():
            own = choices[policy.name]
            others = [c for c in policy.choices if c != own]
            if own != defaults[policy.name]:
                others = [defaults[policy.name]]
            kept = [self._happens({**choices, policy.name: c}, choices) for c in others]
            if all(kept):
                continue
            if None in kept:
                undecided.append(policy.name)
            else:
                also = [c for c, happens in zip(others, kept, strict=True) if happens]
                needed.append((policy.name, OR.join((own, *also))))
        return Needs(tuple(needed), tuple(undecided))

    def _minimal(self, taken: dict[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
        """`taken` with every choice put back to its default that the violation does without."""
        choices = dict(taken)
        changed = True
        while changed:
            changed = False
            for name, default in defaults.items():
                back = {**choices, name: default}
                if choices[name] != default and self._happens(back, choices):
                    choices, changed = back, True
        return choices

    def _happens(self, choices: Mapping[str, str], known: Mapping[str, str]) -> bool | None:
        """Whether the property is violated under `choices` in as many steps, as it is under
        `known`; None: undecided."""
        key = tuple(sorted(choices.items()))
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
            case Violated():
                return True
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
