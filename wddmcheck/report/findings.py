"""Which traces of a report are worth telling, and their stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.system import Property
from wddmcheck.report.story import Story
from wddmcheck.report.tell import tell
from wddmcheck.result.report import PropertyResult, Report, ScopeRun
from wddmcheck.result.verdict import Reached, Trace, Violated


@dataclass(frozen=True, slots=True)
class Finding:
    """A trace of a report. `run` is the first scope that gave the merged verdict."""

    result: PropertyResult
    prop: Property
    run: ScopeRun
    trace: Trace
    story: Story

    @property
    def violated(self) -> bool:
        """Whether the trace is a counterexample (else a witness)."""
        return isinstance(self.result.verdict, Violated)


def trace_of(result: PropertyResult) -> Trace | None:
    """The trace that a verdict carries."""
    verdict = result.verdict
    return verdict.trace if isinstance(verdict, (Violated, Reached)) else None


def findings(report: Report, sources: SourceMap | None = None, *,
             witnesses: bool = True) -> tuple[Finding, ...]:
    """All traces of the merged results with their stories, in the order of the results; witnesses
    of goals that were asked for only if `witnesses`."""
    return tuple(_findings(report, sources, witnesses))


def run_of(report: Report, result: PropertyResult) -> ScopeRun:
    """The first run that gave the merged `result`."""
    for run in report.runs:
        for own in run.results:
            if own.name == result.name and own.verdict == result.verdict:
                return run
    return report.runs[0]


def _findings(report: Report, sources: SourceMap | None, witnesses: bool) -> Iterator[Finding]:
    props = {p.name: p for p in report.system.properties}
    needs = dict(report.needs)
    for result in report.merged:
        trace = trace_of(result)
        if trace is None or result.name not in props:
            continue
        violated = isinstance(result.verdict, Violated)
        if not violated and not witnesses:
            continue
        run = run_of(report, result)
        story = tell(report.system, dict(run.sizes), props[result.name], trace,
                     violated=violated, sources=sources, needs=needs.get(result.name))
        yield Finding(result, props[result.name], run, trace, story)


def again(report: Report, finding: Finding) -> str:
    """The command that shows this finding alone again."""
    words = report.command.split()
    parts = [report.command]
    if not any(w.startswith("--prop") for w in words):
        parts.append(f"--property {finding.result.name}")
    if not any(w.startswith("--scope") for w in words):
        scope = finding.run.scope or ",".join(f"{p}={n}" for p, n in finding.run.sizes)
        parts.append(f"--scope {scope}")
    return " ".join(parts)
