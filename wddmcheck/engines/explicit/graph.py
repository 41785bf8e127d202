"""Questions about the graph of explored states: what can still be reached, what can go on."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence

from wddmcheck.engines.explicit.search import Found


def first_without(found: Found, goal: Callable[[int], object],
                  premise: Callable[[int], object]) -> int | None:
    """The first state (by number, so a nearest one) with the premise from which no run reaches a
    goal state or ends in a fault (which is a finding of its own)."""
    count = len(found.states)
    alive = bytearray(count)
    stack = [n for n in range(count) if n in found.faulty or goal(n)]
    for n in stack:
        alive[n] = 1
    starts, sources = _reversed(found)
    while stack:
        n = stack.pop()
        for i in range(starts[n], starts[n + 1]):
            source = sources[i]
            if not alive[source]:
                alive[source] = 1
                stack.append(source)
    return next((n for n in range(count) if not alive[n] and premise(n)), None)


def _reversed(found: Found) -> tuple[array[int], array[int]]:
    """The edges by target, as starts and sources."""
    count = len(found.states)
    starts = array("q", bytes(8 * (count + 1)))
    for target in found.edge_targets:
        starts[target + 1] += 1
    for n in range(count):
        starts[n + 1] += starts[n]
    fill = array("q", starts)
    sources = array("i", bytes(4 * len(found.edge_targets)))
    for source in range(count):
        for i in range(found.edge_starts[source], found.edge_starts[source + 1]):
            target = found.edge_targets[i]
            sources[fill[target]] = source
            fill[target] += 1
    return starts, sources


def components(nodes: Iterable[int], edges: Callable[[int], Sequence[int]]) -> list[list[int]]:
    """Strongly connected components (Tarjan 1972, without recursion); `edges(n)` stays among
    `nodes`."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    stack: list[int] = []
    result: list[list[int]] = []
    for root in nodes:
        if root in index:
            continue
        work = [(root, iter(edges(root)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(edges(target))))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    result.append(component)
    return result
