"""Parts of a system with some of its slots filled in.

Quantifiers over the pools in `unrolled` become conjunctions, disjunctions and sums, and variables
lose the dimensions in `flat`, pools of one slot. Every rewriting keeps the value in every state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wddmcheck.ir.build import (
    and_,
    arith,
    at_most,
    eq,
    exists,
    forall,
    is_slot,
    ite,
    less,
    not_,
    or_,
)
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
)
from wddmcheck.ir.sorts import IntRange, RefSort, Sort
from wddmcheck.ir.system import StateVar

BIT = IntRange(0, 1)


@dataclass(frozen=True, slots=True)
class Instantiate:
    """Rewrites expressions over `variables`, as they are declared before the rewriting."""

    variables: Mapping[str, StateVar]
    sizes: Mapping[str, int]
    unrolled: frozenset[str]
    flat: frozenset[str] = frozenset()

    def __call__(self, expr: Expr, env: Mapping[str, Const]) -> Expr:
        """`expr` with the values of `env` in place of free variables."""
        match expr:
            case Const():
                return expr
            case Var(name, _):
                return env.get(name, expr)
            case Read():
                return self._read(expr, env)
            case Not(arg):
                return not_(self(arg, env))
            case And(args):
                return and_(*(self(a, env) for a in args))
            case Or(args):
                return or_(*(self(a, env) for a in args))
            case Binary(op, left, right, _):
                return binary(op, self(left, env), self(right, env))
            case Ite(cond, then, orelse, _):
                return ite(self(cond, env), self(then, env), self(orelse, env))
            case Quant():
                return self._quantifier(expr, env)
            case Count(name, pool, body):
                if pool not in self.unrolled:
                    return Count(name, pool, self(body, env))
                return total([self(body, self.bound(env, name, pool, slot))
                              for slot in range(self.sizes[pool])])

    def bound(self, env: Mapping[str, Const], name: str, pool: str,
              slot: int) -> dict[str, Const]:
        """`env` and a variable that is a slot."""
        return {**env, name: Const(slot, RefSort(pool))}

    def _read(self, read: Read, env: Mapping[str, Const]) -> Expr:
        var = self.variables[read.var]
        nowhere = Const(var.init, read.sort)
        kept: list[Expr] = []
        tests: list[Expr] = []
        for pool, part in zip(var.dims, read.index, strict=True):
            index = self(part, env)
            if self.sizes[pool] == 0 or (isinstance(index, Const) and index.value < 0):
                return nowhere
            if pool in self.flat:
                tests.append(is_slot(index))
            else:
                kept.append(index)
        return ite(and_(*tests), Read(read.var, tuple(kept), read.sort), nowhere)

    def _quantifier(self, quant: Quant, env: Mapping[str, Const]) -> Expr:
        fold, whole = (and_, forall) if quant.op is QuantOp.FORALL else (or_, exists)
        if quant.pool in self.unrolled:
            return fold(*(self(quant.body, self.bound(env, quant.var, quant.pool, slot))
                          for slot in range(self.sizes[quant.pool])))
        body = self(quant.body, env)
        return body if body in (TRUE, FALSE) else whole(quant.var, quant.pool, body)


def constant(value: int, sort: Sort) -> Const:
    """A value of `sort`. A slot is the same, whatever else the sort has room for."""
    if isinstance(sort, RefSort) and value >= 0:
        return Const(value, RefSort(sort.pool))
    return Const(value, sort)


def binary(op: BinOp, left: Expr, right: Expr) -> Expr:
    """A comparison, a sum or a difference; known values are computed."""
    match op:
        case BinOp.EQ | BinOp.NE:
            if isinstance(left, Const) and isinstance(right, Const):
                same: Expr = TRUE if left.value == right.value else FALSE
            else:
                same = eq(left, right)
            return same if op is BinOp.EQ else not_(same)
        case BinOp.LT:
            return less(left, right)
        case BinOp.LE:
            return at_most(left, right)
        case BinOp.ADD | BinOp.SUB:
            return arith(op, left, right)


def total(conditions: list[Expr]) -> Expr:
    """How many of `conditions` hold."""
    known = sum(c == TRUE for c in conditions)
    result: Expr = Const(known, IntRange(known, known))
    for condition in conditions:
        if condition not in (TRUE, FALSE):
            one = ite(condition, Const(1, BIT), Const(0, BIT))
            result = one if result == Const(0, IntRange(0, 0)) else arith(BinOp.ADD, result, one)
    return result
