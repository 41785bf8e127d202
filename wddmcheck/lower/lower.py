"""The lowering as a whole: rounds until all control points are known, then the system."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from wddmcheck.diagnostics.diagnostic import Diagnostic, InternalError, Sink, UserError
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.ir.system import CALL_AT, Action, Pool, StateVar, System
from wddmcheck.lower.actions import lower_block
from wddmcheck.lower.context import Context
from wddmcheck.lower.frames import Point
from wddmcheck.lower.guarantees import dropped
from wddmcheck.lower.properties import BUILT_IN, properties, undeclared_built_ins
from wddmcheck.lower.store import Store, life_name
from wddmcheck.sema.check import CALL_POOL
from wddmcheck.sema.model import Block, Model, ObjectClass, ScopeDef

MAX_ROUNDS = 8
NO_SCOPE = "default"
"""The name of the scope of a model that declares none."""

ROOTS = ("ddi", "thunk", "gpu", "interrupt", "dpc", "worker")
SHORT = {
    "Adapter": "adapter", "Process": "proc", "Device": "dev", "Context": "ctx",
    "Allocation": "alloc", "ContextAllocation": "ctxalloc", "Resource": "res", "Call": "call",
}
"""Prefixes of identities in traces; other classes use their name in lower case."""


def lower(model: Model, policies: Mapping[str, str] | None = None,
          sink: Sink | None = None, without: Iterable[str] = ()) -> System:
    """The transition system of `model`; `policies` overrides defaults, `without` names guarantees
    that its environment does not give (`lower.guarantees`).

    Raises `UserError` (exit code 2) for a policy, choice or guarantee that does not exist, and
    (exit code 3) for what only the lowering can see, such as turns of a `for` that get in each
    other's way.
    """
    sink = sink if sink is not None else Sink()
    chosen = _policies(model, policies or {})
    missing = dropped(model, without)
    for prop in undeclared_built_ins(model.properties.values()):
        near = closest(prop.name, BUILT_IN)
        sink.error("WC101", f"there is no built-in property `{prop.name}`", prop.origin.span,
                   caret=f"did you mean `{near}`?" if near else "",
                   help="built in: " + ", ".join(BUILT_IN))
    sink.raise_if_errors()
    ctx, actions = _rounds(model, chosen, frozenset(missing))
    if not actions:
        raise UserError((Diagnostic("WC117", f"model {model.name} has no ddi or other block that "
                                    "could run, so there is nothing to check",
                                    help="declare a `ddi`, a `gpu` block, ..."),))
    return System(
        model.name, _pools(ctx), tuple(_variables(ctx)), actions, properties(ctx, actions),
        _scopes(ctx), _default_scopes(model), tuple(sorted(chosen.items())), model.family, missing)


def _policies(model: Model, given: Mapping[str, str]) -> dict[str, str]:
    chosen = {p.name: p.default for p in model.policies.values()}
    for name, choice in given.items():
        policy = model.policies.get(name)
        if policy is None or choice not in policy.choices:
            known = list(model.policies) if policy is None else list(policy.choices)
            what = f"no policy named `{name}`" if policy is None else (
                f"policy {name} has no choice `{choice}`")
            raise UserError((Diagnostic("WC303", f"--policy: {what}",
                                        help="known: " + (", ".join(known) or "none")),), 2)
        chosen[name] = choice
    return chosen


def _rounds(model: Model, policies: Mapping[str, str],
            without: frozenset[str]) -> tuple[Context, tuple[Action, ...]]:
    """Lower until control points, their variables and the locks in play no longer change."""
    known: tuple[Point, ...] = ()
    contended: frozenset[str] = frozenset()
    variables: tuple[str, ...] = ()
    carried: list[StateVar] = []
    for _ in range(MAX_ROUNDS):
        store = Store(model, points=tuple(p.name for p in known))
        ctx = Context(model, policies, store, known, contended, without)
        if ctx.has_calls:
            store.call_variable(CALL_AT, store.at_sort, 0, "at")
        for var in carried:
            if var.name != CALL_AT:
                store.variables.setdefault(var.name, var)
        actions: list[Action] = []
        points: list[Point] = []
        for block in _roots(model):
            lowered = lower_block(ctx, block)
            actions += lowered.actions
            points += lowered.points
        for point in points:
            for key, type_ in point.saved:
                ctx.call_local(point.block, key, type_)
        held = contended | {lock for p in points for lock in p.held}
        now = tuple(store.variables)
        same_points = [(p.name, p.saved) for p in points] == [(p.name, p.saved) for p in known]
        if same_points and held == contended and now == variables:
            return ctx, tuple(actions)
        known, contended, variables = tuple(points), held, now
        carried = [v for v in store.variables.values()
                   if v.name.startswith(("Call.", "lock."))]
    raise InternalError("lowering does not settle")


def _roots(model: Model) -> list[Block]:
    return [b for b in model.blocks.values() if b.kind in ROOTS]


def _pools(ctx: Context) -> tuple[Pool, ...]:
    pools = [
        Pool(c.name, c.single, False, life_name(c.name),
             _owner(ctx.model, c),
             SHORT.get(c.name, c.name.lower()))
        for c in ctx.model.objects.values()
    ]
    if ctx.has_calls:
        pools.append(Pool(CALL_POOL, calls=True, short="call"))
    return tuple(pools)


def _owner(model: Model, cls: ObjectClass) -> tuple[str, str] | None:
    """The owner's class and the variable that names it ("" where there is only one owner)."""
    if cls.owner is None:
        return None
    single = model.objects[cls.owner].single
    return cls.owner, "" if single else f"{cls.name}.{cls.owner_field}"


def _variables(ctx: Context) -> list[StateVar]:
    """Objects' variables in declaration order, then globals, relations, locks, calls."""
    return list(ctx.store.variables.values())


def _scopes(ctx: Context) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Every scope, with a size for every pool that has one: unnamed pools have 1. A model without
    scopes gets one: two of each object, one call in flight."""
    if not ctx.model.scopes:
        two = tuple((p.name, 1 if p.calls else 2) for p in _pools(ctx) if not p.single)
        return ((NO_SCOPE, two),)
    result = []
    for scope in ctx.model.scopes.values():
        sizes = dict(scope.sizes)
        full = [(p.name, sizes.get(p.name, 1)) for p in _pools(ctx) if not p.single]
        result.append((scope.name, tuple(full)))
    return tuple(result)


def _default_scopes(model: Model) -> tuple[str, ...]:
    if not model.scopes:
        return (NO_SCOPE,)
    marked = [s.name for s in model.scopes.values() if s.default]
    first: list[ScopeDef] = list(model.scopes.values())[:1]
    return tuple(marked or [s.name for s in first])
