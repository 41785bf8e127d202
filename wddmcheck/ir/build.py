"""Smart constructors: they build IR expressions and simplify as they go.

Every simplification keeps the value in every state; none looks deeper than one level, so that
building stays linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wddmcheck.ir.expr import (
    FALSE,
    TRUE,
    And,
    Binary,
    BinOp,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import BOOL, DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.walk import everything


def and_(*args: Expr) -> Expr:
    """Conjunction, flat and without repetitions."""
    flat: dict[Expr, None] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, And) else (arg,):
            if isinstance(part, Const):
                if not part.value:
                    return FALSE
            elif part not in flat:
                if not_(part) in flat:
                    return FALSE
                flat[part] = None
    fixed = {p.left: p.right.value for p in flat
             if isinstance(p, Binary) and p.op is BinOp.EQ and isinstance(p.right, Const)}
    parts: list[Expr] = []
    for part in flat:
        match part:
            case Binary(BinOp.EQ | BinOp.NE as op, left, Const(value, _)) if left in fixed:
                # The value is known: an equation agrees or not, an inequation says no more.
                if (op is BinOp.EQ) != (value == fixed[left]):
                    return FALSE
                if op is BinOp.EQ:
                    parts.append(part)
            case _:
                parts.append(part)
    return parts[0] if len(parts) == 1 else And(tuple(parts)) if parts else TRUE


def or_(*args: Expr) -> Expr:
    """Disjunction, flat and without repetitions."""
    flat: dict[Expr, None] = {}
    for arg in args:
        for part in arg.args if isinstance(arg, Or) else (arg,):
            if isinstance(part, Const):
                if part.value:
                    return TRUE
            elif part not in flat:
                if not_(part) in flat:
                    return TRUE
                flat[part] = None
    parts = tuple(flat)
    return parts[0] if len(parts) == 1 else Or(parts) if parts else FALSE


def not_(arg: Expr) -> Expr:
    """Negation; pushed into comparisons and constants."""
    match arg:
        case Const(value, _):
            return FALSE if value else TRUE
        case Not(inner):
            return inner
        case Binary(BinOp.EQ, left, right, sort):
            return Binary(BinOp.NE, left, right, sort)
        case Binary(BinOp.NE, left, right, sort):
            return Binary(BinOp.EQ, left, right, sort)
        case _:
            return Not(arg)


def implies(left: Expr, right: Expr) -> Expr:
    """`left -> right`."""
    return or_(not_(left), right)


def can_be(expr: Expr, value: int) -> bool:
    """Whether the sort of `expr` leaves it possible that it equals the encoded `value`."""
    sort = sort_of(expr)
    match expr, sort:
        case Const(own, _), _:
            return own == value
        case _, RefSort(_, none, dangling):
            return {NONE: none, DANGLING: dangling}.get(value, True)
        case _, IntRange(lo, hi):
            return lo <= value <= hi
        case _, EnumSort(_, members):
            return 0 <= value < len(members)
        case _, BoolSort():
            return value in (0, 1)
    raise AssertionError(sort)


def eq(left: Expr, right: Expr) -> Expr:
    """Equality of encoded values."""
    if left == right:
        return TRUE
    if isinstance(left, Const):
        left, right = right, left
    if isinstance(right, Const):
        if not can_be(left, right.value):
            return FALSE
        if isinstance(right.sort, BoolSort):
            return left if right.value else not_(left)
        if isinstance(left, Ite):
            return ite(left.cond, eq(left.then, right), eq(left.orelse, right))
    return Binary(BinOp.EQ, left, right, BOOL)


def ne(left: Expr, right: Expr) -> Expr:
    """Inequality of encoded values."""
    return not_(eq(left, right))


def ite(cond: Expr, then: Expr, orelse: Expr) -> Expr:
    """Conditional value."""
    if cond == TRUE:
        return then
    if cond == FALSE:
        return orelse
    if then == orelse:
        return then
    sort = join(sort_of(then), sort_of(orelse))
    if isinstance(sort, BoolSort):
        if then == TRUE:
            return or_(cond, orelse)
        if then == FALSE:
            return and_(not_(cond), orelse)
        if orelse == FALSE:
            return and_(cond, then)
        if orelse == TRUE:
            return or_(not_(cond), then)
    return Ite(cond, then, orelse, sort)


def join(a: Sort, b: Sort) -> Sort:
    """The smallest sort that has the values of both."""
    match a, b:
        case IntRange(l1, h1), IntRange(l2, h2):
            return IntRange(min(l1, l2), max(h1, h2))
        case RefSort(pool, n1, d1), RefSort(_, n2, d2):
            return RefSort(pool, n1 or n2, d1 or d2)
        case _:
            return a


def less(left: Expr, right: Expr) -> Expr:
    """`left < right` on integers."""
    if isinstance(left, Const) and isinstance(right, Const):
        return TRUE if left.value < right.value else FALSE
    return Binary(BinOp.LT, left, right, BOOL)


def at_most(left: Expr, right: Expr) -> Expr:
    """`left <= right` on integers."""
    if isinstance(left, Const) and isinstance(right, Const):
        return TRUE if left.value <= right.value else FALSE
    return Binary(BinOp.LE, left, right, BOOL)


def arith(op: BinOp, left: Expr, right: Expr) -> Expr:
    """Sum or difference; its sort is what the operands allow."""
    a, b = sort_of(left), sort_of(right)
    assert isinstance(a, IntRange)
    assert isinstance(b, IntRange)
    if op is BinOp.ADD:
        sort = IntRange(a.lo + b.lo, a.hi + b.hi)
    else:
        sort = IntRange(a.lo - b.hi, a.hi - b.lo)
    if isinstance(left, Const) and isinstance(right, Const):
        value = left.value + right.value if op is BinOp.ADD else left.value - right.value
        return Const(value, IntRange(value, value))
    return Binary(op, left, right, sort)


def exists(var: str, pool: str, body: Expr) -> Expr:
    """`some var: pool. body`."""
    return FALSE if body == FALSE else Quant(QuantOp.EXISTS, var, pool, body)


def forall(var: str, pool: str, body: Expr) -> Expr:
    """`all var: pool. body`."""
    return TRUE if body == TRUE else Quant(QuantOp.FORALL, var, pool, body)


def none_of(pool: str) -> Const:
    """The reference to nothing."""
    return Const(NONE, RefSort(pool, none=True))


def dangling_of(pool: str) -> Const:
    """The reference to a destroyed object."""
    return Const(DANGLING, RefSort(pool, dangling=True))


def is_slot(ref: Expr) -> Expr:
    """Whether a reference names a slot."""
    sort = sort_of(ref)
    assert isinstance(sort, RefSort)
    return and_(ne(ref, none_of(sort.pool)), ne(ref, dangling_of(sort.pool)))


def substitute(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """`expr` with variables replaced; quantified variables are unique, so nothing is captured."""
    if not values:
        return expr
    match expr:
        case Const():
            return expr
        case Var(name, _):
            return values.get(name, expr)
        case Read(var, index, sort):
            return Read(var, tuple(substitute(i, values) for i in index), sort)
        case Not(arg):
            return not_(substitute(arg, values))
        case And(args):
            return and_(*(substitute(a, values) for a in args))
        case Or(args):
            return or_(*(substitute(a, values) for a in args))
        case Binary(op, left, right, sort):
            a, b = substitute(left, values), substitute(right, values)
            if op is BinOp.EQ:
                return eq(a, b)
            if op is BinOp.NE:
                return ne(a, b)
            return Binary(op, a, b, sort)
        case Ite(cond, then, orelse, _):
            return ite(substitute(cond, values), substitute(then, values),
                       substitute(orelse, values))
        case Quant(op, var, pool, body):
            return Quant(op, var, pool, substitute(body, values))
        case Count(var, pool, body):
            return Count(var, pool, substitute(body, values))


def mentions(expr: Expr, names: Iterable[str]) -> bool:
    """Whether a free variable of `expr` is among `names`."""
    wanted = set(names)
    return any(isinstance(e, Var) and e.name in wanted for e in everything(expr))
