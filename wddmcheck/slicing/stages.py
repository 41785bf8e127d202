"""*Always possible* in stages: first one class of objects is taken down, then the next.

To show that every state has a way to the goal, it is enough that every state has a way to one in
which some pool is empty, every such state one to where a second is empty too, and so on, and from
the last of these there is a way to the goal. Each stage asks for little of the system. The order is
read off the actions: what an action that ends an object of one pool looks for in another comes
first. Any other order would be as right, and perhaps not lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from wddmcheck.ir.build import eq, forall
from wddmcheck.ir.expr import Binary, BinOp, Const, Count, Expr, Quant, Read, Var
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import CALL_AT, Action, Pool, StateVar, System
from wddmcheck.ir.walk import conjuncts, everything, reads


@dataclass(frozen=True, slots=True)
class Stage:
    """From every reachable state in which the pools called `before` are empty, some run gets to one
    with `goal`, or to a fault. `empties`: the pool that `goal` says is empty; the others are then
    still so. "" for the last stage."""

    before: tuple[str, ...]
    goal: Expr
    empties: str = ""


def stages(system: System, goal: Expr) -> tuple[Stage, ...]:
    """Stages that together say that `goal` is always possible."""
    order = _order(system, goal)
    names = tuple(p.name for p in order)
    return (*(Stage(names[:n], empty(system, pool.name), pool.name)
              for n, pool in enumerate(order)), Stage(names, goal))


def empty(system: System, pool: str) -> Expr:
    """That no slot of `pool` is taken."""
    var = taken(system, pool)
    slot = f"{pool} slot"
    return forall(slot, pool, eq(Read(var.name, (Var(slot, RefSort(pool)),), var.sort),
                                 Const(var.init, var.sort)))


def taken(system: System, pool: str) -> StateVar:
    """The variable that says whether a slot of `pool` is taken: it has its initial value if not."""
    name = next(_life(p) for p in system.pools if p.name == pool)
    return next(v for v in system.variables if v.name == name)


def fills(system: System, action: Action, pool: str) -> bool:
    """Whether an action may take a slot of `pool`."""
    var = taken(system, pool)
    return any(w.value != Const(var.init, var.sort)
               for u in action.updates if u.var == var.name for w in u.writes)


def _life(pool: Pool) -> str:
    """The variable that says whether a slot is taken; empty if there is none."""
    return CALL_AT if pool.calls else pool.life


def _order(system: System, goal: Expr) -> list[Pool]:
    """The pools that stand in the way of `goal`, those that stand in the way of others first."""
    import networkx as nx  # here, because `wddmcheck check` has no time for it

    pools = {p.name: p for p in system.pools if _life(p) and not p.single}
    looks = {p.name: _looked_for(system, empty(system, p.name), {CALL_AT}) & pools.keys() - {p.name}
             for p in pools.values()}
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(pools)
    graph.add_edges_from((first, then) for then in pools for first in sorted(looks[then]))
    single = {p.life for p in system.pools if p.single and p.life}
    seeds = _looked_for(system, goal, {CALL_AT} | single) & pools.keys()
    wanted = set(seeds).union(*(nx.ancestors(graph, name) for name in seeds))
    rank = {name: n for n, name in enumerate(pools)}
    parts = nx.condensation(graph)
    order = nx.lexicographical_topological_sort(
        parts, key=lambda part: min(rank[n] for n in parts.nodes[part]["members"]))
    return [pools[name] for part in order
            for name in sorted(parts.nodes[part]["members"], key=rank.__getitem__)
            if name in wanted]


def _looked_for(system: System, formula: Expr, steps: AbstractSet[str]) -> set[str]:
    """The pools that actions look through on the way to `formula`: those that set what it says, and
    those that lead to the values of `steps` at which these are possible."""
    steps = steps - reads(formula) if CALL_AT in reads(formula) else steps
    inits = {v.name: v.init for v in system.variables}
    todo = list(_atoms(formula))
    seen, found = set(todo), set[str]()
    while todo:
        var, value = todo.pop()
        for action in system.actions:
            if not _sets(action, var, value):
                continue
            found |= {e.pool for e in everything(action.guard) if isinstance(e, (Quant, Count))}
            for part in conjuncts(action.guard):
                atom = _equation(part)
                if atom in seen or atom is None or atom[0] not in steps:
                    continue
                if atom[1] != inits[atom[0]]:
                    seen.add(atom)
                    todo.append(atom)
    return found


def _atoms(formula: Expr) -> Iterator[tuple[str, int | None]]:
    """The variables of a formula with the values that it names; None where it names none."""
    named: set[str] = set()
    for e in everything(formula):
        atom = _equation(e)
        if atom is not None:
            named.add(atom[0])
            yield atom
    yield from ((var, None) for var in sorted(reads(formula) - named))


def _equation(expr: Expr) -> tuple[str, int] | None:
    """The variable and the value, if that is what `expr` says."""
    match expr:
        case Binary(BinOp.EQ, Read(var, _, _), Const(value, _)):
            return var, value
        case _:
            return None


def _sets(action: Action, var: str, value: int | None) -> bool:
    """Whether an action may set `var` to `value`."""
    return any(not isinstance(w.value, Const) or value in (None, w.value.value)
               for u in action.updates if u.var == var for w in u.writes)
