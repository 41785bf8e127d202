"""Typed expressions -> IR expressions, with what makes them undefined.

Driver code reads through references at its own risk: each read that may go wrong is a `Trap`,
which the caller turns into an obligation. In specifications (contracts, guards of gpu and
interrupt blocks, properties) nothing can go wrong: an atomic condition that reads through a
reference to no live object is false, and other values there are the variable's initial value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import (
    and_,
    arith,
    at_most,
    dangling_of,
    eq,
    exists,
    forall,
    implies,
    is_slot,
    ite,
    less,
    ne,
    none_of,
    not_,
    or_,
)
from wddmcheck.ir.expr import FALSE, TRUE, BinOp, Const, Count, Expr, Var
from wddmcheck.ir.sorts import NONE, RefSort
from wddmcheck.lower.store import Path, life_name, sort_for, stale_name
from wddmcheck.sema.model import (
    X,
    XArith,
    XBool,
    XCompare,
    XConst,
    XField,
    XGlobal,
    XIn,
    XInFlight,
    XIs,
    XLocal,
    XNot,
    XPolicy,
    XQuant,
    XRelation,
    XSingle,
    type_of,
)
from wddmcheck.sema.types import EnumT, NoneT, RefT, Type

USE_AFTER_DESTROY = "no_use_after_destroy"
NULL_DEREFERENCE = "no_null_dereference"

InFlight: TypeAlias = Callable[[Path, str | None, tuple[Expr | None, ...]], Expr]
"""Builds the IR condition for `in_flight`."""


@dataclass(frozen=True, slots=True)
class Trap:
    """A way in which evaluating an expression goes wrong."""

    property: str
    broken: Expr
    message: str
    span: Span | None


Traps: TypeAlias = tuple[Trap, ...]


def guarded(cond: Expr, traps: Traps) -> Traps:
    """The traps of something evaluated only when `cond` holds."""
    return tuple(t for trap in traps
                 if (t := replace(trap, broken=and_(cond, trap.broken))).broken != FALSE)


@dataclass(frozen=True, slots=True)
class Lowerer:
    """Lowers expressions on one path. `env` maps locals to values; `names` makes the names of
    quantified variables unique; `gone` has the loop variables whose object this turn of a `for`
    has destroyed, with the condition under which it did."""

    path: Path
    spec: bool
    env: Mapping[str, tuple[Expr, Type]]
    policies: Mapping[str, str]
    in_flight: InFlight
    names: Callable[[str], str]
    gone: dict[str, Expr] = field(default_factory=dict)

    def value(self, x: X) -> tuple[Expr, Traps]:
        """The value of `x`, and its traps (none in specifications)."""
        value, traps = self._value(x)
        return (value, ()) if self.spec else (value, traps)

    def cond(self, x: X) -> tuple[Expr, Traps]:
        """The truth of a condition."""
        match x:
            case XNot(arg):
                value, traps = self.cond(arg)
                return not_(value), traps
            case XBool(op, left, right):
                a, ta = self.cond(left)
                b, tb = self.cond(right)
                if op == "and":
                    return and_(a, b), (*ta, *guarded(a, tb))
                if op == "or":
                    return or_(a, b), (*ta, *guarded(not_(a), tb))
                return implies(a, b), (*ta, *guarded(a, tb))
            case XQuant(quantifier="all" | "some" | "no"):
                value, traps = self._quant(x)
                return value, () if self.spec else traps
            case XPolicy(name, choices):
                return (TRUE if self.policies[name] in choices else FALSE), ()
            case _:
                value, traps = self._value(x)
                if not self.spec:
                    return value, traps
                return and_(value, *(not_(t.broken) for t in traps)), ()

    def _value(self, x: X) -> tuple[Expr, Traps]:
        match x:
            case XConst(value, type_):
                if isinstance(type_, NoneT):
                    return Const(NONE, RefSort("", none=True)), ()
                return Const(value, sort_for(type_)), ()
            case XLocal(name, _):
                return self.env[name][0], ()
            case XGlobal(name, _):
                return self.path.read(name, ()), ()
            case XSingle(pool, _):
                return Const(0, RefSort(pool)), ()
            case XField():
                return self._field(x)
            case XRelation(name, left, right):
                a, ta = self._value(left)
                b, tb = self._value(right)
                return self.path.read(name, (a, b)), (*ta, *tb)
            case XInFlight(block, args):
                return self._in_flight(block, args)
            case XCompare():
                return self._compare(x)
            case XArith(op, left, right, _):
                a, ta = self._value(left)
                b, tb = self._value(right)
                return arith(BinOp.ADD if op == "+" else BinOp.SUB, a, b), (*ta, *tb)
            case XIs():
                return self._is(x)
            case XIn(element, target):
                a, ta = self._value(element)
                base, tb = self.deref(target.base, target)
                return self.path.read(f"{target.pool}.{target.field}", (base, a)), (*ta, *tb)
            case XQuant(quantifier="count", pool=pool):
                name, member, traps = self._member(x)
                return Count(name, pool, member), traps
            case XNot() | XBool() | XQuant() | XPolicy():
                return self.cond(x)

    def deref(self, base: X, at: XField | X) -> tuple[Expr, Traps]:
        """The value of a reference that is about to be read or written through."""
        value, traps = self._value(base)
        return value, (*traps, *self.reference_traps(value, base, at))

    def reference_traps(self, value: Expr, base: X, at: XField | X) -> Traps:
        """What can be wrong with using reference `value`, written `base`."""
        type_ = type_of(base)
        assert isinstance(type_, RefT)
        span = at.span if isinstance(at, XField) else None
        text = spell(base)
        found = []
        # A field declared without `?` is none only where its holder is absent, which is a trap of
        # its own.
        null = eq(value, none_of(type_.pool)) if type_.optional else FALSE
        if null != FALSE:
            found.append(Trap(NULL_DEREFERENCE, null,
                              f"`{text}` is none where {an(type_.pool)} is needed", span))
        gone = self._gone(value, base, type_)
        if gone != FALSE:
            found.append(Trap(USE_AFTER_DESTROY, gone,
                              f"`{text}` names {an(type_.pool)} that was destroyed", span))
        return tuple(found)

    def _gone(self, value: Expr, base: X, type_: RefT) -> Expr:
        if isinstance(value, Var) and value.name in self.gone:
            return self.gone[value.name]
        if type_.raw or isinstance(base, XSingle):
            return and_(ne(value, none_of(type_.pool)), not_(self.path.live(type_.pool, value)))
        return eq(value, dangling_of(type_.pool))

    def _field(self, x: XField) -> tuple[Expr, Traps]:
        name = f"{x.pool}.{x.field}"
        if x.safe:
            base, traps = self._value(x.base)
            type_ = type_of(x.base)
            assert isinstance(type_, RefT)
            ok = and_(is_slot(base), not_(self._gone(base, x.base, type_)))
            return ite(ok, self._stored(x, name, base), none_of(_pool(x.type))), traps
        if isinstance(type_of(x.base), RefT) and isinstance(x.base, XField) and _safe(x.base):
            # After `a?.b`, a further `.c` goes on being safe: none stays none.
            base, traps = self._value(x.base)
            if isinstance(x.type, RefT):
                return (ite(is_slot(base), self._stored(x, name, base),
                            none_of(x.type.pool)), traps)
        base, traps = self.deref(x.base, x)
        return self._stored(x, name, base), traps

    def _stored(self, x: XField, name: str, base: Expr) -> Expr:
        cls = self.path.store.model.objects[x.pool]
        if self.path.store.implicit(cls, cls.fields[x.field]):
            return Const(0, RefSort(_pool(x.type)))
        return self.path.read(name, (base,))

    def _in_flight(self, block: str | None, args: tuple[X | None, ...]) -> tuple[Expr, Traps]:
        values: list[Expr | None] = []
        traps: Traps = ()
        for arg in args:
            if arg is None:
                values.append(None)
            else:
                value, more = self._value(arg)
                values.append(value)
                traps += more
        return self.in_flight(self.path, block, tuple(values)), traps

    def _compare(self, x: XCompare) -> tuple[Expr, Traps]:
        a, ta = self._value(x.left)
        b, tb = self._value(x.right)
        traps = (*ta, *tb)
        match x.op:
            case "==" | "!=":
                same = self._equal(a, b, x)
                return (same if x.op == "==" else not_(same)), traps
            case "<":
                return less(a, b), traps
            case "<=":
                return at_most(a, b), traps
            case ">":
                return less(b, a), traps
            case _:
                return at_most(b, a), traps

    def _equal(self, a: Expr, b: Expr, x: XCompare) -> Expr:
        if isinstance(type_of(x.left), NoneT):
            return eq(b, none_of(_pool(type_of(x.right))))
        if isinstance(type_of(x.right), NoneT):
            return eq(a, none_of(_pool(type_of(x.left))))
        if not isinstance(type_of(x.left), RefT):
            return eq(a, b)
        # A dangling reference equals nothing, not even another one.
        pool = _pool(type_of(x.left))
        return and_(self.path.same(a, b), ne(a, dangling_of(pool)))

    def _is(self, x: XIs) -> tuple[Expr, Traps]:
        test, traps = self._plain_is(x)
        return (not_(test) if x.negated else test), traps

    def _plain_is(self, x: XIs) -> tuple[Expr, Traps]:
        value, traps = self._value(x.arg)
        type_ = type_of(x.arg)
        assert isinstance(type_, RefT)
        match x.test:
            case "none":
                return eq(value, none_of(x.pool)), traps
            case "live":
                return and_(is_slot(value), not_(self._gone(value, x.arg, type_))), traps
            case "dangling":
                return self._gone(value, x.arg, type_), traps
            case "state":
                store = self.path.store
                life = self.path.read(life_name(x.pool), (value,))
                test = or_(*(eq(life, store.life_const(x.pool, s)) for s in x.states))
                if isinstance(x.arg, XSingle):
                    return test, traps
                return test, (*traps, *self.reference_traps(value, x.arg, x))

    def _member(self, x: XQuant) -> tuple[str, Expr, Traps]:
        """The bound name, the condition that the quantifier ranges over, and its traps."""
        name, inner, base, traps = self.range_over(x.var, x.pool, x.set)
        if x.where is not None:
            where, more = inner.cond(x.where)
            traps = (*traps, *_closed(name, x.pool, guarded(base, more)))
            base = and_(base, where)
        return name, base, traps

    def range_over(self, var: str, pool: str,
                   members: XField | None) -> tuple[str, Lowerer, Expr, Traps]:
        """Bind `var` to the live objects of `pool` (in the set): its IR name, a lowerer that
        knows it, the range condition, and the traps of naming the set."""
        name = self.names(var)
        ref = Var(name, RefSort(pool))
        inner = replace(self, env={**self.env, var: (ref, RefT(pool))}, gone={})
        cond = self.path.live(pool, ref)
        traps: Traps = ()
        if members is not None:
            variable = f"{members.pool}.{members.field}"
            base, traps = self.deref(members.base, members)
            cond = and_(cond, self.path.read(variable, (base, ref)))
            stale = self.path.read(stale_name(variable), (base,))
            traps = (*traps, Trap(
                USE_AFTER_DESTROY, and_(is_slot(base), stale),
                f"`{spell(members)}` lists {an(pool)} that was destroyed", members.span))
        return name, inner, cond, traps

    def _quant(self, x: XQuant) -> tuple[Expr, Traps]:
        name, base, traps = self._member(x)
        if x.quantifier != "all":
            found = exists(name, x.pool, base)
            return (not_(found) if x.quantifier == "no" else found), traps
        assert x.body is not None
        inner = replace(self, env={**self.env, x.var: (Var(name, RefSort(x.pool)), RefT(x.pool))})
        body, more = inner.cond(x.body)
        traps = (*traps, *_closed(name, x.pool, guarded(base, more)))
        return forall(name, x.pool, implies(base, body)), traps


def _closed(name: str, pool: str, traps: Traps) -> Traps:
    return tuple(replace(t, broken=exists(name, pool, t.broken)) for t in traps)


def _safe(x: XField) -> bool:
    return x.safe or (isinstance(x.base, XField) and _safe(x.base))


def _pool(type_: Type) -> str:
    assert isinstance(type_, RefT)
    return type_.pool


def an(noun: str) -> str:
    """The noun with its indefinite article."""
    return f"an {noun}" if noun[0] in "AEIOUaeiou" else f"a {noun}"


def spell(x: X) -> str:
    """The expression in the user's words, for messages."""
    match x:
        case XConst(value, type_):
            return "none" if isinstance(type_, NoneT) else str(value)
        case XLocal(name, _) | XGlobal(name, _) | XSingle(name, _):
            return name
        case XField(base, _, name, _, safe, _):
            return f"{spell(base)}{'?.' if safe else '.'}{name}"
        case XRelation(name, left, right):
            return f"{name}({spell(left)}, {spell(right)})"
        case XInFlight(block, args):
            inner = [block] if block else []
            return f"in_flight({', '.join(inner + [spell(a) if a else '_' for a in args])})"
        case XNot(arg):
            return f"not {spell(arg)}"
        case XBool(op, left, right):
            return f"{spell(left)} {op} {spell(right)}"
        case XCompare(op, left, right):
            return f"{spell(left)} {op} {_member_name(right, left)}"
        case XArith(op, left, right, _):
            return f"{spell(left)} {op} {spell(right)}"
        case XIs(arg, _, test, states, negated):
            word = "is not" if negated else "is"
            return f"{spell(arg)} {word} {' or '.join(states) if test == 'state' else test}"
        case XIn(element, target):
            return f"{spell(element)} in {spell(target)}"
        case XQuant(quantifier, var, pool, members, where, body):
            text = f"{quantifier} {var}"
            text += f" in {spell(members)}" if members else f": {pool}"
            text += f" where {spell(where)}" if where else ""
            return text + (f": {spell(body)}" if body else "")
        case XPolicy(name, choices):
            return f"{name} is {' or '.join(choices)}"


def _member_name(x: X, other: X) -> str:
    type_ = type_of(other)
    if isinstance(x, XConst) and isinstance(type_, EnumT):
        return type_.members[x.value]
    return spell(x)


__all__ = ["NULL_DEREFERENCE", "USE_AFTER_DESTROY", "InFlight", "Lowerer", "Trap", "Traps", "an",
           "guarded", "spell"]
