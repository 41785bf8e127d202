"""Whether two states are equal up to a renaming of slots, as a lasso claims of its ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product

from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import System
from wddmcheck.result.verdict import State

Renaming = Mapping[str, tuple[int, ...]]


def equal_up_to_renaming(system: System, layout: Layout, a: State, b: State) -> bool:
    """Whether some permutation of each pool's slots turns `a` into `b`."""
    return any(rename(system, layout, a, r) == b for r in _renamings(system, layout, a, b))


def rename(system: System, layout: Layout, state: State, renaming: Renaming) -> State:
    """`state` with slot s of each pool called `renaming[pool][s]`."""
    result = list(state)
    for var in system.variables:
        for index in product(*(range(layout.sizes[d]) for d in var.dims)):
            value = state[layout.offset(var.name, index)]
            if isinstance(var.sort, RefSort) and value >= 0:
                value = renaming[var.sort.pool][value]
            target = tuple(renaming[d][i] for d, i in zip(var.dims, index, strict=True))
            result[layout.offset(var.name, target)] = value
    return tuple(result)


def _renamings(system: System, layout: Layout, a: State, b: State) -> Iterator[Renaming]:
    """The renamings that respect what each slot has by itself: its values that are no references
    (and whether those that are refer to a slot). All others cannot turn `a` into `b`."""
    choices = []
    names = [p.name for p in system.pools]
    for pool in names:
        size = layout.sizes[pool]
        have = [_signature(system, layout, a, pool, s) for s in range(size)]
        want = [_signature(system, layout, b, pool, s) for s in range(size)]
        choices.append([p for p in permutations(range(size))
                        if all(have[s] == want[p[s]] for s in range(size))])
    for chosen in product(*choices):
        yield dict(zip(names, chosen, strict=True))


def _signature(system: System, layout: Layout, state: State, pool: str,
               slot: int) -> tuple[int, ...]:
    own = (v for v in system.variables if v.dims == (pool,))
    return tuple(
        min(value, 0) if isinstance(v.sort, RefSort) else value
        for v in own for value in (state[layout.offset(v.name, (slot,))],))
