"""Well-formedness of a system: what every engine may rely on. Returns problems as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, Kind, Property, StateVar, System, Write


def problems(system: System) -> list[str]:
    """What is wrong with `system`; empty if it is well-formed."""
    return list(_System(system).check())


class _System:
    def __init__(self, system: System) -> None:
        self.system = system
        self.pools = {p.name for p in system.pools}
        self.variables = {v.name: v for v in system.variables}
        self.actions = {a.name for a in system.actions}

    def check(self) -> Iterator[str]:
        for what, names in (
                ("pool", [p.name for p in self.system.pools]),
                ("variable", [v.name for v in self.system.variables]),
                ("action", [a.name for a in self.system.actions]),
                ("property", [p.name for p in self.system.properties])):
            seen: set[str] = set()
            for name in names:
                if name in seen:
                    yield f"{what} {name} is declared twice"
                seen.add(name)
        for var in self.system.variables:
            yield from self.variable(var)
        for action in self.system.actions:
            yield from self.action(action)
        for prop in self.system.properties:
            yield from self.property(prop)
        for name, sizes in self.system.scopes:
            for size_of, _ in sizes:
                if size_of not in self.pools:
                    yield f"scope {name}: unknown pool {size_of}"
        for name in self.system.default_scopes:
            if name not in dict(self.system.scopes):
                yield f"default scope {name} is not declared"
        for pool in self.system.pools:
            if pool.owner is not None and pool.owner[0] not in self.pools:
                yield f"pool {pool.name}: unknown owner {pool.owner[0]}"
            if pool.life and pool.life not in self.variables:
                yield f"pool {pool.name}: its life {pool.life} is no variable"

    def variable(self, var: StateVar) -> Iterator[str]:
        for pool in var.dims:
            if pool not in self.pools:
                yield f"variable {var.name}: unknown pool {pool}"
        yield from self.sort(var.sort, f"variable {var.name}")
        if not _holds(var.sort, var.init):
            yield f"variable {var.name}: initial value {var.init} is not of its sort"

    def sort(self, sort: Sort, where: str) -> Iterator[str]:
        if isinstance(sort, RefSort) and sort.pool not in self.pools:
            yield f"{where}: unknown pool {sort.pool}"
        if isinstance(sort, IntRange) and sort.lo > sort.hi:
            yield f"{where}: empty range"

    def action(self, action: Action) -> Iterator[str]:
        where = f"action {action.name}"
        env: dict[str, Sort] = {}
        for param in action.params:
            if param.name in env:
                yield f"{where}: parameter {param.name} twice"
            if isinstance(param.sort, RefSort) and param.sort.dangling:
                yield f"{where}: parameter {param.name} may dangle"
            yield from self.sort(param.sort, where)
            env[param.name] = param.sort
        yield from self.boolean(action.guard, env, f"{where}, guard")
        kinds = {p.name: p.kind for p in self.system.properties}
        for o in action.obligations:
            if kinds.get(o.property) is not Kind.OBLIGATION:
                yield f"{where}: {o.property} is no property of kind obligation"
            yield from self.boolean(o.broken, env, f"{where}, obligation")
        updated: set[str] = set()
        for update in action.updates:
            if update.var in updated or update.var not in self.variables:
                yield f"{where}: update of {update.var}, which is unknown or updated twice"
                continue
            updated.add(update.var)
            for write in update.writes:
                yield from self.write(self.variables[update.var], write, env, where)

    def write(self, var: StateVar, write: Write, env: Mapping[str, Sort],
              where: str) -> Iterator[str]:
        inner = dict(env)
        for name, pool in write.binders:
            if name in inner:
                yield f"{where}: binder {name} hides another name"
            if pool not in self.pools:
                yield f"{where}: unknown pool {pool}"
            inner[name] = RefSort(pool)
        binders = {name for name, _ in write.binders}
        if len(write.index) != len(var.dims):
            yield f"{where}: write to {var.name} has {len(write.index)} indices"
        for index, pool in zip(write.index, var.dims, strict=False):
            own = isinstance(index, Var) and index.name in binders
            yield from self.expr(index, inner if own else env, where)
            sort = sort_of(index)
            if not isinstance(sort, RefSort) or sort.pool != pool:
                yield f"{where}: write to {var.name} at something that is no {pool}"
        yield from self.boolean(write.where, inner, where)
        yield from self.expr(write.value, inner, where)
        if not _same_kind(sort_of(write.value), var.sort):
            yield f"{where}: write to {var.name} of another sort"

    def property(self, prop: Property) -> Iterator[str]:
        where = f"property {prop.name}"
        yield from self.boolean(prop.formula, {}, where)
        yield from self.boolean(prop.target, {}, where)
        yield from self.boolean(prop.premise, {}, where)
        for action in prop.actions:
            if action not in self.actions:
                yield f"{where}: unknown action {action}"
        blocks = {a.label.block for a in self.system.actions}
        for block in prop.fair if prop.kind is Kind.LEADS_TO else ():
            if block not in blocks:
                yield f"{where}: fairness of unknown block {block}"

    def boolean(self, expr: Expr, env: Mapping[str, Sort], where: str) -> Iterator[str]:
        yield from self.expr(expr, env, where)
        if not isinstance(sort_of(expr), BoolSort):
            yield f"{where}: not a truth value"

    def expr(self, expr: Expr, env: Mapping[str, Sort], where: str) -> Iterator[str]:
        match expr:
            case Const(value, sort):
                if not _holds(sort, value):
                    yield f"{where}: constant {value} is not of its sort"
            case Var(name, sort):
                if name not in env:
                    yield f"{where}: unbound {name}"
                elif env[name] != sort:
                    yield f"{where}: {name} is used with another sort"
            case Read(var, index, sort):
                declared = self.variables.get(var)
                if declared is None or len(index) != len(declared.dims) or sort != declared.sort:
                    yield f"{where}: read of {var} does not fit its declaration"
                    return
                for i, pool in zip(index, declared.dims, strict=True):
                    yield from self.expr(i, env, where)
                    i_sort = sort_of(i)
                    if not isinstance(i_sort, RefSort) or i_sort.pool != pool:
                        yield f"{where}: {var} is read at something that is no {pool}"
            case Not(arg):
                yield from self.boolean(arg, env, where)
            case And(args) | Or(args):
                for a in args:
                    yield from self.boolean(a, env, where)
            case Binary(op, left, right, _):
                yield from self.expr(left, env, where)
                yield from self.expr(right, env, where)
                if not _same_kind(sort_of(left), sort_of(right)):
                    yield f"{where}: {op.value} between different sorts"
                if op not in (BinOp.EQ, BinOp.NE) and not isinstance(sort_of(left), IntRange):
                    yield f"{where}: {op.value} on something that is no integer"
            case Ite(cond, then, orelse, _):
                yield from self.boolean(cond, env, where)
                yield from self.expr(then, env, where)
                yield from self.expr(orelse, env, where)
                if not _same_kind(sort_of(then), sort_of(orelse)):
                    yield f"{where}: branches of different sorts"
            case Quant(_, name, pool, body) | Count(name, pool, body):
                if name in env:
                    yield f"{where}: {name} is bound twice"
                if pool not in self.pools:
                    yield f"{where}: unknown pool {pool}"
                yield from self.boolean(body, {**env, name: RefSort(pool)}, where)


def _holds(sort: Sort, value: int) -> bool:
    match sort:
        case BoolSort():
            return value in (0, 1)
        case IntRange(lo, hi):
            return lo <= value <= hi
        case EnumSort(_, members):
            return 0 <= value < len(members)
        case RefSort(_, none, dangling):
            return value >= 0 or (value == NONE and none) or (value == DANGLING and dangling)


def _same_kind(a: Sort, b: Sort) -> bool:
    match a, b:
        case RefSort(p, _, _), RefSort(q, _, _):
            return p == q
        case IntRange(), IntRange():
            return True
        case _:
            return a == b
