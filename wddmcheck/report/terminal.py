"""A whole report as text: a table for each scope, the stories of violations, what is hollow, what
the verdicts rest on, and one closing line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.system import Basis, Origin
from wddmcheck.report.findings import again, findings
from wddmcheck.report.lines import WIDTH, wrapped
from wddmcheck.report.story_text import render_story
from wddmcheck.report.style import Role, Style, plain, to_ascii
from wddmcheck.report.words import HOLLOW, Exit, Wording, wording_of, worst
from wddmcheck.result.report import PropertyResult, Report, ScopeRun
from wddmcheck.result.verdict import (
    Enumeration,
    Evidence,
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

EVENTS = ("gpu", "interrupt", "dpc", "worker")
_ROLES = {"violated": Role.BAD, "unreached": Role.BAD, "hollow": Role.BAD, "proved": Role.GOOD,
          "reached": Role.GOOD}


def render_report(report: Report, *, sources: SourceMap | None = None, style: Style = plain,
                  times: bool = True) -> str:
    """The report as text. Without `times`, nothing in it differs between two equal runs."""
    lines: list[str] = []
    for run in report.runs:
        lines += [*_table(report, run, style, times), ""]
    for finding in findings(report, sources, witnesses=False):
        lines += [*render_story(finding.story, again=again(report, finding),
                                style=style).splitlines(), ""]
    if report.merged:
        lines += [*_coverage(report, style), *_rests_on(report)]
    lines.append(_closing(report, times))
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


# --- tables --------------------------------------------------------------------------------------


def _table(report: Report, run: ScopeRun, style: Style, times: bool) -> Iterator[str]:
    sizes = " ".join(f"{pool}={n}" for pool, n in run.sizes)
    name = f"scope {run.scope}: " if run.scope else "scope "
    head = f"{report.model}  {name}{sizes}"
    yield from [head] if len(head) <= WIDTH else [report.model, *wrapped(name, sizes)]
    yield ""
    rows = [(r, wording_of(r, report.hollow)) for r in run.results]
    names = min(max((len(r.name) for r, _ in rows), default=0), 44)
    words = min(max((len(w.word) for _, w in rows), default=0), 24)
    for result, word in rows:
        engine = f"{result.engine:<10}" if not isinstance(result.verdict, Skipped) else ""
        evidence = _evidence(result)
        seconds = _duration(result.seconds) if times and engine else ""
        shown = style(_ROLES.get(word.kind, Role.DOUBT), f"{word.word:<{words}}")
        line = f"  {result.name:<{names}}  {shown}  {engine} {evidence:>17}  {seconds:>7}"
        yield line.rstrip()
        reason = result.verdict.reason if isinstance(result.verdict, Inconclusive) else ""
        if reason:
            yield from wrapped("", reason, 6)
        yield from _stopped(result)
    for note in run.notes:
        yield from wrapped("note: ", note)
    if any(_symmetric(r) for r in run.results):
        yield from wrapped("note: ", "states that differ only in which slot is which count once "
                           "(--symmetry off counts all)")
    beyond = sorted({name for r in run.results for name in _beyond(r)})
    if beyond:
        yield from wrapped("note: ", "runs that end in a fault are not continued: "
                            + ", ".join(beyond))


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
        case Enumeration(states):
            return f"{states:,} states"
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
        case Proved(Enumeration(_, symmetric)) | Unreached(Enumeration(_, symmetric)):
            return symmetric
        case _:
            return False


def _beyond(result: PropertyResult) -> tuple[str, ...]:
    match result.verdict:
        case Proved(Enumeration(_, _, beyond)) | Unreached(Enumeration(_, _, beyond)):
            return beyond
        case _:
            return ()


# --- coverage ------------------------------------------------------------------------------------


def _coverage(report: Report, style: Style) -> Iterator[str]:
    goals = _goals_reached(report)
    kinds = {a.label.block: a.label.kind for a in report.system.actions}
    fired: dict[str, list[bool]] = {"ddi": [], "event": [], "status": []}
    abouts = {p.name: p.about for p in report.system.properties}
    for name, reached in goals.items():
        if name.startswith("fires:"):
            event = kinds.get(abouts.get(name, "")) in EVENTS
            fired["event" if event else "ddi"].append(reached)
        elif name.startswith("returns:"):
            fired["status"].append(reached)
    parts = []
    if fired["ddi"]:
        parts.append(f"{_of(fired['ddi'])} DDIs fired")
    if fired["event"]:
        parts.append(f"{_of(fired['event'])} GPU, interrupt and worker events")
    if fired["status"]:
        parts.append(f"statuses {_of(fired['status'])}")
    if goals or report.hollow:
        parts.append(f"{len(report.hollow)} hollow")
        yield f"  coverage: {', '.join(parts)}"
    for finding in report.hollow:
        if finding.proved:
            yield f"  {style(Role.BAD, HOLLOW.word)} {style(Role.NAME, finding.about)}"
            kind = finding.goal.partition(":")[0]
            yield from wrapped("    ", f"never seen: {finding.title}: "
                               + _MEANING.get(kind, _MEANING[""]))
        else:
            yield (f"  {style(Role.DOUBT, 'maybe hollow')} {style(Role.NAME, finding.about)}")
            yield from wrapped("    ", f"not seen before a limit was hit: {finding.title}")


_MEANING = {
    "fires": "its conditions hold in no reachable state, so what is claimed about it was not "
             "tested; check its `requires` or `when`, or use a larger scope",
    "returns": "so what follows this status was not tested",
    "premise": "what the property speaks of never happens, so it holds for no good reason",
    "": "so this says less than it seems to",
}


def _goals_reached(report: Report) -> dict[str, bool]:
    reached: dict[str, bool] = {}
    for run in report.runs:
        for goal in run.goals:
            hit = isinstance(goal.verdict, Reached)
            reached[goal.name] = reached.get(goal.name, False) or hit
    return reached


def _of(hits: list[bool]) -> str:
    return f"{sum(hits)}/{len(hits)}"


# --- what it rests on ----------------------------------------------------------------------------


def _rests_on(report: Report) -> Iterator[str]:
    """How many rules have no sentence in the documentation."""
    counts = {basis: len(_distinct(report, basis)) for basis in (Basis.ASSUMED, Basis.INFERRED)}
    parts = [f"{n} {basis.value}" for basis, n in counts.items() if n]
    if parts:
        yield (f"  rules without a documentation sentence: {', '.join(parts)}; see each with "
               "`wddmcheck explain`")


def _distinct(report: Report, basis: Basis) -> set[tuple[str, tuple[str, ...], str]]:
    return {(c.uid, c.rules, c.why) for origin in _origins(report) for c in origin.citations
            if c.basis is basis}


def _origins(report: Report) -> Iterator[Origin]:
    yield from (p.origin for p in report.system.properties)
    for action in report.system.actions:
        yield action.origin
        yield from (o.origin for o in action.obligations)


# --- closing line --------------------------------------------------------------------------------


def _closing(report: Report, times: bool) -> str:
    total = len(report.merged)
    cost = ""
    if times:
        cost = f" {_duration(report.seconds)}"
        if report.peak_bytes:
            cost += f", peak {report.peak_bytes / 1e6:.0f} MB"
    if not total:
        return f"nothing was checked.{cost}"
    noun = "property" if total == 1 else "properties"
    rows = [(r, wording_of(r, report.hollow)) for r in report.merged]
    named = [(word, _named(rows, kind)) for kind, word in _NAMED]
    wrong = [f"{len(names)} {word} ({_list(names)})" for word, names in named if names]
    blocks = sum(1 for h in report.hollow if h.proved
                 and h.about not in {p.name for p in report.system.properties})
    if blocks:
        wrong.append(f"{blocks} HOLLOW block{'s' if blocks != 1 else ''}")
    weakest = wording_of(worst(report.merged), report.hollow)
    if len(wrong) == 1 and not blocks:
        count, rest = wrong[0].split(" ", 1)
        head = f"{count} of {total} {noun} {rest}"
    elif wrong:
        head = f"{total} {noun}: {', '.join(wrong)}"
    else:
        head = f"{total} {noun}, weakest result: {weakest.word}"
    if report.exit_code == Exit.INCONCLUSIVE:
        head += ". Exit 4, which --allow inconclusive makes 0"
    return "\n".join(wrapped("", f"{head}.{cost}", 0))


_NAMED = (("violated", "VIOLATED"), ("unreached", "UNREACHED"), ("hollow", "HOLLOW"),
          ("inconclusive", "INCONCLUSIVE"), ("skipped", "SKIPPED"))
"""What the closing line names, the worst first."""


def _named(rows: Iterable[tuple[PropertyResult, Wording]], kind: str) -> list[str]:
    return [r.name for r, w in rows if w.kind == kind]


def _list(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} m {int(seconds) % 60:02d} s"


__all__ = ["render_report", "render_story"]
