"""A replay as text: each step as the call with its handles and status, then what it comes to."""

from __future__ import annotations

from collections.abc import Iterator

from wddmcheck.machine.dxgkrnl.calls import CallbackMade
from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.replay.outcome import Outcome, Verdict
from wddmcheck.replay.runner import Done, Runner
from wddmcheck.report.forecast import forecasts, stop_text
from wddmcheck.report.lines import fold, wrapped
from wddmcheck.report.story import Value, ValueKind
from wddmcheck.report.style import Role, Style, plain, to_ascii

_ACTORS = {"gpu": "GPU", "interrupt": "ISR", "dpc": "DPC"}
_ROLES = {Verdict.REPRODUCED: Role.BAD, Verdict.OTHER: Role.BAD, Verdict.NOT_REPRODUCED: Role.GOOD,
          Verdict.REACHED: Role.GOOD}
_INDENT = 13


def render(outcome: Outcome, style: Style = plain) -> str:
    """The steps and the outcome. Ends with a line break."""
    lines: list[str] = []
    for done in outcome.done:
        lines += _step(done, outcome.runner)
    lines += ["", *conclusion(outcome, style)]
    return "\n".join(to_ascii(line).rstrip() for line in lines) + "\n"


def conclusion(outcome: Outcome, style: Style = plain) -> Iterator[str]:
    """What it comes to."""
    word = style(_ROLES[outcome.verdict], outcome.verdict.value)
    yield from wrapped(f"{word} at step {outcome.at}: ", outcome.how, 2)
    for line in outcome.details:
        yield from wrapped("", line, 4)
    yield from _stops(outcome)
    if outcome.without:
        yield from wrapped("note: ", "the run is of a system without "
                           f"{', '.join(outcome.without)}, which the Dxgkrnl of this machine "
                           "guarantees")
    if outcome.edited:
        yield "  note: the trace file was edited since it was written"


def _stops(outcome: Outcome) -> Iterator[str]:
    """What is documented of the stop code that shows, and of those that the property forecasts."""
    if outcome.verdict is not Verdict.REPRODUCED:
        return
    as_forecast = ", as the model forecasts" if outcome.stop in outcome.forecast else ""
    if outcome.stop:
        yield from _documented(f"stop code{as_forecast}: ", outcome.stop)
    for named in outcome.forecast:
        if named != outcome.stop:
            yield from _documented("forecast by the model: ", named)


def _documented(label: str, named: str) -> Iterator[str]:
    (stop,) = forecasts((named,))
    if stop.page:
        yield from wrapped(label, stop_text(stop), 4)
        yield from wrapped("page: ", stop.page, 4)


def _step(done: Done, runner: Runner) -> Iterator[str]:
    step = done.step
    actor = _ACTORS.get(step.kind, "OS")
    args = ", ".join(f"{a.name}={_value(a.value, runner)}" for a in step.args)
    head = f"{step.number:>5}  {actor:<3}  "
    more = "continues" if step.phase in ("resume", "return") else ""
    call = f"{step.block}({args})" if not more else f"{step.call} {step.block} {more}"
    yield from fold(head + call + _result(done), _INDENT + 2)
    for made in done.callbacks:
        yield from wrapped("", f"calls {_callback(made, runner)}", _INDENT)
    for change in step.changes:
        if change.kind.value == "created" and change.subject in runner.names.records:
            yield from wrapped("", f"{change.subject} is {_both(change.subject, runner)}", _INDENT)
    if done.impossible:
        yield from wrapped("", f"cannot happen: {done.impossible}", _INDENT)
    for text in done.deviations:
        yield from wrapped("", f"differs: {text}", _INDENT)
    for finding in done.findings:
        yield from wrapped("", finding.lines()[0], _INDENT)


def _result(done: Done) -> str:
    if done.impossible:
        return ""
    if done.stopped:
        return "  stops the machine"
    if done.at not in ("", "returned"):
        return f" as {done.step.call}  ... {done.at}"
    if done.status:
        return f" -> {done.status}"
    if isinstance(done.result, bool):
        return f" -> {str(done.result).upper()}"
    return ""


def _callback(made: CallbackMade, runner: Runner) -> str:
    args = ", ".join(f"{name}={_record(item, runner)}" for name, item in made.args)
    result = f" -> {_record(made.result, runner)}" if made.result is not None else ""
    status = f" -> {made.status.name}" if not made.status.succeeds else ""
    return f"{made.name}({args}){result}{status}"


def _value(value: Value, runner: Runner) -> str:
    if value.kind is ValueKind.NONE:
        return "NULL"
    record = runner.names.record(value.object) if value.object else None
    if record is None:
        return value.text
    return f"{value.object} {record.kmd or record.handle:#x}"


def _record(item: object, runner: Runner) -> str:
    """A callback's argument: Dxgkrnl's handles."""
    if isinstance(item, OsObject):
        return f"{runner.names.identity(item)} {item.handle:#x}".lstrip()
    return "NULL" if item is None else str(item)


def _both(identity: str, runner: Runner) -> str:
    record = runner.names.records[identity]
    driver = f", {record.kmd:#x} to the driver" if record.kmd else ""
    return f"{record.handle:#x} to Dxgkrnl{driver}"


