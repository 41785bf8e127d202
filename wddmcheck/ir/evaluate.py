"""The oracle: the meaning of the IR, written to be read (spec/semantics.md, part 1).

Nothing here is fast. Engines are tested against it, and every trace is re-executed by it before it
is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import product
from math import prod
from typing import TypeAlias, assert_never

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
)
from wddmcheck.ir.sorts import NONE, BoolSort, EnumSort, IntRange, RefSort, Sort, cardinality
from wddmcheck.ir.system import Action, Obligation, StateVar, System

State: TypeAlias = tuple[int, ...]
"""A flat state: variables in declaration order, each row-major over its dimensions."""


@dataclass(frozen=True)
class Layout:
    """A system at a scope. `sizes` has the size of every pool, 1 for single ones."""

    system: System
    sizes: Mapping[str, int]

    @classmethod
    def of(cls, system: System, scope: Mapping[str, int]) -> Layout:
        """The layout at `scope`, which has a size for every pool that is not single."""
        return cls(system, {p.name: 1 if p.single else scope[p.name] for p in system.pools})

    @cached_property
    def digest(self) -> str:
        """The sha256 of the system and the sizes."""
        text = repr((self.system, sorted(self.sizes.items())))
        return sha256(text.encode()).hexdigest()

    @cached_property
    def variables(self) -> dict[str, StateVar]:
        """The state variables by name."""
        return {v.name: v for v in self.system.variables}

    @cached_property
    def starts(self) -> dict[str, int]:
        """Where each variable begins in a flat state."""
        starts, at = {}, 0
        for var in self.system.variables:
            starts[var.name] = at
            at += self.words(var)
        return starts

    def words(self, var: StateVar) -> int:
        """How many values `var` has in a state."""
        return prod(self.sizes[pool] for pool in var.dims)

    def offset(self, var: str, index: tuple[int, ...]) -> int:
        """Where the value of `var` at `index`, all slots, stands in a flat state."""
        at = 0
        for pool, slot in zip(self.variables[var].dims, index, strict=True):
            at = at * self.sizes[pool] + slot
        return self.starts[var] + at

    def choices(self, sort: Sort) -> int:
        """How many `values` there are."""
        return cardinality(sort, self.sizes) - (isinstance(sort, RefSort) and sort.dangling)

    def values(self, sort: Sort) -> list[int]:
        """What the environment may pick for a parameter of `sort`, in order."""
        match sort:
            case BoolSort():
                return [0, 1]
            case IntRange(lo, hi):
                return list(range(lo, hi + 1))
            case EnumSort(_, members):
                return list(range(len(members)))
            case RefSort(pool, none, _):
                return [NONE] * none + list(range(self.sizes[pool]))
            case _:
                assert_never(sort)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What taking an enabled instance does: the obligations that it breaks, in order, and the
    state after it (None if one of them stops the run)."""

    state: State | None
    broken: tuple[Obligation, ...]


def initial_state(layout: Layout) -> State:
    """The one initial state."""
    return tuple(v.init for v in layout.system.variables for _ in range(layout.words(v)))


def evaluate(expr: Expr, layout: Layout, state: State, env: Mapping[str, int]) -> int:
    """The encoded value of `expr` in `state`; `env` has the values of its free variables."""
    match expr:
        case Const(value, _):
            return value
        case Var(name, _):
            return env[name]
        case Read(var, index, _):
            slots = tuple(evaluate(i, layout, state, env) for i in index)
            if any(slot < 0 for slot in slots):
                return layout.variables[var].init
            return state[layout.offset(var, slots)]
        case Not(arg):
            return 1 - evaluate(arg, layout, state, env)
        case And(args):
            return int(all(evaluate(a, layout, state, env) for a in args))
        case Or(args):
            return int(any(evaluate(a, layout, state, env) for a in args))
        case Binary(op, left, right, _):
            return binary(op, evaluate(left, layout, state, env),
                           evaluate(right, layout, state, env))
        case Ite(cond, then, orelse, _):
            return evaluate(then if evaluate(cond, layout, state, env) else orelse,
                            layout, state, env)
        case Quant(op, name, pool, body):
            turns = (evaluate(body, layout, state, {**env, name: slot})
                     for slot in range(layout.sizes[pool]))
            return int(all(turns) if op is QuantOp.FORALL else any(turns))
        case Count(name, pool, body):
            return sum(evaluate(body, layout, state, {**env, name: slot})
                       for slot in range(layout.sizes[pool]))
        case _:
            assert_never(expr)


def binary(op: BinOp, left: int, right: int) -> int:
    """The encoded value of `left op right`."""
    match op:
        case BinOp.EQ:
            return int(left == right)
        case BinOp.NE:
            return int(left != right)
        case BinOp.LT:
            return int(left < right)
        case BinOp.LE:
            return int(left <= right)
        case BinOp.ADD:
            return left + right
        case BinOp.SUB:
            return left - right
        case _:
            assert_never(op)


def instances(layout: Layout, action: Action) -> Iterator[tuple[int, ...]]:
    """All values for the parameters of `action`, in lexicographic order."""
    return product(*(layout.values(p.sort) for p in action.params))


def all_instances(layout: Layout) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The instances of all actions, in order: (number of the action, values)."""
    return ((number, args) for number, action in enumerate(layout.system.actions)
            for args in instances(layout, action))


def take(layout: Layout, action: Action, args: tuple[int, ...], state: State) -> Outcome | None:
    """What an instance does in `state`; None if it is not enabled."""
    env = {p.name: value for p, value in zip(action.params, args, strict=True)}
    if not evaluate(action.guard, layout, state, env):
        return None
    broken: list[Obligation] = []
    for obligation in action.obligations:
        if evaluate(obligation.broken, layout, state, env):
            broken.append(obligation)
            if obligation.stops:
                return Outcome(None, tuple(broken))
    return Outcome(_updated(layout, action, state, env), tuple(broken))


def _updated(layout: Layout, action: Action, state: State, env: Mapping[str, int]) -> State:
    """`state` with all updates applied; every expression reads `state`."""
    new = list(state)
    for update in action.updates:
        for write in update.writes:
            names = [name for name, _ in write.binders]
            for turn in product(*(range(layout.sizes[pool]) for _, pool in write.binders)):
                inner = {**env, **dict(zip(names, turn, strict=True))}
                if not evaluate(write.where, layout, state, inner):
                    continue
                slots = tuple(evaluate(i, layout, state, inner) for i in write.index)
                if all(slot >= 0 for slot in slots):
                    value = evaluate(write.value, layout, state, inner)
                    new[layout.offset(update.var, slots)] = value
    return tuple(new)
