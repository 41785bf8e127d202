"""The progress line."""

from __future__ import annotations

import io
import time

from wddmcheck.cli.progress import ProgressLine, short
from wddmcheck.engines.base import Tick


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


TICK = Tick("interpret", 11, 812_000, 96_000.0, 201_000, 1.4, 3_000_000_000)


def test_what_it_says() -> None:
    line = ProgressLine(io.StringIO())
    assert line.line().startswith("starting")
    line("teardown", TICK)
    assert line.line() == ("teardown  interpret  depth 11  812k states  96k/s  frontier 201k (x1.4)"
                           "  3.0GB  00:00")
    line("sharing", Tick("bmc", 3, doing="solving"))
    assert line.line() == "sharing  bmc  depth 3  solving  2 scopes  00:00"


def test_a_terminal_sees_something_within_a_second() -> None:
    stream = Terminal()
    with ProgressLine(stream) as line:
        line("s", TICK)
        time.sleep(0.95)
        assert "depth 11" in stream.getvalue()
    assert stream.getvalue().endswith("\r"), "and nothing is left of it"


def test_elsewhere_a_line_now_and_then() -> None:
    stream = io.StringIO()
    with ProgressLine(stream, every_s=0.05) as line:
        line("s", TICK)
        time.sleep(0.3)
    lines = stream.getvalue().splitlines()
    assert len(lines) >= 2
    assert all("\r" not in text for text in lines)


def test_quick_work_and_unwanted_progress_print_nothing() -> None:
    for stream, wanted in ((Terminal(), True), (io.StringIO(), True), (Terminal(), False)):
        with ProgressLine(stream, wanted) as line:
            line("s", TICK)
        assert stream.getvalue() == ""


def test_a_stream_that_is_gone() -> None:
    stream = Terminal()
    with ProgressLine(stream, every_s=0.01):
        stream.close()
        time.sleep(0.05)


def test_numbers_at_a_glance() -> None:
    assert [short(n) for n in (7, 999, 1_000, 12_345, 3_141_592, 4e9)] == [
        "7", "999", "1.0k", "12k", "3.1M", "4.0G"]
