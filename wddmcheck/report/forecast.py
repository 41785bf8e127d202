"""What Windows does in the state that a violation leads to: documented stop codes, by the ones that
a property names."""

from __future__ import annotations

from wddmcheck.docpages import bugchecks
from wddmcheck.report.story import StopCode


def forecasts(named: tuple[str, ...]) -> tuple[StopCode, ...]:
    """The stop codes `named` ("0x10E/0x33"), with what their pages say. One that the catalogue does
    not have is told as it is."""
    return tuple(_forecast(text) for text in named)


def _forecast(text: str) -> StopCode:
    case = bugchecks.the_case(text, bugchecks.known())
    if case is None:
        code, parameter = bugchecks.split(text)
        return StopCode(code, parameter)
    return StopCode(case.code, case.parameter1, case.name, case.kind, case.meaning, case.page)


def stop_text(stop: StopCode) -> str:
    """A stop code as a phrase, without its page: code, parameter, name and meaning."""
    text = f"{stop.kind.replace('stop', 'bug check')} {stop.code}" if stop.kind else (
        f"bug check {stop.code}")
    if stop.name:
        text += f" {stop.name}"
    if stop.parameter1:
        text += f", parameter 1 = {stop.parameter1}"
    return f"{text}: {stop.meaning}" if stop.meaning else text
