"""Diagnostics as text: places, windows around carets, caps, colours."""

from __future__ import annotations

from wddmcheck.diagnostics.diagnostic import Diagnostic, Label, Severity
from wddmcheck.diagnostics.render import WIDTH, render, render_all
from wddmcheck.diagnostics.source import SourceFile, SourceMap, Span


def sources_of(text: str, name: str = "models/m.wddm") -> SourceMap:
    sources = SourceMap()
    sources.add(SourceFile(name, text))
    return sources


def at(text: str, word: str) -> Span:
    start = text.index(word)
    return Span("models/m.wddm", start, start + len(word))


def test_style() -> None:
    text = "model m\nobject Context { life Destroyed }\n    ctx is Destroyd\n"
    shown = render(Diagnostic(
        "WC102", "unknown life state `Destroyd`", at(text, "Destroyd\n"),
        "did you mean `Destroyed`?", "write `Destroyed`",
        (Label(at(text, "life Destroyed"), "declared"),)), sources_of(text))
    assert shown == """\
models/m.wddm:3:12: error[WC102]: unknown life state `Destroyd`
    3 |     ctx is Destroyd
      |            ^^^^^^^^ did you mean `Destroyed`?
  declared at models/m.wddm:2:18
    2 | object Context { life Destroyed }
      |                  --------------
  help: write `Destroyed`"""


def test_without_a_place() -> None:
    item = Diagnostic("WC301", "--scope: no pool named `contexts`", help="--scope context=2")
    assert render(item, SourceMap()) == ("error[WC301]: --scope: no pool named `contexts`\n"
                                         "  help: --scope context=2")


def test_place_in_a_file_that_is_not_there() -> None:
    shown = render(Diagnostic("WC040", "gone", Span("x.wddm", 3, 4)), SourceMap())
    assert shown == "x.wddm: error[WC040]: gone"


def test_tabs_are_four_columns() -> None:
    text = "\tif\tx y"
    lines = render(Diagnostic("WC010", "m", at(text, "x")), sources_of(text)).splitlines()
    assert lines[0].startswith("models/m.wddm:1:5:")
    assert lines[1].index("x") == lines[2].index("^")


def test_span_over_lines_is_cut_at_the_first() -> None:
    text = "ddi D() {\n  step\n}\n"
    lines = render(Diagnostic("WC010", "m", Span("models/m.wddm", 0, len(text))),
                   sources_of(text)).splitlines()
    assert lines[2].endswith("| " + "^" * 9)


def test_end_of_file() -> None:
    for text in ("", "model m", "model m\n"):
        lines = render(Diagnostic("WC010", "m", Span("models/m.wddm", len(text), len(text))),
                       sources_of(text)).splitlines()
        assert lines[2].endswith("^")


def test_long_lines_are_cut_around_the_caret() -> None:
    for where in (0, 50, 99, 100, 5_000_000, 9_999_990):
        text = "a" * where + "XYZ" + "b" * (10_000_000 - where)
        lines = render(Diagnostic("WC010", "m", at(text, "XYZ"), "here"),
                       sources_of(text)).splitlines()
        assert len(lines[1]) <= WIDTH
        assert lines[1].index("XYZ") == lines[2].index("^^^")
        assert lines[2].endswith("^^^ here")


def test_wide_span_and_tabs_in_a_long_line() -> None:
    text = "\t" * 200 + "X" * 500 + "\t" * 200
    lines = render(Diagnostic("WC010", "m", at(text, "X" * 500), "too long"),
                   sources_of(text)).splitlines()
    assert all(len(line) <= WIDTH for line in lines)
    assert lines[1].index("X") == lines[2].index("^")


def test_nothing_reaches_the_terminal_unfiltered() -> None:
    text = "\x1b[2J\u202e x \x07"
    shown = render(Diagnostic("WC010", "bad \x1b[2J\nWC999", at(text, "x"), "c\rd", "h\x00"),
                   sources_of(text))
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert len(shown.splitlines()) == 4


def test_colour_only_on_demand() -> None:
    text = "model m"
    item = Diagnostic("WC010", "m", at(text, "m"), "c", "h", severity=Severity.WARNING)
    assert "\x1b" not in render(item, sources_of(text))
    assert "\x1b[1;33mwarning[WC010]:" in render(item, sources_of(text), color=True)


def test_counts_and_cap() -> None:
    items = [Diagnostic("WC102", "m"), Diagnostic("WC201", "w", severity=Severity.WARNING)]
    assert render_all([], SourceMap()) == ""
    assert render_all(items[:1], SourceMap()).endswith(
        "1 error. `wddmcheck explain WC102` for more\n")
    assert render_all(items, SourceMap()).endswith(
        "1 error, 1 warning. `wddmcheck explain WC102` for more\n")
    many = [items[1]] * 30 + [items[0]] * 1200
    shown = render_all(many, SourceMap())
    assert shown.count("error[") == 20
    assert shown.endswith(
        "1,200 errors, 30 warnings, 1,210 not shown. `wddmcheck explain WC102` for more\n")
