"""A system as readable text: `wddmcheck check --ir`, and the unit of golden tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from wddmcheck.ir.expr import (
    TRUE,
    And,
    Binary,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    Read,
    Var,
)
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action, Pool, Property, StateVar, System, Update


def show(system: System) -> str:
    """The whole system, one declaration a line; ends with a line break."""
    return "\n".join(_lines(system)) + "\n"


def _lines(system: System) -> Iterator[str]:
    yield f"system {system.name}"
    yield from (f"policy {name} = {choice}" for name, choice in system.policies)
    yield from (f"without {name}" for name in system.without)
    for name, sizes in system.scopes:
        mark = "default " if name in system.default_scopes else ""
        yield f"{mark}scope {name}: " + ", ".join(f"{pool} {size}" for pool, size in sizes)
    yield from map(_pool, system.pools)
    yield from map(_variable, system.variables)
    for action in system.actions:
        yield ""
        yield from _action(action)
    yield ""
    yield from map(_property, system.properties)


def _pool(pool: Pool) -> str:
    words = ["single"] * pool.single + ["pool", pool.name]
    if pool.owner is not None:
        words += ["within", pool.owner[0]] + ([f"({pool.owner[1]})"] if pool.owner[1] else [])
    return " ".join(words)


def _variable(var: StateVar) -> str:
    dims = f"[{', '.join(var.dims)}]" if var.dims else ""
    return f"var {var.name}{dims}: {show_sort(var.sort)} = {show_value(var.init, var.sort)}"


def _action(action: Action) -> Iterator[str]:
    params = ", ".join(f"{p.name}: {show_sort(p.sort)}" for p in action.params)
    label = action.label
    about = f"{label.actor.value} {label.phase.value}" + (f" {label.status}" * bool(label.status))
    yield f"action {action.name}({params})  // {about}"
    yield f"  when {show_expr(action.guard)}"
    for o in action.obligations:
        yield f"  {'must not' if o.stops else 'should not'} {show_expr(o.broken)}  // {o.property}"
    for update in action.updates:
        yield from _update(update)


def _update(update: Update) -> Iterator[str]:
    for write in update.writes:
        index = f"[{', '.join(map(show_expr, write.index))}]" if write.index else ""
        text = f"  {update.var}{index}' := {show_expr(write.value)}"
        if write.binders:
            text += " for all " + ", ".join(f"{name}: {pool}" for name, pool in write.binders)
        if write.where != TRUE:
            text += f" where {show_expr(write.where)}"
        yield text


def _property(prop: Property) -> str:
    text = f"{'goal' if prop.goal else 'property'} {prop.name}: {prop.kind.value}"
    if prop.actions:
        text += " " + ", ".join(prop.actions)
    if prop.formula != TRUE:
        text += " " + show_expr(prop.formula)
    if prop.target != TRUE:
        text += " to " + show_expr(prop.target)
    if prop.premise != TRUE:
        text += " from " + show_expr(prop.premise)
    return text + (f" under fairness of {', '.join(prop.fair)}" if prop.fair else "")


def show_sort(sort: Sort) -> str:
    """A sort in the language's words."""
    match sort:
        case BoolSort():
            return "bool"
        case IntRange(lo, hi):
            return f"{lo}..{hi}"
        case EnumSort(_, members):
            return "{" + ", ".join(members) + "}"
        case RefSort(pool, none, dangling):
            return pool + "?" * none + "!" * dangling
        case _:
            assert_never(sort)


def show_value(value: int, sort: Sort) -> str:
    """An encoded value in the language's words."""
    match sort:
        case BoolSort():
            return "true" if value else "false"
        case EnumSort(_, members):
            return members[value]
        case RefSort(pool, _, _):
            return {NONE: "none", DANGLING: "dangling"}.get(value, f"{pool}[{value}]")
        case IntRange():
            return str(value)
        case _:
            assert_never(sort)


def show_expr(expr: Expr) -> str:
    """An expression in the language's words, fully bracketed where it is not flat."""
    match expr:
        case Const(value, sort):
            return show_value(value, sort)
        case Var(name, _):
            return name
        case Read(var, index, _):
            return f"{var}[{', '.join(map(show_expr, index))}]" if index else var
        case Not(arg):
            return f"not {_inner(arg)}"
        case And(args):
            return " and ".join(map(_inner, args)) if args else "true"
        case Or(args):
            return " or ".join(map(_inner, args)) if args else "false"
        case Binary(op, left, right, _):
            return f"{_inner(left)} {op.value} {_inner(right)}"
        case Ite(cond, then, orelse, _):
            return f"if {_inner(cond)} then {_inner(then)} else {_inner(orelse)}"
        case Quant(op, var, pool, body):
            return f"{op.value} {var}: {pool}. {_inner(body)}"
        case Count(var, pool, body):
            return f"count {var}: {pool}. {_inner(body)}"
        case _:
            assert_never(expr)


def _inner(expr: Expr) -> str:
    text = show_expr(expr)
    return text if isinstance(expr, (Const, Var, Read)) else f"({text})"
