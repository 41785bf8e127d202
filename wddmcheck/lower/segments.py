"""Cuts a block into atomic segments and runs each symbolically, path by path.

A segment starts at the block's entry or at a *control point* (after a `step`, at a `wait until`,
at an `acquire` that had to wait) and ends at the next one or at the return. What is left to do is
a continuation: a stack of frames, top first. Calls are expanded in place; the locals of an
expansion carry its prefix. A control point is a continuation plus the locks held and the IRQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, not_, or_
from wddmcheck.ir.expr import FALSE, Expr
from wddmcheck.lower import calls, objects
from wddmcheck.lower.context import PROCESS, Context
from wddmcheck.lower.effects import Effects
from wddmcheck.lower.exprs import Lowerer, spell
from wddmcheck.lower.frames import Cont, Expansion, Pending, Point, Run, Segment
from wddmcheck.lower.store import Path
from wddmcheck.sema.model import (
    Block,
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
from wddmcheck.sema.symbols import DISPATCH
from wddmcheck.sema.types import Type


@dataclass(slots=True)
class Segments:
    """Runs the segments of one root block."""

    ctx: Context
    root: Block
    points: dict[tuple[object, ...], Point] = field(default_factory=dict)
    queue: list[Point] = field(default_factory=list)
    prefixes: dict[tuple[int, str], str] = field(default_factory=dict)

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
        pending: list[Pending] = [(path, cont, resuming)]
        while pending:
            path, cont, resuming = pending.pop()
            if path.dead:
                yield Segment(path, blocked=True, status=_heading(cont))
                continue
            if not cont:
                yield from calls.returned(self, path, "", None)
                continue
            top, rest = cont[0], cont[1:]
            match top:
                case Expansion():
                    pending += reversed(calls.fall_out(self, path, top, rest))
                case Run(body, index, prefix):
                    if index >= len(body):
                        pending.append((path, rest, False))
                        continue
                    after: Cont = (Run(body, index + 1, prefix), *rest)
                    here: Cont = cont
                    out: list[Pending] = []
                    done: list[Segment] = []
                    self._statement(body[index], path, prefix, here, after, resuming, out, done)
                    yield from done
                    pending += reversed(out)

    def _statement(self, s: S, path: Path, prefix: str, here: Cont, after: Cont, resuming: bool,
                   out: list[Pending], done: list[Segment]) -> None:
        path.spans.append(s.span)
        match s:
            case SStep():
                done.append(self._park(path, after, "step", s.span))
            case SWait(cond):
                if not resuming:
                    self._blocking(path, s.span)
                    done.append(self._park(path, here, "wait", s.span))
                    return
                value, traps = self.lower(path, prefix).cond(cond)
                for trap in traps:
                    path.oblige(trap.property, trap.broken, trap.message, trap.span or s.span)
                stuck = self.blocked(path, not_(value))
                if stuck is not None:
                    done.append(stuck)
                if path.assume(value):
                    out.append((path, after, False))
            case SLock():
                self._lock(s, path, here, after, resuming, out, done)
            case SIf(cond, then, orelse):
                value = self.truth(cond, path, prefix, s.span)
                other = path.fork()
                if path.assume(value):
                    out.append((path, (Run(then, 0, prefix), *after), False))
                if other.assume(not_(value)):
                    out.append((other, (Run(orelse, 0, prefix), *after), False))
            case SWhile(cond, body):
                value = self.truth(cond, path, prefix, s.span)
                other = path.fork()
                if path.assume(value):
                    out.append((path, (Run(body, 0, prefix), *here), False))
                if other.assume(not_(value)):
                    out.append((other, after, False))
            case SEither(branches):
                for turn, branch in enumerate(branches, 1):
                    taken = path.fork()
                    taken.turns.append(turn)
                    out.append((taken, (Run(branch, 0, prefix), *after), False))
            case SReturn(status, value_):
                calls.leave(self, s, status, value_, path, prefix, after, out, done)
            case SCreate():
                objects.create(self, s, path, prefix, after, out, done)
            case SChoose():
                objects.choose(self, s, path, prefix, after, out, done)
            case SCall():
                calls.call(self, s, path, prefix, after, out)
            case SFor():
                objects.for_all(self, s, path, prefix)
                out.append((path, after, False))
            case SLet(target, value_x):
                self.bind(path, prefix + target, self.effects(path, prefix).value(
                    value_x, s.span), type_of(value_x))
                out.append((path, after, False))
            case (SAssign() | SBecomes() | SDestroy() | SEditSet() | SEditRelation() | SAssert()):
                self.simple(s, self.effects(path, prefix))
                out.append((path, after, False))

    # --- helpers -------------------------------------------------------------------------------

    def lower(self, path: Path, prefix: str, *, spec: bool = False) -> Lowerer:
        """Lowers expressions that see the locals under `prefix`."""
        env = {k[len(prefix):]: v for k, v in path.env.items()
               if k.startswith(prefix) and "/" not in k[len(prefix):]}
        return Lowerer(path, spec, env, self.ctx.policies, self.ctx.in_flight, self.ctx.fresh_name)

    def effects(self, path: Path, prefix: str, *, lenient: bool = False) -> Effects:
        """Applies statements that see the locals under `prefix`."""
        return Effects(path, self.lower(path, prefix, spec=lenient), lenient=lenient)

    def bind(self, path: Path, key: str, value: Expr, type_: Type) -> None:
        """Give a local its value."""
        path.env[key] = (value, type_)

    def truth(self, cond: X, path: Path, prefix: str, span: Span) -> Expr:
        """The truth of a condition, with what can be wrong about it owed."""
        value, traps = self.lower(path, prefix).cond(cond)
        for trap in traps:
            path.oblige(trap.property, trap.broken, trap.message, trap.span or span)
        return value

    def blocked(self, path: Path, never: Expr) -> Segment | None:
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

    def simple(self, s: S, effects: Effects) -> None:
        """A statement that neither branches nor calls."""
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
              out: list[Pending], done: list[Segment]) -> None:
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
            else:
                waits = self.blocked(path, not_(free))
                if waits is not None:
                    done.append(waits)
            if not path.assume(free):
                return
            self.ctx.take(path, s.lock)
        path.held = (*path.held, s.lock)
        if lock.spin:
            path.irql = max(path.irql or 0, DISPATCH)
        out.append((path, after, False))


def _heading(cont: Cont) -> str:
    """The status that the root block would have returned, had the path gone on: that of the next
    `return`, if nothing comes before it that may decide otherwise. "" if that is not so."""
    for frame in cont:
        match frame:
            case Expansion(call):
                if call.orelse is not None:
                    return ""
            case Run(body, index, prefix):
                for s in body[index:]:
                    match s:
                        case SReturn(status) if not prefix:
                            return status
                        case SReturn() | SIf() | SEither() | SWhile() | SCreate() | SCall():
                            return ""
    return ""
