"""Expressions of the IR: pure, total, typed, over one state.

Total means: every expression has a value in every state. `Read` at an index that is not a slot
(`NONE` or `DANGLING`) yields the variable's initial value; the lowering guards such reads with an
`Obligation`, so that a reachable one is reported and never silently used. Arithmetic is on
unbounded integers; the sort of a sum is the range that its operands allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from wddmcheck.ir.sorts import BOOL, EnumSort, IntRange, RefSort, Sort


class BinOp(Enum):
    """Binary operators. `EQ`/`NE` compare encoded values of one sort; `NONE == NONE` holds and
    `DANGLING == DANGLING` holds. `LT`, `LE`, `ADD`, `SUB` are for integers."""

    EQ = "=="
    NE = "!="
    LT = "<"
    LE = "<="
    ADD = "+"
    SUB = "-"


class QuantOp(Enum):
    """Quantifiers over all slots of a pool, live or not."""

    FORALL = "all"
    EXISTS = "some"


@dataclass(frozen=True, slots=True)
class Const:
    """A literal, encoded as `ir.sorts` says."""

    value: int
    sort: Sort


@dataclass(frozen=True, slots=True)
class Read:
    """The value of state variable `var` at `index` (one expression per dimension)."""

    var: str
    index: tuple[Expr, ...]
    sort: Sort


@dataclass(frozen=True, slots=True)
class Var:
    """An action parameter, a quantified variable or a binder of an update."""

    name: str
    sort: Sort


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    arg: Expr


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction; `And(())` is true."""

    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction; `Or(())` is false."""

    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right`; `sort` is BOOL for comparisons, an `IntRange` for arithmetic."""

    op: BinOp
    left: Expr
    right: Expr
    sort: Sort


@dataclass(frozen=True, slots=True)
class Ite:
    """`cond ? then : orelse`; both branches have sorts of one kind, `sort` covers both."""

    cond: Expr
    then: Expr
    orelse: Expr
    sort: Sort


@dataclass(frozen=True, slots=True)
class Quant:
    """`op var: pool. body`. `var` names are unique on each path from the root."""

    op: QuantOp
    var: str
    pool: str
    body: Expr


@dataclass(frozen=True, slots=True)
class Count:
    """The number of slots of `pool` for which `body` holds. Its sort is `IntRange(0, limit)` with
    `limit` large enough for any scope; engines use the pool's size."""

    var: str
    pool: str
    body: Expr


Expr: TypeAlias = Const | Read | Var | Not | And | Or | Binary | Ite | Quant | Count

TRUE = Const(1, BOOL)
FALSE = Const(0, BOOL)

COUNT_SORT = IntRange(0, 1 << 16)


def sort_of(expr: Expr) -> Sort:
    """The sort of `expr`."""
    match expr:
        case Const(_, sort) | Read(_, _, sort) | Var(_, sort):
            return sort
        case Binary(_, _, _, sort) | Ite(_, _, _, sort):
            return sort
        case Not() | And() | Or() | Quant():
            return BOOL
        case Count():
            return COUNT_SORT


def slot(name: str, pool: str) -> Var:
    """The variable `name` ranging over the slots of `pool`."""
    return Var(name, RefSort(pool))


def enum_const(sort: EnumSort, member: str) -> Const:
    """The constant of `sort` called `member`."""
    return Const(sort.members.index(member), sort)
