"""Statements about objects: create, choose, and `for` with what it does to many at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wddmcheck.ir.build import and_, exists, forall, not_
from wddmcheck.ir.expr import Const, Expr, Var
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Param, SubCall
from wddmcheck.lower import calls
from wddmcheck.lower.effects import Effects, for_turns
from wddmcheck.lower.exprs import an
from wddmcheck.lower.frames import Cont, Pending, Run, Segment
from wddmcheck.lower.store import Path, free_name, life_name
from wddmcheck.sema.model import (
    Body,
    SCall,
    SChoose,
    SCreate,
    SFor,
    SIf,
    SLet,
    SReturn,
    type_of,
)
from wddmcheck.sema.types import NoneT, RefT

if TYPE_CHECKING:
    from wddmcheck.lower.segments import Segments


def create(seg: Segments, s: SCreate, path: Path, prefix: str, after: Cont,
            out: list[Pending], done: list[Segment]) -> None:
    """`create`: a free slot becomes a live object, or the `or` branch runs."""
    if s.orelse is not None:
        failed = path.fork()
        failed.spans.append(s.span)
        failed.failed.append(s.pool)
        out.append((failed, (Run(s.orelse, 0, prefix), *after), False))
    store = seg.ctx.store
    effects = seg.effects(path, prefix)
    cls = store.model.objects[s.pool]
    owner: Expr | None = None
    if cls.owner is not None:
        if s.owner is not None:
            owner = effects.deref(s.owner, s.owner, s.span)
        else:
            owner = Const(0, RefSort(cls.owner))
        if store.model.objects[cls.owner].single:
            path.oblige("no_orphan", not_(path.live(cls.owner, owner)),
                        f"{an(s.pool)} is created while there is no {cls.owner}", s.span)
    fields = [(name, effects.value(x, s.span), x) for name, x in s.fields]
    slot = seg.ctx.fresh_name("y")
    every = forall(slot, s.pool, path.live(s.pool, Var(slot, RefSort(s.pool))))
    full = seg.blocked(path, every)
    if full is not None:
        done.append(full)
    if path.dead:
        out.append((path, after, False))
        return
    ref: Expr = Const(0, RefSort(s.pool))
    if not cls.single:
        base = s.target or s.pool[0].lower() + s.pool[1:]
        name = free_name(base, [p.name for p in path.params])
        ref = Var(name, RefSort(s.pool))
    if not path.assume(not_(path.live(s.pool, ref))):
        return
    if isinstance(ref, Var):
        path.params.append(Param(ref.name, RefSort(s.pool)))
        path.fresh.add(ref.name)
    path.write(life_name(s.pool), (ref,), store.life_const(s.pool, cls.states[0]))
    if owner is not None and not store.model.objects[cls.owner or ""].single:
        path.write(f"{s.pool}.{cls.owner_field}", (ref,), owner)
    inits = {info.name: info.init for info in cls.fields.values()}
    for field_name, value, x in fields:
        if isinstance(type_of(x), NoneT) or (
                isinstance(value, Const) and value.value == inits[field_name]):
            continue
        variable = store.variables[f"{s.pool}.{field_name}"]
        effects.in_range(variable, value, f"{s.pool}.{field_name}", s.span)
        path.write(variable.name, (ref,), value)
    if s.target:
        seg.bind(path, prefix + s.target, ref, RefT(s.pool))
    out.append((path, after, False))


def choose(seg: Segments, s: SChoose, path: Path, prefix: str, after: Cont,
            out: list[Pending], done: list[Segment]) -> None:
    """`choose`: the environment picks any object that fits."""
    name = free_name(s.target, [p.name for p in path.params])
    ref = Var(name, RefSort(s.pool))
    probe = path.fork()
    key = prefix + s.target
    seg.bind(probe, key, Var(seg.ctx.fresh_name(s.target), RefSort(s.pool)), RefT(s.pool))
    bound = probe.env[key][0]
    assert isinstance(bound, Var)
    fits = probe.live(s.pool, bound)
    if s.where is not None:
        fits = and_(fits, seg.lower(probe, prefix, spec=True).cond(s.where)[0])
    nothing = seg.blocked(path, not_(exists(bound.name, s.pool, fits)))
    if nothing is not None:
        done.append(nothing)
    path.params.append(Param(name, RefSort(s.pool)))
    seg.bind(path, key, ref, RefT(s.pool))
    possible = path.assume(path.live(s.pool, ref))
    if s.where is not None:
        possible = path.assume(seg.truth(s.where, path, prefix, s.span)) and possible
    if possible:
        out.append((path, after, False))


def for_all(seg: Segments, s: SFor, path: Path, prefix: str) -> None:
    """`for`: the body, for all objects of the range at once."""
    outer = seg.effects(path, prefix)
    effects = for_turns(path, outer.lower, s.var, s.pool, s.set, s.where, s.span, outer)
    turn(seg, s.body, effects)


def turn(seg: Segments, body: Body, effects: Effects) -> tuple[str, Expr | None]:
    """The statements of a `for` body or of what it calls; the status returned."""
    for s in body:
        match s:
            case SCall():
                turn_call(seg, s, effects)
            case SReturn(status, value):
                result = effects.value(value, s.span) if value is not None else None
                return status, result
            case SLet(target, value_x):
                env = dict(effects.lower.env)
                env[target] = (effects.value(value_x, s.span), type_of(value_x))
                effects.lower = replace(effects.lower, env=env)
            case SIf(cond, then, orelse):
                value_, traps = effects.lower.cond(cond)
                effects.trap(traps, s.span)
                for branch, test in ((then, value_), (orelse, not_(value_))):
                    turn(seg, branch, seg.ctx.narrowed(effects, test))
            case _:
                seg.simple(s, effects)
    return "STATUS_SUCCESS", None


def turn_call(seg: Segments, s: SCall, effects: Effects) -> None:
    """A call in a `for`: its body, once for each turn."""
    block = seg.ctx.model.blocks[s.block]
    seg.ctx.only_simple(block, s.span)
    args = calls.arguments(s, block, effects)
    env = {name: (value, type_) for (name, type_), value in
           zip(block.params, args, strict=True)}
    inner = replace(effects, lower=replace(effects.lower, env=env))
    if block.kind == "callback":
        calls.callback_entry(seg, block, effects.path, inner, s.span)
    status, _ = turn(seg, block.body, inner)
    if block.kind == "callback":
        calls.hooks(seg, block, status, inner)
        assert effects.turns is not None
        effects.path.calls.append(SubCall(
            block.name, tuple(zip((n for n, _ in block.params), args, strict=True)), status,
            binders=((effects.turns.var, effects.turns.pool),), where=effects.turns.cond))
