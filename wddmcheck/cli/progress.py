"""What happens during long work, on stderr: one line that is rewritten on a terminal, a line every
15 seconds elsewhere. A thread of its own draws it, so that an engine that is deep in a solver call
does not look dead."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import IO

from wddmcheck.engines.base import Tick

TTY_FIRST_S = 0.7
TTY_EVERY_S = 0.25
PLAIN_EVERY_S = 15.0


@dataclass(slots=True)
class ProgressLine:
    """Use as a context manager, and call it with ticks."""

    stream: IO[str]
    wanted: bool = True
    verbose: int = 0
    every_s: float = PLAIN_EVERY_S
    _ticks: dict[str, Tick] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _drawn: bool = False
    _width: int = 0

    def __call__(self, scope: str, tick: Tick, /) -> None:
        """Take one tick."""
        self._ticks[scope] = tick
        self._seen[scope] = time.monotonic()

    def __enter__(self) -> ProgressLine:
        """Start drawing."""
        self._started = time.monotonic()
        if self.wanted:
            self._thread = threading.Thread(target=self._draw, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and leave an empty line on a terminal."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        if self._drawn:
            self._write("\r" + " " * self._width + "\r")

    def _draw(self) -> None:
        tty = self.stream.isatty()
        if self._stop.wait(TTY_FIRST_S if tty else self.every_s):
            return
        while True:
            line = self.line()
            if tty:
                width = _columns() - 1
                line = line[:width]
                self._write("\r" + line.ljust(min(self._width, width)))
                self._width, self._drawn = len(line), True
            else:
                self._write(line + "\n")
            if self._stop.wait(TTY_EVERY_S if tty else self.every_s):
                return

    def line(self) -> str:
        """What to show now: the scope that moved last (by its name, if it has one)."""
        now = time.monotonic()
        clock = _clock(now - self._started)
        ticks = dict(self._ticks)
        if not ticks:
            return f"starting  {clock}"
        scope = max(ticks, key=lambda s: self._seen.get(s, 0.0))
        parts = ["" if "=" in scope else scope[:30], *_parts(ticks[scope])]
        if len(ticks) > 1:
            parts.append(f"{len(ticks)} scopes")
        age = now - self._seen.get(scope, now)
        if self.verbose and age > 1.0:
            parts.append(f"silent for {age:.0f} s")
        return "  ".join([*(p for p in parts if p), clock])

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self._stop.set()


def stderr_line(*, wanted: bool, verbose: int) -> ProgressLine:
    """The progress line of this process."""
    return ProgressLine(sys.stderr, wanted, verbose)


def short(number: float) -> str:
    """`812k`, `3.1M`: a number at a glance."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= limit:
            scaled = number / limit
            return f"{scaled:.1f}{unit}" if scaled < 10 else f"{scaled:.0f}{unit}"
    return f"{number:.0f}"


def _parts(tick: Tick) -> list[str]:
    parts = [tick.engine, f"depth {tick.depth}"]
    if tick.states is not None:
        parts.append(f"{short(tick.states)} states")
    if tick.rate is not None:
        parts.append(f"{short(tick.rate)}/s")
    if tick.frontier is not None:
        growth = f" (x{tick.growth:.1f})" if tick.growth is not None else ""
        parts.append(f"frontier {short(tick.frontier)}{growth}")
    if tick.memory is not None:
        parts.append(f"{short(tick.memory)}B")
    if tick.doing:
        parts.append(tick.doing[:40])
    return parts


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def _columns() -> int:
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 80
    return max(columns, 20) if columns else 80
