"""The tree of each construct, its spans and its documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wddmcheck.diagnostics.diagnostic import Sink
from wddmcheck.diagnostics.source import SourceFile
from wddmcheck.lang import ast
from wddmcheck.lang.parse import parse

EXAMPLE = Path(__file__).with_name("language.wddm")


def parsed(text: str) -> ast.File:
    sink = Sink()
    file = parse(SourceFile("m.wddm", text), sink)
    assert file is not None, sink.items
    return file


def decl(text: str) -> Any:
    (only,) = parsed(f"model m\n{text}\n").decls
    return only


def expr(text: str) -> Any:
    return decl(f"var v: bool = {text}").init


def body(text: str) -> tuple[ast.Stmt, ...]:
    block: ast.BlockDecl = decl(f"ddi D() {{ {text} }}")
    return block.body


def n(text: str) -> ast.Name:
    return ast.Name(text)


def x(text: str) -> ast.NameExpr:
    return ast.NameExpr(ast.Name(text))


A, B, C = x("a"), x("b"), x("c")
STEP = (ast.StepStmt(),)


@pytest.mark.parametrize(("text", "tree"), [
    ("3", ast.IntLit(3)),
    ("true", ast.BoolLit(True)),
    ("none", ast.NoneLit()),
    ("(((a)))", A),
    ("a.b?.c", ast.FieldExpr(ast.FieldExpr(A, n("b")), n("c"), True)),
    ("a.count.in", ast.FieldExpr(ast.FieldExpr(A, n("count")), n("in"))),
    ("open(a, b)", ast.ApplyExpr(n("open"), (A, B))),
    ("policy G04 is strict", ast.IsExpr(x("G04"), (n("strict"),))),
    ("in_flight(D, a, _)", ast.InFlightExpr(n("D"), (A, None))),
    ("in_flight(c)", ast.InFlightExpr(n("c"), ())),
    ("in_flight(a.b)", ast.InFlightExpr(None, (ast.FieldExpr(A, n("b")),))),
    ("in_flight(_, c)", ast.InFlightExpr(None, (C,))),
    ("-a + 1", ast.BinaryExpr("+", ast.UnaryExpr("-", A), ast.IntLit(1))),
    ("a - b - c", ast.BinaryExpr("-", ast.BinaryExpr("-", A, B), C)),
    ("a => b => c", ast.BinaryExpr("=>", A, ast.BinaryExpr("=>", B, C))),
    ("a or b and c", ast.BinaryExpr("or", A, ast.BinaryExpr("and", B, C))),
    ("not a and b", ast.BinaryExpr("and", ast.UnaryExpr("not", A), B)),
    ("not a == b", ast.UnaryExpr("not", ast.BinaryExpr("==", A, B))),
    ("a + 1 < b", ast.BinaryExpr("<", ast.BinaryExpr("+", A, ast.IntLit(1)), B)),
    ("a in b.c", ast.BinaryExpr("in", A, ast.FieldExpr(B, n("c")))),
    ("a is Idle", ast.IsExpr(A, (n("Idle"),))),
    ("a is not none", ast.IsExpr(A, (n("none"),), True)),
    ("a is one of X, Y", ast.IsExpr(A, (n("X"), n("Y")))),
    ("a is not one of X, Y", ast.IsExpr(A, (n("X"), n("Y")), True)),
    ("r((a is one of X, Y), b)", ast.ApplyExpr(n("r"), (ast.IsExpr(A, (n("X"), n("Y"))), B))),
    ("all c: K where a: b and c",
     ast.QuantExpr("all", n("c"), n("K"), A, ast.BinaryExpr("and", B, C))),
    ("no c: K", ast.QuantExpr("no", n("c"), n("K"), None, None)),
    ("some c in a.s where b or c", ast.QuantExpr(
        "some", n("c"), ast.FieldExpr(A, n("s")), ast.BinaryExpr("or", B, C), None)),
    ("a and some c: K where b => c", ast.BinaryExpr("and", A, ast.QuantExpr(
        "some", n("c"), n("K"), ast.BinaryExpr("=>", B, C), None))),
    ("count c: K where a == b < 2", ast.BinaryExpr("<", ast.QuantExpr(
        "count", n("c"), n("K"), ast.BinaryExpr("==", A, B), None), ast.IntLit(2))),
])
def test_expression(text: str, tree: ast.Expr) -> None:
    assert expr(text) == tree


CALL = ast.CallExpr(n("F"), (A,))
RETURN = ast.Return(n("S"))


@pytest.mark.parametrize(("text", "tree"), [
    ("let a = b", ast.Let(n("a"), B)),
    ("let a = call F(a) or return S", ast.Let(n("a"), CALL, (RETURN,))),
    ("let a = create K(b, f: c) or { step }",
     ast.Let(n("a"), ast.CreateExpr(n("K"), B, ((n("f"), C),)), STEP)),
    ("create K", ast.Do(ast.CreateExpr(n("K"), None, ()))),
    ("create K(step: a)", ast.Do(ast.CreateExpr(n("K"), None, ((n("step"), A),)))),
    ("call F(a) or { }", ast.Do(CALL, ())),
    ("choose c: K where a", ast.Let(n("c"), ast.ChooseExpr(n("c"), n("K"), A))),
    ("a.b = c", ast.Assign(ast.FieldExpr(A, n("b")), C)),
    ("a becomes Idle", ast.Becomes(A, n("Idle"))),
    ("destroy a.b", ast.Destroy(ast.FieldExpr(A, n("b")))),
    ("add a to b.s", ast.Edit(True, (A,), ast.FieldExpr(B, n("s")))),
    ("remove (a, b) from r", ast.Edit(False, (A, B), x("r"))),
    ("if a { step }", ast.If(A, STEP)),
    ("if a { } else if b { step } else { }", ast.If(A, (), (ast.If(B, STEP, ()),))),
    ("for c in K where a { step }", ast.For(n("c"), n("K"), A, STEP)),
    ("for c in a.s { }", ast.For(n("c"), ast.FieldExpr(A, n("s")), None, ())),
    ("while a { step }", ast.While(A, STEP)),
    ("either { step } or { }", ast.Either((STEP, ()))),
    ("wait until a", ast.Wait(A)),
    ("acquire L", ast.LockStmt(True, n("L"))),
    ("release L", ast.LockStmt(False, n("L"))),
    ("return", ast.Return()),
    ("return S", RETURN),
    ("return S, a.b", ast.Return(n("S"), ast.FieldExpr(A, n("b")))),
    ("return a + 1", ast.Return(None, ast.BinaryExpr("+", A, ast.IntLit(1)))),
    ("assert a", ast.Assert(A)),
])
def test_statement(text: str, tree: ast.Stmt) -> None:
    assert body(text) == (tree,)


def test_separators_are_optional() -> None:
    assert body("step a = b step; call F(a);; return S") == (
        ast.StepStmt(), ast.Assign(A, B), ast.StepStmt(), ast.Do(CALL), RETURN)


def test_a_return_without_a_value_ends_with_a_semicolon() -> None:
    assert body("call F(a) or return; a = b") == (
        ast.Do(CALL, (ast.Return(),)), ast.Assign(A, B))


@pytest.mark.parametrize(("text", "tree"), [
    ("default scope s { A 1, calls 2 B 0; }",
     ast.Scope(n("s"), ((n("A"), 1), (n("calls"), 2), (n("B"), 0)), True)),
    ("enum E { A, B, }", ast.EnumDecl(n("E"), (n("A"), n("B")))),
    ("os var v: raw K?", ast.VarDecl(n("v"), ast.NamedType(n("K"), True, True), None, True)),
    ("var v: -1..3 = -1", ast.VarDecl(
        n("v"), ast.RangeType(-1, 3), ast.UnaryExpr("-", ast.IntLit(1)))),
    ("var v: set of K", ast.VarDecl(n("v"), ast.SetType(n("K")))),
    ("os relation r(A, B)", ast.RelationDecl(n("r"), n("A"), n("B"), True)),
    ("lock L", ast.LockDecl(n("L"))),
    ("lock L mutex", ast.LockDecl(n("L"), "mutex")),
    ("policy P: a | b = b", ast.PolicyDecl(n("P"), (n("a"), n("b")), n("b"))),
    ("remove gpu G", ast.Remove("gpu", n("G"))),
    ("single object K within D as d { life A <-> B -> C, C -> A; x: bool, os y: { A } = A }",
     ast.ObjectDecl(
         n("K"), n("D"), n("d"), True,
         (ast.LifePath((n("A"), n("B"), n("C")), (True, False)),
          ast.LifePath((n("C"), n("A")), (False,))),
         (ast.Field(n("x"), ast.BoolType()),
          ast.Field(n("y"), ast.EnumType((n("A"),)), x("A"), True)))),
    ("replace ddi D { step }",
     ast.Replace(ast.BlockDecl("ddi", n("D"), body=STEP, header=False))),
    ("replace gpu G() { }", ast.Replace(ast.BlockDecl("gpu", n("G")))),
    ("replace property p: never a", ast.Replace(ast.PropertyDecl(n("p"), ast.Claim("never", A)))),
])
def test_declaration(text: str, tree: ast.Decl) -> None:
    assert decl(text) == tree


def test_block() -> None:
    note = ast.Annotation("doc", ("UID", 'a "b" \\c'))
    assert decl(r"""
        /// says
        /// what
        @doc("UID", "a \"b\" \\c") ddi D(a: K, b: bool) -> K?
          irql <= DISPATCH_LEVEL level 1 class c of a.b returns S, T
          @doc("UID", "a \"b\" \\c") requires a
          entry { step } exit { } @assumed exit S { step } requires b when c
        { step }""") == ast.BlockDecl(
            "ddi", n("D"),
            (ast.ParamDecl(n("a"), ast.NamedType(n("K"))), ast.ParamDecl(n("b"), ast.BoolType())),
            ast.NamedType(n("K"), True), ast.Irql(n("DISPATCH_LEVEL"), True),
            ast.Level(1, n("c"), ast.FieldExpr(A, n("b"))), (n("S"), n("T")),
            (ast.Requires(A, (note,)), ast.Requires(B)),
            (ast.Hook("entry", None, STEP), ast.Hook("exit", None, ()),
             ast.Hook("exit", n("S"), STEP, (ast.Annotation("assumed", ()),))),
            C, STEP, True, (note,), "says\nwhat")


@pytest.mark.parametrize(("text", "claim"), [
    ("invariant a", ast.Claim("invariant", A)),
    ("always possible a", ast.Claim("always possible", A)),
    ("before D(x, y): a", ast.Claim("before", A, block=n("D"), args=(n("x"), n("y")))),
    ("before D: a", ast.Claim("before", A, block=n("D"))),
    ("after D() S: a", ast.Claim("after", A, block=n("D"), status=n("S"))),
    ("a leads to b under fairness of F, G",
     ast.Claim("leads to", A, B, (n("F"), n("G")))),
    ("builtin", ast.Claim("builtin")),
])
def test_claim(text: str, claim: ast.Claim) -> None:
    assert decl(f"property p: {text}") == ast.PropertyDecl(n("p"), claim)


def test_header() -> None:
    file = parsed('/// about\nmodel gpu extends base from "../base.wddm"\nimport "a.wddm"\n')
    assert file == ast.File(n("gpu"), extends=ast.Extends(n("base"), "../base.wddm"),
                            imports=(ast.Import("a.wddm"),), doc="about")
    assert parsed("part gpu") == ast.File(n("gpu"), part=True)


def test_words_of_the_language_as_names() -> None:
    found: ast.ObjectDecl = decl("object K { step: bool os count: bool os: bool life: bool }")
    assert [field.name.text for field in found.fields] == ["step", "count", "os", "life"]
    assert body("level = entry exit = set") == (
        ast.Assign(x("level"), x("entry")), ast.Assign(x("exit"), x("set")))


def test_documentation_goes_to_the_next_declaration() -> None:
    file = parsed("/// m\nmodel m\n/// v\nvar v: bool // no\n//// no\n/* no */ lock L\n"
                  "@a /// p\nproperty p: builtin\nobject K {\n  /// f\n  f: bool }\n/// lost\n")
    var, lock, prop, obj = file.decls
    assert isinstance(var, ast.VarDecl)
    assert isinstance(lock, ast.LockDecl)
    assert isinstance(prop, ast.PropertyDecl)
    assert isinstance(obj, ast.ObjectDecl)
    assert (file.doc, var.doc, lock.doc, prop.doc, obj.fields[0].doc) == ("m", "v", "", "p", "f")


def test_byte_order_mark_and_line_ends() -> None:
    text = "\ufeff/// d\r\nmodel m\r\nobject K {\r\n  f: bool\r\n}\r\n"
    file = parsed(text)
    assert file.doc == "d"
    (decl_,) = file.decls
    assert text[decl_.span.start:decl_.span.end] == "object K {\r\n  f: bool\r\n}"


def _nodes(value: object) -> list[Any]:
    """All nodes below `value`."""
    if isinstance(value, tuple):
        return [node for item in value for node in _nodes(item)]
    if not hasattr(value, "__dataclass_fields__") or not hasattr(value, "span"):
        return []
    below = [getattr(value, name) for name in value.__dataclass_fields__ if name != "span"]
    return [value, *(node for item in below for node in _nodes(item))]


def test_every_node_has_its_span() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    nodes = _nodes(parsed(text))
    assert len(nodes) > 500
    for node in nodes:
        assert node.span.source == "m.wddm", node
        shown = text[node.span.start:node.span.end]
        assert shown == shown.strip() != "", node
        if isinstance(node, ast.Name):
            assert shown == node.text
        for child in (c for name in node.__dataclass_fields__ for c in _nodes(getattr(node, name))):
            assert node.span.start <= child.span.start <= child.span.end <= node.span.end


def test_spans_of_operators_and_parentheses() -> None:
    text = "model m\nvar v: bool = (a + b).c == d"
    init = parsed(text).decls[0].init  # type: ignore[union-attr]
    assert isinstance(init, ast.BinaryExpr)
    assert text[init.left.span.start:init.left.span.end] == "(a + b).c"
    assert text[init.right.span.start:init.right.span.end] == "d"
