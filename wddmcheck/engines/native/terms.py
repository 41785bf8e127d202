"""Expressions and updates of the IR as LLVM code over the words of a packed state.

One template per node. Quantifiers and parameters are unrolled, so that much is known while the code
is written (see asm.py). Nothing branches: all expressions are pure and total, and a few wasted
instructions cost less than a branch that is guessed wrong.

References are codes (plan.py), integers are themselves, truth values are `i1`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.plan import Plan, Spot
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
from wddmcheck.ir.sorts import BoolSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, StateVar, Write

Env: TypeAlias = Mapping[str, int]
"""Values of parameters and bound variables: codes of references, plain integers."""

COMPARISONS = {BinOp.EQ: "eq", BinOp.NE: "ne", BinOp.LT: "slt", BinOp.LE: "sle"}


@dataclass(frozen=True, slots=True)
class Assigned:
    """`value` is put at `spot`, if `where` holds; `direct`: not because of what an index is."""

    spot: Spot
    value: Value
    where: Value
    direct: bool


@dataclass(frozen=True, slots=True)
class Flat:
    """What an instance changes, unless one of `unless` holds: of each word it keeps some bits, and
    puts others into it."""

    keep: tuple[int, ...]
    put: tuple[int, ...]
    unless: tuple[str, ...]


@dataclass
class Terms:
    """Expressions over one state, whose words are `words`, in the function `body`."""

    plan: Plan
    body: Body
    words: Sequence[Value]

    # --- values ------------------------------------------------------------------------------

    def test(self, expr: Expr, env: Env) -> Value:
        """A truth value, as an `i1`."""
        body = self.body
        match expr:
            case Const(value, _):
                return int(value)
            case Var(name, _):
                return env[name]
            case Read():
                got = self.read(expr, env)
                return got if isinstance(got, int) else body.compare("ne", got, 0)
            case Not(arg):
                return body.not_(self.test(arg, env))
            case And(args):
                return self.joined(args, env, 0)
            case Or(args):
                return self.joined(args, env, 1)
            case Binary(op, left, right, _):
                return self.comparison(op, left, right, env)
            case Ite(cond, then, orelse, _):
                test = self.test(cond, env)
                if isinstance(test, int):
                    return self.test(then if test else orelse, env)
                return body.choose(test, self.test(then, env), self.test(orelse, env))
            case Quant(op, name, pool, arg):
                stop = int(op is QuantOp.EXISTS)
                result: Value = 1 - stop
                for slot in range(self.plan.layout.sizes[pool]):
                    result = self.join(result, self.test(arg, {**env, name: slot}), stop)
                    if result == stop:
                        break
                return result
            case Count():
                raise TypeError("a count is no truth value")

    def joined(self, args: tuple[Expr, ...], env: Env, stop: int) -> Value:
        """All of `args` (stop 0), or any of them (stop 1)."""
        result: Value = 1 - stop
        for arg in args:
            result = self.join(result, self.test(arg, env), stop)
            if result == stop:
                break
        return result

    def join(self, a: Value, b: Value, stop: int) -> Value:
        """a and b (stop 0), or a or b (stop 1)."""
        return self.body.either(a, b) if stop else self.body.both(a, b)

    def comparison(self, op: BinOp, left: Expr, right: Expr, env: Env) -> Value:
        """A comparison of two values of one kind."""
        if isinstance(sort_of(left), BoolSort):
            a, b = self.test(left, env), self.test(right, env)
            if op in (BinOp.EQ, BinOp.NE):
                same = self.body.choose(a, b, self.body.not_(b))
                return same if op is BinOp.EQ else self.body.not_(same)
            return self.body.compare(COMPARISONS[op], self.body.number(a), self.body.number(b))
        return self.body.compare(COMPARISONS[op], self.number(left, env), self.number(right, env))

    def number(self, expr: Expr, env: Env) -> Value:
        """The value of any expression, as an `i64`."""
        body = self.body
        match expr:
            case Const(value, sort):
                return int(value) if isinstance(sort, IntRange) else self.plan.code(value, sort)
            case Var(name, _):
                return env[name]
            case Read(var, _, sort):
                got = self.read(expr, env)
                own = self.plan.layout.variables[var].sort
                return body.add(got, own.lo) if isinstance(own, IntRange) else got
            case Binary(BinOp.ADD, left, right, _):
                return body.add(self.number(left, env), self.number(right, env))
            case Binary(BinOp.SUB, left, right, _):
                return body.sub(self.number(left, env), self.number(right, env))
            case Ite(cond, then, orelse, _):
                test = self.test(cond, env)
                if isinstance(test, int):
                    return self.number(then if test else orelse, env)
                return body.select(test, self.number(then, env), self.number(orelse, env))
            case Count(name, pool, arg):
                total: Value = 0
                for slot in range(self.plan.layout.sizes[pool]):
                    total = body.add(total, body.number(self.test(arg, {**env, name: slot})))
                return total
            case Not() | And() | Or() | Quant() | Binary():
                return body.number(self.test(expr, env))

    # --- reading -----------------------------------------------------------------------------

    def at(self, spot: Spot) -> Value:
        """The code at a place."""
        if spot.width == 0:
            return 0
        return self.body.and_(self.body.lshr(self.words[spot.word], spot.shift),
                              signed(spot.mask))

    def read(self, expr: Read, env: Env) -> Value:
        """The code that a read yields: that of the initial value where an index is no slot."""
        var = self.plan.layout.variables[expr.var]
        sizes = [self.plan.layout.sizes[d] for d in var.dims]
        index = [self.number(i, env) for i in expr.index]
        init = self.plan.code(var.init, var.sort)
        if not self.plan.spots[var.name] or any(
                isinstance(i, int) and not 0 <= i < n for i, n in zip(index, sizes, strict=True)):
            return init
        return self.cell(var, index, sizes, 0, init)

    def cell(self, var: StateVar, index: list[Value], sizes: list[int], flat: int,
             init: int) -> Value:
        """The value where the known indices so far lead to `flat`."""
        if not index:
            return self.at(self.plan.spots[var.name][flat])
        first, rest = index[0], index[1:]
        if isinstance(first, int):
            return self.cell(var, rest, sizes[1:], flat * sizes[0] + first, init)
        turns = [self.cell_spot(var, rest, sizes[1:], flat * sizes[0] + i) for i in range(sizes[0])]
        shift = _regular([t for t in turns if t is not None]) if None not in turns else None
        if shift is not None:
            word, base, stride, width = shift
            if width == 0:
                got: Value = 0
            else:
                by = self.body.and_(self.body.add(self.body.mul(first, stride), base), 63)
                got = self.body.and_(self.body.lshr(self.words[word], by),
                                     signed((1 << width) - 1))
            return self.body.select(self.body.compare("ult", first, sizes[0]), got, init)
        result: Value = init
        for i in range(sizes[0]):
            value = self.cell(var, rest, sizes[1:], flat * sizes[0] + i, init)
            result = self.body.select(self.body.eq(first, i), value, result)
        return result

    def cell_spot(self, var: StateVar, rest: list[Value], sizes: list[int],
                  flat: int) -> Spot | None:
        """The place, if the remaining indices are known."""
        for i, size in zip(rest, sizes, strict=True):
            if not isinstance(i, int):
                return None
            flat = flat * size + i
        return self.plan.spots[var.name][flat]

    # --- writing -----------------------------------------------------------------------------

    def updated(self, action: Action, env: Env) -> list[Value]:
        """The words after all updates of `action`."""
        new: list[Value] = list(self.words)
        for one in self.writes(action, env):
            self.set(one.spot, one.value, one.where, new)
        return new

    def flat(self, action: Action, env: Env) -> Flat | None:
        """What an instance changes; None if that is not known without a look at the state, or if
        it has obligations."""
        if any(self.test(o.broken, env) != 0 for o in action.obligations):
            return None
        keep, put = [-1] * len(self.words), [0] * len(self.words)
        unless: list[str] = []
        for one in self.writes(action, env):
            mask = one.spot.mask << one.spot.shift
            if one.where == 0 or one.spot.width == 0:
                continue
            if isinstance(one.where, str) and one.direct:
                unless.append(one.where)
            elif one.where == 1 and isinstance(one.value, int):
                keep[one.spot.word] &= ~mask
                put[one.spot.word] &= ~mask
                put[one.spot.word] |= one.value << one.spot.shift
            else:
                return None
        return Flat(tuple(map(signed, keep)), tuple(map(signed, put)), tuple(unless))

    def writes(self, action: Action, env: Env) -> Iterator[Assigned]:
        """All assignments that an instance may make, in order."""
        for update in action.updates:
            var = self.plan.layout.variables[update.var]
            for write in update.writes:
                ranges = [range(self.plan.layout.sizes[pool]) for _, pool in write.binders]
                for turn in product(*ranges):
                    bound = {b: i for (b, _), i in zip(write.binders, turn, strict=True)}
                    yield from self.write(var, write, {**env, **bound})

    def write(self, var: StateVar, write: Write, env: Env) -> Iterator[Assigned]:
        """One assignment."""
        where = self.test(write.where, env)
        if where == 0 or not self.plan.spots[var.name]:
            return
        sizes = [self.plan.layout.sizes[d] for d in var.dims]
        index = [self.number(i, env) for i in write.index]
        if any(isinstance(i, int) and not 0 <= i < n for i, n in zip(index, sizes, strict=True)):
            return
        value = self.number(write.value, env)
        if isinstance(var.sort, IntRange):
            value = self.body.sub(value, var.sort.lo)
        if not _within(sort_of(write.value), var.sort):
            value = self.body.and_(value, signed((1 << self.plan.width(var)) - 1))
        direct = all(isinstance(i, int) for i in index)
        for turn in product(*([i] if isinstance(i, int) else range(n)
                              for i, n in zip(index, sizes, strict=True))):
            here, flat = where, 0
            for i, at, size in zip(index, turn, sizes, strict=True):
                flat = flat * size + at
                if not isinstance(i, int):
                    here = self.body.both(here, self.body.eq(i, at))
            yield Assigned(self.plan.spots[var.name][flat], value, here, direct)

    def set(self, spot: Spot, value: Value, where: Value, new: list[Value]) -> None:
        """`value` at `spot` of the words `new`, if `where` holds."""
        if spot.width == 0 or where == 0:
            return
        body, old = self.body, new[spot.word]
        kept = body.and_(old, signed(~(spot.mask << spot.shift)))
        put = body.or_(kept, body.shl(value, spot.shift))
        new[spot.word] = body.select(where, put, old)


def _within(inner: Sort, outer: Sort) -> bool:
    """Whether every value of `inner` can be stored as `outer`."""
    match inner, outer:
        case IntRange(lo, hi), IntRange(low, high):
            return low <= lo and hi <= high
        case RefSort(_, none, dangling), RefSort(_, none_too, dangling_too):
            return none <= none_too and dangling <= dangling_too
        case _:
            return True


def _regular(spots: list[Spot]) -> tuple[int, int, int, int] | None:
    """(word, first shift, stride, width) if the places stand at one stride in one word."""
    first = spots[0]
    stride = spots[1].shift - first.shift if len(spots) > 1 else 0
    for i, spot in enumerate(spots):
        if (spot.word, spot.shift, spot.width) != (
                first.word, first.shift + i * stride, first.width):
            return None
    return first.word, first.shift, stride, first.width
