"""`premise leads to target` under weak fairness, on the full graph (no symmetry).

It is violated by a run that reaches a state with the premise and without the target, and from there
never meets the target: it ends where nothing is enabled, or goes round for ever in a strongly
connected component in which each fair block is somewhere not enabled, or is taken. For weak
fairness, looking at whole components is exact: a block that is enabled throughout a component and
never taken in it is so in every part of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wddmcheck.engines.explicit.compile import Program
from wddmcheck.engines.explicit.graph import components
from wddmcheck.engines.explicit.search import Found


@dataclass(frozen=True, slots=True)
class Lasso:
    """A violation: state numbers and instances from a premise state on; `loop` is the index in
    `path` where the loop starts, None if the run ends there."""

    start: int
    path: tuple[tuple[int, int], ...]    # (instance, state after it)
    loop: int | None


def violation(program: Program, found: Found, premise: Callable[[int], object],
              target: Callable[[int], object], fair: Sequence[str]) -> Lasso | None:
    """A shortest way into a bad end, and round it; None if the claim holds. `premise` and `target`
    say in which states, by number, they hold."""
    graph = _Graph(program, found, target)
    starts = [n for n in range(len(found.states)) if premise(n) and n not in graph.met]
    reach = graph.reachable(starts)
    ends = {n for n in reach if graph.stuck(n)}
    rings: dict[int, list[int]] = {}
    for component in components(sorted(reach), graph.targets):
        if graph.is_fair_cycle(component, fair):
            members = sorted(component)
            for n in members:
                rings[n] = members
    if not ends and not rings:
        return None
    start, path, last = graph.shortest(starts, lambda n: n in ends or n in rings)
    if last in ends:
        return Lasso(start, tuple(path), None)
    return Lasso(start, tuple(path + graph.round(last, rings[last], fair)), len(path))


class _Graph:
    """The explored graph without the states that meet the target."""

    def __init__(self, program: Program, found: Found,
                 target: Callable[[int], object]) -> None:
        self.program, self.found = program, found
        self.met = {n for n in range(len(found.states)) if target(n)}
        self.blocks = [i.action.label.block for i in program.instances]

    def edges(self, n: int) -> list[tuple[int, int]]:
        """(instance, target) of the edges that avoid the target formula."""
        a, b = self.found.edge_starts[n], self.found.edge_starts[n + 1]
        return [(self.found.edge_instances[i], self.found.edge_targets[i]) for i in range(a, b)
                if self.found.edge_targets[i] not in self.met]

    def targets(self, n: int) -> list[int]:
        return [t for _, t in self.edges(n)]

    def stuck(self, n: int) -> bool:
        """Whether nothing at all is enabled in state `n` (a fault is something)."""
        starts = self.found.edge_starts
        return starts[n] == starts[n + 1] and n not in self.found.faulty

    def enabled(self, n: int) -> set[str]:
        """The blocks that are enabled in state `n`, be it only to end in a fault."""
        a, b = self.found.edge_starts[n], self.found.edge_starts[n + 1]
        blocks = {self.blocks[self.found.edge_instances[i]] for i in range(a, b)}
        if n in self.found.faulty:
            bad: list[tuple[int, int]] = []
            self.program.successors(self.found.states[n], [], bad)
            blocks.update(self.blocks[i] for i, _ in bad)
        return blocks

    def reachable(self, starts: list[int]) -> set[int]:
        seen, stack = set(starts), list(starts)
        while stack:
            for t in self.targets(stack.pop()):
                if t not in seen:
                    seen.add(t)
                    stack.append(t)
        return seen

    def is_fair_cycle(self, component: list[int], fair: Sequence[str]) -> bool:
        members = set(component)
        taken = {self.blocks[i] for n in component for i, t in self.edges(n) if t in members}
        if not any(t in members for n in component for t in self.targets(n)):
            return False
        return all(block in taken or any(block not in self.enabled(n) for n in component)
                   for block in fair)

    def shortest(self, starts: list[int],
                 goal: Callable[[int], bool]) -> tuple[int, list[tuple[int, int]], int]:
        """From a start to the first goal, counting the way to the start as well."""
        parent: dict[int, tuple[int, int] | None] = {}
        queue: deque[int] = deque()
        wave = deque(starts)
        depth = self._depths()
        level = 0
        while queue or wave:
            while wave and depth[wave[0]] <= level:
                n = wave.popleft()
                if n not in parent:
                    parent[n] = None
                    queue.append(n)
            for _ in range(len(queue)):
                n = queue.popleft()
                if goal(n):
                    return self._unwind(n, parent)
                for i, t in self.edges(n):
                    if t not in parent:
                        parent[t] = (n, i)
                        queue.append(t)
            level += 1
        raise AssertionError("no goal is reachable")

    def _depths(self) -> list[int]:
        depths = [0] * len(self.found.states)
        for n in range(1, len(depths)):
            depths[n] = depths[self.found.parents[n]] + 1
        return depths

    @staticmethod
    def _unwind(n: int, parent: dict[int, tuple[int, int] | None]
                ) -> tuple[int, list[tuple[int, int]], int]:
        last, path = n, []
        while (step := parent[n]) is not None:
            path.append((step[1], n))
            n = step[0]
        return n, path[::-1], last

    def round(self, start: int, ring: list[int], fair: Sequence[str]) -> list[tuple[int, int]]:
        """A way round the component that is fair and comes back to `start`."""
        members = set(ring)
        path: list[tuple[int, int]] = []
        at = start
        for block in fair:
            edge = next(((n, i, t) for n in ring for i, t in self.edges(n)
                         if t in members and self.blocks[i] == block), None)
            if edge is not None:
                leg = self._leg(at, edge[0], members)
                path += [*leg, (edge[1], edge[2])]
                at = edge[2]
            else:
                off = next(n for n in ring if block not in self.enabled(n))
                path += self._leg(at, off, members)
                at = off
        back = self._leg(at, start, members)
        if not path and not back:
            i, t = next((i, t) for i, t in self.edges(start) if t in members)
            return [(i, t), *self._leg(t, start, members)]
        return path + back

    def _leg(self, a: int, b: int, members: set[int]) -> list[tuple[int, int]]:
        """A shortest way from `a` to `b` inside `members`."""
        parent: dict[int, tuple[int, int] | None] = {a: None}
        queue = deque([a])
        while queue:
            n = queue.popleft()
            if n == b:
                return self._unwind(n, parent)[1]
            for i, t in self.edges(n):
                if t in members and t not in parent:
                    parent[t] = (n, i)
                    queue.append(t)
        raise AssertionError("a component is not connected")
