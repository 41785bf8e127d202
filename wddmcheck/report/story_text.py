"""Stories as text for a terminal.

The text is complete without colour, ASCII, at most `WIDTH` columns wide, and the same for the same
story; golden files hold it. One line a step; what a step changed stands beside it where it fits,
otherwise below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wddmcheck.ir.system import Kind, Phase
from wddmcheck.report.forecast import stop_text
from wddmcheck.report.lifelines import lifelines
from wddmcheck.report.lines import WIDTH, fold, packed, wrapped
from wddmcheck.report.places import show_place
from wddmcheck.report.story import (
    Argument,
    CallMade,
    Change,
    ChangeKind,
    Cited,
    Place,
    StopCode,
    Story,
    StoryStep,
    Value,
    ValueKind,
)
from wddmcheck.report.style import Role, Style, plain, to_ascii
from wddmcheck.result.needs import OR, Needs

BROKEN = "<- rule broken here"
CALLS = "Call"
_MARKS = {Kind.NO_DEADLOCK.value: "<- stuck from here",
          Kind.ALWAYS_POSSIBLE.value: "<- no way back from here"}
_INDENT = 4
_BELOW = 13          # where continuation lines of a step start
_CALL_LIMIT = 62     # longer calls do not push the other columns to the right


def render_story(story: Story, *, again: str = "", style: Style = plain) -> str:
    """The whole story; `again` is the command that shows it again. Ends with a line break."""
    lines: list[str] = [*_headline(story, style), ""]
    lines += _steps(story, style)
    bars = list(lifelines(story, _INDENT, WIDTH))
    if bars:
        lines += ["", *bars]
    lines += ["", *_why(story)]
    if again:
        lines += wrapped("again: ", again)
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


# --- headline ------------------------------------------------------------------------------------


def _headline(story: Story, style: Style) -> Iterator[str]:
    word = "VIOLATED" if story.violated else "REACHED"
    place = show_place(story.why.place)
    without = f" without {', '.join(story.why.without)}" if story.why.without else ""
    gap = WIDTH - len(word) - 1 - len(story.property) - len(without) - len(place)
    yield (f"{style(Role.BAD if story.violated else Role.GOOD, word)} "
           f"{style(Role.NAME, story.property)}{without}"
           + (" " * max(gap, 2) + style(Role.DIM, place) if place else ""))
    title = story.why.title or story.property
    about = f"{title}: {', '.join(story.objects)}" if story.objects else title
    yield from wrapped("", about)
    if story.violated and story.ends and story.ends != title:
        yield from wrapped("", story.ends)
    if story.violated and story.why.without and story.why.needs is not None:
        yield from wrapped("", _relies(story, story.why.needs))


def _relies(story: Story, needs: Needs) -> str:
    """Whether the property rests on the guarantees that this run does without."""
    count = len(story.steps)
    steps = f"{count} step{'s' if count != 1 else ''}"
    if needs.without:
        one = len(needs.without) == 1
        return (f"relies on {', '.join(needs.without)}: without {'it' if one else 'them'} a run of "
                f"{steps} violates the property; with {'it' if one else 'any one of them'} no run "
                f"of up to {steps} does")
    open_ = [name for name in story.why.without if name in needs.undecided]
    if open_:
        return f"whether it relies on {', '.join(open_)} is not decided (a limit)"
    return f"relies on none of what was dropped: with it a run of {steps} violates the property too"


def _steps(story: Story, style: Style) -> Iterator[str]:
    count = len(story.steps)
    if count == 0:
        yield "  in the initial state"
        return
    what = "shortest run" if story.shortest else "a run (there may be shorter ones)"
    yield f"  {what}, {count} step{'s' if count != 1 else ''} (shown: what changed)"
    rows = [_row(step, _Files.of(story)) for step in story.steps]
    normal = [r for r in rows if len(r.call) <= _CALL_LIMIT]
    columns = (max((len(r.call) for r in normal), default=0),
               max((len(r.outcome) for r in normal if len(r.outcome) <= 30), default=0))
    for step, row in zip(story.steps, rows, strict=True):
        if story.loop is not None and step.number == story.loop + 1:
            yield f"{'':{_INDENT}}-- from here on, again and again:"
        yield from _step_lines(step, row, columns, story, style)
    if story.loop is not None:
        end = f"back to step {story.loop + 1}" if story.loop < count else "and so it stays"
        yield f"{'':{_INDENT}}-- {end}"
    for call in story.waiting:
        place = _Files.of(story).place(call.place)
        yield from wrapped("", f"in flight at the end: {call.call} {call.block} {call.at}{place}",
                           _INDENT)
    room = next((s.size for s in story.scope if s.pool == CALLS), None)
    if story.why.kind in _MARKS and story.waiting and len(story.waiting) == room:
        yield from wrapped("", f"the scope has no room for another call (calls={room}): with more, "
                           "the run may go on", _INDENT)


@dataclass(frozen=True, slots=True)
class _Files:
    """How places read within a story: by line alone if it knows one file only."""

    single: bool

    @classmethod
    def of(cls, story: Story) -> _Files:
        """The files of `story`."""
        return cls(len({p.file for s in story.steps for p in s.places}) <= 1)

    def place(self, place: Place | None) -> str:
        """` at line 14`, or the file too where there are several."""
        if place is None:
            return ""
        file = place.file.rpartition("/")[2]
        return f" at line {place.line}" if self.single else f" at {file}:{place.line}"


# --- one step ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of a step."""

    call: str
    outcome: str
    below: tuple[str, ...]
    changes: tuple[str, ...]


def _row(step: StoryStep, files: _Files) -> _Row:
    call = f"{step.block}({_arguments(step.args)})"
    if step.phase in (Phase.RESUME.value, Phase.RETURN.value):
        call = f"{step.call} {step.block} continues"
    elif step.call:
        call = f"{call} as {step.call}"
    shown = {step.result.object} if step.result is not None else set()
    shown |= {c.result.object for c in step.calls if c.result is not None}
    below = tuple(f"calls {_call(c)}" for c in step.calls)
    return _Row(call, _outcome(step, files), below, tuple(_changes(step.changes, shown)))


def _step_lines(step: StoryStep, row: _Row, columns: tuple[int, int], story: Story,
                style: Style) -> Iterator[str]:
    head = f"{step.number:>{_INDENT + 1}}  {step.actor:<3}  "
    outcome_at = len(head) + columns[0] + 2
    changes_at = outcome_at + (columns[1] + 2 if columns[1] else 0)
    lines = fold(head + row.call, len(head) + 2)
    if row.outcome:
        _beside(lines, row.outcome, (outcome_at, 0), len(head) + 2)
    mark = _MARKS.get(story.why.kind, BROKEN) if step.number == story.broken_at else ""
    changes = "; ".join(row.changes)
    free = (changes_at, outcome_at, 0) if not row.outcome else (changes_at, 0)
    if mark:
        _beside(lines, style(Role.BAD, mark), free, _BELOW, len(mark))
    elif changes and not row.below and _fits(lines, changes, free):
        _beside(lines, changes, free, _BELOW)
        changes = ""
    yield from lines
    for text in row.below:
        yield from fold(" " * _BELOW + text, _BELOW + 2)
    if changes:
        yield from packed(row.changes, _BELOW)
    for fault in step.faults:
        if fault.property != story.property:
            text = f"also breaks {fault.property}: {fault.message}".rstrip(": ")
            yield from fold(" " * _BELOW + text, _BELOW + 2)


def _fits(lines: list[str], text: str, columns: tuple[int, ...]) -> bool:
    return any(max(c, len(lines[-1]) + 2) + len(text) <= WIDTH for c in columns)


def _beside(lines: list[str], text: str, columns: tuple[int, ...], below: int,
            length: int | None = None) -> None:
    """Put `text` on the last line at the first of `columns` (0: right behind) where it fits, or
    on a line of its own. `length` is what shows of it."""
    length = len(text) if length is None else length
    have = len(lines[-1]) + 2
    for column in columns:
        start = column or have
        if have <= start and start + length <= WIDTH:
            lines[-1] = f"{lines[-1]:<{start}}{text}"
            return
    lines.append(" " * below + text)


def _outcome(step: StoryStep, files: _Files) -> str:
    if step.at:
        return f"... {step.at}{files.place(step.stops)}"
    if step.result is not None and step.result.kind is not ValueKind.NONE:
        return f"-> {step.result.text}"
    if step.status and (step.status != "STATUS_SUCCESS" or step.phase == Phase.RETURN.value):
        return f"-> {step.status}"
    return ""


def _arguments(args: Iterable[Argument]) -> str:
    """Objects alone, unless two are alike; other values with their names."""
    args = tuple(args)
    kinds = [a.value.object.partition("#")[0] for a in args]
    return ", ".join(
        a.value.text if a.value.kind is ValueKind.OBJECT and kinds.count(kind) == 1
        else f"{a.name}={_value(a.value)}"
        for a, kind in zip(args, kinds, strict=True))


def _value(value: Value) -> str:
    return f"<{value.text}>" if value.kind is ValueKind.DANGLING else value.text


def _call(call: CallMade) -> str:
    text = f"{call.name}({_arguments(call.args)})"
    if call.result is not None and call.result.kind is not ValueKind.NONE:
        return f"{text} -> {_value(call.result)}"
    if call.status and call.status != "STATUS_SUCCESS":
        return f"{text} -> {call.status}"
    return text


def _changes(changes: tuple[Change, ...], shown: set[str]) -> Iterator[str]:
    died = {c.subject for c in changes if c.kind is ChangeKind.DESTROYED}
    born = {c.subject for c in changes if c.kind is ChangeKind.CREATED}
    dangling: dict[str, list[str]] = {}
    for change in changes:
        if change.implied:
            continue
        name = f"{change.subject}.{change.label}" if change.subject else change.label
        match change.kind:
            case ChangeKind.CREATED:
                if change.subject in died:
                    yield f"{change.subject} created and destroyed"
                elif change.subject not in shown:
                    yield f"{change.subject} created"
            case ChangeKind.DESTROYED:
                if change.subject not in born:
                    yield f"{change.subject} destroyed"
            case ChangeKind.CHANGED:
                yield f"{name}: {change.before} -> {change.after}"
            case ChangeKind.DANGLED:
                dangling.setdefault(change.object, []).append(name)
            case ChangeKind.ADDED:
                yield f"{name}: + {change.object}"
            case ChangeKind.REMOVED:
                yield f"{name}: - {change.object}"
    for was, names in dangling.items():
        yield f"now dangling: {', '.join(names)}" + (f" (was {was})" if was else "")


# --- why -----------------------------------------------------------------------------------------


def _why(story: Story) -> Iterator[str]:
    faults = [f for s in story.steps[-1:] for f in s.faults if f.property == story.property]
    for fault in faults:
        if fault.place is not None and fault.place != story.why.place:
            yield from wrapped("at:    ", show_place(fault.place))
    if story.why.formula:
        yield from wrapped("claim: ", story.why.formula)
    cites = list(dict.fromkeys([*story.why.cited, *(c for f in faults for c in f.cited)]))
    for cite in cites:
        yield from wrapped("rule:  ", basis(cite))
    last = story.steps[-1] if story.steps else None
    if last is not None:
        for cite in last.cited:
            if cite.uid and cite not in cites:
                yield from wrapped("page:  ", f"{last.block} {basis(cite)}")
    sizes = " ".join(f"{s.pool}={s.size}" for s in story.scope if s.size)
    policies = ", ".join(f"{name}={choice}" for name, choice in story.why.policies)
    if sizes or policies:
        yield from wrapped("under: ", sizes + (f"; policy {policies}" if policies else "")
                           + (f"; without {', '.join(story.why.without)}" if story.why.without
                              else ""))
    if story.why.needs is not None and story.why.policies:
        yield from wrapped("needs: ", needs_text(story.why.needs))
    # (Files of older versions have the codes alone.)
    for stop in story.why.forecast or (StopCode(c) for c in story.why.bugchecks):
        yield from wrapped("stop:  ", f"documented for this state: {stop_text(stop)}")
        if stop.page:
            yield from wrapped("       ", f"page {stop.page}")


def needs_text(needs: Needs) -> str:
    """The choices of policies that a violation needs, as a phrase."""
    # (What it needs of guarantees is at the head of a story.)
    text = ", ".join(f"{name}={choice.replace(OR, ' or ')}" for name, choice in needs.policies)
    if needs.policies:
        text += " (answered otherwise, nothing is violated in as many steps)"
    elif not needs.undecided:
        text = "none of these policies"
    if needs.undecided:
        text += ("; " if text else "") + f"not decided for {', '.join(needs.undecided)} (a limit)"
    return text


def basis(cite: Cited) -> str:
    """A citation as a phrase: on whose word, which page or rules, and why."""
    rules = ", ".join(cite.rules)
    source = f"{cite.uid} ({rules})" if cite.uid and rules else cite.uid or rules
    match cite.basis:
        case "stated":
            text = f"stated by {source}" if source else "stated"
        case "inferred":
            text = f"inferred from {source}" if source else "inferred"
        case "assumed":
            text = "assumed, no documentation sentence" + (f" (near {source})" if source else "")
        case _:
            text = "built in, checked in every model"
    return f"{text}: {cite.why}" if cite.why else text
