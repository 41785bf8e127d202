"""A report as JSON, for scripts. The schema is `report.schema.json` beside this module.

`model`, `scope`, `verdicts` and `exploration` are the minimum that scripts may rely on; they say
what the merged results are, with the first scope's sizes and its deciding exploration. `runs` has
every scope in full. Times and bytes are the only parts that differ between two equal runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck import __version__
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.show import show_expr
from wddmcheck.ir.system import Origin, Property
from wddmcheck.report.codec import encode
from wddmcheck.report.findings import Finding, again, findings, run_of, trace_of
from wddmcheck.report.forecast import forecasts
from wddmcheck.report.jsontext import Json, dumps
from wddmcheck.report.places import Places, cited, clean, relative
from wddmcheck.report.sliced import away_json, slice_json
from wddmcheck.report.trace_file import TraceFile, make, to_json
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
    Unreached,
    Violated,
)

SCHEMA_VERSION = 1


def report_json(report: Report, *, sources: SourceMap | None = None,
                warnings: tuple[str, ...] = ()) -> dict[str, Json]:
    """The report as JSON data. `warnings` are the diagnostics of the model, as text."""
    found = {f.result.name: f for f in findings(report, sources)}
    props = {p.name: p for p in report.system.properties}
    places = Places(sources or SourceMap())
    verdicts: list[Json] = [
        _verdict(report, run_of(report, r), r, props.get(r.name), places, found.get(r.name))
        for r in report.merged]
    first = report.runs[0] if report.runs else None
    explorations: list[Json] = [
        {"scope": run.scope, **exploration_json(e)}
        for run in report.runs for e in run.explorations]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "wddmcheck", "version": __version__},
        "model": relative(report.model),
        "digest": report.digest,
        "command": report.command,
        "policies": dict(report.system.policies),
        "without": list(report.system.without),
        "scope": dict(first.sizes) if first is not None else {},
        "verdicts": verdicts,
        "exploration": _deciding(first.explorations) if first is not None else None,
        "explorations": explorations,
        "runs": [_run(report, run, props, places) for run in report.runs],
        "goals": _goals(report),
        "hollow": [{"goal": h.goal, "about": h.about, "title": clean(h.title), "proved": h.proved}
                   for h in report.hollow],
        "warnings": [clean(w) for w in warnings],
        "exit_code": report.exit_code,
        "seconds": round(report.seconds, 3),
        "peak_bytes": report.peak_bytes,
    }


def report_text(report: Report, *, sources: SourceMap | None = None,
                warnings: tuple[str, ...] = ()) -> str:
    """The report as JSON text."""
    return dumps(report_json(report, sources=sources, warnings=warnings))


def trace_file_of(report: Report, finding: Finding) -> TraceFile:
    """The trace file of a finding."""
    return make(finding.story, finding.trace, model=report.model, digest=report.digest,
                engine=finding.result.engine, policies=report.system.policies,
                without=report.system.without,
                command=again(report, finding))


# --- parts ---------------------------------------------------------------------------------------


def _verdict(report: Report, run: ScopeRun, result: PropertyResult, prop: Property | None,
             places: Places, finding: Finding | None) -> dict[str, Json]:
    word = wording_of(result, report.hollow)
    strength = wording(result.verdict)
    origin = prop.origin if prop is not None else Origin()
    place = places.claim(origin.span, result.name)[1]
    return {
        "property": result.name,
        "verdict": word.word,
        "kind": word.kind,
        "strength": strength.kind,
        "depth": _depth(run, result),
        "trace": to_json(trace_file_of(report, finding)) if finding is not None else None,
        "certificate": _certificate(result),
        "doc": encode(cited(origin), full=True),
        "engine": result.engine,
        "seconds": round(result.seconds, 3),
        "reason": _reason(result),
        "sliced_away": away_json(run, result),
        "title": clean(prop.title) if prop is not None else "",
        "claim": prop.kind.value if prop is not None else "",
        "bugchecks": list(prop.bugchecks) if prop is not None else [],
        "forecast": encode(forecasts(prop.bugchecks), full=True) if prop is not None else [],
        "needs": _needs(report, result),
        "source": {"file": place.file, "line": place.line, "column": place.column}
        if place is not None else None,
    }


def _needs(report: Report, result: PropertyResult) -> Json:
    """The choices of policies that a violation needs, and the guarantees that have to be missing;
    null if that was not asked."""
    needs = dict(report.needs).get(result.name)
    return None if needs is None else {
        "policies": dict(needs.policies), "undecided": list(needs.undecided),
        "without": list(needs.without)}


def _run(report: Report, run: ScopeRun, props: Mapping[str, Property],
         places: Places) -> dict[str, Json]:
    verdicts = []
    for result in run.results:
        verdict = _verdict(report, run, result, props.get(result.name), places, None)
        trace = trace_of(result)
        verdict["steps"] = len(trace.steps) if trace is not None else None
        del verdict["trace"]
        verdicts.append(verdict)
    return {
        "scope": run.scope,
        "sizes": dict(run.sizes),
        "exploration": _deciding(run.explorations),
        "explorations": [exploration_json(e) for e in run.explorations],
        "slices": [slice_json(s, exploration_json(s.exploration)) for s in run.slices],
        "verdicts": verdicts,
        "goals": [{"goal": g.name, "verdict": wording(g.verdict).word,
                   "kind": wording(g.verdict).kind} for g in run.goals],
        "notes": [clean(n) for n in run.notes],
    }


def _goals(report: Report) -> list[Json]:
    """Each coverage goal with its best verdict over the scopes."""
    props = {p.name: p for p in report.system.properties}
    best: dict[str, PropertyResult] = {}
    for run in report.runs:
        for goal in run.goals:
            known = best.get(goal.name)
            if known is None or wording(goal.verdict).rank > wording(known.verdict).rank:
                best[goal.name] = goal
    return [{"goal": name, "about": props[name].about if name in props else "",
             "title": clean(props[name].title) if name in props else "",
             "verdict": wording(g.verdict).word, "kind": wording(g.verdict).kind}
            for name, g in best.items()]


def _depth(run: ScopeRun, result: PropertyResult) -> int | None:
    """How many steps the verdict speaks of; None where it does not count them."""
    match result.verdict:
        case Violated(trace):
            return len(trace.steps)
        case Reached(trace):
            return len(trace.steps) if trace is not None else None
        case Holds(depth, _) | Inconclusive(_, depth, _):
            return depth
        case Proved(Enumeration(slices=slices)) | Unreached(Enumeration(slices=slices)) if slices:
            return max(s.exploration.depth for s in run.slices if result.name in s.properties)
        case Proved(Enumeration()) | Unreached(Enumeration()):
            return next((e.depth for e in run.explorations
                         if e.engine == result.engine and e.complete), None)
        case Proved() | Unreached() | Skipped():
            return None


def _reason(result: PropertyResult) -> str:
    match result.verdict:
        case Inconclusive(stopped_by, _, reason):
            return clean(reason) or stopped_by.value
        case Holds(_, stopped_by):
            return stopped_by.value
        case Skipped(reason):
            return clean(reason)
        case Violated() | Reached() | Proved() | Unreached():
            return ""


def _certificate(result: PropertyResult) -> Json:
    match result.verdict:
        case Proved(evidence) | Unreached(evidence):
            return _evidence(evidence)
        case Violated() | Reached() | Holds() | Inconclusive() | Skipped():
            return None


def _evidence(evidence: Evidence) -> dict[str, Json]:
    match evidence:
        case Enumeration(states, symmetric, beyond, odds, slices):
            return {"kind": "enumeration", "states": states, "symmetric": symmetric,
                    "beyond": list(beyond), "odds": odds, "slices": slices}
        case Inductive(invariant, k):
            return {"kind": "inductive", "invariant": [show_expr(e) for e in invariant], "k": k}


def exploration_json(e: Exploration) -> dict[str, Json]:
    """What an engine did, as JSON data."""
    return {
        "engine": e.engine, "symmetry": e.symmetry, "states": e.states,
        "transitions": e.transitions, "depth": e.depth, "seconds": round(e.seconds, 3),
        "peak_bytes": e.peak_bytes, "complete": e.complete,
        "stopped_by": e.stopped_by.value if e.stopped_by is not None else None,
    }


def _deciding(explorations: tuple[Exploration, ...]) -> dict[str, Json] | None:
    """The exploration that says most: a complete one, else the one that saw most states."""
    if not explorations:
        return None
    return exploration_json(max(explorations, key=lambda e: (e.complete, e.states, e.depth)))


__all__ = ["SCHEMA_VERSION", "report_json", "report_text", "trace_file_of"]
