"""The table of `wddmcheck docs --overlap`, as text, JSON and Markdown: by level and class, and for
one DDI."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.cli.overlap import NO, OTHER, YES, Cell, Overlaps, Threaded
from wddmcheck.lower.guarantees import LEVELS

SCHEMA = 1
"""Version of the JSON form."""
WIDTH = 100
_SIGNS = {NO: "-", OTHER: "P", YES: "Y"}
_WORDS = {NO: "never", OTHER: "only for another process", YES: "yes"}


@dataclass(frozen=True, slots=True)
class Group:
    """Calls whose threading is the same."""

    title: str
    calls: tuple[Threaded, ...]


def groups(found: Overlaps) -> tuple[Group, ...]:
    """The calls by level and class; in a model also by whether they belong to a process."""
    rows: dict[str, list[Threaded]] = {}
    mixed = {c.group for c in found.calls.values() if c.process} & {
        c.group for c in found.calls.values() if not c.process}
    for call in found.calls.values():
        title = call.group
        if title in mixed:
            title += ", of a process" if call.process else ", of no process"
        rows.setdefault(title, []).append(call)
    return tuple(Group(title, tuple(calls)) for title, calls in rows.items())


# --- the whole table -----------------------------------------------------------------------------


def as_text(found: Overlaps) -> Iterator[str]:
    """Which groups may overlap, what is different for some pairs, and who is in which group."""
    rows = groups(found)
    yield f"Which DDIs may overlap, by {found.title}: {len(found.calls)} in {len(rows)} groups"
    yield ""
    wide = max((len(g.title) for g in rows), default=0)
    numbers = "".join(f"{n:>4}" for n in range(1, len(rows) + 1))
    yield f"  {'':>2}  {'':<{wide}}{numbers}"
    for number, group in enumerate(rows, 1):
        signs = "".join(f"{_sign(found, group, other):>4}" for other in rows)
        yield f"  {number:>2}  {group.title:<{wide}}{signs}"
    yield ""
    yield from _legend(found, rows)
    yield ""
    yield from _special(found)
    for number, group in enumerate(rows, 1):
        yield ""
        yield from _wrap("", f"{number}  {group.title}: "
                         + ", ".join(dict.fromkeys(_page(c) for c in group.calls)))
        yield from _wrap("   ", ", ".join(_marked(c) for c in group.calls))
    yield from _notes(found)


def _sign(found: Overlaps, one: Group, other: Group) -> str:
    """The answer for two calls of these groups, as far as it is one."""
    cell = _typical(found, one, other)
    return _SIGNS[cell.answer] + ("+" if cell.apart else "")


def _typical(found: Overlaps, one: Group, other: Group) -> Cell:
    """The cell that levels and classes give."""
    return Overlaps(found.title, found.calls).cell(one.calls[0].name, other.calls[-1].name)


def _legend(found: Overlaps, rows: tuple[Group, ...]) -> Iterator[str]:
    cells = [_typical(found, a, b) for a in rows for b in rows]
    for answer in (OTHER, YES, NO):
        used = [c for c in cells if c.answer == answer]
        if not used:
            continue
        names = sorted({c.guarantee for c in used if c.guarantee})
        why = "; ".join(f"{n}: {LEVELS[n].text}" for n in names) or used[0].why
        yield from _wrap(f"  {_SIGNS[answer]}  ", f"{_WORDS[answer]} ({why})")
    for apart in dict.fromkeys(c.apart for c in cells if c.apart):
        yield from _wrap("  +  ", f"and only for another {apart}")


def _special(found: Overlaps) -> Iterator[str]:
    """Pairs that levels do not tell all about."""
    for pair in found.pairs:
        names = sorted(pair.calls)
        one, other = names[0], names[-1]
        yield from _wrap("  ", f"{one} and {other}: {_answer(found.cell(one, other))}; {pair.why} "
                               f"({pair.rule}, {pair.page})")
    for text in dict.fromkeys(t for texts in found.clauses.values() for t in texts):
        yield from _wrap("  ", text)
    if found.hardware:
        yield from _wrap("  ", f"{', '.join(found.hardware)}: no threads of Dxgkrnl's, so no level "
                               "holds them back (G-19)")
    if any(c.place for c in found.calls.values()):
        yield from _wrap("  ", "Other conditions of a `requires` may keep calls apart as well: "
                               "this is what threading alone lets happen.")


def _notes(found: Overlaps) -> Iterator[str]:
    noted: dict[str, list[str]] = {}
    for call in found.calls.values():
        if call.note and call.parks:
            noted.setdefault(call.note, []).append(call.name)
    if noted:
        yield ""
        yield "* no list of the level pages has it, or another page says something else"
        for note, names in noted.items():
            yield from _wrap("  ", f"{note}: {', '.join(names)}")
    if any(not c.parks for c in found.calls.values()):
        yield ""
        yield "' runs in one piece in this model: it overlaps calls that pause, and no others"


def _marked(call: Threaded) -> str:
    return call.name + ("*" if call.note and call.parks else "") + ("" if call.parks else "'")


def _page(call: Threaded) -> str:
    """Where the level of a call is said, for a list of such places."""
    return call.page if call.page.startswith("windows") else "own pages"


def _answer(cell: Cell) -> str:
    return _WORDS[cell.answer] + (f", for another {cell.apart}" if cell.apart else "")


# --- one DDI -------------------------------------------------------------------------------------


def of_one(found: Overlaps, name: str) -> Iterator[str]:
    """What a call of `name` may overlap, with the reason and the page of each."""
    call = found.calls[name]
    basis = "stated by" if call.stated else "inferred, no page gives it; the default is on"
    yield f"{name}: {call.group} ({call.place or call.uid})"
    yield from _wrap("  level: ", f"as the model has it; page {call.page}" if call.place
                     else f"{basis} {call.page}")
    if call.note:
        yield from _wrap("  note: ", call.note)
    rows: dict[Cell, list[str]] = {}
    for other in found.calls:
        rows.setdefault(found.cell(name, other), []).append(other)
    order = {YES: 0, OTHER: 1, NO: 2}
    for cell, others in sorted(rows.items(), key=lambda row: order[row[0].answer]):
        by = f"{cell.guarantee}: {cell.why}" if cell.guarantee else cell.why
        yield ""
        yield from _wrap("  ", f"{_answer(cell)} ({by}; {cell.page})", 4)
        for clause in cell.clauses:
            yield from _wrap("    and only as far as ", clause, 6)
        yield from _wrap("    ", ", ".join(others), 4)
    if found.hardware:
        yield ""
        yield from _wrap("  ", f"at any time: {', '.join(found.hardware)} (G-19)", 4)


# --- other formats -------------------------------------------------------------------------------


def as_json(found: Overlaps, only: str | None = None) -> str:
    """One object: `schema`, `of`, `calls`, and `pairs` with the answer for each two calls (or, with
    `only`, for that one and each other). A pair's `reason` is an index into `reasons`."""
    names = list(found.calls)
    wanted = [(a, b) for i, a in enumerate(names) for b in names[i:] if only in (None, a, b)]
    reasons: dict[Cell, int] = {}
    pairs = [{"calls": [a, b], "reason": reasons.setdefault(found.cell(a, b), len(reasons))}
             for a, b in wanted]
    return json.dumps({
        "schema": SCHEMA,
        "of": found.title,
        "calls": [{"name": c.name, "level": c.level, "class": c.klass, "of_process": c.process,
                   "level_page": c.page, "uid": c.uid, "stated": c.stated,
                   "note": c.note or None, "place": c.place or None}
                  for c in found.calls.values()],
        "hardware": list(found.hardware),
        "reasons": [{"answer": c.answer, "apart": c.apart or None,
                     "guarantee": c.guarantee or None, "why": c.why, "page": c.page,
                     "clauses": list(c.clauses)} for c in reasons],
        "pairs": pairs,
    }, indent=1)


def as_markdown(found: Overlaps) -> Iterator[str]:
    """A page: the groups, the exceptions, every call with its pages."""
    rows = groups(found)
    yield "# Which DDIs may overlap"
    yield ""
    yield from textwrap.wrap(
        f"By {found.title}. Written by `wddmcheck docs --overlap --format markdown`; "
        "`wddmcheck docs --overlap DDI` says it for one DDI, `--without L1` what a guarantee buys "
        "([the language](../spec/language.md)).", WIDTH)
    yield ""
    yield "| | group | " + " | ".join(str(n) for n in range(1, len(rows) + 1)) + " |"
    yield "|---|---|" + "---|" * len(rows)
    for number, group in enumerate(rows, 1):
        signs = " | ".join(_sign(found, group, other) for other in rows)
        yield f"| {number} | {group.title} | {signs} |"
    yield ""
    for line in _items(_legend(found, rows)):
        yield f"* {line}"
    yield ""
    yield "What levels and classes do not say:"
    yield ""
    for line in _items(_special(found)):
        yield f"* {line}"
    yield ""
    pages = {c.level: c.page for c in found.calls.values() if c.page.startswith("windows")}
    for level, page in sorted(pages.items()):
        yield f"* the page of level {level}: {page}"
    yield ""
    yield "| DDI | level, class | said by | |"
    yield "|---|---|---|---|"
    for call in found.calls.values():
        own = call.page != pages.get(call.level)
        said = "inferred" if not call.stated else "its own page" if own else "the level's page"
        yield f"| {call.name} ({call.uid or call.place}) | {call.group} | {said} | {call.note} |"


def _items(lines: Iterator[str]) -> Iterator[str]:
    """Wrapped lines as paragraphs again."""
    text = ""
    for line in lines:
        if text and line.startswith("    "):
            text += " " + line.strip()
            continue
        if text:
            yield text
        text = " ".join(line.split())
    if text:
        yield text


def _wrap(label: str, text: str, indent: int = 6) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=label, subsequent_indent=" " * indent,
                         break_on_hyphens=False, break_long_words=False)
