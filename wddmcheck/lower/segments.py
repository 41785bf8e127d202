"""Cuts a block into atomic segments and runs each symbolically, path by path.

A segment starts at the block's entry or at a *control point* (after a `step`, at a `wait until`,
at an `acquire` that had to wait) and ends at the next one or at the return. What is left to do is
a continuation: a stack of frames, top first. Calls are expanded in place; the locals of an
expansion carry its prefix. A control point is a continuation plus the locks held and the IRQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, exists, forall, none_of, not_, or_
from wddmcheck.ir.expr import FALSE, Const, Expr, Var
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Origin, Param, SubCall
from wddmcheck.lower.context import PROCESS, Context
from wddmcheck.lower.effects import Effects, for_turns
from wddmcheck.lower.exprs import Lowerer, an, spell
from wddmcheck.lower.store import ABSENT, Path, free_name, life_name
from wddmcheck.sema.model import (
    Block,
    Body,
    S,
    SAssert,
    SAssign,
    SBecomes,
    SCall,
    SChoose,
    SCreate,
    SDestroy,
    SEditRelation,
    SEditSet,
    SEither,
    SFor,
    SIf,
    SLet,
    SLock,
    SReturn,
    SStep,
    SWait,
    SWhile,
    X,
    type_of,
)
from wddmcheck.sema.symbols import IRQL, succeeds
from wddmcheck.sema.types import NoneT, RefT, Type

DISPATCH = IRQL["DISPATCH_LEVEL"]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Go on with `body` at `index`; its locals carry `prefix`."""

    body: Body
    index: int
    prefix: str


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A call expanded in place: what to do when `block` returns to `caller`'s prefix."""

    call: SCall
    block: Block
    prefix: str
    caller: str
    args: tuple[tuple[str, Expr], ...] = ()   # as passed, for people; () after a control point


Frame: TypeAlias = Run | Expansion
Cont: TypeAlias = tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One finished path. `point` names the control point where it stops; otherwise it returned
    `status` and `value`, or, if `blocked`, exists only for the faults it may end in."""

    path: Path
    point: str = ""
    at: str = ""
    status: str = ""
    value: Expr | None = None
    blocked: bool = False


@dataclass(slots=True)
class Point:
    """A control point of a root block: what is left to do, and which locals it keeps."""

    name: str
    block: str
    cont: Cont
    held: tuple[str, ...]
    irql: int | None
    saved: tuple[tuple[str, Type], ...]
    active: tuple[tuple[str, str], ...]   # (block, prefix) of the calls expanded around it


@dataclass(slots=True)
class Segments:
    """Runs the segments of one root block."""

    ctx: Context
    root: Block
    points: dict[tuple[object, ...], Point] = field(default_factory=dict)
    queue: list[Point] = field(default_factory=list)
    _calls: dict[tuple[int, str], str] = field(default_factory=dict)

    def from_entry(self, path: Path) -> Iterator[Segment]:
        """All paths from the block's entry."""
        path.irql = self.root.irql
        yield from self._run(path, (Run(self.root.body, 0, ""),), resuming=False)

    def from_point(self, point: Point, path: Path) -> Iterator[Segment]:
        """All paths from a control point; `path` has the locals bound."""
        path.held, path.irql = point.held, point.irql
        yield from self._run(path, point.cont, resuming=True)

    # --- the machine ---------------------------------------------------------------------------

    def _run(self, path: Path, cont: Cont, *, resuming: bool) -> Iterator[Segment]:
        pending: list[tuple[Path, Cont, bool]] = [(path, cont, resuming)]
        while pending:
            path, cont, resuming = pending.pop()
            if path.dead:
                yield Segment(path, blocked=True)
                continue
            if not cont:
                yield from self._returned(path, "", None)
                continue
            top, rest = cont[0], cont[1:]
            match top:
                case Expansion():
                    pending += reversed(self._fall_out(path, top, rest))
                case Run(body, index, prefix):
                    if index >= len(body):
                        pending.append((path, rest, False))
                        continue
                    after: Cont = (Run(body, index + 1, prefix), *rest)
                    here: Cont = cont
                    out: list[tuple[Path, Cont, bool]] = []
                    done: list[Segment] = []
                    self._statement(body[index], path, prefix, here, after, resuming, out, done)
                    yield from done
                    pending += reversed(out)

    def _statement(self, s: S, path: Path, prefix: str, here: Cont, after: Cont, resuming: bool,
                   out: list[tuple[Path, Cont, bool]], done: list[Segment]) -> None:
        path.spans.append(s.span)
        match s:
            case SStep():
                done.append(self._park(path, after, "step", s.span))
            case SWait(cond):
                if not resuming:
                    self._blocking(path, s.span)
                    done.append(self._park(path, here, "wait", s.span))
                    return
                value, traps = self._lower(path, prefix).cond(cond)
                for trap in traps:
                    path.oblige(trap.property, trap.broken, trap.message, trap.span or s.span)
                stuck = self._blocked(path, not_(value))
                if stuck is not None:
                    done.append(stuck)
                if path.assume(value):
                    out.append((path, after, False))
            case SLock():
                self._lock(s, path, here, after, resuming, out, done)
            case SIf(cond, then, orelse):
                value = self._truth(cond, path, prefix, s.span)
                other = path.fork()
                if path.assume(value):
                    out.append((path, (Run(then, 0, prefix), *after), False))
                if other.assume(not_(value)):
                    out.append((other, (Run(orelse, 0, prefix), *after), False))
            case SWhile(cond, body):
                value = self._truth(cond, path, prefix, s.span)
                other = path.fork()
                if path.assume(value):
                    out.append((path, (Run(body, 0, prefix), *here), False))
                if other.assume(not_(value)):
                    out.append((other, after, False))
            case SEither(branches):
                for branch in branches:
                    out.append((path.fork(), (Run(branch, 0, prefix), *after), False))
            case SReturn(status, value_):
                self._return(s, status, value_, path, prefix, after, out, done)
            case SCreate():
                self._create(s, path, prefix, after, out, done)
            case SChoose():
                self._choose(s, path, prefix, after, out, done)
            case SCall():
                self._call(s, path, prefix, after, out)
            case SFor():
                self._for(s, path, prefix)
                out.append((path, after, False))
            case SLet(target, value_x):
                self._bind(path, prefix + target, self._effects(path, prefix).value(
                    value_x, s.span), type_of(value_x))
                out.append((path, after, False))
            case (SAssign() | SBecomes() | SDestroy() | SEditSet() | SEditRelation() | SAssert()):
                self._simple(s, self._effects(path, prefix))
                out.append((path, after, False))

    # --- helpers -------------------------------------------------------------------------------

    def _lower(self, path: Path, prefix: str, *, spec: bool = False) -> Lowerer:
        env = {k[len(prefix):]: v for k, v in path.env.items()
               if k.startswith(prefix) and "/" not in k[len(prefix):]}
        return Lowerer(path, spec, env, self.ctx.policies, self.ctx.in_flight, self.ctx.fresh_name)

    def _effects(self, path: Path, prefix: str, *, lenient: bool = False) -> Effects:
        return Effects(path, self._lower(path, prefix, spec=lenient), lenient=lenient)

    def _bind(self, path: Path, key: str, value: Expr, type_: Type) -> None:
        path.env[key] = (value, type_)

    def _truth(self, cond: X, path: Path, prefix: str, span: Span) -> Expr:
        value, traps = self._lower(path, prefix).cond(cond)
        for trap in traps:
            path.oblige(trap.property, trap.broken, trap.message, trap.span or span)
        return value

    def _blocked(self, path: Path, never: Expr) -> Segment | None:
        """The part of `path` that cannot go on because of `never`, kept if faults come first."""
        owed = [o.broken for o in path.obligations if o.stops]
        if not owed or never == FALSE:
            return None
        fork = path.fork()
        if not fork.assume(never) or not fork.assume(or_(*owed)):
            return None
        return Segment(fork, blocked=True)

    def _blocking(self, path: Path, span: Span) -> None:
        if path.irql is not None and path.irql >= DISPATCH:
            path.oblige("irql_respected", and_(), "waits at DISPATCH_LEVEL or above", span)

    def _simple(self, s: S, effects: Effects) -> None:
        match s:
            case SAssign():
                effects.assign(s)
            case SBecomes():
                effects.becomes(s)
            case SDestroy():
                effects.destroy(s)
            case SEditSet():
                effects.edit_set(s)
            case SEditRelation():
                effects.edit_relation(s)
            case SAssert(cond):
                value, traps = effects.lower.cond(cond)
                effects.trap(traps, s.span)
                effects.owe("assertions_hold", not_(value), f"`{spell(cond)}` does not hold",
                            s.span)
            case _:
                raise AssertionError(s)

    # --- control points ------------------------------------------------------------------------

    def _park(self, path: Path, cont: Cont, at: str, span: Span) -> Segment:
        frames = [f for f in cont if not (isinstance(f, Run) and f.index >= len(f.body))]
        cont = tuple(replace(f, args=()) if isinstance(f, Expansion) else f for f in frames)
        key = (*((id(f.body), f.index, f.prefix) if isinstance(f, Run)
                 else (id(f.call), f.prefix) for f in cont), path.held, path.irql)
        point = self.points.get(key)
        if point is None:
            saved = self._saved(path, cont)
            active = tuple((f.block.name, f.prefix) for f in cont if isinstance(f, Expansion))
            point = Point(f"{self.root.name}@{len(self.points) + 1}", self.root.name, cont,
                          path.held, path.irql, saved, active)
            self.points[key] = point
            self.queue.append(point)
        return Segment(path, point.name, at)

    def _saved(self, path: Path, cont: Cont) -> tuple[tuple[str, Type], ...]:
        """The locals that are needed again: all parameters of calls under way, and what the rest
        of the bodies mentions."""
        wanted = {name for name, _ in self.root.params} | {PROCESS}
        for frame in cont:
            if isinstance(frame, Expansion):
                wanted |= {frame.prefix + name for name, _ in frame.block.params}
                wanted.add(frame.prefix + PROCESS)
            else:
                for s in frame.body[frame.index:]:
                    wanted |= {frame.prefix + n for n in self.ctx.names_in(s)}
        return tuple((key, type_) for key, (_, type_) in path.env.items() if key in wanted)

    # --- locks ---------------------------------------------------------------------------------

    def _lock(self, s: SLock, path: Path, here: Cont, after: Cont, resuming: bool,
              out: list[tuple[Path, Cont, bool]], done: list[Segment]) -> None:
        lock = self.ctx.model.locks[s.lock]
        mine = s.lock in path.held
        shared = s.lock in self.ctx.contended
        if not s.acquire:
            if not mine:
                path.oblige("locks_respected", and_(), f"`{s.lock}` is released but not held",
                            s.span)
            path.held = tuple(n for n in path.held if n != s.lock)
            if lock.spin and not any(self.ctx.model.locks[n].spin for n in path.held):
                path.irql = self.root.irql
            if shared:
                self.ctx.release(path, s.lock)
            out.append((path, after, False))
            return
        if mine:
            path.oblige("locks_respected", and_(), f"`{s.lock}` is acquired twice by one thread: "
                        "it waits for itself", s.span)
        elif not lock.spin:
            self._blocking(path, s.span)
        if shared and not path.dead:
            free = self.ctx.is_free(path, s.lock)
            if not resuming and self.ctx.parks(self.root):
                other = path.fork()
                if other.assume(not_(free)):
                    done.append(self._park(other, here, f"acquire {s.lock}", s.span))
            if not path.assume(free):
                return
            self.ctx.take(path, s.lock)
        path.held = (*path.held, s.lock)
        if lock.spin:
            path.irql = max(path.irql or 0, DISPATCH)
        out.append((path, after, False))

    # --- objects -------------------------------------------------------------------------------

    def _create(self, s: SCreate, path: Path, prefix: str, after: Cont,
                out: list[tuple[Path, Cont, bool]], done: list[Segment]) -> None:
        if s.orelse is not None:
            failed = path.fork()
            failed.spans.append(s.span)
            out.append((failed, (Run(s.orelse, 0, prefix), *after), False))
        store = self.ctx.store
        effects = self._effects(path, prefix)
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
        slot = self.ctx.fresh_name("y")
        every = forall(slot, s.pool, path.live(s.pool, Var(slot, RefSort(s.pool))))
        full = self._blocked(path, every)
        if full is not None:
            done.append(full)
        if path.dead:
            out.append((path, after, False))
            return
        base = s.target or s.pool[0].lower() + s.pool[1:]
        name = free_name(base, [p.name for p in path.params])
        ref = Var(name, RefSort(s.pool))
        if not path.assume(not_(path.live(s.pool, ref))):
            return
        path.params.append(Param(name, RefSort(s.pool)))
        path.fresh.add(name)
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
            self._bind(path, prefix + s.target, ref, RefT(s.pool))
        out.append((path, after, False))

    def _choose(self, s: SChoose, path: Path, prefix: str, after: Cont,
                out: list[tuple[Path, Cont, bool]], done: list[Segment]) -> None:
        name = free_name(s.target, [p.name for p in path.params])
        ref = Var(name, RefSort(s.pool))
        probe = path.fork()
        key = prefix + s.target
        self._bind(probe, key, Var(self.ctx.fresh_name(s.target), RefSort(s.pool)), RefT(s.pool))
        bound = probe.env[key][0]
        assert isinstance(bound, Var)
        fits = probe.live(s.pool, bound)
        if s.where is not None:
            fits = and_(fits, self._lower(probe, prefix, spec=True).cond(s.where)[0])
        nothing = self._blocked(path, not_(exists(bound.name, s.pool, fits)))
        if nothing is not None:
            done.append(nothing)
        path.params.append(Param(name, RefSort(s.pool)))
        self._bind(path, key, ref, RefT(s.pool))
        possible = path.assume(path.live(s.pool, ref))
        if s.where is not None:
            possible = path.assume(self._truth(s.where, path, prefix, s.span)) and possible
        if possible:
            out.append((path, after, False))

    def _for(self, s: SFor, path: Path, prefix: str) -> None:
        outer = self._effects(path, prefix)
        effects = for_turns(path, outer.lower, s.var, s.pool, s.set, s.where, s.span, outer)
        self._turn(s.body, effects)

    def _turn(self, body: Body, effects: Effects) -> tuple[str, Expr | None]:
        """The statements of a `for` body or of what it calls; the status returned."""
        for s in body:
            match s:
                case SCall():
                    self._turn_call(s, effects)
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
                        self._turn(branch, self.ctx.narrowed(effects, test))
                case _:
                    self._simple(s, effects)
        return "STATUS_SUCCESS", None

    def _turn_call(self, s: SCall, effects: Effects) -> None:
        block = self.ctx.model.blocks[s.block]
        self.ctx.only_simple(block, s.span)
        args = self._arguments(s, block, effects)
        env = {name: (value, type_) for (name, type_), value in
               zip(block.params, args, strict=True)}
        inner = replace(effects, lower=replace(effects.lower, env=env))
        if block.kind == "callback":
            self._callback_entry(block, effects.path, inner, s.span)
        status, _ = self._turn(block.body, inner)
        if block.kind == "callback":
            self._hooks(block, status, inner)
            assert effects.turns is not None
            effects.path.calls.append(SubCall(
                block.name, tuple(zip((n for n, _ in block.params), args, strict=True)), status,
                binders=((effects.turns.var, effects.turns.pool),), where=effects.turns.cond))

    # --- calls and returns ---------------------------------------------------------------------

    def _arguments(self, s: SCall, block: Block, effects: Effects) -> list[Expr]:
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

    def _call(self, s: SCall, path: Path, prefix: str, after: Cont,
              out: list[tuple[Path, Cont, bool]]) -> None:
        block = self.ctx.model.blocks[s.block]
        args = self._arguments(s, block, self._effects(path, prefix))
        inner = self._prefix(s, prefix, block)
        for (name, type_), value in zip(block.params, args, strict=True):
            self._bind(path, inner + name, value, type_)
        effects = self._effects(path, inner)
        if block.kind == "callback":
            self._callback_entry(block, path, effects, s.span)
        elif block.kind == "ddi" and not self.ctx.enter(block, path, self._lower(
                path, inner, spec=True), path.call):
            return
        if block.kind != "callback" and block.irql is not None:
            path.irql = block.irql
        shown = tuple(zip((n for n, _ in block.params), args, strict=True))
        frame = Expansion(s, block, inner, prefix, shown)
        if block.kind == "ddi":
            if block.process is not None:
                process = self._lower(path, inner, spec=True).value(block.process)[0]
                type_ = type_of(block.process)
                assert isinstance(type_, RefT)
                self._bind(path, inner + PROCESS, process, RefT(type_.pool, optional=True))
            self.run_hook(block.entry, path, inner)
        out.append((path, (Run(block.body, 0, inner), frame, *after), False))

    def _prefix(self, s: SCall, prefix: str, block: Block) -> str:
        key = (id(s), prefix)
        if key not in self._calls:
            n = sum(1 for v in self._calls.values()
                    if v.startswith(f"{prefix}{block.name}#")) + 1
            self._calls[key] = f"{prefix}{block.name}#{n}/"
        return self._calls[key]

    def _callback_entry(self, block: Block, path: Path, effects: Effects, span: Span) -> None:
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
        self._hook_body(block.entry, replace(effects, lower=contract, lenient=True))

    def _hooks(self, block: Block, status: str, effects: Effects) -> None:
        for hook in block.exits:
            if hook.status in ("", status):
                self._hook_body(hook.body, replace(
                    effects, lower=replace(effects.lower, spec=True), lenient=True))

    def run_hook(self, body: Body, path: Path, prefix: str) -> None:
        """What the caller notes on entry."""
        self._hook_body(body, self._effects(path, prefix, lenient=True))

    def _hook_body(self, body: Body, effects: Effects) -> None:
        for s in body:
            match s:
                case SIf(cond, then, orelse):
                    value, _ = effects.lower.cond(cond)
                    self._hook_body(then, self.ctx.narrowed(effects, value))
                    self._hook_body(orelse, self.ctx.narrowed(effects, not_(value)))
                case SFor():
                    inner = for_turns(effects.path, effects.lower, s.var, s.pool, s.set, s.where,
                                      s.span, effects)
                    self._turn(s.body, inner)
                case _:
                    self._simple(s, effects)

    def _return(self, s: SReturn, status: str, value: X | None, path: Path, prefix: str,
                after: Cont, out: list[tuple[Path, Cont, bool]], done: list[Segment]) -> None:
        result: Expr | None = None
        if value is not None:
            result = self._effects(path, prefix).value(value, s.span)
        for depth, frame in enumerate(after):
            if isinstance(frame, Expansion):
                if isinstance(value, object) and value is not None and isinstance(
                        type_of(value), NoneT) and isinstance(frame.block.result, RefT):
                    result = none_of(frame.block.result.pool)
                out += self._resume(path, frame, after[depth + 1:], status, result)
                return
        done.extend(self._returned(path, status, result))

    def _fall_out(self, path: Path, frame: Expansion,
                  rest: Cont) -> list[tuple[Path, Cont, bool]]:
        """The end of an expanded body without `return`."""
        return self._resume(path, frame, rest, "STATUS_SUCCESS", None)

    def _resume(self, path: Path, frame: Expansion, rest: Cont, status: str,
                value: Expr | None) -> list[tuple[Path, Cont, bool]]:
        """Back in the caller, with the callee's status and value."""
        block, s = frame.block, frame.call
        if block.kind != "routine":
            status = status or "STATUS_SUCCESS"
            self._check_status(block, status, path, s.span)
            args = frame.args or tuple(
                (n, path.env[frame.prefix + n][0]) for n, _ in block.params)
            path.calls.append(SubCall(block.name, args, status, value))
            env_result = {}
            if value is not None and block.result is not None:
                env_result["result"] = (value, block.result)
            effects = self._effects(path, frame.prefix, lenient=True)
            effects.lower = replace(effects.lower, env={**effects.lower.env, **env_result})
            self._hooks(block, status, effects)
            if block.kind == "ddi":
                self.ctx.leave(block, status, path, effects.lower)
        path.irql = self._irql_of(path, rest)
        for key in [k for k in path.env if k.startswith(frame.prefix)]:
            del path.env[key]
        failed = block.kind != "routine" and not succeeds(status)
        if s.target and block.result is not None:
            bound = value
            if bound is None:
                assert isinstance(block.result, RefT), "only references can be missing"
                bound = none_of(block.result.pool)
            self._bind(path, frame.caller + s.target, bound, block.result)
        if failed and s.orelse is not None:
            return [(path, (Run(s.orelse, 0, frame.caller), *rest), False)]
        return [(path, rest, False)]

    def _irql_of(self, path: Path, rest: Cont) -> int | None:
        level = self.root.irql
        for frame in reversed(rest):
            if isinstance(frame, Expansion) and frame.block.kind == "ddi":
                level = frame.block.irql if frame.block.irql is not None else level
        if any(self.ctx.model.locks[n].spin for n in path.held):
            level = max(level or 0, DISPATCH)
        return level

    def _check_status(self, block: Block, status: str, path: Path, span: Span) -> None:
        if block.returns and status not in block.returns:
            path.oblige("documented_statuses", and_(),
                        f"{block.name} returns {status}, which its page does not list", span,
                        origin=Origin(span, block.origin.citations))

    def _returned(self, path: Path, status: str, value: Expr | None) -> Iterator[Segment]:
        """The end of the root block."""
        block = self.root
        if block.kind in ("ddi", "thunk"):
            status = status or "STATUS_SUCCESS"
            self._check_status(block, status, path, path.spans[-1] if path.spans else
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
        effects = self._effects(path, "", lenient=True)
        if value is not None and block.result is not None:
            effects.lower = replace(effects.lower, env={
                **effects.lower.env, "result": (value, block.result)})
        self._hooks(block, status, effects)
        if block.kind in ("ddi", "thunk"):
            self.ctx.leave(block, status, path, effects.lower)
        yield Segment(path, status=status, value=value)


__all__ = ["ABSENT", "Cont", "Point", "Segment", "Segments"]
