"""A whole report as text: a table for each scope, the stories of violations, what is hollow, what
the verdicts rest on, and one closing line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.system import Basis, Origin
from wddmcheck.report.findings import again, findings
from wddmcheck.report.lines import fold, wrapped
from wddmcheck.report.story_text import render_story
from wddmcheck.report.style import Role, Style, plain, to_ascii
from wddmcheck.report.tables import duration, merged_table, table, without
from wddmcheck.report.words import HOLLOW, Exit, Wording, wording_of, worst
from wddmcheck.result.report import Hollow, PropertyResult, Report
from wddmcheck.result.verdict import Reached, Violated

EVENTS = ("gpu", "interrupt", "dpc", "worker")


def render_report(report: Report, *, sources: SourceMap | None = None, style: Style = plain,
                  times: bool = True, details: bool = False) -> str:
    """The report as text. Without `times`, nothing in it differs between two equal runs. With
    `details` it has what else there is to say of slices."""
    lines: list[str] = []
    if len(report.runs) > 1:
        lines += [*merged_table(report, style, times, details=details), ""]
    else:
        for run in report.runs:
            lines += [*table(report, run, style, times, details=details), ""]
    for finding in findings(report, sources, witnesses=False):
        lines += [*render_story(finding.story, again=again(report, finding),
                                style=style).splitlines(), ""]
    if report.merged:
        lines += [*_coverage(report, style), *_rests_on(report)]
    lines.append(_closing(report, times))
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


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
        parts.append(f"{_of(fired['ddi'])} DDIs and callbacks fired")
    if fired["event"]:
        parts.append(f"{_of(fired['event'])} GPU, interrupt and worker events")
    if fired["status"]:
        parts.append(f"statuses {_of(fired['status'])}")
    sure = [h for h in report.hollow if h.proved]
    unsure = [h for h in report.hollow if not h.proved]
    if not goals and not report.hollow:
        return
    parts.append(f"{len(sure)} hollow")
    yield from wrapped("coverage: ", ", ".join(parts))
    if sure and any(isinstance(r.verdict, Violated) for r in report.merged):
        # What lies behind a violation is not explored, so much of this is its consequence.
        yield from fold(f"  {len(_hollow(sure))} blocks or premises were not seen; a run ends "
                        "where it violates something, so they are listed once nothing does", 6)
        sure = []
    if sure:
        yield f"  {style(Role.BAD, HOLLOW.word)}, seen at no scope:"
    for about, text in _hollow(sure).items():
        yield from wrapped("", f"{about}: {text}", 6)
    if unsure:
        names = ", ".join(f"{about} ({text.removeprefix(_NEVER)})" if text.startswith(_NEVER)
                          else about for about, text in _hollow(unsure).items())
        yield from fold(f"  not seen before a limit was hit, so perhaps hollow: {names}", 6)


def _hollow(findings: Iterable[Hollow]) -> dict[str, str]:
    """What never happens, by what it is about. A block that is never called returns nothing
    either; that goes without saying."""
    result: dict[str, str] = {}
    returns: dict[str, list[str]] = {}
    for finding in findings:
        kind = finding.goal.partition(":")[0]
        if kind == "returns":
            returns.setdefault(finding.about, []).append(finding.goal.rpartition(":")[2])
        else:
            result[finding.about] = _MEANING.get(kind, finding.title)
    for about, statuses in returns.items():
        result.setdefault(about, _NEVER + ", ".join(statuses))
    return result


_NEVER = "never returns "
_MEANING = {
    "fires": "never called, so what is claimed about it was not tested: check its `requires` or "
             "`when`, or use a larger scope",
    "premise": "what it speaks of never happens, so it holds for no good reason",
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
        cost = f" {duration(report.seconds)}"
        if report.peak_bytes:
            cost += f", peak {report.peak_bytes / 1e6:.0f} MB"
    if not total:
        return f"nothing was checked.{cost}"
    noun = "property" if total == 1 else "properties"
    rows = [(r, wording_of(r, report.hollow)) for r in report.merged]
    violated = any(isinstance(r.verdict, Violated) for r, _ in rows)
    # Beside a violation, hollowness is mostly its consequence; the coverage lines count it.
    named = [(word, _named(rows, kind)) for kind, word in _NAMED
             if not (violated and kind == "hollow")]
    wrong = [f"{len(names)} {word} ({_list(names)})" for word, names in named if names]
    blocks = sum(1 for h in report.hollow if h.proved
                 and h.about not in {p.name for p in report.system.properties})
    if blocks and not violated:
        wrong.append(f"{blocks} HOLLOW block{'s' if blocks != 1 else ''}")
    weakest = wording_of(worst(report.merged), report.hollow)
    noun += without(report.system.without)
    if len(wrong) == 1 and (violated or not blocks):
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


__all__ = ["render_report", "render_story"]
