"""References as Murphi's scalarsets have them: a slot or undefined, and a mark where undefined
means dangling. Scalarsets have no other values, and reading one that is undefined is an error.

Expressions are rewritten so that what is compared, or an index, is a bound variable or a reference
that is a slot; tests for the rest are truth values of their own, read as `NAME undefined` and `NAME
dangling`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from wddmcheck.export.request import CannotExportError
from wddmcheck.export.scoped import Scoped
from wddmcheck.ir.build import substitute
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
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import BOOL, DANGLING, NONE, BoolSort, RefSort, Sort
from wddmcheck.ir.system import Action, StateVar, Write

UNDEFINED = " undefined"
MARK = " dangling"


def without_optional(scoped: Scoped) -> Scoped:
    """The same with two actions for each parameter that may be none: a ruleset has only slots."""
    actions = tuple(split for action in scoped.system.actions
                    for split in _split(action, scoped.pools))
    again: dict[str, tuple[str, ...]] = {}
    for action in actions:
        first = action.name.partition(" without ")[0]
        again[first] = (*again.get(first, ()), action.name)
    properties = tuple(replace(p, actions=tuple(n for a in p.actions for n in again[a]))
                       for p in scoped.system.properties)
    return replace(scoped, system=replace(scoped.system, actions=actions, properties=properties))


def _split(action: Action, pools: tuple[str, ...]) -> Iterator[Action]:
    param = next((p for p in action.params if isinstance(p.sort, RefSort) and p.sort.none
                  and p.sort.pool in pools), None)
    if param is None:
        yield action
        return
    assert isinstance(param.sort, RefSort)
    slot = replace(param, sort=RefSort(param.sort.pool))
    for value, params, name in (
            (Const(NONE, param.sort), (), f"{action.name} without {param.name}"),
            (Var(param.name, slot.sort), (slot,), action.name)):
        env: Mapping[str, Expr] = {param.name: value}
        yield from _split(replace(
            action, name=name, params=tuple(
                q for p in action.params for q in (params if p == param else (p,))),
            guard=substitute(action.guard, env),
            obligations=tuple(replace(o, broken=substitute(o.broken, env))
                              for o in action.obligations),
            updates=tuple(replace(u, writes=tuple(
                Write(tuple(substitute(i, env) for i in w.index), substitute(w.value, env),
                      substitute(w.where, env), w.binders) for w in u.writes))
                for u in action.updates)), pools)


@dataclass(frozen=True, slots=True)
class Scalarsets:
    """Rewrites over `variables`, where references into `pools` are scalarsets."""

    variables: Mapping[str, StateVar]
    pools: tuple[str, ...]

    @classmethod
    def of(cls, scoped: Scoped) -> Scalarsets:
        """For a system at a scope. Raises `CannotExportError`."""
        for var in scoped.system.variables:
            if isinstance(var.sort, RefSort) and var.sort.pool in scoped.pools and var.init >= 0:
                raise CannotExportError(f"{var.name} starts as a certain slot, so that slots are "
                                        "not interchangeable")
        return cls({v.name: v for v in scoped.system.variables}, scoped.pools)

    def marks(self) -> dict[str, StateVar]:
        """The truth values that tests read, as variables."""
        found = {}
        for var in self.variables.values():
            if self.scalar(var.sort):
                for name in (UNDEFINED, MARK):
                    found[var.name + name] = replace(var, name=var.name + name, sort=BOOL, init=0)
        return found

    def scalar(self, sort: Sort) -> bool:
        """Whether values of `sort` are those of a scalarset."""
        return isinstance(sort, RefSort) and sort.pool in self.pools

    # --- expressions ------------------------------------------------------------------------------

    def __call__(self, expr: Expr) -> Expr:
        """`expr`, rewritten; of a reference, a choice between none, dangling and slots."""
        match expr:
            case Const() | Var():
                return expr
            case Read():
                return self._read(expr)
            case Not(arg):
                return Not(self(arg))
            case And(args):
                return And(tuple(map(self, args)))
            case Or(args):
                return Or(tuple(map(self, args)))
            case Binary(op, left, right, sort):
                if not self.scalar(sort_of(left)):
                    return Binary(op, self(left), self(right), sort)
                same = self._equal(self(left), self(right))
                return same if op is BinOp.EQ else _not(same)
            case Ite(cond, then, orelse, sort):
                return Ite(self(cond), self(then), self(orelse), sort)
            case Quant(op, name, pool, body):
                return Quant(op, name, pool, self(body))
            case Count(name, pool, body):
                return Count(name, pool, self(body))

    def _read(self, read: Read) -> Expr:
        init = Const(self.variables[read.var].init, read.sort)

        def at(index: tuple[Expr, ...], slots: tuple[Expr, ...]) -> Expr:
            if not index:
                return Read(read.var, slots, read.sort)
            return self._if_slot(index[0], lambda slot: at(index[1:], (*slots, slot)), init)

        return at(tuple(map(self, read.index)), ())

    def _if_slot(self, ref: Expr, then: Callable[[Expr], Expr], orelse: Expr) -> Expr:
        """`then` of a reference, where it is a slot."""
        match ref:
            case Ite(cond, first, second, _):
                return _ite(cond, self._if_slot(first, then, orelse),
                            self._if_slot(second, then, orelse))
            case Const(value, _) if value < 0:
                return orelse
            case Read():
                return _ite(_not(self.undefined(ref)), then(_slot(ref)), orelse)
            case _:
                return then(ref)

    def undefined(self, read: Read) -> Expr:
        """Whether a reference is none or dangling."""
        sort = read.sort
        assert isinstance(sort, RefSort)
        if not self.scalar(sort):
            return Or((Binary(BinOp.EQ, read, Const(NONE, sort), BOOL),
                       Binary(BinOp.EQ, read, Const(DANGLING, sort), BOOL)))
        return Read(read.var + UNDEFINED, read.index, BOOL) if sort.none or sort.dangling else FALSE

    def dangling(self, read: Read) -> Expr:
        """Whether a reference is dangling."""
        sort = read.sort
        assert isinstance(sort, RefSort)
        return Read(read.var + MARK, read.index, BOOL) if sort.dangling else FALSE

    def _equal(self, a: Expr, b: Expr) -> Expr:
        match a, b:
            case Ite(cond, then, orelse, _), _:
                return _ite(cond, self._equal(then, b), self._equal(orelse, b))
            case _, Ite(cond, then, orelse, _):
                return _ite(cond, self._equal(a, then), self._equal(a, orelse))
            case Const(x, _), Const(y, _):
                return TRUE if x == y else FALSE
            case Read(), Const(value, _):
                if value == DANGLING:
                    return self.dangling(a)
                return _and(self.undefined(a), _not(self.dangling(a)))
            case Const(), _:
                return self._equal(b, a)
            case _, Const():
                return FALSE
            case Read(), Read():
                return _or(
                    _and(self.undefined(a), self.undefined(b),
                         _agree(self.dangling(a), self.dangling(b))),
                    _and(_not(self.undefined(a)), _not(self.undefined(b)), _same(a, b)))
            case Read(), _:
                return _and(_not(self.undefined(a)), _same(a, b))
            case _, Read():
                return self._equal(b, a)
            case _:
                return _same(a, b)

    # --- writes -----------------------------------------------------------------------------------

    def writes(self, write: Write) -> Iterator[Write]:
        """The same as writes whose index has slots, and whose value, if it is a reference, is
        none, dangling or a slot. At most one of them hits a place."""
        ways = [list(self._ways(self(i))) for i in write.index]
        where = self(write.where)
        values = list(self._ways(self(write.value))) if self.scalar(sort_of(write.value)) else [
            (TRUE, self(write.value))]
        for chosen in product(*ways):
            if any(isinstance(slot, Const) and slot.value < 0 for _, slot in chosen):
                continue
            for test, value in values:
                condition = _and(where, *(t for t, _ in chosen), test)
                if condition != FALSE:
                    yield Write(tuple(slot for _, slot in chosen), value, condition, write.binders)

    def _ways(self, ref: Expr) -> Iterator[tuple[Expr, Expr]]:
        """What a reference can be: a condition, and none, dangling or a slot."""
        match ref:
            case Ite(cond, then, orelse, _):
                yield from ((_and(cond, test), end) for test, end in self._ways(then))
                yield from ((_and(_not(cond), test), end) for test, end in self._ways(orelse))
            case Read(_, _, RefSort(pool, none, dangling)) if none or dangling:
                yield _not(self.undefined(ref)), _slot(ref)
                if dangling:
                    yield self.dangling(ref), Const(DANGLING, RefSort(pool, dangling=True))
                if none:
                    yield (_and(self.undefined(ref), _not(self.dangling(ref))),
                           Const(NONE, RefSort(pool, none=True)))
            case _:
                yield TRUE, ref


def _slot(read: Read) -> Read:
    """A reference that is known to be a slot."""
    assert isinstance(read.sort, RefSort)
    return Read(read.var, read.index, RefSort(read.sort.pool))


def _same(a: Expr, b: Expr) -> Expr:
    plain = [_slot(e) if isinstance(e, Read) else e for e in (a, b)]
    return Binary(BinOp.EQ, plain[0], plain[1], BOOL)


def _agree(a: Expr, b: Expr) -> Expr:
    if FALSE in (a, b):
        return _not(b if a == FALSE else a)
    return Binary(BinOp.EQ, a, b, BOOL)


# What comes first protects what comes later, so nothing here changes an order.

def _not(arg: Expr) -> Expr:
    if arg in (TRUE, FALSE):
        return FALSE if arg == TRUE else TRUE
    return Not(arg)


def _and(*args: Expr) -> Expr:
    rest = tuple(a for a in args if a != TRUE)
    return FALSE if FALSE in rest else And(rest) if rest else TRUE


def _or(*args: Expr) -> Expr:
    rest = tuple(a for a in args if a != FALSE)
    return TRUE if TRUE in rest else Or(rest) if rest else FALSE


def _ite(cond: Expr, then: Expr, orelse: Expr) -> Expr:
    if cond == TRUE or then == orelse:
        return then
    if cond == FALSE:
        return orelse
    if not isinstance(sort_of(then), BoolSort):
        return Ite(cond, then, orelse, sort_of(then))
    if orelse == FALSE:
        return _and(cond, then)
    if orelse == TRUE:
        return _or(_not(cond), then)
    return Ite(cond, then, orelse, BOOL)
