"""Spans as places: file, line and column, with no absolute path among them."""

from __future__ import annotations

import ntpath
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path

from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.ir.system import Citation, Origin
from wddmcheck.report.story import Cited, Place

MAX_FORMULA = 300
"""Longer texts of formulas are cut: the place is there to look at."""


@dataclass(frozen=True, slots=True)
class Places:
    """Resolves spans in `sources`; a span of an unknown source has no place."""

    sources: SourceMap = field(default_factory=SourceMap)

    def of(self, span: Span | None) -> Place | None:
        """Where `span` starts."""
        if span is None or span.source not in self.sources.files:
            return None
        name, position = self.sources.locate(span)
        return Place(relative(name), position.line, position.column)

    def claim(self, span: Span | None, name: str) -> tuple[str, Place | None]:
        """What a property declared at `span` claims, on one line, and where its name stands;
        annotations before the name are told elsewhere."""
        if span is None or span.source not in self.sources.files:
            return "", None
        text = self.sources.files[span.source].text[span.start:span.end]
        head = re.search(rf"\bproperty\s+{re.escape(name)}\b\s*:?", text)
        start = span
        if head is not None:
            start = Span(span.source, span.start + head.start(), span.end)
            text = text[head.end():]
        text = clean(text)
        if text in ("builtin", name):
            text = ""
        if len(text) > MAX_FORMULA:
            text = text[:MAX_FORMULA - 3] + "..."
        return text, self.of(start)


def relative(name: str) -> str:
    """`name` with `/` between its parts; an absolute one is cut to what lies below the working
    directory, or to the file's own name."""
    shown = name.replace("\\", "/")
    if not (posixpath.isabs(shown) or ntpath.isabs(name)):
        return shown
    try:
        return Path(name).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return posixpath.basename(shown)


def cited(origin: Origin) -> tuple[Cited, ...]:
    """The citations of `origin`."""
    return tuple(_cited(c) for c in origin.citations)


def _cited(citation: Citation) -> Cited:
    return Cited(citation.basis.value, clean(citation.uid), citation.rules, clean(citation.why))


def clean(text: str) -> str:
    """`text` on one line, without control characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def show_place(place: Place | None) -> str:
    """`file:line`, or nothing."""
    return f"{place.file}:{place.line}" if place is not None else ""
