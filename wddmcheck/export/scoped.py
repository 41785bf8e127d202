"""A system at a scope, without what the scope decides.

Pools that are single lose their dimension, so that `Adapter.life` is one value; pools without slots
go, with everything that needs one of their slots; actions that no state enables go. The result
has the runs of the original: the same states, told with fewer words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from wddmcheck.export.instantiate import Instantiate
from wddmcheck.ir.build import and_, is_slot
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr
from wddmcheck.ir.sorts import NONE, RefSort
from wddmcheck.ir.system import Action, Obligation, StateVar, System, Update, Write


@dataclass(frozen=True, slots=True)
class Scoped:
    """The rewritten `system`, the size of each of its pools, and the names of actions that cannot
    happen at this scope."""

    system: System
    sizes: Mapping[str, int]
    impossible: tuple[str, ...]

    @property
    def pools(self) -> tuple[str, ...]:
        """Pools that variables, parameters and quantifiers range over."""
        return tuple(p.name for p in self.system.pools if not p.single and self.sizes[p.name])


def at_scope(system: System, scope: Mapping[str, int]) -> Scoped:
    """`system` at `scope`, which has a size for every pool that is not single."""
    sizes = Layout.of(system, scope).sizes
    single = frozenset(p.name for p in system.pools if p.single)
    fixed = single | frozenset(p for p, size in sizes.items() if size == 0)
    rewrite = Instantiate({v.name: v for v in system.variables}, sizes, fixed, single)
    pass_ = _Pass(rewrite, sizes, single)
    actions = tuple(a for a in map(pass_.action, system.actions) if a is not None)
    kept = {a.name for a in actions}
    return Scoped(
        replace(system, actions=actions,
                pools=tuple(p if sizes[p.name] else replace(p, life="", owner=None)
                            for p in system.pools),
                variables=tuple(pass_.variable(v) for v in system.variables
                                if all(sizes[p] for p in v.dims)),
                properties=tuple(replace(
                    p, formula=rewrite(p.formula, {}), target=rewrite(p.target, {}),
                    actions=tuple(a for a in p.actions if a in kept))
                    for p in system.properties)),
        sizes, tuple(a.name for a in system.actions if a.name not in kept))


@dataclass(frozen=True, slots=True)
class _Pass:
    rewrite: Instantiate
    sizes: Mapping[str, int]
    single: frozenset[str]

    def variable(self, var: StateVar) -> StateVar:
        return replace(var, dims=tuple(p for p in var.dims if p not in self.single))

    def action(self, action: Action) -> Action | None:
        """The action, or None if nothing enables it."""
        env: dict[str, Const] = {}
        params = []
        for param in action.params:
            match param.sort:
                case RefSort(pool, none, _) if self.sizes[pool] == 0:
                    if not none:
                        return None
                    env[param.name] = Const(NONE, param.sort)
                case RefSort(pool, False, _) if pool in self.single:
                    env[param.name] = Const(0, param.sort)
                case _:
                    params.append(param)
        guard = self.rewrite(action.guard, env)
        if guard == FALSE:
            return None
        updates = (Update(u.var, self._writes(u, env)) for u in action.updates)
        return replace(action, params=tuple(params), guard=guard,
                       updates=tuple(u for u in updates if u.writes),
                       obligations=self._obligations(action, env))

    def _obligations(self, action: Action, env: Mapping[str, Const]) -> tuple[Obligation, ...]:
        found = []
        for obligation in action.obligations:
            broken = self.rewrite(obligation.broken, env)
            if broken != FALSE:
                found.append(replace(obligation, broken=broken))
            if broken == TRUE and obligation.stops:
                break
        return tuple(found)

    def _writes(self, update: Update, env: Mapping[str, Const]) -> tuple[Write, ...]:
        dims = self.rewrite.variables[update.var].dims
        if any(self.sizes[pool] == 0 for pool in dims):
            return ()
        found = (self._write(dims, write, env) for write in update.writes)
        return tuple(w for w in found if w is not None)

    def _write(self, dims: tuple[str, ...], write: Write,
               env: Mapping[str, Const]) -> Write | None:
        if any(self.sizes[pool] == 0 for _, pool in write.binders):
            return None
        inner = {**env, **{name: Const(0, RefSort(pool)) for name, pool in write.binders
                           if pool in self.single}}
        index: list[Expr] = []
        tests = [self.rewrite(write.where, inner)]
        for pool, part in zip(dims, write.index, strict=True):
            slot = self.rewrite(part, inner)
            if pool in self.single:
                tests.append(is_slot(slot))
            elif isinstance(slot, Const) and slot.value < 0:
                return None
            else:
                index.append(slot)
        where = and_(*tests)
        if where == FALSE:
            return None
        return Write(tuple(index), self.rewrite(write.value, inner), where,
                     tuple(b for b in write.binders if b[0] not in inner))
