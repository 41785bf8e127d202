"""Which objects make a condition true or false: the ones to point at.

A rule such as `no a: Allocation where ...` is broken by an allocation; `witnesses` finds it. In:
a closed condition, its value, a state. Out: identities, in the order in which the condition names
them: the slots that quantifiers need, and the destroyed objects that references still name.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    QuantOp,
    Read,
    Var,
)
from wddmcheck.ir.sorts import DANGLING, RefSort
from wddmcheck.report.identities import Identities, StepNames
from wddmcheck.report.moment import Moment


def witnesses(condition: Expr, at: Moment, who: Identities,
              names: StepNames | None = None) -> tuple[str, ...]:
    """The identities on which the value of `condition` rests. `names` are those of a step that is
    under way; without them the names are those of now."""
    search = _Search(who, names)
    found = search.walk(condition, bool(at.value(condition)), at)
    return tuple(dict.fromkeys(i for i in found if i))


class _Search:
    """One search."""

    def __init__(self, who: Identities, names: StepNames | None) -> None:
        self.who = who
        self.names = names

    def walk(self, expr: Expr, value: bool, at: Moment) -> Iterator[str]:
        """What makes `expr` have `value`, which it has."""
        match expr:
            case Not(arg):
                yield from self.walk(arg, not value, at)
            case And(args) | Or(args):
                decided = isinstance(expr, Or) == value
                for arg in args:
                    if not decided:
                        yield from self.walk(arg, value, at)
                    elif bool(at.value(arg)) == value:
                        yield from self.walk(arg, value, at)
                        break
            case Quant(op, var, pool, body):
                if (op is QuantOp.EXISTS) != value:
                    return
                for slot in range(at.sizes[pool]):
                    inner = at.bind({var: slot})
                    if bool(inner.value(body)) == value:
                        yield self._name(pool, slot)
                        yield from self.walk(body, value, inner)
                        break
            case Ite(cond, then, orelse, _):
                truth = bool(at.value(cond))
                yield from self.walk(cond, truth, at)
                yield from self.walk(then if truth else orelse, value, at)
            case Binary() | Read() | Count() | Const() | Var():
                yield from self._dangling(expr, at)

    def _dangling(self, expr: Expr, at: Moment) -> Iterator[str]:
        """The destroyed objects that `expr` names."""
        match expr:
            case Read(_, index, sort):
                for i in index:
                    yield from self._dangling(i, at)
                value = at.value(expr)
                if value == DANGLING if isinstance(sort, RefSort) else value:
                    yield self.who.was(expr, at, self.names)
            case Binary(_, left, right, _):
                yield from self._dangling(left, at)
                yield from self._dangling(right, at)
            case Ite(cond, then, orelse, sort):
                if isinstance(sort, RefSort) and at.value(expr) == DANGLING:
                    yield self.who.was(expr, at, self.names)
                yield from self._dangling(then if at.value(cond) else orelse, at)
            case Const() | Var() | Not() | And() | Or() | Quant() | Count():
                return

    def _name(self, pool: str, slot: int) -> str:
        found = None
        if self.names is not None:
            found = self.names.of((pool, slot))
        return found or self.who.current.get((pool, slot), "")
