"""Expressions of the IR: pure, total, typed, over one state.

Total means: every expression has a value in every state. `Read` at an index that is not a slot
(`NONE` or `DANGLING`) yields the variable's initial value; the lowering guards such reads with an
`Obligation`, so that a reachable one is reported and never silently used. Arithmetic is on
unbounded integers; the sort of a sum is the range that its operands allow.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, TypeVar

from wddmcheck.ir.sorts import BOOL, EnumSort, IntRange, RefSort, Sort

Node = TypeVar("Node", bound="_Hashed")


class _Hashed:
    """Remembers its hash: whoever builds expressions looks for them in sets again and again, and
    to hash one is to walk it. (No field: it is neither compared nor pickled.)"""

    __slots__ = ("_hash",)
    _hash: int


def _hashed_once(cls: type[Node]) -> type[Node]:
    walk = cls.__hash__

    def remembered(self: Node) -> int:
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", walk(self))
            return self._hash

    cls.__hash__ = remembered  # type: ignore[method-assign,assignment]
    return cls


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


@_hashed_once
@dataclass(frozen=True, slots=True)
class Const(_Hashed):
    """A literal, encoded as `ir.sorts` says."""

    value: int
    sort: Sort


@_hashed_once
@dataclass(frozen=True, slots=True)
class Read(_Hashed):
    """The value of state variable `var` at `index` (one expression per dimension)."""

    var: str
    index: tuple[Expr, ...]
    sort: Sort


@_hashed_once
@dataclass(frozen=True, slots=True)
class Var(_Hashed):
    """An action parameter, a quantified variable or a binder of an update."""

    name: str
    sort: Sort


@_hashed_once
@dataclass(frozen=True, slots=True)
class Not(_Hashed):
    """Negation."""

    arg: Expr


@_hashed_once
@dataclass(frozen=True, slots=True)
class And(_Hashed):
    """Conjunction; `And(())` is true."""

    args: tuple[Expr, ...]


@_hashed_once
@dataclass(frozen=True, slots=True)
class Or(_Hashed):
    """Disjunction; `Or(())` is false."""

    args: tuple[Expr, ...]


@_hashed_once
@dataclass(frozen=True, slots=True)
class Binary(_Hashed):
    """`left op right`; `sort` is BOOL for comparisons, an `IntRange` for arithmetic."""

    op: BinOp
    left: Expr
    right: Expr
    sort: Sort


@_hashed_once
@dataclass(frozen=True, slots=True)
class Ite(_Hashed):
    """`cond ? then : orelse`; both branches have sorts of one kind, `sort` covers both."""

    cond: Expr
    then: Expr
    orelse: Expr
    sort: Sort


@_hashed_once
@dataclass(frozen=True, slots=True)
class Quant(_Hashed):
    """`op var: pool. body`. `var` names are unique on each path from the root."""

    op: QuantOp
    var: str
    pool: str
    body: Expr


@_hashed_once
@dataclass(frozen=True, slots=True)
class Count(_Hashed):
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
