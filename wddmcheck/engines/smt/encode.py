"""Expressions as circuits: what goes in is an IR expression and a symbolic state, what comes out
is a literal (BOOL) or a `Value`.

A `Value` lists which values are possible, each with the literal under which it is taken; exactly
one of these literals holds. So sums cannot wrap, a value that cannot occur disappears while the
circuit is built, and NONE and DANGLING are values like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Protocol, TypeAlias

from wddmcheck.engines.smt.circuit import FALSE, TRUE, Circuit, Lit
from wddmcheck.engines.smt.layout import CannotEncode, Layout
from wddmcheck.ir.expr import (
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
from wddmcheck.ir.sorts import BoolSort

Value: TypeAlias = tuple[tuple[int, Lit], ...]
Env: TypeAlias = Mapping[str, Value]


class Words(Protocol):
    """The words of a state, by number; they may be made when they are asked for."""

    def __getitem__(self, place: int, /) -> Value: ...


MAX_SUMS = 1 << 16
"""More pairs of operand values than this are not tabulated."""


def constant(value: int) -> Value:
    """The value that is certainly `value`."""
    return ((value, TRUE),)


def bits(lit: Lit) -> Value:
    """A literal as a value of sort BOOL."""
    return tuple((v, x) for v, x in ((0, lit ^ 1), (1, lit)) if x != FALSE)


def lit_of(value: Value, wanted: int) -> Lit:
    """The literal under which `value` is `wanted`."""
    for v, lit in value:
        if v == wanted:
            return lit
    return FALSE


class FreeVariables:
    """The free variables of expressions, computed once each; keeps the expressions alive so that
    their identities can serve as keys."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Expr, tuple[str, ...]]] = {}

    def __call__(self, expr: Expr) -> tuple[str, ...]:
        """The names that occur free in `expr`, in order of occurrence."""
        known = self._known.get(id(expr))
        if known is None:
            known = self._known[id(expr)] = (expr, tuple(dict.fromkeys(self._names(expr))))
        return known[1]

    def _names(self, expr: Expr) -> Iterator[str]:
        match expr:
            case Const():
                return
            case Var(name, _):
                yield name
            case Quant(_, var, _, body) | Count(var, _, body):
                yield from (n for n in self(body) if n != var)
            case Not(arg):
                yield from self(arg)
            case Read(_, parts, _) | And(parts) | Or(parts):
                for part in parts:
                    yield from self(part)
            case Binary(_, left, right, _):
                yield from (*self(left), *self(right))
            case Ite(cond, then, orelse, _):
                yield from (*self(cond), *self(then), *self(orelse))


class Encoder:
    """Encodes expressions over one symbolic state, `words` in flat order."""

    def __init__(self, circuit: Circuit, layout: Layout, words: Words,
                 free: FreeVariables | None = None) -> None:
        self.circuit = circuit
        self.layout = layout
        self.words = words
        self.free = free if free is not None else FreeVariables()
        self._lits: dict[tuple[object, ...], Lit] = {}
        self._values: dict[tuple[object, ...], Value] = {}
        self._reads: dict[tuple[str, tuple[Value, ...]], Value] = {}

    def lit(self, expr: Expr, env: Env) -> Lit:
        """The literal of a BOOL expression."""
        match expr:
            case Const(value, _):
                return TRUE if value else FALSE
            case Var(name, _):
                return lit_of(env[name], 1)
            case Not(arg):
                return self.lit(arg, env) ^ 1
            case _:
                pass
        key = (id(expr), *[env[name] for name in self.free(expr)])
        known = self._lits.get(key)
        if known is None:
            known = self._lits[key] = self._lit(expr, env)
        return known

    def _lit(self, expr: Expr, env: Env) -> Lit:
        circuit = self.circuit
        match expr:
            case And(args):
                return circuit.and_(self._until(args, env, FALSE))
            case Or(args):
                return circuit.or_(self._until(args, env, TRUE))
            case Quant(op, var, pool, body):
                inner = dict(env)
                found = []
                end = FALSE if op is QuantOp.FORALL else TRUE
                for i in range(self.layout.sizes[pool]):
                    inner[var] = constant(i)
                    found.append(self.lit(body, inner))
                    if found[-1] == end:
                        return end
                return circuit.and_(found) if op is QuantOp.FORALL else circuit.or_(found)
            case Binary(op, left, right, _):
                return self._compare(op, left, right, env)
            case Ite(cond, then, orelse, _):
                c = self.lit(cond, env)
                if c in (TRUE, FALSE):
                    return self.lit(then if c == TRUE else orelse, env)
                return circuit.or_((circuit.and_((c, self.lit(then, env))),
                                    circuit.and_((c ^ 1, self.lit(orelse, env)))))
            case _:
                return lit_of(self.value(expr, env), 1)

    def _until(self, args: tuple[Expr, ...], env: Env, end: Lit) -> list[Lit]:
        found = []
        for arg in args:
            found.append(self.lit(arg, env))
            if found[-1] == end:
                break
        return found

    def _compare(self, op: BinOp, left: Expr, right: Expr, env: Env) -> Lit:
        circuit = self.circuit
        if op in (BinOp.EQ, BinOp.NE):
            if isinstance(sort_of(left), BoolSort):
                equal = circuit.iff(self.lit(left, env), self.lit(right, env))
            else:
                equal = self.equal(self.value(left, env), self.value(right, env))
            return equal if op is BinOp.EQ else equal ^ 1
        a, b = self.value(left, env), self.value(right, env)
        strict = op is BinOp.LT
        return circuit.or_([
            circuit.and_((x, circuit.or_([y for w, y in b if v < w or (v == w and not strict)])))
            for v, x in a])

    def equal(self, a: Value, b: Value) -> Lit:
        """Equality of two values."""
        if a == b:
            return TRUE
        if len(a) < len(b):
            a, b = b, a
        other = dict(a)
        return self.circuit.or_([self.circuit.and_((lit, other[v])) for v, lit in b if v in other])

    def value(self, expr: Expr, env: Env) -> Value:
        """The value of an expression of any sort."""
        match expr:
            case Const(value, _):
                return constant(value)
            case Var(name, _):
                return env[name]
            case Not() | And() | Or() | Quant():
                return bits(self.lit(expr, env))
            case Binary(op) if op not in (BinOp.ADD, BinOp.SUB):
                return bits(self.lit(expr, env))
            case _:
                pass
        key = (id(expr), *[env[name] for name in self.free(expr)])
        known = self._values.get(key)
        if known is None:
            known = self._values[key] = self._value(expr, env)
        return known

    def _value(self, expr: Expr, env: Env) -> Value:
        match expr:
            case Read(var, index, _):
                return self.read(var, tuple(self.value(i, env) for i in index))
            case Binary(op, left, right, _):
                a, b = self.value(left, env), self.value(right, env)
                if len(a) * len(b) > MAX_SUMS:
                    raise CannotEncode("the sum of two integers of large range")
                sign = 1 if op is BinOp.ADD else -1
                return self.choice([(v + sign * w, (x, y)) for v, x in a for w, y in b])
            case Ite(cond, then, orelse, _):
                c = self.lit(cond, env)
                if c in (TRUE, FALSE):
                    return self.value(then if c == TRUE else orelse, env)
                return self.choice([(v, (c, x)) for v, x in self.value(then, env)]
                                   + [(v, (c ^ 1, x)) for v, x in self.value(orelse, env)])
            case Count(var, pool, body):
                inner = dict(env)
                total = constant(0)
                for i in range(self.layout.sizes[pool]):
                    inner[var] = constant(i)
                    here = self.lit(body, inner)
                    total = self.choice([(v, (x, here ^ 1)) for v, x in total]
                                        + [(v + 1, (x, here)) for v, x in total])
                return total
            case _:
                raise AssertionError(expr)

    def choice(self, cases: Sequence[tuple[int, tuple[Lit, ...]]]) -> Value:
        """The value that each case gives under all its literals; the cases are exclusive and
        cover everything."""
        found: dict[int, list[Lit]] = {}
        for v, lits in cases:
            lit = self.circuit.and_(lits)
            if lit != FALSE:
                found.setdefault(v, []).append(lit)
        if len(found) == 1:
            return constant(next(iter(found)))
        merged = ((v, self.circuit.or_(lits)) for v, lits in sorted(found.items()))
        return tuple((v, lit) for v, lit in merged if lit != FALSE)

    def read(self, var: str, index: tuple[Value, ...]) -> Value:
        """The variable at `index`; its initial value where that is not a slot."""
        key = (var, index)
        known = self._reads.get(key)
        if known is None:
            known = self._reads[key] = self._read(var, index)
        return known

    def _read(self, var: str, index: tuple[Value, ...]) -> Value:
        init = constant(self.layout.variables[var].init)
        cases: list[tuple[int, tuple[Lit, ...]]] = []
        for combination in product(*index):
            place = self.layout.place(var, tuple(i for i, _ in combination))
            value = init if place is None else self.words[place]
            lits = tuple(lit for _, lit in combination if lit != TRUE)
            if not lits:
                return value
            cases += [(v, (*lits, lit)) for v, lit in value]
        return self.choice(cases)
