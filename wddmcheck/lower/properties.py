"""Properties: those written, those built in, and the coverage goals that show hollowness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wddmcheck.ir.build import forall, not_
from wddmcheck.ir.expr import TRUE, Expr, Var
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import Action, Basis, Citation, Kind, Origin, Phase, Property
from wddmcheck.lower.context import Context
from wddmcheck.lower.exprs import Lowerer
from wddmcheck.lower.store import Path
from wddmcheck.sema.check import CALL_POOL
from wddmcheck.sema.model import Block, PropertyDef, X, XBool, XQuant

BUILT_IN: dict[str, str] = {
    "no_use_after_destroy": "the driver uses an object that was destroyed",
    "no_gpu_access_to_destroyed": "the GPU reaches an object that was destroyed",
    "no_null_dereference": "the driver uses a reference that is none",
    "no_double_destroy": "an object is destroyed twice",
    "no_orphan": "an object outlives what it lives within",
    "no_leak": "an object is left behind when the adapter goes",
    "legal_life_transitions": "an object makes a life-state transition that is not declared",
    "integers_in_range": "an integer leaves its declared range",
    "irql_respected": "something is done at an IRQL that does not allow it",
    "locks_respected": "a lock is misused",
    "documented_statuses": "a status is returned that the documentation does not list",
    "callback_contracts": "a callback is called against its contract",
    "assertions_hold": "the driver's own assertion fails",
    "no_stuck_call": "a call in flight can never return",
    "no_deadlock": "nothing can ever happen again",
}
"""The built-in properties and what a violation means."""

LANGUAGE = Citation(Basis.LANGUAGE)


def properties(ctx: Context, actions: tuple[Action, ...]) -> tuple[Property, ...]:
    """All properties of the model, then its coverage goals."""
    written = list(_written(ctx))
    known = {p.name for p in written}
    owed = {o.property for a in actions for o in a.obligations} - known
    result = written + [p for p in _built_in(ctx, owed) if p.name not in known]
    return (*result, *_goals(ctx, actions))


def _lowerer(ctx: Context) -> Lowerer:
    ctx.restart_names()
    return Lowerer(Path(ctx.store), True, {}, ctx.policies, ctx.in_flight, ctx.fresh_name)


def _written(ctx: Context) -> Iterator[Property]:
    for prop in ctx.model.properties.values():
        claim = prop.claim
        formula: Expr = TRUE
        target: Expr = TRUE
        if claim.formula is not None and claim.kind not in ("before", "after"):
            formula = _lowerer(ctx).cond(claim.formula)[0]
        if claim.target is not None:
            target = _lowerer(ctx).cond(claim.target)[0]
        match claim.kind:
            case "invariant":
                kind = Kind.INVARIANT
            case "never":
                kind, formula = Kind.INVARIANT, not_(formula)
            case "before" | "after":
                kind = Kind.OBLIGATION
            case "reachable":
                kind = Kind.REACHABLE
            case "always possible":
                kind = Kind.ALWAYS_POSSIBLE
            case "leads to":
                kind = Kind.LEADS_TO
            case _:
                continue
        yield Property(prop.name, kind, formula, target, claim.fair, about=claim.block,
                       title=prop.title, bugchecks=prop.bugchecks, origin=prop.origin)


def _built_in(ctx: Context, owed: set[str]) -> Iterator[Property]:
    """What the language checks by itself, as far as the model can break it."""
    for name, title in BUILT_IN.items():
        declared = ctx.model.properties.get(name)
        origin = Origin(None, (LANGUAGE,))
        bugchecks: tuple[str, ...] = ()
        if declared is not None and declared.claim.kind == "builtin":
            origin, bugchecks = declared.origin, declared.bugchecks
            title = declared.title or title
        if name in owed:
            yield Property(name, Kind.OBLIGATION, title=title, bugchecks=bugchecks, origin=origin)
        elif name == "no_stuck_call" and ctx.has_calls:
            call = Var("call", RefSort(CALL_POOL))
            yield Property(name, Kind.ALWAYS_POSSIBLE,
                           forall("call", CALL_POOL, ctx.store.at(call, "idle")),
                           title=title, bugchecks=bugchecks, origin=origin)
        elif name == "no_deadlock":
            yield Property(name, Kind.NO_DEADLOCK, title=title, bugchecks=bugchecks,
                           origin=origin)


def undeclared_built_ins(properties_: Iterable[PropertyDef]) -> Iterator[PropertyDef]:
    """`builtin` declarations that name no built-in property."""
    return (p for p in properties_ if p.claim.kind == "builtin" and p.name not in BUILT_IN)


# --- hollowness ----------------------------------------------------------------------------------


def _goals(ctx: Context, actions: tuple[Action, ...]) -> Iterator[Property]:
    by_block: dict[str, list[Action]] = {}
    for action in actions:
        by_block.setdefault(action.label.block, []).append(action)
    for block in ctx.model.blocks.values():
        if block.kind == "routine":
            continue
        if block.kind == "callback":
            yield from _callback_goals(block, actions)
            continue
        own = by_block.get(block.name, [])
        starts = tuple(a.name for a in own if a.label.phase in (Phase.WHOLE, Phase.ENTRY))
        word = "can be called" if block.kind in ("ddi", "thunk") else "can happen"
        yield _fires(f"fires:{block.name}", block, starts, f"{block.name} {word}")
        for status in block.returns:
            ends = tuple(a.name for a in own if a.label.status == status)
            ends = ends or tuple(a.name for a in actions
                                 for c in a.label.calls
                                 if c.name == block.name and c.status == status)
            yield _fires(f"returns:{block.name}:{status}", block, ends,
                         f"{block.name} can return {status}")
    for prop in ctx.model.properties.values():
        formula = prop.claim.formula
        if formula is None or prop.claim.kind not in ("invariant", "leads to"):
            continue
        premise = formula if prop.claim.kind == "leads to" else _premise(formula)
        if premise is None:
            continue
        reached = _lowerer(ctx).cond(premise)[0]
        yield Property(f"premise:{prop.name}", Kind.REACHABLE, reached, goal=True,
                       about=prop.name, title=f"the premise of {prop.name} can be true",
                       origin=prop.origin)


def _fires(name: str, block: Block, actions: tuple[str, ...], title: str) -> Property:
    return Property(name, Kind.FIRES, actions=tuple(dict.fromkeys(actions)), goal=True,
                    about=block.name, title=title, origin=block.origin)


def _callback_goals(block: Block, actions: tuple[Action, ...]) -> Iterator[Property]:
    calls = [(a.name, c.status) for a in actions for c in a.label.calls if c.name == block.name]
    yield _fires(f"fires:{block.name}", block, tuple(a for a, _ in calls),
                 f"{block.name} can be called")
    for status in block.returns:
        yield _fires(f"returns:{block.name}:{status}", block,
                     tuple(a for a, s in calls if s == status),
                     f"{block.name} can return {status}")


def _premise(x: X) -> X | None:
    """What must be true somewhere for an invariant to say anything."""
    match x:
        case XQuant("all", var, pool, members, where, body):
            inner = _premise(body) if body is not None else None
            if inner is not None:
                where = inner if where is None else XBool("and", where, inner)
            return XQuant("some", var, pool, members, where, None)
        case XQuant("no", var, pool, members, _, _):
            return XQuant("some", var, pool, members, None, None)
        case XBool("=>", left, _):
            return left
        case XBool("and", left, right):
            a, b = _premise(left), _premise(right)
            return a if b is None else b if a is None else XBool("or", a, b)
        case _:
            return None



__all__ = ["BUILT_IN", "properties", "undeclared_built_ins"]
