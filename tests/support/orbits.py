"""How many orbits of states the yardstick has, by counting alone: no state is ever looked at.

Up to renaming, a state is a multiset of processes; a process is a multiset of devices; and a device
is a set of contexts and allocations with two functions, `allocation.context` and `context.busy`
(which may be none), of which those that renaming leaves alone are counted (Burnside's lemma). Every
state that satisfies I1 to I5 is reachable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import comb, factorial, prod
from typing import TypeAlias

Size: TypeAlias = tuple[int, ...]


def orbits(processes: int, devices: int, contexts: int, allocations: int) -> int:
    """The orbits of the yardstick at these sizes."""
    one = {(c, a): _devices(c, a) for c in range(contexts + 1) for a in range(allocations + 1)}
    processes_of = _multisets(one, (devices, contexts, allocations))
    started = _multisets(processes_of, (processes, devices, contexts, allocations))
    return 2 + sum(started.values())        # two more in which the adapter is not started


def _devices(contexts: int, allocations: int) -> int:
    """What can be on a device, up to renaming."""
    total = Fraction(0)
    for s in _partitions(contexts):
        for t in _partitions(allocations):
            owners = prod(_within(s, cycle) for cycle in t)
            busy = prod(1 + _within(t, cycle) for cycle in s)
            total += Fraction(owners * busy, _centraliser(s) * _centraliser(t))
    assert total.denominator == 1
    return int(total)


def _partitions(total: int, most: int | None = None) -> Iterator[tuple[int, ...]]:
    """The lengths of the cycles of permutations of `total` things."""
    if total == 0:
        yield ()
    for first in range(min(total, total if most is None else most), 0, -1):
        for rest in _partitions(total - first, first):
            yield (first, *rest)


def _centraliser(cycles: tuple[int, ...]) -> int:
    return prod(length**many * factorial(many) for length, many in Counter(cycles).items())


def _within(cycles: tuple[int, ...], length: int) -> int:
    """The things that a cycle of this length can be mapped to, one after another."""
    return sum(other for other in cycles if length % other == 0)


def _multisets(kinds: Mapping[Size, int], most: Size) -> dict[Size, int]:
    """How many multisets there are, by the number of members and the total of their sizes; `kinds`
    says how many different things there are of each size."""
    total: dict[Size, int] = {(0,) * len(most): 1}
    for size, many in kinds.items():
        more: Counter[Size] = Counter()
        members = 0
        while many and all(members * s <= m for s, m in zip((1, *size), most, strict=True)):
            ways = comb(many + members - 1, members)
            for have, count in total.items():
                now = tuple(h + members * s for h, s in zip(have, (1, *size), strict=True))
                if all(n <= m for n, m in zip(now, most, strict=True)):
                    more[now] += count * ways
            members += 1
        total = dict(more) if many else total
    return total
