"""Conditions seen through some of the variables only.

`above(e, kept)` reads nothing but `kept` and holds wherever `e` does; `below(e, kept)` implies `e`.
Both are `e` itself where `e` reads nothing else. They go through the connectives and quantifiers
and give up at atoms: an atom that reads another variable could be true, and could be false.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import lru_cache

from wddmcheck.ir.build import and_, ite, not_, or_
from wddmcheck.ir.expr import (
    FALSE,
    TRUE,
    And,
    Binary,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    Read,
    Var,
)
from wddmcheck.ir.walk import reads


def above(expr: Expr, kept: AbstractSet[str]) -> Expr:
    """A condition over `kept` that holds wherever `expr` holds."""
    return _approximate(expr, kept, TRUE)


def below(expr: Expr, kept: AbstractSet[str]) -> Expr:
    """A condition over `kept` where `expr` holds whenever it does."""
    return _approximate(expr, kept, FALSE)


@lru_cache(1 << 14)
def _reads(expr: Expr) -> frozenset[str]:
    """What a guard reads is asked for every slice, of all its parts."""
    return reads(expr)


def _approximate(expr: Expr, kept: AbstractSet[str], unknown: Const) -> Expr:
    if _reads(expr) <= kept:
        return expr
    match expr:
        case Not(arg):
            return not_(_approximate(arg, kept, FALSE if unknown == TRUE else TRUE))
        case And(args):
            return and_(*(_approximate(a, kept, unknown) for a in args))
        case Or(args):
            return or_(*(_approximate(a, kept, unknown) for a in args))
        case Quant(op, var, pool, body):
            inner = _approximate(body, kept, unknown)
            return inner if inner == unknown else Quant(op, var, pool, inner)
        case Ite(cond, then, orelse, _):
            return _branches(cond, _approximate(then, kept, unknown),
                             _approximate(orelse, kept, unknown), kept, unknown)
        case Const() | Var() | Read() | Binary() | Count():
            return unknown


def _branches(cond: Expr, then: Expr, orelse: Expr, kept: AbstractSet[str],
              unknown: Const) -> Expr:
    if _reads(cond) <= kept:
        return ite(cond, then, orelse)
    return or_(then, orelse) if unknown == TRUE else and_(then, orelse)
