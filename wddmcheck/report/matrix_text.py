"""A matrix of policies as text: the choices, a row a property with a verdict a choice, the story of
each property that some choice breaks, and one closing line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.report.findings import Finding, again, findings
from wddmcheck.report.lines import WIDTH, wrapped
from wddmcheck.report.story_text import render_story
from wddmcheck.report.style import Role, Style, plain, to_ascii
from wddmcheck.report.tables import duration, given_odds, remarks, without
from wddmcheck.report.words import Wording, wording_of
from wddmcheck.result.matrix import Column, Matrix
from wddmcheck.result.report import PropertyResult, Report
from wddmcheck.result.verdict import Holds, Violated

_SHORT = {"violated": "V", "unreached": "U", "hollow": "H", "inconclusive": "?", "skipped": "-",
          "bounded": "B", "proved": "P", "reached": "R"}
_KEY = {"P": "PROVED this scope", "V": "VIOLATED", "R": "REACHED", "U": "UNREACHED",
        "H": "HOLLOW", "B": "HOLDS to depth", "?": "INCONCLUSIVE", "-": "SKIPPED"}
_NAMES = 44


def render_matrix(matrix: Matrix, *, sources: SourceMap | None = None, style: Style = plain,
                  times: bool = True) -> str:
    """The matrix as text. Without `times`, nothing in it differs between two equal runs."""
    titles = tuple(str(number) for number in range(1, len(matrix.columns) + 1))
    choices = [f"under choice {title}" for title in titles]
    lines = [*head(matrix), "", *_choices(matrix), "", *table(matrix, titles, style),
             *hollow(matrix, choices), *notes(matrix), ""]
    for first in firsts(matrix, sources):
        story = render_story(first.finding.story, again=again(first.report, first.finding),
                             style=style)
        lines += [*story.splitlines(), *_elsewhere(matrix, first), ""]
    lines.append(_closing(matrix, times))
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


@dataclass(frozen=True, slots=True)
class First:
    """The counterexample of a property in the first column that has one."""

    index: int
    column: Column
    finding: Finding

    @property
    def report(self) -> Report:
        """The report of the column."""
        return self.column.report


def firsts(matrix: Matrix, sources: SourceMap | None = None) -> tuple[First, ...]:
    """The counterexamples to tell: of each property that is violated, that of the first column."""
    told: dict[str, First] = {}
    for index, column in enumerate(matrix.columns):
        if column.same_as is not None:
            continue
        for finding in findings(column.report, sources, witnesses=False):
            told.setdefault(finding.result.name, First(index, column, finding))
    return tuple(told.values())


# --- the choices ---------------------------------------------------------------------------------


def head(matrix: Matrix) -> Iterator[str]:
    """The model, its scopes, the policies that were fixed."""
    yield matrix.model + without(matrix.columns[0].without if matrix.columns else ())
    runs = matrix.columns[0].report.runs if matrix.columns else ()
    for run in runs:
        sizes = " ".join(f"{pool}={n}" for pool, n in run.sizes if n)
        yield from wrapped(f"scope {run.scope}: " if run.scope else "scope ", sizes)
    if matrix.fixed:
        yield "  policy " + ", ".join(f"{name}={choice}" for name, choice in matrix.fixed)


def _choices(matrix: Matrix) -> Iterator[str]:
    """The columns, one a line."""
    if not matrix.questions:
        yield "  no policy to try: the model declares none, or all are fixed"
        return
    widths = [max(len(q.name), *(len(c) for c in q.choices)) for q in matrix.questions]
    names = "  ".join(f"{q.name:<{w}}" for q, w in zip(matrix.questions, widths, strict=True))
    yield f"  choice  {names}"
    for number, column in enumerate(matrix.columns, 1):
        shown = "  ".join(f"{c:<{w}}" for (_, c), w in zip(column.choices, widths, strict=True))
        yield f"  {number:>6}  {shown}  {_note(number, column)}"
    if not matrix.combined:
        yield from wrapped("", "too many combinations: each other choice is tried alone, with the "
                               "rest at their defaults")
    if matrix.unfinished:
        yield f"  interrupted: {matrix.unfinished} choices were not tried"


def _note(number: int, column: Column) -> str:
    """What there is to say of a column: the default, the size of its search, its twin."""
    if column.same_as is not None:
        return f"the same system as {column.same_as + 1}"
    words = ["the default"] if number == 1 else []
    return ", ".join([*words, *searched(column)])


def searched(column: Column) -> Iterator[str]:
    """The size of the search of a column, if states were counted."""
    states = " + ".join(f"{e.states:,}" for run in column.report.runs for e in run.explorations
                        if e.states)
    if states:
        yield f"{states} states"


# --- the table -----------------------------------------------------------------------------------


def cell(result: PropertyResult, word: Wording) -> str:
    """A verdict in few characters: `V9`, violated in 9 steps."""
    match result.verdict:
        case Violated(trace):
            return f"V{len(trace.steps)}"
        case Holds(depth, _) if word.kind == "bounded":
            return f"B{depth}"
        case _:
            return _SHORT[word.kind]


def rows(matrix: Matrix) -> dict[str, tuple[tuple[PropertyResult, Wording] | None, ...]]:
    """By property, its verdict in each column; None where the system has no such property."""
    names = dict.fromkeys(r.name for c in matrix.columns for r in c.report.merged)
    found = [{r.name: (r, wording_of(r, c.report.hollow)) for r in c.report.merged}
             for c in matrix.columns]
    return {name: tuple(f.get(name) for f in found) for name in names}


def table(matrix: Matrix, titles: Sequence[str], style: Style) -> Iterator[str]:
    """A row a property, a column for each of `titles`; then what the letters mean."""
    cells = {name: [("", "") if e is None else (cell(*e), e[1].kind) for e in row]
             for name, row in rows(matrix).items()}
    if not cells:
        return
    left = min(max(map(len, cells)), _NAMES)
    width = max(*map(len, titles), *(len(text) for row in cells.values() for text, _ in row)) + 2
    fit = max((WIDTH - left - 4) // width, 1)
    for start in range(0, len(matrix.columns), fit):
        shown = range(start, min(start + fit, len(matrix.columns)))
        yield f"  {'':<{left}}  " + "".join(f"{titles[i]:<{width}}" for i in shown)
        for name, row in cells.items():
            yield f"  {name:<{left}}  " + "".join(
                _shown(*row[i], width, style) for i in shown)
    used = dict.fromkeys(text[0] for row in cells.values() for text, _ in row if text)
    yield from wrapped("", "; ".join(f"{short} {_key(short)}" for short in _KEY if short in used))


def _key(short: str) -> str:
    return _KEY[short] + {"V": " in so many steps", "B": " that is given"}.get(short, "")


def _shown(text: str, kind: str, width: int, style: Style) -> str:
    padded = f"{text:<{width}}"
    return style(Role.BAD, padded) if kind in ("violated", "unreached", "hollow") else padded


def notes(matrix: Matrix) -> Iterator[str]:
    """What has to be said of the verdicts beside their words."""
    runs = [r for c in matrix.columns if c.same_as is None for r in c.report.runs]
    results = [result for run in runs for result in run.results]
    notes = (*(n for run in runs for n in run.notes), *remarks(results), *given_odds(results))
    for note in dict.fromkeys(notes):
        yield from wrapped("note: ", note)


def hollow(matrix: Matrix, where: Sequence[str]) -> Iterator[str]:
    """Blocks that never happen in a column (`where` says which, in words); beside a violation that
    is mostly its consequence, as in a single report."""
    for label, column in zip(where, matrix.columns, strict=True):
        report = column.report
        if column.same_as is not None or any(
                isinstance(r.verdict, Violated) for r in report.merged):
            continue
        names = {p.name for p in report.system.properties if not p.goal}
        blocks = dict.fromkeys(h.about for h in report.hollow if h.about not in names)
        if blocks:
            yield from wrapped(f"HOLLOW {label}: ",
                               f"{', '.join(blocks)}; why: {report.command}")


def _elsewhere(matrix: Matrix, first: First) -> Iterator[str]:
    """The other choices under which the property is violated too, by the length of the run."""
    others: dict[int, list[int]] = {}
    for number, column in enumerate(matrix.columns, 1):
        result = next((r for r in column.report.merged
                       if r.name == first.finding.result.name), None)
        if number - 1 != first.index and result is not None and isinstance(
                result.verdict, Violated):
            others.setdefault(len(result.verdict.trace.steps), []).append(number)
    if others:
        parts = [f"{', '.join(map(str, numbers))} in {steps} step{'s' if steps != 1 else ''}"
                 for steps, numbers in others.items()]
        yield from wrapped("also:  ", "under choice " + "; ".join(parts))


# --- closing line --------------------------------------------------------------------------------


def _closing(matrix: Matrix, times: bool) -> str:
    table = rows(matrix)
    kinds = {name: {e[1].kind if e is not None else "" for e in row}
             for name, row in table.items()}
    vary = [name for name, k in kinds.items() if len(k) > 1]
    broken = [name for name, k in kinds.items() if "violated" in k]
    many = len(matrix.columns)
    text = f"{many} choice{'s' if many != 1 else ''} of policies, {len(table)} "
    text += "property: " if len(table) == 1 else "properties: "
    text += f"{len(broken)} VIOLATED under some choice" if broken else "none VIOLATED"
    if broken:
        text += f" ({', '.join(broken[:3])}{' and more' if len(broken) > 3 else ''})"
    text += (f", {len(vary)} with verdicts that depend on the choice" if vary
             else ", no verdict depends on the choice")
    weakest = min((e for row in table.values() for e in row if e is not None),
                  key=lambda e: e[1].rank, default=None)
    if weakest is not None and not broken:
        text += f"; weakest result: {weakest[1].word}"
    cost = f" {duration(matrix.seconds)}" if times else ""
    return "\n".join(wrapped("", f"{text}.{cost}", 0))
