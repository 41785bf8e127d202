"""The lives of objects as bars of ASCII: `[====)` lived and was destroyed, `[---->` is left."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.report.story import Life, Story

MAX_BARS = 14
MAX_CELL = 4


def lifelines(story: Story, indent: int, width: int) -> Iterator[str]:
    """The bars of a story, a heading with the step numbers first; nothing if there are none."""
    shown = _chosen(story)
    count = len(story.steps)
    if not shown or count < 2:
        return
    left = indent + max(len("step"), *(len(life.object) for life in shown)) + 2
    notes = max(len(life.note) + 2 if life.note else 0 for life in shown)
    cell = min(MAX_CELL, (width - left - notes - 1) // count)
    if cell < 1:
        return
    yield (" " * indent + "step".ljust(left - indent) + _ruler(count, cell)).rstrip()
    for life in shown:
        bar = _bar(life, count, cell)
        yield (" " * indent + life.object.ljust(left - indent) + bar).rstrip()
    hidden = len(story.lives) - len(shown)
    if hidden > 0:
        yield " " * indent + f"({hidden} more that the rule does not touch)"


def _ruler(count: int, cell: int) -> str:
    """The step numbers, as many as fit."""
    every = next(n for n in (1, 2, 5, 10, 20, 50, 100) if n * cell > len(str(count)))
    line = [" "] * (count * cell + len(str(count)))
    for number in range(every, count + 1, every):
        at = (number - 1) * cell
        line[at:at + len(str(number))] = str(number)
    return "".join(line)


def _bar(life: Life, count: int, cell: int) -> str:
    """One life: `[====)` of an object, `<~~~~>` of a call in flight, `x` where it is used dead."""
    length = count * cell
    line = [" "] * (length + 1)
    start = max(life.born - 1, 0) * cell
    end = length if life.died is None else (life.died - 1) * cell
    body = "~" if life.call else "-" if life.note in ("never freed", "still alive") else "="
    for i in range(start, end):
        line[i] = body
    if life.born > 0:
        line[start] = "<" if life.call else "["
    if life.died is None:
        line[end] = ">"
    elif life.died == life.born:
        line[start:start + 2] = "[)"
    else:
        line[end] = ">" if life.call else ")"
    for step in life.touched:
        line[(step - 1) * cell + (step == life.died)] = "x"
    return "".join(line).rstrip() + (f"  {life.note}" if life.note else "")


def _chosen(story: Story) -> list[Life]:
    """Objects first, calls of more than one step after them; the important if there are many."""
    lives = [life for life in story.lives
             if not life.call or life.died is None or life.died > life.born]
    lives.sort(key=lambda life: life.call)
    if len(lives) <= MAX_BARS:
        return lives
    keep = {life.object for life in lives if life.note or life.object in story.objects}
    keep |= {life.owner for life in lives if life.object in keep}
    for life in lives:
        if len(keep) < MAX_BARS:
            keep.add(life.object)
    return [life for life in lives if life.object in keep][:MAX_BARS]
