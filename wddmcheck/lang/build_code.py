"""Statements and expressions, as build.py builds declarations: rule -> function of the builder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wddmcheck.diagnostics.source import Span
from wddmcheck.lang import ast

if TYPE_CHECKING:
    from wddmcheck.lang.build import Builder

Parts = list[Any]
Body = tuple[ast.Stmt, ...]
Function = Callable[["Builder", Parts, Span], Any]


# --- statements ----------------------------------------------------------------------------------


def _let(b: Builder, parts: Parts, span: Span) -> ast.Let:
    name, value, *orelse = parts
    return ast.Let(b.name(name), value, orelse[0] if orelse else None, span=span)


def _choose(b: Builder, parts: Parts, span: Span) -> ast.Let:
    var, pool, where = parts
    name = b.name(var)
    return ast.Let(name, ast.ChooseExpr(name, b.name(pool), where, span=span), span=span)


def _otherwise(_: Builder, parts: Parts, __: Span) -> Body:
    (value,) = parts
    return value if isinstance(value, tuple) else (value,)


def _for(b: Builder, parts: Parts, span: Span) -> ast.For:
    var, domain, where, body = parts
    if isinstance(domain, ast.NameExpr):
        domain = domain.name
    return ast.For(b.name(var), domain, where, body, span=span)


def _if(_: Builder, parts: Parts, span: Span) -> ast.If:
    cond, then, orelse = parts
    return ast.If(cond, then, (orelse,) if isinstance(orelse, ast.If) else orelse, span=span)


def _return(b: Builder, parts: Parts, span: Span) -> ast.Return:
    first, second = parts
    if isinstance(first, ast.NameExpr):
        return ast.Return(first.name, second, span=span)
    if second is not None:
        b.sink.error("WC034", "a value follows what is not a status", first.span,
                     caret="not the name of a status",
                     help="write `return STATUS_SUCCESS, value`, or `return value` in a routine")
    return ast.Return(None, first, span=span)


def _call(b: Builder, parts: Parts, span: Span) -> ast.CallExpr:
    return ast.CallExpr(b.name(parts[0]), parts[1] or (), span=span)


def _create(b: Builder, parts: Parts, span: Span) -> ast.CreateExpr:
    owner: ast.Expr | None = None
    fields: list[tuple[ast.Name, ast.Expr]] = []
    for index, argument in enumerate(parts[1] or ()):
        if isinstance(argument, tuple):
            fields.append(argument)
        elif index:
            b.sink.error("WC033", "only the owner, first of all, stands without a field's name",
                         argument.span, caret="which field is this?",
                         help="write `create Context(owner, field: value)`")
        else:
            owner = argument
    return ast.CreateExpr(b.name(parts[0]), owner, tuple(fields), span=span)


STATEMENTS: dict[str, Function] = {
    "body": lambda b, p, s: tuple(p),
    "let": _let,
    "choose": _choose,
    "do": lambda b, p, s: ast.Do(p[0], p[1], span=s),
    "assign": lambda b, p, s: ast.Assign(p[0], p[1], span=s),
    "becomes": lambda b, p, s: ast.Becomes(p[0], b.name(p[1]), span=s),
    "destroy": lambda b, p, s: ast.Destroy(p[0], span=s),
    "add_edit": lambda b, p, s: ast.Edit(True, p[0], p[1], span=s),
    "remove_edit": lambda b, p, s: ast.Edit(False, p[0], p[1], span=s),
    "if": _if,
    "for": _for,
    "while": lambda b, p, s: ast.While(p[0], p[1], span=s),
    "either": lambda b, p, s: ast.Either(tuple(p), span=s),
    "step": lambda b, p, s: ast.StepStmt(span=s),
    "wait": lambda b, p, s: ast.Wait(p[0], span=s),
    "acquire": lambda b, p, s: ast.LockStmt(True, b.name(p[0]), span=s),
    "release": lambda b, p, s: ast.LockStmt(False, b.name(p[0]), span=s),
    "return": _return,
    "assert": lambda b, p, s: ast.Assert(p[0], span=s),
    "otherwise": _otherwise,
    "create": _create,
    "call": _call,
    "arguments": lambda b, p, s: tuple(p),
    "named_argument": lambda b, p, s: (b.name(p[0]), p[1]),
    "elements": lambda b, p, s: tuple(p),
}

# --- expressions ---------------------------------------------------------------------------------


def _binary(op: str) -> Function:
    return lambda b, p, s: ast.BinaryExpr(op, p[0], p[1], span=s)


def _operator(_: Builder, parts: Parts, span: Span) -> ast.BinaryExpr:
    left, op, right = parts
    return ast.BinaryExpr(op.text, left, right, span=span)


def _quantifier(word: str) -> Function:
    def build(b: Builder, parts: Parts, span: Span) -> ast.QuantExpr:
        var, domain, where, *body = parts
        return ast.QuantExpr(word, b.name(var), domain, where, body[0] if body else None, span=span)

    return build


def _name(b: Builder, parts: Parts, span: Span) -> ast.NameExpr:
    return ast.NameExpr(b.name(parts[0]), span=span)


def _in_flight(_: Builder, parts: Parts, span: Span) -> ast.InFlightExpr:
    """A name that stands first is a block's, as far as the text tells; after `_` come objects."""
    first, *rest = parts[0]
    if isinstance(first, ast.NameExpr):
        return ast.InFlightExpr(first.name, tuple(rest), span=span)
    return ast.InFlightExpr(None, tuple(rest) if first is None else (first, *rest), span=span)


EXPRESSIONS: dict[str, Function] = {
    "implies": _binary("=>"),
    "or": _binary("or"),
    "and": _binary("and"),
    "binary": _operator,
    "not": lambda b, p, s: ast.UnaryExpr("not", p[0], span=s),
    "negate": lambda b, p, s: ast.UnaryExpr("-", p[0], span=s),
    "all": _quantifier("all"),
    "some": _quantifier("some"),
    "no": _quantifier("no"),
    "count": _quantifier("count"),
    "class_domain": lambda b, p, s: b.name(p[0]),
    "set_domain": lambda b, p, s: p[0],
    "is": lambda b, p, s: ast.IsExpr(p[0], (p[2],), p[1] is not None, span=s),
    "is_one_of": lambda b, p, s: ast.IsExpr(p[0], p[2], p[1] is not None, span=s),
    "state": lambda b, p, s: b.name(p[0]),
    "dot": lambda b, p, s: ast.FieldExpr(p[0], b.name(p[1]), span=s),
    "safe_dot": lambda b, p, s: ast.FieldExpr(p[0], b.name(p[1]), True, span=s),
    "name": _name,
    "int": lambda b, p, s: ast.IntLit(int(p[0].text), span=s),
    "true": lambda b, p, s: ast.BoolLit(True, span=s),
    "false": lambda b, p, s: ast.BoolLit(False, span=s),
    "none": lambda b, p, s: ast.NoneLit(span=s),
    "apply": lambda b, p, s: ast.ApplyExpr(b.name(p[0]), p[1] or (), span=s),
    "in_flight": _in_flight,
    "call_pattern": lambda b, p, s: p,
    "any": lambda b, p, s: None,
    "expressions": lambda b, p, s: tuple(p),
}

METHODS = STATEMENTS | EXPRESSIONS
