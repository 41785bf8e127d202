"""The text of stories and reports, held by golden files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.report.driver_model import (
    QUICK,
    SYSTEM,
    WIDE,
    gpu,
    invariant,
    lasso,
    leak,
    orphan,
    prop,
    run,
    sources,
    twice,
)
from tests.report.goldens import check_golden
from tests.report.reports import bad, good, open_ended, report, sliced
from wddmcheck.report.lines import WIDTH
from wddmcheck.report.style import ansi, to_ascii
from wddmcheck.report.tell import tell
from wddmcheck.report.terminal import render_report, render_story
from wddmcheck.result.report import Report
from wddmcheck.result.verdict import Trace

STORIES = {
    "ctx_allocs_freed_first": (leak, QUICK),
    "no_double_destroy": (twice, WIDE),
    "no_gpu_access_to_destroyed": (gpu, WIDE),
    "no_orphan": (orphan, QUICK),
    "current_is_live": (invariant, QUICK),
    "running_ends": (lasso, {**QUICK, "Process": 2}),
}
REPORTS = {"good": good, "bad": bad, "open_ended": open_ended, "sliced": sliced}


def story_text(name: str) -> str:
    make, scope = STORIES[name]
    story = tell(SYSTEM, scope, prop(name), make(), sources=sources())
    return render_story(story, again=f"wddmcheck verify models/driver.wddm --property {name}")


@pytest.mark.parametrize("name", STORIES)
def test_stories(name: str) -> None:
    check_golden(f"story-{name}.txt", story_text(name))


@pytest.mark.parametrize("name", REPORTS)
def test_reports(name: str) -> None:
    text = render_report(REPORTS[name](), sources=sources(), times=False)
    check_golden(f"report-{name}.txt", text)


def test_details_of_slices() -> None:
    text = render_report(sliced(), sources=sources(), times=False, details=True)
    check_golden("report-sliced-details.txt", text)
    assert max(map(len, text.splitlines())) <= WIDTH


@pytest.mark.parametrize("name", REPORTS)
def test_text_is_ascii_and_fits(name: str) -> None:
    text = render_report(REPORTS[name](), sources=sources())
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= WIDTH


def test_a_long_run_fits_too() -> None:
    steps: list[tuple[object, ...]] = [
        ("DxgkDdiCreateProcess/1", 0), ("DxgkDdiCreateDevice/1", 0, 0),
        ("DxgkDdiCreateContext/1", 0, 0, 0)]
    steps += [("DxgkDdiSubmitCommand/1", 0), ("Complete/1", 0)] * 30
    trace = run(QUICK, *steps)
    text = render_story(tell(SYSTEM, QUICK, prop("a_context_runs"), trace, violated=False))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert any(line.split()[:1] == ["ctx#0"] and line.endswith(">") for line in text.splitlines())


def test_times_are_optional() -> None:
    assert "1.6 s, peak 210 MB" in render_report(good())
    later = replace(good(), seconds=99.0, peak_bytes=7)
    assert render_report(later, times=False) == render_report(good(), times=False)


def test_colour_only_adds_escapes() -> None:
    coloured = render_report(bad(), sources=sources(), style=ansi)
    assert "\x1b[1;31mVIOLATED" in coloured
    bare = coloured
    for code in ("\x1b[0m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[2m"):
        bare = bare.replace(code, "")
    assert bare == render_report(bad(), sources=sources())


def test_the_initial_state_alone_can_be_the_story() -> None:
    start = Trace(leak().initial, (), True)
    text = render_story(tell(SYSTEM, QUICK, prop("can_tear_down"), start))
    assert "in the initial state" in text


def test_nothing_checked_says_so() -> None:
    empty: Report = report((), ())
    assert render_report(empty, times=False) == "nothing was checked.\n"
    assert empty.exit_code == 5


def test_ascii_spells_what_it_can() -> None:
    assert to_ascii("a \u2192 b \u2264 c \u2603") == "a -> b <= c ?"
