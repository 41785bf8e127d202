"""Text -> AST, with all syntax errors at once.

In goes a source, out comes its `ast.File`, or None and the reasons in the sink. After an error the
parser goes on at the next declaration. Nothing recurses, and the tree is at most
`automaton.MAX_DEPTH` deep, so that whoever walks it may recurse.
"""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import Diagnostic, Sink
from wddmcheck.diagnostics.source import SourceFile, Span
from wddmcheck.lang import ast
from wddmcheck.lang.automaton import MAX_DEPTH, Automaton, TooDeepError, tables
from wddmcheck.lang.build import Builder
from wddmcheck.lang.recovery import next_declaration
from wddmcheck.lang.tokens import tokenize

MAX_SIZE = 1_000_000
"""How long a file may be."""
MAX_ERRORS = 100
"""After so many errors the rest of a file is not read: it is no model."""

_CHAINS = {"or": "or", "and": "and", "binary": "+", "implies": "=>", "dot": ".", "safe_dot": "?."}


def parse(source: SourceFile, sink: Sink) -> ast.File | None:
    """The file that `source` holds, or None with at least one error in `sink`."""
    first = len(sink.items)
    file = _parse(source, sink)
    sink.items[first:] = sorted(sink.items[first:], key=_place)
    return file if len(sink.items) == first else None


def _place(item: Diagnostic) -> int:
    return item.span.start if item.span is not None else 0


def _parse(source: SourceFile, sink: Sink) -> ast.File | None:
    before = len(sink.items)
    if not _is_text(source, sink):
        return None
    tokens = tokenize(source, tables().words, sink)
    if tokens is None:
        return None
    if tokens.items[0].kind == "$END":
        if len(sink.items) == before:
            sink.error("WC001", "the file declares nothing", Span(source.name, 0, 0),
                       caret="a file starts with `model NAME`", help="write `model mydriver`")
        return None
    automaton = Automaton(tokens.items, Builder(source.name, tokens.docs, sink))
    file: ast.File | None = None
    begun = -1
    while len(sink.items) - before < MAX_ERRORS:
        try:
            if automaton.run():
                file = automaton.values[-1]
                break
            from wddmcheck.lang.syntax_errors import explain  # only where there is an error

            broken = automaton.at and tokens.items[automaton.at - 1].start in tokens.broken
            depth = 0 if broken else explain(automaton, source, sink)
        except TooDeepError as error:
            _too_deep(error, source, sink)
            depth = 0
        at = next_declaration(tokens.items, source.text, automaton.at, begun, depth)
        if tokens.items[at].kind == "$END":
            break
        automaton.restart(at)
        begun = at
    return file


def _is_text(source: SourceFile, sink: Sink) -> bool:
    if len(source.text) > MAX_SIZE:
        sink.error("WC003", f"the file has {len(source.text):,} characters; "
                   f"{MAX_SIZE:,} are the limit", Span(source.name, 0, 0),
                   help="split it into parts: `part gpu` in gpu.wddm, and `import \"gpu.wddm\"`")
        return False
    nul = source.text.find("\0")
    if nul >= 0:
        sink.error("WC002", "this is not a text file", Span(source.name, nul, nul + 1),
                   caret="a NUL byte", help="give a .wddm model, saved as UTF-8")
        return False
    return True


def _too_deep(error: TooDeepError, source: SourceFile, sink: Sink) -> None:
    span = Span(source.name, error.start, error.end)
    if error.rule in _CHAINS:
        sign = _CHAINS[error.rule]
        group = f"group its terms: `(a {sign} b) {sign} (c {sign} d)`"
        sink.error("WC005", f"more than {MAX_DEPTH} operators in one chain", span,
                   caret="this chain is too long",
                   help=group if sign not in (".", "?.") else "give parts of it a name with `let`")
    else:
        sink.error("WC004", f"this is nested more than {MAX_DEPTH} deep", span,
                   caret="one level too many",
                   help="move the inner part into a `routine`, or name it with `let`")
