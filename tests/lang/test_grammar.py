"""grammar.lark, the tables made of it and spec/grammar.md say the same."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lark import Lark, logger

from wddmcheck.diagnostics.codes import names, syntax, types
from wddmcheck.diagnostics.diagnostic import Sink
from wddmcheck.diagnostics.source import SourceFile
from wddmcheck.lang import generate
from wddmcheck.lang.automaton import tables
from wddmcheck.lang.build import _METHODS
from wddmcheck.lang.parse import parse
from wddmcheck.lang.tokens import DECLARING, RESERVED

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec" / "grammar.md"
GRAMMAR = generate.GRAMMAR.read_text(encoding="utf-8")
SAMPLES = [ROOT / "tests/lang/language.wddm", *sorted(ROOT.glob("models/**/*.wddm"))]


def words() -> set[str]:
    return {word for word in tables().words if re.fullmatch(r"[a-z_]+", word)}


def test_tables_are_up_to_date() -> None:
    assert generate.TABLES.read_text(encoding="utf-8") == generate.text(), \
        "python -m wddmcheck.lang.generate"


def test_every_rule_has_a_builder() -> None:
    built = {build for _, _, build, _, _ in tables().rules}
    assert built - {"=", "*"} - _METHODS.keys() == set()


def test_conflicts_are_the_four_that_the_manual_settles(
        caplog: pytest.LogCaptureFixture) -> None:
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG, logger.name):
            Lark(GRAMMAR, parser="lalr", start="file", debug=True)
    finally:
        logger.removeHandler(caplog.handler)
    assert "Reduce/Reduce" not in caplog.text
    found = set(re.findall(r"^.*\* <(\w+) : ", caplog.text, re.MULTILINE))
    quantifiers = {"expr", "disjunction", "conjunction", "comparison"}
    assert found <= quantifiers | {"names_open", "return"}, found


def test_reserved_words_are_words_of_the_grammar() -> None:
    assert words() >= RESERVED >= DECLARING


def test_every_word_and_sign_is_in_the_manual() -> None:
    manual = SPEC.read_text(encoding="utf-8")
    ebnf = "".join(re.findall(r"```ebnf\n(.*?)```", manual, re.DOTALL))
    quoted = set(re.findall(r'"([^"\s]+)"', ebnf))
    terminals = tables().words - {"NAME", "INT", "STRING", "$END"}
    assert quoted == terminals


def test_the_manual_lists_the_reserved_words() -> None:
    manual = SPEC.read_text(encoding="utf-8")
    (listed,) = re.findall(r"```reserved\n(.*?)```", manual, re.DOTALL)
    assert set(listed.split()) == RESERVED


def test_every_rule_of_the_manual_is_defined() -> None:
    manual = SPEC.read_text(encoding="utf-8")
    ebnf = "".join(re.findall(r"```ebnf\n(.*?)```", manual, re.DOTALL))
    bare = re.sub(r'"[^"]*"|\(\*.*?\*\)', "", ebnf)
    defined = set(re.findall(r"^(\w+)\s*=", bare, re.MULTILINE))
    assert set(re.findall(r"\b[a-z_]+\b", bare)) == defined


def lark_accepts(parser: Lark, text: str) -> bool:
    from lark.exceptions import LarkError

    try:
        parser.parse(text)
    except LarkError:
        return False
    return True


def test_lark_itself_accepts_and_rejects_the_same() -> None:
    """Our automaton and lexer against lark's own, on the grammar as written."""
    parser = Lark(GRAMMAR, parser="lalr", start="file", lexer="contextual")
    texts = [path.read_text(encoding="utf-8") for path in SAMPLES]
    texts += [page.good for page in (*syntax.PAGES, *names.PAGES, *types.PAGES) if page.good]
    for text in texts:
        assert lark_accepts(parser, text), text
    known_later = {"WC009", "WC026", "WC032", "WC033", "WC034"}
    for page in syntax.PAGES:
        if page.bad and page.code < "WC040" and page.code not in known_later:
            assert not lark_accepts(parser, page.bad) or page.code == "WC012", page.code


def test_parsing_needs_no_lark() -> None:
    code = ("import sys; from wddmcheck.lang.parse import parse;"
            "from wddmcheck.diagnostics.diagnostic import Sink;"
            "from wddmcheck.diagnostics.source import SourceFile;"
            "assert parse(SourceFile('m', 'model m'), Sink());"
            "assert not {'lark', 'click', 'z3', 'rich'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_tables_do_not_change_between_parses() -> None:
    first = parse(SourceFile("a", "model m object C"), Sink())
    parse(SourceFile("b", "model m object object"), Sink())
    assert parse(SourceFile("a", "model m object C"), Sink()) == first
