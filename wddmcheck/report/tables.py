"""The tables of verdicts: one for a scope, or one for all scopes of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wddmcheck.report import sliced
from wddmcheck.report.findings import run_of
from wddmcheck.report.lines import WIDTH, wrapped
from wddmcheck.report.style import Role, Style
from wddmcheck.report.words import wording, wording_of
from wddmcheck.result.report import PropertyResult, Report, ScopeRun
from wddmcheck.result.verdict import (
    Enumeration,
    Evidence,
    Exploration,
    Holds,
    Inconclusive,
    Inductive,
    Proved,
    Reached,
    Skipped,
    Stop,
    Unreached,
    Violated,
)

_ROLES = {"violated": Role.BAD, "unreached": Role.BAD, "hollow": Role.BAD, "proved": Role.GOOD,
          "reached": Role.GOOD}


def table(report: Report, run: ScopeRun, style: Style, times: bool, *,
          details: bool = False) -> Iterator[str]:
    """The verdicts of one scope, with the engine and the evidence of each; with `details`, all
    that was sliced away, and why the rest was not."""
    sizes = " ".join(f"{pool}={n}" for pool, n in run.sizes)
    name = f"scope {run.scope}: " if run.scope else "scope "
    head = f"{titled(report)}  {name}{sizes}"
    yield from [head] if len(head) <= WIDTH else [titled(report), *wrapped(name, sizes)]
    yield ""
    rows = [(r, wording_of(r, report.hollow)) for r in run.results]
    names = min(max((len(r.name) for r, _ in rows), default=0), 44)
    words = max((len(w.word) for r, w in rows if not isinstance(r.verdict, Skipped)), default=0)
    for result, word in rows:
        if isinstance(result.verdict, Skipped):
            label = f"  {result.name:<{names}}  "
            yield from wrapped(label, style(Role.DOUBT, word.word), 0)
            continue
        engine = f"{result.engine:<10}"
        evidence = _evidence(result)
        seconds = duration(result.seconds) if times else ""
        shown = style(_ROLES.get(word.kind, Role.DOUBT), f"{word.word:<{words}}")
        line = f"  {result.name:<{names}}  {shown}  {engine} {evidence:>17}  {seconds:>7}"
        yield line.rstrip()
        reason = result.verdict.reason if isinstance(result.verdict, Inconclusive) else ""
        if reason:
            yield from wrapped("", reason, 6)
        yield from _stopped(result)
        yield from sliced.lines(report.system, run, result, details=details)
    yield from _notes((run,), details)
    yield from _weaker(report)


def merged_table(report: Report, style: Style, times: bool, *,
                 details: bool = False) -> Iterator[str]:
    """The verdicts of all scopes together, with the scopes that exercise each property; what was
    sliced away is that of the first scope with the verdict."""
    yield titled(report)
    for run in report.runs:
        sizes = " ".join(f"{pool}={n}" for pool, n in run.sizes if n)
        yield from wrapped(f"scope {run.scope}: " if run.scope else "scope ", sizes)
        for exploration in run.explorations:
            yield "      " + explored(exploration, times)
    yield ""
    rows = [(r, wording_of(r, report.hollow)) for r in report.merged]
    names = min(max((len(r.name) for r, _ in rows), default=0), 44)
    words = max((len(w.word) for r, w in rows if not isinstance(r.verdict, Skipped)), default=0)
    for result, word in rows:
        if isinstance(result.verdict, Skipped):
            yield from wrapped(f"  {result.name:<{names}}  ", style(Role.DOUBT, word.word), 0)
            continue
        shown = style(_ROLES.get(word.kind, Role.DOUBT), f"{word.word:<{words}}")
        scopes = ", ".join(_scopes(report, result))
        if isinstance(result.verdict, Violated):
            scopes += f", {_evidence(result)}"
        yield f"  {result.name:<{names}}  {shown}  {scopes}".rstrip()
        yield from _stopped(result)
        yield from sliced.lines(report.system, run_of(report, result), result, details=details)
    yield from _notes(report.runs, details)
    yield from _weaker(report)


def titled(report: Report) -> str:
    """The model, and what its environment does not promise."""
    return report.model + without(report.system.without)


def without(names: tuple[str, ...]) -> str:
    """` without L1, GEN-02`; "" if nothing was dropped."""
    return f" without {', '.join(names)}" if names else ""


def _weaker(report: Report) -> Iterator[str]:
    """What follows from verdicts about an environment that promises less."""
    dropped = report.system.without
    if any(isinstance(r.verdict, Proved) for r in report.merged) and dropped:
        them = "it" if len(dropped) == 1 else "them"
        yield from wrapped("note: ", f"without {', '.join(dropped)} there are more runs: an "
                           f"invariant or contract that is PROVED here holds with {them} as well; "
                           f"what is REACHED may need {them} to be missing")


def explored(exploration: Exploration, times: bool) -> str:
    """What an engine did, as a phrase."""
    parts = [exploration.engine]
    if exploration.states:
        parts.append(f"{exploration.states:,} states")
    parts.append(f"depth {exploration.depth}")
    if not exploration.complete and exploration.stopped_by is not None:
        parts.append(f"stopped by {exploration.stopped_by.value}")
    if times:
        parts.append(duration(exploration.seconds))
    return ", ".join(parts)


def _scopes(report: Report, result: PropertyResult) -> Iterator[str]:
    """The scopes at which the property has this verdict and is put to the test."""
    prop = next((p for p in report.system.properties if p.name == result.name), None)
    for run in report.runs:
        own = next((r for r in run.results if r.name == result.name), None)
        if own is None or wording(own.verdict).kind != wording(result.verdict).kind:
            continue
        goals = {g.name: isinstance(g.verdict, Reached) for g in run.goals}
        tests = [f"premise:{result.name}"] + ([f"fires:{prop.about}"] if prop else [])
        if isinstance(own.verdict, Violated) or all(goals.get(t, True) for t in tests):
            yield run.scope or "as given"


def _notes(runs: Sequence[ScopeRun], details: bool) -> Iterator[str]:
    results = [r for run in runs for r in run.results]
    for note in dict.fromkeys(note for run in runs for note in run.notes):
        yield from wrapped("note: ", note)
    for detail in dict.fromkeys(d for run in runs for d in run.details if details):
        yield from wrapped("note: ", detail)
    if any(e.reduced for run in runs for e in run.explorations):
        yield from wrapped("note: ", "steps that nothing else can notice were taken first, so that "
                           "fewer states count (--reduction off counts all)")
    for remark in remarks(results):
        yield from wrapped("note: ", remark)


def remarks(results: Iterable[PropertyResult], hidden: str = "") -> Iterator[str]:
    """What has to be said of verdicts beside their words. `hidden` is a property that is none of
    the user's."""
    results = tuple(results)
    if any(_symmetric(r) for r in results):
        yield ("states that differ only in which slot is which count once (--symmetry off counts "
               "all)")
    if any(_odds(r) for r in results):
        yield ("states were told apart by hashes of 64 bits (--compact): two of them may have the "
               "same hash, with the odds given, and then one was not looked at")
    beyond = sorted({name for r in results if not _on_slices(r) for name in _beyond(r)} - {hidden})
    if beyond:
        yield f"runs that end in a fault are not continued: {', '.join(beyond)}"
    perhaps = sorted({name for r in results if _on_slices(r) for name in _beyond(r)}
                     - {*beyond, hidden})
    if perhaps:
        yield f"runs of slices that may end in a fault are not continued: {', '.join(perhaps)}"


def given_odds(results: Iterable[PropertyResult]) -> Iterator[str]:
    """The odds of a missed state, for tables that show verdicts in short."""
    worst = max((r for r in results if _odds(r)), key=_odds, default=None)
    if worst is not None:
        yield f"with --compact, at worst: {wording(worst.verdict).word}"


def _evidence(result: PropertyResult) -> str:
    match result.verdict:
        case Proved(evidence) | Unreached(evidence):
            return _amount(evidence)
        case Violated(trace):
            return _steps(len(trace.steps))
        case Reached(trace):
            return _steps(len(trace.steps)) if trace is not None else ""
        case Inconclusive(_, depth, _):
            return f"depth {depth} done" if depth is not None else ""
        case Holds() | Skipped():
            return ""


def _amount(evidence: Evidence) -> str:
    match evidence:
        case Enumeration(slices=slices) if slices:
            return f"{slices} slice{'s' if slices != 1 else ''}"
        case Enumeration(states):
            return f"{states:,} state{'s' if states != 1 else ''}"
        case Inductive(invariant, k):
            lemmas = f"{len(invariant)} lemma{'s' if len(invariant) != 1 else ''}"
            return f"{lemmas}, k={k}"


def _steps(count: int) -> str:
    return f"{count} step{'s' if count != 1 else ''}"


def _stopped(result: PropertyResult) -> Iterator[str]:
    """Why a bounded verdict goes no further, unless the depth was asked for."""
    match result.verdict:
        case Holds(depth, stopped_by) if stopped_by is not Stop.DEPTH:
            yield (f"      then INCONCLUSIVE ({stopped_by.value}): nothing is known of runs longer "
                   f"than {depth} steps")
        case _:
            return


def _symmetric(result: PropertyResult) -> bool:
    match result.verdict:
        case Proved(Enumeration(symmetric=symmetric)) | Unreached(
            Enumeration(symmetric=symmetric)):
            return symmetric
        case _:
            return False


def _odds(result: PropertyResult) -> float:
    match result.verdict:
        case Proved(Enumeration(odds=odds)) | Unreached(Enumeration(odds=odds)):
            return odds
        case _:
            return 0.0


def _on_slices(result: PropertyResult) -> bool:
    match result.verdict:
        case Proved(Enumeration(slices=slices)) | Unreached(Enumeration(slices=slices)):
            return slices > 0
        case _:
            return False


def _beyond(result: PropertyResult) -> tuple[str, ...]:
    match result.verdict:
        case Proved(Enumeration(beyond=beyond)) | Unreached(Enumeration(beyond=beyond)):
            return beyond
        case _:
            return ()


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} m {int(seconds) % 60:02d} s"
