"""parse(format(tree)) == tree, for any tree and for all models of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import asts
from wddmcheck.diagnostics.diagnostic import Sink
from wddmcheck.diagnostics.source import SourceFile
from wddmcheck.lang import ast
from wddmcheck.lang.format import format_file
from wddmcheck.lang.parse import parse

ROOT = Path(__file__).parents[2]
MODELS = sorted([*ROOT.glob("models/**/*.wddm"), *ROOT.glob("tests/lang/*.wddm")])
SLOW = settings(max_examples=150, deadline=None, database=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def parsed(text: str) -> ast.File:
    sink = Sink()
    file = parse(SourceFile("test.wddm", text), sink)
    assert file is not None, f"{sink.items}\n{text}"
    return file


@SLOW
@given(asts.files)
def test_any_file(file: ast.File) -> None:
    assert parsed(format_file(file)) == file


@SLOW
@given(asts.exprs)
def test_any_expression(expr: ast.Expr) -> None:
    file = ast.File(ast.Name("m"), decls=(ast.VarDecl(ast.Name("v"), ast.BoolType(), expr),))
    assert parsed(format_file(file)) == file


@SLOW
@given(asts.bodies)
def test_any_body(body: tuple[ast.Stmt, ...]) -> None:
    file = ast.File(ast.Name("m"), decls=(ast.BlockDecl("ddi", ast.Name("D"), body=body),))
    assert parsed(format_file(file)) == file


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_models(path: Path) -> None:
    file = parsed(path.read_text(encoding="utf-8"))
    text = format_file(file)
    assert parsed(text) == file
    assert format_file(parsed(text)) == text


WORDS = """model m ; { } ( ) , : = == <- -> => . ?. .. ? @ " /* */ // /// & | ! ' # 0 99 0x x ddi D
object C life property all some where not and or if else return requires invariant one of lock
create call let in is none true step remove replace single scope either _"""
SNIPPETS = st.sampled_from([*WORDS.split(), "\n"])


@SLOW
@given(st.lists(SNIPPETS, max_size=40).map(" ".join))
def test_any_text_gives_a_tree_or_errors(text: str) -> None:
    for whole in (text, f"model m\nddi D() {{ {text} }}",
                  f"model m\nproperty p: {text}\nddi D() {{ }}"):
        sink = Sink()
        file = parse(SourceFile("test.wddm", whole), sink)
        assert (file is None) == bool(sink.errors)
        for item in sink.items:
            assert item.span is not None
            assert 0 <= item.span.start <= item.span.end <= len(whole)
            assert item.help
            assert len(item.message) <= 100
