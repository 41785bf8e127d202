"""Statements and expressions as canonical text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from wddmcheck.lang import ast

LEVELS = ("implies", "or", "and", "not", "comparison", "sum", "unary", "postfix")
"""From weak to strong, as in the grammar."""
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_SUM = _RANK["sum"]
_POSTFIX = _RANK["postfix"]
_BINARY = {"=>": "implies", "or": "or", "and": "and", "+": "sum", "-": "sum"}


def text(value: str) -> str:
    """A string in quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def expression(expr: ast.Expr, level: str = "implies") -> str:
    """An expression for a place that takes `level` or stronger."""
    return _expr(expr, _RANK[level], False)


def _listed(exprs: Sequence[ast.Expr | None]) -> str:
    """Expressions between commas, where `is one of` would take more than its own names."""
    return ", ".join("_" if expr is None else _item(expr) for expr in exprs)


def _item(expr: ast.Expr) -> str:
    printed = _expr(expr, 0, False)
    return f"({printed})" if _open_list(expr) else printed


def _open_list(expr: ast.Expr | None) -> bool:
    """Whether the text of `expr` ends in names that a comma would add to."""
    while True:
        match expr:
            case ast.IsExpr():
                return len(expr.states) > 1
            case ast.BinaryExpr():
                expr = expr.right
            case ast.UnaryExpr():
                expr = expr.arg
            case ast.QuantExpr():
                expr = expr.body if expr.body is not None else expr.where
            case _:
                return False


def _rank(expr: ast.Expr) -> int:
    match expr:
        case ast.BinaryExpr():
            return _RANK[_BINARY.get(expr.op, "comparison")]
        case ast.UnaryExpr():
            return _RANK["not" if expr.op == "not" else "unary"]
        case ast.QuantExpr():
            return _RANK["unary" if expr.quantifier == "count" else "not"]
        case ast.IsExpr():
            return _RANK["comparison"]
        case _:
            return _POSTFIX


def _expr(expr: ast.Expr, least: int, closed: bool) -> str:
    """`closed`: more of an expression follows, which a quantifier at the end would swallow."""
    if _rank(expr) < least or (closed and isinstance(expr, ast.QuantExpr)):
        return f"({_expr(expr, 0, False)})"
    rank = _rank(expr)
    match expr:
        case ast.IntLit():
            return str(expr.value)
        case ast.BoolLit():
            return "true" if expr.value else "false"
        case ast.NoneLit():
            return "none"
        case ast.NameExpr():
            return expr.name.text
        case ast.FieldExpr():
            return (f"{_expr(expr.base, _POSTFIX, False)}{'?.' if expr.safe else '.'}"
                    f"{expr.field.text}")
        case ast.ApplyExpr():
            return f"{expr.name.text}({_listed(expr.args)})"
        case ast.InFlightExpr():
            return _in_flight(expr)
        case ast.UnaryExpr():
            word = "not " if expr.op == "not" else "-"
            inner = _expr(expr.arg, rank, closed)
            return f"{word}{' ' * (word == '-' and inner.startswith('-'))}{inner}"
        case ast.BinaryExpr():
            right_assoc = expr.op == "=>"
            chained = rank != _RANK["comparison"]
            left = _expr(expr.left, rank + (right_assoc or not chained), True)
            right = _expr(expr.right, rank + (not right_assoc), closed)
            return f"{left} {expr.op} {right}"
        case ast.IsExpr():
            names = ", ".join(state.text for state in expr.states)
            several = "one of " if len(expr.states) > 1 else ""
            return (f"{_expr(expr.arg, _SUM, True)} is {'not ' * expr.negated}{several}{names}")
        case ast.QuantExpr():
            return _quantifier(expr)
        case _:
            assert_never(expr)


def _in_flight(expr: ast.InFlightExpr) -> str:
    if expr.block is not None:
        return f"in_flight({', '.join([expr.block.text, *map(_hole, expr.args)])})"
    if expr.args and expr.args[0] is not None and not isinstance(expr.args[0], ast.NameExpr):
        return f"in_flight({_listed(expr.args)})"
    return f"in_flight({', '.join(['_', *map(_hole, expr.args)])})"


def _hole(arg: ast.Expr | None) -> str:
    return "_" if arg is None else _item(arg)


def _quantifier(expr: ast.QuantExpr) -> str:
    out = f"{expr.quantifier} {expr.var.text}{_domain(expr.domain, ': ')}"
    if expr.where is not None:
        out += f" where {_expr(expr.where, 0, False)}"
    if expr.body is not None:
        out += f": {_expr(expr.body, 0, False)}"
    return out


def _domain(domain: ast.Name | ast.Expr, sign: str) -> str:
    if isinstance(domain, ast.Name):
        return f"{sign}{domain.text}"
    return f" in {_expr(domain, _POSTFIX, False)}"


# --- statements ----------------------------------------------------------------------------------


def block_lines(body: Sequence[ast.Stmt], indent: str) -> list[str]:
    """The statements of a body, a line or more each."""
    return [line for stmt in body for line in _stmt(stmt, indent)]


def _braces(head: str, body: Sequence[ast.Stmt], indent: str) -> list[str]:
    if not body:
        return [f"{indent}{head} {{ }}"]
    return [f"{indent}{head} {{", *block_lines(body, indent + "  "), f"{indent}}}"]


def _stmt(stmt: ast.Stmt, indent: str) -> list[str]:
    match stmt:
        case ast.Let():
            if isinstance(stmt.value, ast.ChooseExpr):
                return [indent + _choose(stmt.value)]
            head = f"let {stmt.name.text} = {_source(stmt.value)}"
            return _or_else(head, stmt.orelse, indent)
        case ast.Do():
            return _or_else(_source(stmt.value), stmt.orelse, indent)
        case ast.Assign():
            return [f"{indent}{expression(stmt.target)} = {expression(stmt.value)}"]
        case ast.Becomes():
            return [f"{indent}{expression(stmt.target)} becomes {stmt.state.text}"]
        case ast.Destroy():
            return [f"{indent}destroy {expression(stmt.target, 'postfix')}"]
        case ast.Edit():
            what = _listed(stmt.elements)
            what = f"({what})" if len(stmt.elements) > 1 else what
            head, to = ("add", "to") if stmt.add else ("remove", "from")
            return [f"{indent}{head} {what} {to} {expression(stmt.target, 'postfix')}"]
        case ast.If():
            return _if(stmt, indent)
        case ast.For():
            where = f" where {expression(stmt.where)}" if stmt.where is not None else ""
            head = f"for {stmt.var.text}{_domain(stmt.domain, ' in ')}{where}"
            return _braces(head, stmt.body, indent)
        case ast.While():
            return _braces(f"while {expression(stmt.cond)}", stmt.body, indent)
        case ast.Either():
            lines = _braces("either", stmt.branches[0], indent)
            for branch in stmt.branches[1:]:
                more = _braces("or", branch, indent)
                lines = [*lines[:-1], f"{lines[-1]} {more[0].lstrip()}", *more[1:]]
            return lines
        case ast.StepStmt():
            return [f"{indent}step"]
        case ast.Wait():
            return [f"{indent}wait until {expression(stmt.cond)}"]
        case ast.LockStmt():
            return [f"{indent}{'acquire' if stmt.acquire else 'release'} {stmt.lock.text}"]
        case ast.Return():
            return [f"{indent}{_return(stmt)}"]
        case ast.Assert():
            return [f"{indent}assert {expression(stmt.cond)}"]
        case _:
            assert_never(stmt)


def _return(stmt: ast.Return) -> str:
    parts = [stmt.status.text] if stmt.status else []
    if stmt.value is not None:
        parts.append(expression(stmt.value))
    return f"return {', '.join(parts)}" if parts else "return;"


def _if(stmt: ast.If, indent: str) -> list[str]:
    """An `if` with its whole `else if` chain."""
    lines = _braces(f"if {expression(stmt.cond)}", stmt.then, indent)
    orelse = stmt.orelse
    while orelse is not None:
        inner = orelse[0] if len(orelse) == 1 else None
        if isinstance(inner, ast.If):
            more = _braces(f"else if {expression(inner.cond)}", inner.then, indent)
            orelse = inner.orelse
        else:
            more = _braces("else", orelse, indent)
            orelse = None
        lines = [*lines[:-1], f"{lines[-1]} {more[0].lstrip()}", *more[1:]]
    return lines


def _or_else(head: str, orelse: Sequence[ast.Stmt] | None, indent: str) -> list[str]:
    if orelse is None:
        return [indent + head]
    first = orelse[0] if len(orelse) == 1 else None
    if isinstance(first, ast.Return):
        return [f"{indent}{head} or {_return(first)}"]
    return _braces(f"{head} or", orelse, indent)


def _choose(value: ast.ChooseExpr) -> str:
    where = f" where {expression(value.where)}" if value.where is not None else ""
    return f"choose {value.var.text}: {value.pool.text}{where}"


def _source(value: ast.Source) -> str:
    match value:
        case ast.CreateExpr():
            parts = [_item(value.owner)] if value.owner is not None else []
            parts += [f"{name.text}: {_item(init)}" for name, init in value.fields]
            return f"create {value.pool.text}({', '.join(parts)})"
        case ast.CallExpr():
            return f"call {value.block.text}({_listed(value.args)})"
        case ast.ChooseExpr():
            return _choose(value)
        case _:
            return expression(value)
