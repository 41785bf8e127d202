"""Every syntax error: its page's examples, golden files of whole messages, hostile input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.golden import Golden
from tests.support.models import diagnostics_of
from wddmcheck.diagnostics.codes import CODES, syntax
from wddmcheck.diagnostics.codes.page import CodePage
from wddmcheck.diagnostics.diagnostic import Diagnostic, Severity, Sink
from wddmcheck.diagnostics.render import WIDTH, render, render_all
from wddmcheck.diagnostics.source import SourceFile, SourceMap
from wddmcheck.lang.imports import load
from wddmcheck.lang.parse import parse

FOLDER = Path(__file__).parents[1] / "golden" / "syntax"
SOURCES = Path(__file__).parents[2] / "wddmcheck" / "lang"
BY_TEXT = [page for page in syntax.PAGES if page.bad]


def errors_of(text: str) -> list[Diagnostic]:
    sink = Sink()
    assert parse(SourceFile("m.wddm", text), sink) is None
    return sink.items


def loaded(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Diagnostic]:
    monkeypatch.chdir(folder)
    (folder / "m.wddm").write_text(text, encoding="utf-8", newline="")
    sink = Sink()
    load("m.wddm", SourceMap(), sink)
    return sink.items


@pytest.mark.parametrize("page", BY_TEXT, ids=lambda page: page.code)
def test_bad_example_yields_exactly_its_code(
        page: CodePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = loaded(page.bad, tmp_path, monkeypatch)
    assert found.code == page.code
    assert found.span is not None
    assert found.help, "every error says what to write instead"
    assert len(found.message) <= 100
    assert found.message[0].islower() or found.message[0] in "`0123456789"
    assert not found.message.endswith(".")


@pytest.mark.parametrize("page", BY_TEXT, ids=lambda page: page.code)
def test_good_example_is_silent(
        page: CodePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(page.good, tmp_path, monkeypatch) == []
    # The examples are about syntax; a lint may find that they do not do much.
    assert [d for d in diagnostics_of(page.good) if d.severity is Severity.ERROR] == []


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    pages = [page.code for page in syntax.PAGES]
    assert pages == sorted(set(pages))
    assert all(f'"{code}"' in text for code in pages)
    used = {text[at + 1:at + 6] for at in range(len(text)) if text.startswith('"WC0', at)}
    assert used <= CODES.keys()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.wddm")), ids=lambda path: path.stem)
def test_messages(path: Path, golden: Golden) -> None:
    source = SourceFile(path.name, path.read_text(encoding="utf-8"))
    sources, sink = SourceMap(), Sink()
    sources.add(source)
    assert parse(source, sink) is None
    text = "\n".join(render(item, sources) for item in sink.items) + "\n"
    assert all(item.help for item in sink.items)
    golden(path.with_suffix(".expected"), text)


def test_all_errors_are_found_in_one_run() -> None:
    found = errors_of("model m\nvar a: 3\nobject C { x y }\nddi D() { step\nddi E() { delete x }\n"
                      "property p\nvar b: bool\n")
    assert [item.code for item in found] == ["WC010", "WC010", "WC013", "WC030", "WC021"]


@pytest.mark.parametrize(("text", "codes"), [
    ("/* model m", ["WC007"]), ("model m\nddi D() { if a { /* step } }", ["WC007"]),
    ("model m\n@doc(\"x) ddi D() { }\nvar 3: bool\n", ["WC006", "WC012"]),
    ("model m\nddi D() { c.n = 3x }\n", ["WC009"]),
])
def test_one_mistake_is_reported_once(text: str, codes: list[str]) -> None:
    assert [item.code for item in errors_of(text)] == codes


N = 100_000
HOSTILE = {
    "empty": "", "white space": " \n\t\r\n", "mark only": "\ufeff", "nul": "model m\0",
    "one long line": "x" * 10_000_000,
    "parentheses": "model m\nvar x: bool = " + "(" * N + "a" + ")" * N,
    "braces": "model m\nddi D() " + "{" * N,
    "ifs": "model m\nddi D() {" + "if a {" * N,
    "else if": "model m\nddi D() { if a { } " + "else if a { } " * (N // 4) + "}",
    "not": "model m\nvar x: bool = " + "not " * N + "a",
    "minus": "model m\nvar x: 0..3 = " + "- " * N + "a",
    "implies": "model m\nvar x: bool = " + "a => " * N + "a",
    "and": "model m\nvar x: bool = " + "a and " * N + "a",
    "plus": "model m\nvar x: bool = " + "a + " * N + "a",
    "dots": "model m\nvar x: bool = " + "a." * N + "a",
    "quantifiers": "model m\nproperty p: invariant " + "all x: C: " * (N // 4) + "true",
    "where": "model m\nproperty p: invariant " + "some x: C where " * (N // 4) + "true",
    "closing": "model m " + "}" * N, "at signs": "model m " + "@" * N,
    "annotations": "model m " + '@a("x")\n' * (N // 4), "quotes": "model m " + '"' * N,
    "digits": "model m var x: 0.." + "9" * 500_000, "zeros": "model m var x: 0.." + "0" * 9_000,
    "comment": "model m /*" + " *" * N, "backslashes": 'model m @a("' + "\\" * N,
    "word": "model m " + "a" * 500_000, "errors": "model m\n" + "ddi D( { }\n" * (N // 4),
    "unknown": "model m\n" + "foo\n" * N, "bidi": "model m\nvar \u202ex: bool",
    "emoji": "model m\nvar \U0001f600: bool", "escape": "model m\n\x1b[2Jobject C",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input(name: str) -> None:
    source = SourceFile("m.wddm", HOSTILE[name])
    sources, sink = SourceMap(), Sink()
    sources.add(source)
    file = parse(source, sink)
    assert (file is None) == bool(sink.items)
    shown = render_all(sink.items, sources)
    assert all(len(line) <= WIDTH + 40 for line in shown.splitlines())
    assert all(c.isprintable() or c == "\n" for c in shown)


@pytest.mark.parametrize(("text", "code"), [
    (HOSTILE["one long line"], "WC003"), (HOSTILE["parentheses"], "WC004"),
    (HOSTILE["braces"], "WC004"), (HOSTILE["ifs"], "WC004"), (HOSTILE["not"], "WC004"),
    (HOSTILE["minus"], "WC004"), (HOSTILE["else if"], "WC004"), (HOSTILE["quantifiers"], "WC004"),
    (HOSTILE["implies"], "WC005"), (HOSTILE["and"], "WC005"), (HOSTILE["plus"], "WC005"),
    (HOSTILE["dots"], "WC005"),
], ids=lambda value: value if value.startswith("WC") else "")
def test_limits(text: str, code: str) -> None:
    assert [item.code for item in errors_of(text)] == [code]


@pytest.mark.parametrize("text", [
    "var x: bool = " + "(" * 190 + "a" + ")" * 190,
    "var x: bool = " + "not " * 190 + "a",
    "var x: bool = " + "a and " * 190 + "a",
    "ddi D() { " + "if a { " * 90 + "step" + " }" * 90 + " }",
    "ddi D() { if a { } " + "else if a { } " * 180 + "}",
])
def test_what_is_within_the_limits_can_be_walked(text: str) -> None:
    sink = Sink()
    file = parse(SourceFile("m.wddm", "model m\n" + text), sink)
    assert file is not None
    assert hash(file) == hash(file)
    assert repr(file)
    assert file == parse(SourceFile("m.wddm", "model m\n" + text), sink)
