"""Diagnostics -> text for a terminal: the place, the source line, carets, what to write instead.

Nothing here prints. Source lines of any length are cut to a window around the carets, and what a
terminal would take for a command is shown as a space or a replacement character.
"""

from __future__ import annotations

from collections.abc import Iterable

from wddmcheck.diagnostics.diagnostic import MAX_SHOWN, Diagnostic, Severity
from wddmcheck.diagnostics.source import SourceMap, Span

WIDTH = 100
"""No source line is shown wider than this, its gutter included."""
TAB = 4

_RESET = "\x1b[0m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_HUE = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_CYAN = "\x1b[36m"
_MARK = "..."
_MAX_TEXT = 400


def render(diagnostic: Diagnostic, sources: SourceMap, color: bool = False) -> str:
    """One diagnostic as text; several lines, the last without a line break."""
    paint = _Paint(color)
    hue = _HUE[diagnostic.severity]
    head = paint(hue, f"{diagnostic.severity.value}[{diagnostic.code}]:")
    message = paint(_BOLD, _printable(diagnostic.message, _MAX_TEXT))
    span = diagnostic.span
    if span is None or span.source not in sources.files:
        prefix = f"{_printable(span.source)}: " if span else ""
        lines = [f"{prefix}{head} {message}"]
        gutter = 0
    else:
        name, position = sources.locate(span)
        place = f"{_printable(name)}:{position.line}:{position.column}:"
        lines = [f"{place} {head} {message}"]
        gutter = max(len(str(position.line)), 4)
        lines += _excerpt(span, sources, gutter, diagnostic.caret, hue, paint)
    for label in diagnostic.labels:
        if label.span.source in sources.files:
            name, position = sources.locate(label.span)
            text = _printable(label.text, _MAX_TEXT)
            lines.append(f"  {text} at {_printable(name)}:{position.line}:{position.column}")
            lines += _excerpt(label.span, sources, max(len(str(position.line)), 4), "", _CYAN,
                              paint, "-")
    if diagnostic.help:
        lines.append(f"  {paint(_CYAN, 'help:')} {_printable(diagnostic.help, _MAX_TEXT)}")
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], sources: SourceMap, color: bool = False) -> str:
    """All diagnostics, at most `MAX_SHOWN`, and a line that counts them."""
    items = tuple(diagnostics)
    if not items:
        return ""
    ranked = sorted(items, key=lambda d: d.severity is not Severity.ERROR)
    kept = {id(item) for item in ranked[:MAX_SHOWN]}
    shown = [item for item in items if id(item) in kept][:MAX_SHOWN]
    lines = [render(item, sources, color) for item in shown]
    errors = sum(item.severity is Severity.ERROR for item in items)
    counts = [_count(errors, "error"), _count(len(items) - errors, "warning")]
    total = ", ".join(count for count in counts if count)
    if len(items) > len(shown):
        total += f", {len(items) - len(shown):,} not shown"
    code = (ranked[0] if errors else items[0]).code
    lines.append(f"{total}. `wddmcheck explain {code}` for more")
    return "\n".join(lines) + "\n"


class _Paint:
    """Wraps text in an ANSI colour, or not."""

    def __init__(self, color: bool) -> None:
        self.color = color

    def __call__(self, hue: str, text: str) -> str:
        return f"{hue}{text}{_RESET}" if self.color and text else text


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}" if number else ""


def _excerpt(span: Span, sources: SourceMap, gutter: int, caret: str, hue: str, paint: _Paint,
             sign: str = "^") -> list[str]:
    """The first source line of `span`, with `sign` under its part of the span."""
    file = sources.files[span.source]
    position = file.position(span.start)
    raw = file.line_text(position.line)
    first = min(position.column - 1, len(raw))
    last = min(max(first + span.end - span.start, first + 1), max(len(raw), first + 1))
    line, start, end = _window(raw, first, last, WIDTH - gutter - 4)
    bar = paint(_DIM, f" {position.line:>{gutter}} |")
    blank = paint(_DIM, f" {'':>{gutter}} |")
    note = f" {_printable(caret, _MAX_TEXT)}" if caret else ""
    room = max(WIDTH - gutter - 4 - start - len(note), 8)
    carets = " " * start + paint(hue, sign * min(max(1, end - start), room))
    return [f"{bar} {line}".rstrip(), f"{blank} {carets}{note}"]


def _window(raw: str, first: int, last: int, width: int) -> tuple[str, int, int]:
    """At most `width` columns of a line around `[first, last)`, and the columns of that part."""
    low, high = max(0, first - width), min(len(raw), first + width)
    last = min(last, high)
    before, under = _columns(raw[low:first]), _columns(raw[first:last])
    line = before + under + _columns(raw[last:high])
    start, end = len(before), len(before) + len(under)
    if low == 0 and high == len(raw) and len(line) <= width:
        return line, start, end
    cut = 0 if low == 0 and end <= width - len(_MARK) else max(0, start - width // 3)
    lead = _MARK if cut or low else ""
    line = line[cut:]
    if len(line) > width - len(lead) or high < len(raw):
        line = line[:width - len(lead) - len(_MARK)] + _MARK
    shift = len(lead) - cut
    return lead + line, start + shift, min(end + shift, width - len(_MARK))


def _columns(text: str) -> str:
    """As a terminal shows it: tabs as four spaces, control characters replaced."""
    return _printable(text.replace("\t", " " * TAB))


def _printable(text: str, limit: int = 0) -> str:
    """Without line breaks, controls and direction marks, which could forge a message."""
    if limit and len(text) > limit:
        text = text[:limit] + _MARK
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)
