"""A sweep of failures as text: what each property survives, what each failure breaks, the story of
the shortest run that breaks each property, and one closing line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.report.lines import WIDTH, wrapped
from wddmcheck.report.places import Places
from wddmcheck.report.story import Story
from wddmcheck.report.story_text import render_story
from wddmcheck.report.style import Role, Style, plain, to_ascii
from wddmcheck.report.tables import duration, explored, without
from wddmcheck.report.tell import tell
from wddmcheck.report.trace_file import TraceFile, make
from wddmcheck.report.words import wording
from wddmcheck.result.report import PropertyResult
from wddmcheck.result.sweep import Failing, Failure, Kind, Sweep, SweptProperty
from wddmcheck.result.verdict import Exploration, Holds, Proved, Violated

_PARTS = {Kind.STATUS: ("status", "statuses"), Kind.CALLBACK: ("of a callback", "of callbacks"),
          Kind.CREATE: ("create", "creates"), Kind.EVENT: ("event", "events")}
_NAMES = 44


def render_sweep(sweep: Sweep, *, sources: SourceMap | None = None, style: Style = plain,
                 times: bool = True) -> str:
    """The sweep as text. Without `times`, nothing in it differs between two equal runs."""
    places = Places(sources or SourceMap())
    lines = [*_head(sweep, times), "", *_properties(sweep, style), "",
             *_failures(sweep, places), ""]
    for prop in sweep.properties:
        if prop.failing:
            first, *others = prop.failing
            story = story_of(sweep, prop, first, sources)
            lines += render_story(story, again=again(sweep, prop, first),
                                  style=style).splitlines()
            lines += _told(sweep, first, others, places)
            lines.append("")
    lines.append(_closing(sweep, places, times))
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


# --- parts that other formats need too -----------------------------------------------------------


def describe(failure: Failure, places: Places) -> str:
    """A failure and its point, as a phrase."""
    after = _place(failure.after, places)
    match failure.kind:
        case Kind.EVENT:
            text = failure.name + (f" ({failure.title})" if failure.title else "")
            return f"{text} while {failure.during} pauses at {after}" if failure.during else text
        case Kind.CREATE:
            text = f"no {failure.name} can be created in {failure.block}"
        case Kind.STATUS | Kind.CALLBACK:
            text = f"{failure.name} {failure.status}"
            if failure.name != failure.block:
                text += f" in {failure.block}"
    if after:
        text += f" after {after}"
    if failure.turn > 1:
        text += f" (call {failure.turn})"
    at = _place(failure.at, places)
    return f"{text} at {at}" if at else text


def story_of(sweep: Sweep, prop: SweptProperty, failing: Failing,
             sources: SourceMap | None) -> Story:
    """The story of a run that breaks `prop`."""
    claim = next(p for p in sweep.system.properties if p.name == prop.name)
    return tell(sweep.system, dict(sweep.scopes[failing.scope].sizes), claim, failing.trace,
                sources=sources)


def again(sweep: Sweep, prop: SweptProperty, failing: Failing) -> str:
    """The command that shows this run alone again."""
    words = sweep.command.split()
    parts = [sweep.command]
    if not any(w.startswith("--prop") for w in words):
        parts.append(f"--property {prop.name}")
    if not any(w.startswith("--scope") for w in words):
        scope = sweep.scopes[failing.scope]
        sizes = ",".join(f"{p}={n}" for p, n in scope.sizes)
        parts.append(f"--scope {scope.scope or sizes}")
    return " ".join(parts)


def traces(sweep: Sweep, sources: SourceMap | None) -> tuple[TraceFile, ...]:
    """The shortest run that breaks each property, as trace files."""
    return tuple(trace_of(sweep, prop, prop.failing[0], sources)
                 for prop in sweep.properties if prop.failing)


def trace_of(sweep: Sweep, prop: SweptProperty, failing: Failing,
             sources: SourceMap | None) -> TraceFile:
    """A run that breaks `prop` as a trace file."""
    return make(story_of(sweep, prop, failing, sources), failing.trace, model=sweep.model,
                digest=sweep.digest, engine=failing.engine, policies=sweep.system.policies,
                without=sweep.system.without,
                command=again(sweep, prop, failing))


def swept(result: PropertyResult) -> bool:
    """Whether failures were tried: the property has to hold without them."""
    return isinstance(result.verdict, Proved | Holds)


def alone(prop: SweptProperty) -> frozenset[int]:
    """The failures that break the property alone."""
    return frozenset(f.failures[0] for f in prop.failing if len(f.failures) == 1)


def survived(sweep: Sweep, prop: SweptProperty) -> frozenset[int]:
    """The failures that happen, and do not break the property alone."""
    return sweep.seen - alone(prop) if swept(prop.baseline) else frozenset()


def _place(span: Span | None, places: Places) -> str:
    place = places.of(span)
    return f"{place.file.rpartition('/')[2]}:{place.line}" if place is not None else ""


# --- head ----------------------------------------------------------------------------------------


def _head(sweep: Sweep, times: bool) -> Iterator[str]:
    yield sweep.model + without(sweep.system.without)
    for scope in sweep.scopes:
        sizes = " ".join(f"{pool}={n}" for pool, n in scope.sizes if n)
        yield from wrapped(f"scope {scope.scope}: " if scope.scope else "scope ", sizes)
        yield from _explored("without failures: ", scope.baseline, times)
        yield from _explored("with failures:    ", scope.explorations, times)
    counts = Counter(f.kind for f in sweep.failures)
    parts = ", ".join(f"{n} {_PARTS[kind][n != 1]}" for kind in Kind if (n := counts[kind]))
    few = len(sweep.happening)
    text = f"{len(sweep.failures)} failures: {parts or 'none'}; {few} happen here"
    if sweep.most > 1:
        text += f"; up to {sweep.most} in a run"
    yield from wrapped("", text)
    for note in dict.fromkeys(n for s in sweep.scopes for n in s.notes):
        yield from wrapped("note: ", note)


def _explored(label: str, explorations: tuple[Exploration, ...], times: bool) -> Iterator[str]:
    for exploration in explorations:
        yield f"      {label}{explored(exploration, times)}"


# --- tables --------------------------------------------------------------------------------------


def _properties(sweep: Sweep, style: Style) -> Iterator[str]:
    left = min(max((len(p.name) for p in sweep.properties), default=0), _NAMES)
    yield f"  {'property':<{left}}  survives"
    for prop in sweep.properties:
        text, bad = _survives(sweep, prop)
        lines = wrapped(f"  {prop.name:<{left}}  ", text, 0)
        yield from (style(Role.BAD, line) if bad else line for line in lines)


def _survives(sweep: Sweep, prop: SweptProperty) -> tuple[str, bool]:
    """What a property survives, in words, and whether that is bad news."""
    word = wording(prop.baseline.verdict)
    if not swept(prop.baseline):
        return f"not tried: {word.word} without any failure", word.kind == "violated"
    text = f"{len(survived(sweep, prop))} of {len(sweep.seen | alone(prop))}"
    if prop.undecided:
        text = f"not decided ({prop.undecided})"
    elif isinstance(prop.baseline.verdict, Holds):
        text += f" ({word.word} without any failure)"
    if prop.failing:
        text += "; not " + ", ".join(_numbers(f) for f in prop.failing)
    return text, bool(prop.failing)


def _numbers(failing: Failing) -> str:
    steps = len(failing.trace.steps)
    return (f"{' with '.join(map(str, failing.failures))} "
            f"({steps} step{'s' if steps != 1 else ''})")


def _failures(sweep: Sweep, places: Places) -> Iterator[str]:
    """Each failure with what it breaks."""
    if not sweep.failures:
        return
    broken: dict[int, list[str]] = {}
    for prop in sweep.properties:
        for failing in prop.failing:
            for number in dict.fromkeys(failing.failures):
                more = " (with another)" if len(failing.failures) > 1 else ""
                broken.setdefault(number, []).append(prop.name + more)
    width = len(str(len(sweep.failures)))
    yield "  failure"
    for number, failure in enumerate(sweep.failures, 1):
        if number not in sweep.happening:
            continue
        label = f"  {number:>{width}}  "
        lines = wrapped(label, describe(failure, places), 0)
        breaks = "breaks " + ", ".join(dict.fromkeys(broken[number])) if number in broken else ""
        if breaks and len(lines[-1]) + 2 + len(breaks) <= WIDTH:
            lines[-1] += f"  {breaks}"
        elif breaks:
            lines += wrapped("", breaks, len(label) + 2)
        yield from lines
    unseen = [f"{number} {describe(replace(failure, title=''), places)}"
              for number, failure in enumerate(sweep.failures, 1)
              if number not in sweep.happening]
    if unseen:
        yield from wrapped("not seen here: ", "; ".join(unseen))


def _told(sweep: Sweep, first: Failing, others: list[Failing], places: Places) -> Iterator[str]:
    for number in first.failures:
        yield from wrapped("fails: ", describe(sweep.failures[number - 1], places))
    if others:
        yield from wrapped("also:  ", "broken by " + ", ".join(_numbers(f) for f in others))


# --- closing line --------------------------------------------------------------------------------


def _closing(sweep: Sweep, places: Places, times: bool) -> str:
    cost = f" {duration(sweep.seconds)}" if times else ""
    if not sweep.properties:
        return f"nothing was checked.{cost}"
    tried = [p for p in sweep.properties if swept(p.baseline)]
    bad = frozenset().union(*(alone(p) for p in tried))
    good, all_ = len(sweep.seen - bad), len(sweep.seen | bad)
    open_ = any(p.undecided for p in tried)
    text = f"{good} of {all_} failures survived{without(sweep.system.without)}"
    if open_:
        text += ", as far as was decided"
    tried_of = "" if len(tried) == len(sweep.properties) else f"{len(tried)} of "
    noun = "property" if len(sweep.properties) == 1 else "properties"
    text += f" ({tried_of}{len(sweep.properties)} {noun})"
    pairs = [f for p in tried for f in p.failing if len(f.failures) > 1]
    worst = sorted((f for p in tried for f in p.failing), key=lambda f: len(f.trace.steps))
    if worst:
        named = list(dict.fromkeys(
            " with ".join(describe(sweep.failures[n - 1], places) for n in f.failures)
            + f", {len(f.trace.steps)} steps" for f in worst))
        more = f"; and {len(named) - 3} more" if len(named) > 3 else ""
        text += "; not: " + "; ".join(named[:3]) + more
    elif sweep.most > 1 and not pairs:
        text += f", and any {sweep.most} of them"
    broken = sum(isinstance(p.baseline.verdict, Violated) for p in sweep.properties)
    if broken:
        text += f"; {broken} VIOLATED without any failure"
    return "\n".join(wrapped("", f"{text}.{cost}", 0))
