"""Syntax errors in the user's words.

`explain` asks a table of known mistakes (`syntax_checks.CHECKS`) first: what people who write C, or
another modelling language, are likely to type. What none of them knows becomes WC010 and says what
would have fitted.
"""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import Diagnostic, Sink
from wddmcheck.diagnostics.source import SourceFile
from wddmcheck.lang.automaton import Automaton
from wddmcheck.lang.place import Place, shown
from wddmcheck.lang.recovery import KINDS
from wddmcheck.lang.syntax_checks import CHECKS
from wddmcheck.lang.tokens import words

_SIGNS = {"NAME": "a name", "INT": "a number", "STRING": 'a text in `"` quotes',
          "$END": "the end of the file", "DECLARATION": "a declaration",
          "STATEMENT": "a statement", "OPERATOR": "an operator"}
_OPERATORS = words("=> or and == != < <= > >= in is + - . ?. (")
_CLAUSES = words("irql level returns requires entry exit when @ ;")
_TOP = KINDS | words("""default scope enum os var relation lock policy single object property
    replace remove import @""")


def explain(automaton: Automaton, source: SourceFile, sink: Sink) -> int:
    """Report the token that `automaton` stopped at; how many brackets are open there."""
    place = Place(source, automaton.tokens, automaton.at, automaton.expected())
    for check in CHECKS:
        found = check(place)
        if found is not None:
            break
    sink.add(found or _unexpected(place))
    mended = found is not None and found.code == "WC013"
    return len(place.opened) - mended


def _unexpected(place: Place) -> Diagnostic:
    wanted, paste = _wanted(place)
    if place.at and (place.starts_line or place.token.kind == "$END"):
        # the mistake is at the end of the line before, not where the next one begins
        return Diagnostic("WC010", f"expected {wanted}"[:100], place.span(place.prev),
                          "after this", paste)
    after = f" after {shown(place.prev)}" if place.at else ""
    return Diagnostic("WC010", f"expected {wanted}{after}"[:100], place.span(place.token),
                      f"found {shown(place.token)}", paste)


def _wanted(place: Place) -> tuple[str, str]:
    """What would fit, and a help line."""
    expected = place.expected
    if expected == {"STRING"}:
        return "a path in quotes", f'write `{place.prev.text} "{place.token.text}.wddm"`'
    if expected == {"("} and place.prev.kind == "NAME":
        return "parameters in parentheses", f"write `{place.prev.text}()`"
    if expected >= KINDS and not place.between_declarations:
        return "the kind of a declaration", f"write `{place.prev.text} ddi NAME`, for example"
    if place.statement >= 0:
        return "`=` or `becomes`", f"write `{place.left} = ...` or `{place.left} becomes ...`"
    if "and" in expected:
        rest = ["DECLARATION"] if place.between_declarations else ["STATEMENT", "}"] \
            if "let" in expected else sorted(expected - _OPERATORS - _CLAUSES)
        listed = _listed(["OPERATOR", *rest])
        return listed, f"write {listed}"
    if place.between_declarations:
        listed = _listed([*sorted(expected - _TOP - {";", "$END"}), "DECLARATION"])
        return listed, "write `object`, `ddi`, `property` or another declaration" \
            if listed == "a declaration" else f"write {listed}"
    if {"let", "destroy", "step"} <= expected:
        return "a statement or `}`", "write a statement, such as `step` or `return STATUS_SUCCESS`"
    if "invariant" in expected:
        return "a claim", "write `invariant`, `never`, `reachable`, `before DDI(x):`, ..."
    if place.operand:
        what = "a condition or a value" if "not" in expected else "a value"
        return what, "write a name, `a.field`, a number, `none`, ..."
    if {"bool", "raw"} <= expected:
        return "a type", "write `bool`, `0..3`, `Context`, `Context?` or `set of Context`"
    if {"entry", "when"} <= expected:
        return "a clause or `{`", "write `requires ...`, `irql ...`, or the body in braces"
    if "life" in expected:
        return "a field or `}`", "write `name: type`, `life A -> B`, or close the braces"
    listed = _listed(sorted(expected))
    return listed, f"write {listed}"


def _listed(kinds: list[str]) -> str:
    """`a`, `b` or `c`; at most four."""
    parts = [_SIGNS.get(kind, f"`{kind}`") for kind in kinds if kind != ";" or len(kinds) == 1]
    if len(parts) > 4:
        parts = [*parts[:3], "..."]
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + f" or {parts[-1]}"
