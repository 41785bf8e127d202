"""Stories as text for a terminal.

The text is complete without colour, ASCII, at most `WIDTH` columns wide, and the same for the same
story; golden files hold it. One line a step; what a step changed stands beside it where it fits,
otherwise below.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wddmcheck.ir.system import Phase
from wddmcheck.report.lifelines import lifelines
from wddmcheck.report.lines import WIDTH, fold, wrapped
from wddmcheck.report.places import show_place
from wddmcheck.report.story import (
    Argument,
    CallMade,
    Change,
    ChangeKind,
    Cited,
    Story,
    StoryStep,
    Value,
    ValueKind,
)
from wddmcheck.report.style import Role, Style, plain, to_ascii

BROKEN = "<- rule broken here"
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
    gap = WIDTH - len(word) - 1 - len(story.property) - len(place)
    yield (f"{style(Role.BAD if story.violated else Role.GOOD, word)} "
           f"{style(Role.NAME, story.property)}"
           + (" " * max(gap, 2) + style(Role.DIM, place) if place else ""))
    title = story.why.title or story.property
    about = f"{title}: {', '.join(story.objects)}" if story.objects else title
    yield from wrapped("", about)
    if story.violated and story.ends and story.ends != title:
        yield from wrapped("", story.ends)


def _steps(story: Story, style: Style) -> Iterator[str]:
    sizes = " ".join(f"{s.pool}={s.size}" for s in story.scope)
    count = len(story.steps)
    if count == 0:
        yield "  in the initial state"
        return
    what = "shortest run" if story.shortest else "a run"
    steps = f"{count} step{'s' if count != 1 else ''}"
    yield from wrapped("", f"{what}, {steps} at {sizes} (shown: what changed)" if sizes else
                        f"{what}, {steps} (shown: what changed)")
    rows = [_row(step, story) for step in story.steps]
    calls = max(len(r.call) for r in rows if len(r.call) <= _CALL_LIMIT or r is rows[0])
    calls = min(calls, _CALL_LIMIT)
    outcomes = max((len(r.outcome) for r in rows if len(r.call) <= _CALL_LIMIT), default=0)
    for step, row in zip(story.steps, rows, strict=True):
        if story.loop is not None and step.number == story.loop + 1:
            yield f"{'':{_INDENT}}-- from here on, again and again:"
        yield from _step_lines(step, row, calls, min(outcomes, 30), story, style)
    if story.loop is not None and story.loop == count:
        yield f"{'':{_INDENT}}-- and so it stays"
    elif story.loop is not None:
        yield f"{'':{_INDENT}}-- back to step {story.loop + 1}"
    for call in story.waiting:
        yield from wrapped("", f"{call.call} {call.block} still waits ({call.at})", _INDENT)


# --- one step ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of a step."""

    call: str
    outcome: str
    below: tuple[str, ...]
    changes: tuple[str, ...]


def _row(step: StoryStep, story: Story) -> _Row:
    call = f"{step.block}({_arguments(step.args)})"
    if step.phase in (Phase.RESUME.value, Phase.RETURN.value):
        call = f"{step.call} {step.block} continues"
    elif step.call:
        call = f"{call} as {step.call}"
    shown = {step.result.object} if step.result is not None else set()
    shown |= {c.result.object for c in step.calls if c.result is not None}
    below = tuple(f"calls {_call(c)}" for c in step.calls)
    return _Row(call, _outcome(step), below, tuple(_changes(step.changes, shown)))


def _step_lines(step: StoryStep, row: _Row, calls: int, outcomes: int, story: Story,
                style: Style) -> Iterator[str]:
    last = step.number == story.broken_at
    head = f"{step.number:>{_INDENT + 1}}  {step.actor:<3}  "
    line = head + row.call
    if row.outcome:
        line = f"{head}{row.call:<{calls}}  {row.outcome}"
    extra = list(row.changes)
    pending = extra
    if len(line) > WIDTH:
        yield from fold(head + row.call, len(head) + 2)
        line = " " * _BELOW + row.outcome if row.outcome else ""
    # `as` columns: changes go where those of other steps stand, if there is room
    column = len(head) + calls + 2 + (outcomes + 2 if outcomes else 0)
    beside = "; ".join(extra)
    if not row.below and beside:
        for start in (column, len(line) + 2):
            if start >= len(line) + 2 and start + len(beside) <= WIDTH:
                line, pending = f"{line:<{start}}{beside}", []
                break
    mark = style(Role.BAD, BROKEN)
    if last and not row.below and not pending and len(line) + 2 + len(BROKEN) <= WIDTH:
        line, last = f"{line}  {mark}", False
    if line:
        yield line
    for text in (*row.below, *pending):
        yield from fold(" " * _BELOW + text, _BELOW + 2)
    for fault in step.faults:
        text = f"breaks {fault.property}: {fault.message}" if fault.message else ""
        place = show_place(fault.place)
        if fault.property != story.property and text:
            yield from fold(" " * _BELOW + text + (f" ({place})" if place else ""), _BELOW + 2)
    if last:
        yield " " * _BELOW + mark


def _outcome(step: StoryStep) -> str:
    if step.at:
        return f"... {step.at}"
    if any(f.stops for f in step.faults):
        return ""
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
                yield f"{name} now dangles" + (f" (was {change.object})" if change.object else "")
            case ChangeKind.ADDED:
                yield f"{name}: + {change.object}"
            case ChangeKind.REMOVED:
                yield f"{name}: - {change.object}"


# --- why -----------------------------------------------------------------------------------------


def _why(story: Story) -> Iterator[str]:
    faults = [f for s in story.steps[-1:] for f in s.faults if f.property == story.property]
    for fault in faults:
        if fault.place is not None:
            yield from wrapped("at:    ", show_place(fault.place))
    if story.why.formula:
        yield from wrapped("claim: ", story.why.formula)
    cites = list(dict.fromkeys([*story.why.cited, *(c for f in faults for c in f.cited)]))
    for cite in cites:
        yield from wrapped("rule:  ", basis(cite))
    last = story.steps[-1] if story.steps else None
    pages = [c.uid for c in last.cited if c.uid] if last is not None else []
    if last is not None and pages:
        yield from wrapped("page:  ", f"{last.block}: {', '.join(dict.fromkeys(pages))}")
    if story.why.policies:
        yield from wrapped("under: ", "policy " + ", ".join(
            f"{name}={choice}" for name, choice in story.why.policies))
    if story.why.bugchecks:
        codes = ", ".join(story.why.bugchecks)
        yield from wrapped("stop:  ", f"Windows documents bug check {codes} for this state")


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
            text = "built in: the semantics of objects and references"
    return f"{text}: {cite.why}" if cite.why else text
