"""From runs of several scopes to one report: merged verdicts, hollowness, the exit code."""

from __future__ import annotations

from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.pipeline.options import VerifyOptions
from wddmcheck.report.words import Exit, Strength, exit_code, most_important, wording
from wddmcheck.result.report import Hollow, PropertyResult, ScopeRun
from wddmcheck.result.verdict import Holds, Inconclusive, Reached, Skipped, Stop, Unreached, Verdict

FOUND_ANYWHERE = (Kind.REACHABLE, Kind.FIRES)
"""One scope where they are reached is enough."""


def merged(system: System, runs: tuple[ScopeRun, ...]) -> tuple[PropertyResult, ...]:
    """One result a property: the worst over the scopes, then the weakest; for what is to be
    reached, the best."""
    kinds = {p.name: p.kind for p in system.properties}
    by_name: dict[str, list[PropertyResult]] = {}
    for run in runs:
        for result in run.results:
            by_name.setdefault(result.name, []).append(result)
    return tuple(
        max(found, key=_rank) if kinds[name] in FOUND_ANYWHERE else min(found, key=_rank)
        for name, found in by_name.items())


def hollow(system: System, runs: tuple[ScopeRun, ...]) -> tuple[Hollow, ...]:
    """The goals that were reached in no scope. `proved` only if every scope proved it; a goal that
    no engine looked for says nothing and is left out."""
    props = {p.name: p for p in system.properties}
    by_name: dict[str, list[Verdict]] = {}
    for run in runs:
        for goal in run.goals:
            by_name.setdefault(goal.name, []).append(goal.verdict)
    return tuple(
        _hollow(props[name], all(isinstance(v, Unreached) for v in verdicts))
        for name, verdicts in by_name.items()
        if not any(isinstance(v, Reached) for v in verdicts)
        and not all(isinstance(v, Skipped) for v in verdicts))


def exit_of(results: tuple[PropertyResult, ...], found: tuple[Hollow, ...],
            runs: tuple[ScopeRun, ...], options: VerifyOptions) -> Exit:
    """The exit code of the run, after `--require`, `--allow` and `--exit-zero`."""
    strength = Strength.BOUNDED if options.require == "bounded" else Strength.SCOPE
    code = exit_code(results, found, strength)
    if code is Exit.OK and options.require == "proved":
        code = Exit.INCONCLUSIVE  # no engine of this version proves any number of objects
    if any(was_interrupted(run) for run in runs):
        code = most_important((code, Exit.INTERRUPTED))
    if code is Exit.INCONCLUSIVE and (options.allow_inconclusive or options.exit_zero):
        return Exit.OK
    if code is Exit.FINDING and options.exit_zero:
        return Exit.OK
    return code


def was_interrupted(run: ScopeRun) -> bool:
    """Whether Ctrl-C ended the run."""
    return any(_interrupted(r) for r in run.results + run.goals)


def _rank(result: PropertyResult) -> tuple[int, int]:
    return wording(result.verdict).rank


def _interrupted(result: PropertyResult) -> bool:
    match result.verdict:
        case Inconclusive(Stop.INTERRUPTED, _, _) | Holds(_, Stop.INTERRUPTED):
            return True
        case _:
            return False


def _hollow(goal: Property, proved: bool) -> Hollow:
    return Hollow(goal.name, goal.about, goal.title, proved)
