"""Source text and positions in it.

A `Span` is a half-open range of code points in a named source. Lines and columns are computed
here and nowhere else, 1-based, so that every message counts the same way.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open code-point range `[start, end)` in the source file named `source`."""

    source: str
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The smallest span that covers both; `other` must be in the same source."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Position:
    """1-based line and column (in code points)."""

    line: int
    column: int


@dataclass(frozen=True)
class SourceFile:
    """One source text. `name` is the path as the user wrote it; it is what messages print."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> Position:
        """Line and column of the code point at `offset` (clamped to the text)."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """The text of 1-based `line`, without its line break."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")


@dataclass(slots=True)
class SourceMap:
    """All sources of one run, by name; resolves spans to places."""

    files: dict[str, SourceFile] = field(default_factory=dict)

    def add(self, file: SourceFile) -> None:
        """Register `file` under its name."""
        self.files[file.name] = file

    def locate(self, span: Span) -> tuple[str, Position]:
        """File name and start position of `span`."""
        return span.source, self.files[span.source].position(span.start)
