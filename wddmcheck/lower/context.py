"""What all blocks of a lowering share: variables, policies, control points, call contracts.

Control points are found while blocks are lowered, but `in_flight` and the threading rules need to
know them all; so lowering is repeated until nothing new is found (`lower.lower`). `known` holds
the points of the round before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.build import and_, eq, exists, forall, is_slot, ne, not_, or_
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Var
from wddmcheck.ir.sorts import BOOL, NONE, RefSort
from wddmcheck.ir.system import CALL_AT, Origin, StateVar
from wddmcheck.lower.effects import Effects, Turns
from wddmcheck.lower.exprs import Lowerer
from wddmcheck.lower.guarantees import keeps_apart, kept
from wddmcheck.lower.store import Path, Store, sort_for
from wddmcheck.sema.check import CALL_POOL
from wddmcheck.sema.model import (
    Block,
    Body,
    Model,
    PropertyDef,
    S,
    SCall,
    SCreate,
    SEither,
    SIf,
    SLock,
    SStep,
    SWait,
    SWhile,
    XLocal,
)
from wddmcheck.sema.types import RefT, Type

if TYPE_CHECKING:
    from wddmcheck.lower.frames import Point

PROCESS = "%process"
"""The local that keeps the process object that a call belongs to."""


@dataclass(slots=True)
class Context:
    """One round of lowering. `without` names the guarantees that are dropped."""

    model: Model
    policies: Mapping[str, str]
    store: Store
    known: tuple[Point, ...] = ()
    contended: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    _names: dict[str, int] = field(default_factory=dict)
    _mentions: dict[int, tuple[S, frozenset[str]]] = field(default_factory=dict)

    # --- names ---------------------------------------------------------------------------------

    def fresh_name(self, base: str) -> str:
        """A name for a quantified variable that no other has in this block."""
        n = self._names[base] = self._names.get(base, 0) + 1
        return f"{base}'{n}" if n > 1 else f"{base}'"

    def restart_names(self) -> None:
        """Begin a new block."""
        self._names.clear()

    def names_in(self, s: S) -> frozenset[str]:
        """All locals that a statement mentions."""
        cached = self._mentions.get(id(s))
        if cached is None:
            cached = (s, frozenset(_locals(s)))
            self._mentions[id(s)] = cached
        return cached[1]

    # --- scheduling ----------------------------------------------------------------------------

    def parks(self, block: Block) -> bool:
        """Whether a call of `block` may stop half way."""
        return self._parks(block.body)

    def _parks(self, body: Body) -> bool:
        for s in body:
            match s:
                case SStep() | SWait() | SWhile():
                    return True
                case SLock(acquire=True, lock=lock) if lock in self.contended:
                    return True
                case SCall(block=block, orelse=orelse):
                    if self.parks(self.model.blocks[block]) or self._parks(orelse or ()):
                        return True
                case SCreate(orelse=orelse):
                    if self._parks(orelse or ()):
                        return True
                case SIf(_, then, otherwise):
                    if self._parks(then) or self._parks(otherwise):
                        return True
                case SEither(branches):
                    if any(self._parks(b) for b in branches):
                        return True
                case _:
                    pass
        return False

    @property
    def has_calls(self) -> bool:
        """Whether any call can be in flight, so that the pool of calls exists."""
        return any(self.parks(b) for b in self.model.blocks.values()
                   if b.kind not in ("callback", "routine"))

    def process_variable(self, point: Point, prefix: str) -> str | None:
        """The variable that keeps the process of a call at `point`, if there is one."""
        name = f"Call.{point.block}.{prefix}{PROCESS}"
        return name if name in self.store.variables else None

    def in_flight(self, path: Path, block: str | None, args: tuple[Expr | None, ...]) -> Expr:
        """Whether a call of `block` with `args` (or of any block with that object) is in flight."""
        if not self.has_calls:
            return FALSE
        name = self.fresh_name("call")
        call = Var(name, RefSort(CALL_POOL))
        hits = []
        for point in self.known:
            stack = ((point.block, ""), *point.active)
            for root, prefix in stack:
                params = self.model.blocks[root].params
                if block is None:
                    assert args[0] is not None
                    same = or_(*(eq(self._local(path, point, prefix + p, call), args[0])
                                 for p, t in params if self._holds(t, args[0])))
                elif block == root:
                    same = and_(*(eq(self._local(path, point, prefix + p, call), a)
                                  for (p, _), a in zip(params, args, strict=False)
                                  if a is not None))
                else:
                    continue
                hits.append(and_(self._at(path, call, point), same))
        return exists(name, CALL_POOL, or_(*hits))

    @staticmethod
    def _holds(type_: Type, value: Expr) -> bool:
        sort = getattr(value, "sort", None)
        return isinstance(type_, RefT) and isinstance(sort, RefSort) and sort.pool == type_.pool

    def _local(self, path: Path, point: Point, key: str, call: Expr) -> Expr:
        return path.read(f"Call.{point.block}.{key}", (call,))

    def _at(self, path: Path, call: Expr, point: Point) -> Expr:
        sort = self.store.at_sort
        if point.name not in sort.members:
            return FALSE
        return eq(path.read(CALL_AT, (call,)), Const(sort.members.index(point.name), sort))

    # --- contracts of DDIs and thunks ----------------------------------------------------------

    def enter(self, block: Block, path: Path, lower: Lowerer, own: Var | None) -> bool:
        """The caller's side of a call: contract, threading rules; then what `before` claims.
        False if the call is impossible on this path."""
        for clause in block.requires:
            if kept(clause, self.without) and not path.assume(lower.cond(clause.cond)[0]):
                return False
        if block.kind == "ddi":
            process = lower.value(block.process)[0] if block.process is not None else None
            if not path.assume(self._alone(block, path, process, own)):
                return False
        for claim in self._claims("before", block):
            self._claim(claim, block, path, lower)
        return True

    def leave(self, block: Block, status: str, path: Path, lower: Lowerer) -> None:
        """What `after` claims, on return with `status`."""
        for claim in self._claims("after", block):
            if claim.claim.status in ("", status):
                self._claim(claim, block, path, lower)

    def _claims(self, kind: str, block: Block) -> Iterator[PropertyDef]:
        return (p for p in self.model.properties.values()
                if p.claim.kind == kind and p.claim.block == block.name)

    def _claim(self, prop: PropertyDef, block: Block, path: Path, lower: Lowerer) -> None:
        env = {arg: lower.env[name]
               for arg, (name, _) in zip(prop.claim.args, block.params, strict=False)}
        if "result" in lower.env:
            env["result"] = lower.env["result"]
        assert prop.claim.formula is not None
        holds = replace(lower, path=path, spec=True, env=env).cond(prop.claim.formula)[0]
        path.oblige(prop.name, not_(holds), prop.title, None, origin=prop.origin)

    def _alone(self, block: Block, path: Path, process: Expr | None, own: Var | None) -> Expr:
        """The threading rules: no call in flight that may not overlap this one."""
        if not self.has_calls:
            return TRUE
        name = self.fresh_name("call")
        call = Var(name, RefSort(CALL_POOL))
        clashes = []
        for point in self.known:
            for root, prefix in ((point.block, ""), *point.active):
                other = self.model.blocks[root]
                if other.kind != "ddi":
                    continue
                clash = self._clash(block, other)
                if clash is None:
                    of = self.process_variable(point, prefix)
                    if process is None or of is None or "L0" in self.without:
                        continue
                    clash = and_(is_slot(process), eq(path.read(of, (call,)), process))
                clashes.append(and_(self._at(path, call, point), clash))
        other_call = ne(call, own) if own is not None else TRUE
        return forall(name, CALL_POOL, not_(and_(other_call, or_(*clashes))))

    def _clash(self, a: Block, b: Block) -> Expr | None:
        """TRUE if the two may never overlap; None if that depends on their processes."""
        apart = keeps_apart(a, b)
        return TRUE if apart and not self.without.issuperset(apart) else None

    # --- locks ---------------------------------------------------------------------------------

    def lock_variable(self, lock: str) -> str:
        """The variable that tells whether a call in flight holds `lock`."""
        name = f"lock.{lock}"
        if name not in self.store.variables:
            self.store.variables[name] = StateVar(name, (), BOOL, 0, f"{lock} held")
        return name

    def is_free(self, path: Path, lock: str) -> Expr:
        """Whether no call in flight holds `lock`."""
        return not_(path.read(self.lock_variable(lock), ()))

    def take(self, path: Path, lock: str) -> None:
        """Hold `lock`."""
        path.write(self.lock_variable(lock), (), TRUE)

    def release(self, path: Path, lock: str) -> None:
        """Let go of `lock`."""
        path.write(self.lock_variable(lock), (), FALSE)

    # --- for -----------------------------------------------------------------------------------

    def narrowed(self, effects: Effects, cond: Expr) -> Effects:
        """The same effects where `cond` also holds."""
        turns = effects.turns
        if turns is None:
            # A conditional outside `for`: one turn, over the single slot of nothing.
            return replace(effects, only_if=and_(effects.only_if, cond))
        return replace(effects, turns=Turns(turns.var, turns.pool, and_(turns.cond, cond)))

    def only_simple(self, block: Block, span: Span) -> None:
        """Refuse to expand a block in a `for` that does what cannot happen all at once."""
        for s in block.body:
            if isinstance(s, (SCreate, SStep, SWait, SWhile, SEither, SLock)):
                raise UserError((Diagnostic(
                    "WC155", f"`{block.name}` cannot be called in `for`, whose turns happen all "
                    "at once", span,
                    help="use `while` with `choose` and `step` to visit objects one at a time"),))

    def call_local(self, root: str, key: str, type_: Type) -> str:
        """The variable that keeps local `key` of calls of `root`."""
        sort = sort_for(type_)
        init = NONE if isinstance(sort, RefSort) else getattr(sort, "lo", 0)
        label = key if "%" not in key else ""
        return self.store.call_variable(f"Call.{root}.{key}", sort, init, label).name


def _locals(node: object) -> Iterator[str]:
    """The names of all `XLocal`s under a typed node."""
    if isinstance(node, XLocal):
        yield node.name
    elif isinstance(node, tuple):
        for item in node:
            yield from _locals(item)
    elif is_dataclass(node) and not isinstance(node, (Span, Origin, type)):
        for f in fields(node):
            yield from _locals(getattr(node, f.name))
