"""Where text goes: results to stdout, everything else to stderr. Survives closed pipes.

There is one `Console` a process, since there is one stdout; `configure` sets it up for a command.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from wddmcheck.diagnostics.diagnostic import Diagnostic
from wddmcheck.diagnostics.source import SourceMap

if TYPE_CHECKING:
    from wddmcheck.report.style import Style


@dataclass(slots=True)
class Console:
    """`color` is "auto", "always" or "never". `closed_code` is the exit code if stdout is closed
    by its reader: the command sets it as soon as it knows its own."""

    color: str = "auto"
    quiet: bool = False
    verbose: int = 0
    sources: SourceMap = field(default_factory=SourceMap)
    closed_code: int = 0
    _closed: bool = False

    def configure(self, *, color: str = "auto", quiet: bool = False, verbose: int = 0) -> None:
        """Set up for one command."""
        self.color, self.quiet, self.verbose = color, quiet, verbose
        self.sources = SourceMap()
        self.closed_code, self._closed = 0, False

    def result(self, text: str) -> None:
        """Write to stdout. `text` ends with its own line break."""
        if self._closed:
            return
        try:
            _write(sys.stdout, text)
            sys.stdout.flush()
        except BrokenPipeError:
            self._close()

    def error(self, text: str) -> None:
        """Write a line to stderr."""
        self.error_text(text + "\n")

    def error_text(self, text: str) -> None:
        """Write to stderr, which may be gone too."""
        with contextlib.suppress(BrokenPipeError, ValueError):
            _write(sys.stderr, text if text.endswith("\n") else text + "\n")
            sys.stderr.flush()

    def log(self, text: str, level: int = 0) -> None:
        """Write a line to stderr unless it is not wanted: level 0 unless -q, 1 with -v."""
        if not self.quiet and self.verbose >= level:
            self.error(text)

    def diagnostics(self, items: Iterable[Diagnostic]) -> None:
        """Write rendered diagnostics to stderr."""
        from wddmcheck.diagnostics.render import render_all

        items = tuple(items)
        if items:
            self.error_text(render_all(items, self.sources, color=self.colored(sys.stderr)))

    @property
    def style(self) -> Style:
        """The style for results."""
        from wddmcheck.report.style import ansi, plain

        return ansi if self.colored(sys.stdout) else plain

    def colored(self, stream: IO[str]) -> bool:
        """Whether to colour what goes to `stream`: --color, then NO_COLOR, FORCE_COLOR, and a
        terminal that can."""
        if self.color != "auto":
            return self.color == "always"
        if os.environ.get("NO_COLOR"):
            return False
        if os.environ.get("FORCE_COLOR"):
            return True
        return stream.isatty() and os.environ.get("TERM") != "dumb"

    def finish(self, code: int) -> int:
        """Flush; the exit code of the process."""
        if not self._closed:
            try:
                sys.stdout.flush()
            except BrokenPipeError:
                self._close()
        return code

    def _close(self) -> None:
        """The reader of stdout has gone: say nothing more, and let the interpreter exit quietly."""
        self._closed = True
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(stream: IO[str], text: str) -> None:
    """Write `text` whatever the encoding of the stream: what it cannot show becomes `?`."""
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))


console = Console()
"""The console of this process."""
