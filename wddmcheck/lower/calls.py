"""Calls and returns: callbacks, routines and DDIs expanded in place, and the contracts around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, exists, none_of, not_
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.status import succeeds
from wddmcheck.ir.system import Origin, SubCall
from wddmcheck.lower import objects
from wddmcheck.lower.context import PROCESS
from wddmcheck.lower.effects import Effects, for_turns
from wddmcheck.lower.exprs import an, spell
from wddmcheck.lower.frames import Cont, Expansion, Pending, Run, Segment
from wddmcheck.lower.store import Path
from wddmcheck.sema.model import (
    Block,
    Body,
    SCall,
    SFor,
    SIf,
    SReturn,
    X,
    type_of,
)
from wddmcheck.sema.symbols import DISPATCH, IRQL
from wddmcheck.sema.types import NoneT, RefT

if TYPE_CHECKING:
    from wddmcheck.lower.segments import Segments


def arguments(s: SCall, block: Block, effects: Effects) -> list[Expr]:
    """The values passed; a callback gets only what a handle can still name."""
    args = []
    for x, (_, type_) in zip(s.args, block.params, strict=True):
        value = effects.value(x, s.span, None)
        if isinstance(type_, RefT):
            if isinstance(type_of(x), NoneT):
                value = none_of(type_.pool)
            elif block.kind != "routine" and isinstance(type_of(x), RefT):
                for trap in effects.lower.reference_traps(value, x, x):
                    if trap.property == "no_use_after_destroy" or not type_.optional:
                        effects.owe(trap.property, trap.broken,
                                    f"{block.name}: {trap.message}", s.span)
            if isinstance(type_of(x), NoneT) and not type_.optional:
                effects.owe("no_null_dereference", and_(),
                            f"{block.name}: none is passed where {an(type_.pool)} is needed",
                            s.span)
        args.append(value)
    return args


def call(seg: Segments, s: SCall, path: Path, prefix: str, after: Cont,
          out: list[Pending]) -> None:
    """Expand a call in place."""
    block = seg.ctx.model.blocks[s.block]
    args = arguments(s, block, seg.effects(path, prefix))
    inner = prefix_of(seg, s, prefix, block)
    for (name, type_), value in zip(block.params, args, strict=True):
        seg.bind(path, inner + name, value, type_)
    effects = seg.effects(path, inner)
    if block.kind == "callback":
        callback_entry(seg, block, path, effects, s.span)
    elif block.kind == "ddi" and not seg.ctx.enter(block, path, seg.lower(
            path, inner, spec=True), path.call):
        return
    if block.kind != "callback" and block.irql is not None:
        path.irql = block.irql
    shown = tuple(zip((n for n, _ in block.params), args, strict=True))
    frame = Expansion(s, block, inner, prefix, shown)
    if block.kind == "ddi":
        if block.process is not None:
            process = seg.lower(path, inner, spec=True).value(block.process)[0]
            type_ = type_of(block.process)
            assert isinstance(type_, RefT)
            seg.bind(path, inner + PROCESS, process, RefT(type_.pool, optional=True))
        run_hook(seg, block.entry, path, inner)
    out.append((path, (Run(block.body, 0, inner), frame, *after), False))


def prefix_of(seg: Segments, s: SCall, prefix: str, block: Block) -> str:
    """What the locals of this expansion are called by."""
    key = (id(s), prefix)
    if key not in seg.prefixes:
        n = sum(1 for v in seg.prefixes.values()
                if v.startswith(f"{prefix}{block.name}#")) + 1
        seg.prefixes[key] = f"{prefix}{block.name}#{n}/"
    return seg.prefixes[key]


def callback_entry(seg: Segments, block: Block, path: Path, effects: Effects, span: Span) -> None:
    """What the driver owes when it calls a callback: IRQL and the callback's contract."""
    if block.irql is not None and path.irql is not None and (
            path.irql > block.irql if block.irql_at_most else path.irql != block.irql):
        names = {v: k for k, v in IRQL.items()}
        effects.owe("irql_respected", and_(),
                    f"{block.name} is called at {names[path.irql]}, which it does not allow",
                    span)
    contract = replace(effects.lower, spec=True)
    for clause in block.requires:
        broken = not_(contract.cond(clause.cond)[0])
        if effects.turns is not None:
            broken = exists(effects.turns.var, effects.turns.pool,
                            and_(effects.turns.cond, broken))
        path.oblige("callback_contracts", broken,
                    f"{block.name} requires `{spell(clause.cond)}`", span,
                    origin=Origin(span, clause.origin.citations))
    hook_body(seg, block.entry, replace(effects, lower=contract, lenient=True))


def hooks(seg: Segments, block: Block, status: str, effects: Effects) -> None:
    """What the caller notes on return with `status`."""
    for hook in block.exits:
        if hook.status in ("", status):
            hook_body(seg, hook.body, replace(
                effects, lower=replace(effects.lower, spec=True), lenient=True))


def run_hook(seg: Segments, body: Body, path: Path, prefix: str) -> None:
    """What the caller notes on entry."""
    hook_body(seg, body, seg.effects(path, prefix, lenient=True))


def hook_body(seg: Segments, body: Body, effects: Effects) -> None:
    """The statements of `entry` and `exit`, which cannot fault."""
    for s in body:
        match s:
            case SIf(cond, then, orelse):
                value, _ = effects.lower.cond(cond)
                hook_body(seg, then, seg.ctx.narrowed(effects, value))
                hook_body(seg, orelse, seg.ctx.narrowed(effects, not_(value)))
            case SFor():
                inner = for_turns(effects.path, effects.lower, s.var, s.pool, s.set, s.where,
                                  s.span, effects)
                objects.turn(seg, s.body, inner)
            case _:
                seg.simple(s, effects)


def leave(seg: Segments, s: SReturn, status: str, value: X | None, path: Path, prefix: str,
            after: Cont, out: list[Pending], done: list[Segment]) -> None:
    """`return`, from the innermost call."""
    result: Expr | None = None
    if value is not None:
        result = seg.effects(path, prefix).value(value, s.span)
    for depth, frame in enumerate(after):
        if isinstance(frame, Expansion):
            if isinstance(value, object) and value is not None and isinstance(
                    type_of(value), NoneT) and isinstance(frame.block.result, RefT):
                result = none_of(frame.block.result.pool)
            out += resume(seg, path, frame, after[depth + 1:], status, result)
            return
    done.extend(returned(seg, path, status, result))


def fall_out(seg: Segments, path: Path, frame: Expansion,
              rest: Cont) -> list[Pending]:
    """The end of an expanded body without `return`."""
    return resume(seg, path, frame, rest, "STATUS_SUCCESS", None)


def resume(seg: Segments, path: Path, frame: Expansion, rest: Cont, status: str,
            value: Expr | None) -> list[Pending]:
    """Back in the caller, with the callee's status and value."""
    block, s = frame.block, frame.call
    if block.kind != "routine":
        status = status or "STATUS_SUCCESS"
        check_status(seg, block, status, path, s.span)
        args = frame.args or tuple(
            (n, path.env[frame.prefix + n][0]) for n, _ in block.params)
        path.calls.append(SubCall(block.name, args, status, value))
        env_result = {}
        if value is not None and block.result is not None:
            env_result["result"] = (value, block.result)
        effects = seg.effects(path, frame.prefix, lenient=True)
        effects.lower = replace(effects.lower, env={**effects.lower.env, **env_result})
        hooks(seg, block, status, effects)
        if block.kind == "ddi":
            seg.ctx.leave(block, status, path, effects.lower)
    path.irql = irql_of(seg, path, rest)
    for key in [k for k in path.env if k.startswith(frame.prefix)]:
        del path.env[key]
    failed = block.kind != "routine" and not succeeds(status)
    if s.target and block.result is not None:
        bound = value
        if bound is None:
            assert isinstance(block.result, RefT), "only references can be missing"
            bound = none_of(block.result.pool)
        seg.bind(path, frame.caller + s.target, bound, block.result)
    if failed and s.orelse is not None:
        return [(path, (Run(s.orelse, 0, frame.caller), *rest), False)]
    return [(path, rest, False)]


def irql_of(seg: Segments, path: Path, rest: Cont) -> int | None:
    """The IRQL back in the caller."""
    level = seg.root.irql
    for frame in reversed(rest):
        if isinstance(frame, Expansion) and frame.block.kind == "ddi":
            level = frame.block.irql if frame.block.irql is not None else level
    if any(seg.ctx.model.locks[n].spin for n in path.held):
        level = max(level or 0, DISPATCH)
    return level


def check_status(seg: Segments, block: Block, status: str, path: Path, span: Span) -> None:
    """Owe that the status is documented."""
    if block.returns and status not in block.returns:
        path.oblige("documented_statuses", and_(),
                    f"{block.name} returns {status}, which its page does not list", span,
                    origin=Origin(span, block.origin.citations))


def returned(seg: Segments, path: Path, status: str, value: Expr | None) -> Iterator[Segment]:
    """The end of the root block."""
    block = seg.root
    if block.kind in ("ddi", "thunk"):
        status = status or "STATUS_SUCCESS"
        check_status(seg, block, status, path, path.spans[-1] if path.spans else
                           block.origin.span or Span("", 0, 0))
    if path.held:
        path.oblige("locks_respected", and_(),
                    f"returns while it holds {', '.join(path.held)}",
                    path.spans[-1] if path.spans else None)
    if path.dead:
        yield Segment(path, blocked=True)
        return
    if value is None and isinstance(block.result, RefT) and succeeds(status):
        value = none_of(block.result.pool)
    effects = seg.effects(path, "", lenient=True)
    if value is not None and block.result is not None:
        effects.lower = replace(effects.lower, env={
            **effects.lower.env, "result": (value, block.result)})
    hooks(seg, block, status, effects)
    if block.kind in ("ddi", "thunk"):
        seg.ctx.leave(block, status, path, effects.lower)
    yield Segment(path, status=status, value=value)
