"""Blocks -> actions: one action per path through one atomic segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from wddmcheck.ir.build import and_, eq, exists, none_of, or_
from wddmcheck.ir.expr import FALSE, Const, Expr, Var
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import CALL_AT, Action, Actor, Label, Obligation, Param, Phase
from wddmcheck.lower.calls import run_hook
from wddmcheck.lower.context import PROCESS, Context
from wddmcheck.lower.exprs import USE_AFTER_DESTROY, Lowerer
from wddmcheck.lower.frames import Point, Segment
from wddmcheck.lower.segments import Segments
from wddmcheck.lower.store import Path, free_name, sort_for
from wddmcheck.sema.check import CALL_POOL
from wddmcheck.sema.model import Block, type_of
from wddmcheck.sema.types import RefT

ACTORS = {
    "ddi": Actor.OS, "thunk": Actor.UMD, "gpu": Actor.GPU, "interrupt": Actor.ISR,
    "dpc": Actor.DPC, "worker": Actor.KMD,
}
CALLED = ("ddi", "thunk")
GPU_ACCESS = "no_gpu_access_to_destroyed"


@dataclass(slots=True)
class Lowered:
    """The actions of one root block, and the control points found in it."""

    actions: list[Action]
    points: list[Point]


def lower_block(ctx: Context, block: Block) -> Lowered:
    """All actions of `block`."""
    ctx.restart_names()
    segments = Segments(ctx, block)
    actions: list[Action] = []
    for path in _entries(ctx, block):
        shown = _arguments(path, block)
        for segment in segments.from_entry(path):
            actions += _action(ctx, block, segment, None, shown, len(actions))
    points: list[Point] = []
    while segments.queue:
        point = segments.queue.pop(0)
        points.append(point)
        start = _resumption(ctx, point)
        shown = _arguments(start, block)
        for segment in segments.from_point(point, start):
            actions += _action(ctx, block, segment, point, shown, len(actions))
    return Lowered(actions, points)


def _arguments(path: Path, block: Block) -> tuple[tuple[str, Expr], ...]:
    return tuple((name, path.env[name][0]) for name, _ in block.params)


def _entries(ctx: Context, block: Block) -> Iterator[Path]:
    """The path on which the environment has just decided to run `block`."""
    path = Path(ctx.store)
    for name, type_ in block.params:
        if isinstance(type_, RefT):
            var = Var(name, RefSort(type_.pool, none=type_.optional))
            live = path.live(type_.pool, var)
            path.guard.append(or_(_is_none(var, type_.pool), live) if type_.optional else live)
            path.params.append(Param(name, RefSort(type_.pool, none=type_.optional)))
        else:
            var = Var(name, sort_for(type_))
            path.params.append(Param(name, sort_for(type_)))
        path.env[name] = (var, type_)
    lower = Lowerer(path, True, path.env, ctx.policies, ctx.in_flight, ctx.fresh_name)
    if block.when is not None and not path.assume(lower.cond(block.when)[0]):
        return
    if not ctx.enter(block, path, lower, None):
        return
    if block.process is not None:
        value = lower.value(block.process)[0]
        path.env[PROCESS] = (value, RefT(_process_pool(block), optional=True))
    run_hook(Segments(ctx, block), block.entry, path, "")
    yield path


def _process_pool(block: Block) -> str:
    assert block.process is not None
    type_ = type_of(block.process)
    assert isinstance(type_, RefT)
    return type_.pool


def _is_none(var: Var, pool: str) -> Expr:
    return eq(var, none_of(pool))


def _resumption(ctx: Context, point: Point) -> Path:
    """The path on which a call goes on from `point`."""
    path = Path(ctx.store)
    call = Var("call", RefSort(CALL_POOL))
    path.call = call
    path.params.append(Param("call", RefSort(CALL_POOL)))
    if point.name in ctx.store.points:
        path.guard.append(ctx.store.at(call, point.name))
    for key, type_ in point.saved:
        variable = ctx.call_local(point.block, key, type_)
        path.env[key] = (path.read(variable, (call,)), type_)
    return path


def _action(ctx: Context, block: Block, segment: Segment, start: Point | None,
            shown: tuple[tuple[str, Expr], ...], number: int) -> list[Action]:
    path = segment.path
    owed = list(path.obligations)
    if segment.blocked and not owed:
        return []
    if segment.blocked:
        broken = or_(*(o.broken for o in owed if o.stops))
        if not path.assume(broken):
            return []
    elif segment.point:
        _keep(ctx, block, path, start, segment.point)
    elif start is not None:
        _finish(ctx, block, path, start)
    elif block.kind in CALLED and ctx.has_calls:
        path.assume(_some_slot_free(ctx))
    if and_(*path.guard) == FALSE:
        return []
    phase = {
        (False, False): Phase.WHOLE, (False, True): Phase.ENTRY,
        (True, False): Phase.RETURN, (True, True): Phase.RESUME,
    }[start is not None, bool(segment.point)]
    label = Label(
        block.name, block.kind, ACTORS[block.kind], phase, shown,
        status="" if segment.point or segment.blocked else segment.status,
        result=None if segment.blocked else segment.value, calls=tuple(path.calls),
        path=tuple(dict.fromkeys(path.spans)), at=segment.at,
        call_slot=path.call.name if path.call is not None else "",
        failed=tuple(path.failed), turns=tuple(path.turns),
        towards=segment.status if segment.blocked else "")
    obligations = tuple(_by_gpu(o) if block.kind == "gpu" else o for o in owed)
    return [Action(f"{block.name}/{number + 1}", label, tuple(path.params), and_(*path.guard),
                   () if segment.blocked else path.updates(), obligations, block.origin)]


def _by_gpu(o: Obligation) -> Obligation:
    """What the GPU reads after a destroy is its own kind of fault."""
    return replace(o, property=GPU_ACCESS) if o.property == USE_AFTER_DESTROY else o


def _some_slot_free(ctx: Context) -> Expr:
    name = ctx.fresh_name("call")
    return exists(name, CALL_POOL, _idle(ctx, Var(name, RefSort(CALL_POOL))))


def _idle(ctx: Context, call: Expr) -> Expr:
    return ctx.store.at(call, "idle")


def _keep(ctx: Context, block: Block, path: Path, start: Point | None, point: str) -> None:
    """Stop at `point`: the call keeps its place and its locals."""
    if path.call is None:
        name = free_name("call", [p.name for p in path.params])
        path.call = Var(name, RefSort(CALL_POOL))
        path.params.append(Param(name, RefSort(CALL_POOL)))
        path.guard.append(_idle(ctx, path.call))
    call = path.call
    sort = ctx.store.at_sort
    index = sort.members.index(point) if point in sort.members else 0
    path.write(CALL_AT, (call,), Const(index, sort))
    stop = next((p for p in ctx.known if p.name == point), None)
    saved = stop.saved if stop is not None else ()
    for key, type_ in saved:
        if key in path.env:
            path.write(ctx.call_local(block.name, key, type_), (call,), path.env[key][0])
    if start is not None:
        _clear(ctx, block, path, start, {key for key, _ in saved})


def _finish(ctx: Context, block: Block, path: Path, start: Point) -> None:
    """Return: the call's slot is as if it had never been used."""
    assert path.call is not None
    path.write(CALL_AT, (path.call,), Const(0, ctx.store.at_sort))
    _clear(ctx, block, path, start, set())


def _clear(ctx: Context, block: Block, path: Path, start: Point, kept: set[str]) -> None:
    assert path.call is not None
    for key, type_ in start.saved:
        if key not in kept:
            name = ctx.call_local(block.name, key, type_)
            variable = ctx.store.variables[name]
            path.write(name, (path.call,), Const(variable.init, variable.sort))
