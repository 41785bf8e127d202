"""A sweep of failures as JSON. The schema is `sweep.schema.json` beside this module."""

from __future__ import annotations

from wddmcheck import __version__
from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.report.json_report import exploration_json
from wddmcheck.report.jsontext import Json, dumps
from wddmcheck.report.places import Places, clean, relative
from wddmcheck.report.sweep_text import describe, survived, swept, trace_of
from wddmcheck.report.trace_file import to_json
from wddmcheck.report.words import wording
from wddmcheck.result.sweep import Failing, Failure, Sweep, SweptProperty, SweptScope

SCHEMA_VERSION = 1
DOCUMENT = "wddmcheck-sweep"


def sweep_json(sweep: Sweep, *, sources: SourceMap | None = None,
               warnings: tuple[str, ...] = ()) -> dict[str, Json]:
    """The sweep as JSON data."""
    places = Places(sources or SourceMap())
    return {
        "document": DOCUMENT,
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "wddmcheck", "version": __version__},
        "model": relative(sweep.model),
        "digest": sweep.digest,
        "command": sweep.command,
        "policies": dict(sweep.system.policies),
        "without": list(sweep.system.without),
        "most": sweep.most,
        "failures": [_failure(n, f, n in sweep.happening, places)
                     for n, f in enumerate(sweep.failures, 1)],
        "scopes": [_scope(s) for s in sweep.scopes],
        "properties": [_property(sweep, p, sources) for p in sweep.properties],
        "warnings": [clean(w) for w in warnings],
        "exit_code": sweep.exit_code,
        "seconds": round(sweep.seconds, 3),
    }


def sweep_text(sweep: Sweep, *, sources: SourceMap | None = None,
               warnings: tuple[str, ...] = ()) -> str:
    """The sweep as JSON text."""
    return dumps(sweep_json(sweep, sources=sources, warnings=warnings))


def _failure(number: int, failure: Failure, happens: bool, places: Places) -> dict[str, Json]:
    return {
        "number": number, "kind": failure.kind.value, "name": failure.name,
        "status": failure.status, "block": failure.block, "turn": failure.turn,
        "at": _place(failure.at, places), "after": _place(failure.after, places),
        "during": failure.during, "title": failure.title, "page": failure.page,
        "text": describe(failure, places), "happens": happens,
    }


def _place(span: Span | None, places: Places) -> Json:
    place = places.of(span)
    return None if place is None else {
        "file": place.file, "line": place.line, "column": place.column}


def _scope(scope: SweptScope) -> dict[str, Json]:
    return {
        "scope": scope.scope, "sizes": dict(scope.sizes),
        "baseline": [exploration_json(e) for e in scope.baseline],
        "explorations": [exploration_json(e) for e in scope.explorations],
        "happens": sorted(scope.seen), "notes": [clean(n) for n in scope.notes],
    }


def _property(sweep: Sweep, prop: SweptProperty, sources: SourceMap | None) -> dict[str, Json]:
    word = wording(prop.baseline.verdict)
    return {
        "property": prop.name,
        "baseline": {"verdict": word.word, "kind": word.kind},
        "tried": swept(prop.baseline),
        "undecided": prop.undecided,
        "survived": sorted(survived(sweep, prop)),
        "failing": [_failing(sweep, prop, f, i == 0, sources)
                    for i, f in enumerate(prop.failing)],
    }


def _failing(sweep: Sweep, prop: SweptProperty, failing: Failing, shortest: bool,
             sources: SourceMap | None) -> dict[str, Json]:
    """Failures that break a property; the trace is there of the shortest run only."""
    trace = to_json(trace_of(sweep, prop, failing, sources)) if shortest else None
    return {"failures": list(failing.failures), "steps": len(failing.trace.steps),
            "scope": failing.scope, "trace": trace}
