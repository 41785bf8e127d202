"""A run over guarantees as text: what was dropped, a verdict for each property and guarantee, what
relies on what, the story of each property that falls, and one closing line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.report.findings import again
from wddmcheck.report.lines import wrapped
from wddmcheck.report.matrix_text import (
    firsts,
    head,
    hollow,
    notes,
    rows,
    searched,
    table,
)
from wddmcheck.report.story_text import render_story
from wddmcheck.report.style import Style, plain, to_ascii
from wddmcheck.report.tables import duration
from wddmcheck.result.matrix import Column, Matrix
from wddmcheck.result.verdict import Violated

GIVEN = "all"
"""The title of the column in which nothing is dropped."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """A claim (a property's name) that rests on a guarantee: with all of them its verdict is
    `before` (a kind), without this one it is violated in `steps`."""

    claim: str
    guarantee: str
    steps: int
    before: str

    @property
    def sure(self) -> bool:
        """Whether it holds, as far as was asked, with the guarantee."""
        return self.before in ("proved", "bounded", "hollow")


def relies(matrix: Matrix) -> tuple[Reliance, ...]:
    """Which properties are violated without a guarantee, and not with all."""
    found = []
    for name, (first, *others) in rows(matrix).items():
        before = first[1].kind if first is not None else "proved"
        for column, entry in zip(matrix.columns[1:], others, strict=True):
            if entry is not None and before != "violated" and isinstance(
                    entry[0].verdict, Violated):
                steps = len(entry[0].verdict.trace.steps)
                found.append(Reliance(name, column.without[0], steps, before))
    return tuple(found)


def undecided(matrix: Matrix) -> tuple[str, ...]:
    """The guarantees without which it is not certain of every property whether it holds: a limit
    came first, or only runs up to a depth were looked at."""
    open_ = {name for row in rows(matrix).values()
             for column, entry in zip(matrix.columns, row, strict=True)
             for name in column.without
             if entry is not None and entry[1].kind in ("bounded", "inconclusive", "skipped")}
    tried = {name for column in matrix.columns for name in column.without}
    return tuple(p.name for p in matrix.guarantees if p.name in open_ or p.name not in tried)


def render_guarantees(matrix: Matrix, *, sources: SourceMap | None = None, style: Style = plain,
                      times: bool = True) -> str:
    """The matrix as text. Without `times`, nothing in it differs between two equal runs."""
    titles = [_title(column) for column in matrix.columns]
    found = relies(matrix)
    where = [f"without {t}" if c.without else "with all guarantees"
             for t, c in zip(titles, matrix.columns, strict=True)]
    lines = [*head(matrix), "", *_dropped(matrix), "", *table(matrix, titles, style),
             *hollow(matrix, where), *notes(matrix), "", *_reliance(matrix, found), ""]
    for first in firsts(matrix, sources):
        story = render_story(first.finding.story, again=again(first.report, first.finding),
                             style=style)
        lines += [*story.splitlines(), ""]
    lines.append(_closing(matrix, found, times))
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


def _title(column: Column) -> str:
    return ", ".join(column.without) or GIVEN


def _dropped(matrix: Matrix) -> Iterator[str]:
    """The columns, one a line."""
    texts = {p.name: p.text for p in matrix.guarantees}
    width = max(map(len, (GIVEN, *texts)))
    for column in matrix.columns:
        title = _title(column)
        said = [texts[title] if column.without else "with all guarantees"]
        if column.same_as is None:
            said += searched(column)
        else:
            said.append("nothing changes" if column.same_as == 0 else
                        f"the same system as without {_title(matrix.columns[column.same_as])}")
        label = f"{'without' if column.without else '':<7} {title:<{width}}  "
        yield from wrapped(label, ", ".join(said))
    if matrix.unfinished:
        yield f"  interrupted: {matrix.unfinished} guarantees were not tried"


def _reliance(matrix: Matrix, found: tuple[Reliance, ...]) -> Iterator[str]:
    """What relies on each guarantee, and which guarantees nothing relies on."""
    for promise in matrix.guarantees:
        own = [r for r in found if r.guarantee == promise.name]
        if own:
            yield from wrapped(f"relies on {promise.name}: ", ", ".join(
                f"{r.claim} ({r.steps} step{'s' if r.steps != 1 else ''}"
                + ("" if r.sure else f"; with it {r.before}") + ")" for r in own))
    open_ = undecided(matrix)
    spare = [p.name for p in matrix.guarantees
             if p.name not in {*open_, *(r.guarantee for r in found)}]
    if spare:
        yield from wrapped("no property relies on one of these alone: ", ", ".join(spare))
    if open_:
        yield from wrapped("not decided for every property: ", ", ".join(open_))
    broken = [name for name, (first, *_) in rows(matrix).items()
              if first is not None and first[1].kind == "violated"]
    if broken:
        yield from wrapped("VIOLATED with all guarantees: ", ", ".join(broken))


def _closing(matrix: Matrix, found: tuple[Reliance, ...], times: bool) -> str:
    cost = f" {duration(matrix.seconds)}" if times else ""
    table_ = rows(matrix)
    if not matrix.guarantees:
        text = "the model uses no guarantee that could be dropped"
    else:
        tried = sum(bool(c.without) for c in matrix.columns)
        text = f"{tried} guarantee{'s' if tried != 1 else ''}, {len(table_)} "
        text += "property" if len(table_) == 1 else "properties"
        needed = list(dict.fromkeys(r.guarantee for r in found))
        falls = len({r.claim for r in found})
        text += (f": {falls} rel{'ies' if falls == 1 else 'y'} on {', '.join(needed)}" if found
                 else ": none relies on a single guarantee")
        open_ = len(undecided(matrix))
        text += f", as far as was decided ({open_} not for every property)" if open_ else ""
    return "\n".join(wrapped("", f"{text}.{cost}", 0))
