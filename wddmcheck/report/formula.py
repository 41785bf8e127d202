"""IR expressions as text, for invariants and goals in reports."""

from __future__ import annotations

from collections.abc import Mapping

from wddmcheck.ir.expr import (
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
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, RefSort, Sort

_TIGHT = (Const, Read, Var, Not, Count)


def constant(value: int, sort: Sort) -> str:
    """An encoded value that names no object."""
    if isinstance(sort, BoolSort):
        return "true" if value else "false"
    if isinstance(sort, EnumSort) and 0 <= value < len(sort.members):
        return sort.members[value]
    if isinstance(sort, RefSort) and value in (NONE, DANGLING):
        return "none" if value == NONE else "dangling"
    return str(value)


def spell(expr: Expr, names: Mapping[str, str] | None = None) -> str:
    """`expr` as text; `names` gives variables other names."""
    match expr:
        case Const(value, sort):
            return constant(value, sort)
        case Var(name, _):
            return (names or {}).get(name, name)
        case Read(var, (), _):
            return var
        case Read(var, index, _):
            return f"{var}({', '.join(spell(i, names) for i in index)})"
        case Not(arg):
            return f"not {_tight(arg, names)}"
        case And(args):
            return " and ".join(_tight(a, names) for a in args) or "true"
        case Or(args):
            return " or ".join(_tight(a, names) for a in args) or "false"
        case Binary(op, left, right, _):
            return f"{_tight(left, names)} {op.value} {_tight(right, names)}"
        case Ite(cond, then, orelse, _):
            return (f"(if {spell(cond, names)} then {spell(then, names)} "
                    f"else {spell(orelse, names)})")
        case Quant(op, var, pool, body):
            return f"{op.value} {var}: {pool}. {spell(body, names)}"
        case Count(var, pool, body):
            return f"count({var}: {pool} where {spell(body, names)})"


def _tight(expr: Expr, names: Mapping[str, str] | None) -> str:
    text = spell(expr, names)
    if isinstance(expr, (*_TIGHT, Ite)) or (isinstance(expr, Binary) and " and " not in text
                                            and " or " not in text):
        return text
    if isinstance(expr, (And, Or)) and len(expr.args) == 1:
        return text
    return f"({text})"
