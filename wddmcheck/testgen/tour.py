"""A tour through all transitions of a model at a scope, as short as they go.

The directed Chinese postman problem (Edmonds, Johnson, "Matching, Euler tours and the Chinese
postman", 1973): copies of edges, chosen by a cheapest flow, make the graph Eulerian; a circuit then
takes every edge. A restart leads from every state back to the initial one, for models that do not
get there by themselves, and costs more than any way round. The circuit is cut into runs of a length
that people can follow, each led to its start by a shortest way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines.base import Limits, silent
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.engines.explicit.search import Found, Wanted, search
from wddmcheck.ir.evaluate import Layout
from wddmcheck.result.verdict import Step

MOST_TRANSITIONS = 250_000
RUN = 500
"""Steps of the circuit in one run."""

RESTART = -1


@dataclass(frozen=True, slots=True)
class Tour:
    """Runs from the initial state that take all `transitions` between all `states`."""

    states: int
    transitions: int
    runs: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> int:
        """How many steps the runs have."""
        return sum(map(len, self.runs))

    @property
    def covered(self) -> str:
        """What it covers, for people."""
        return (f"all {self.transitions:,} transitions (100 %) between {self.states:,} states, in "
                f"{len(self.runs):,} runs of {self.steps:,} steps")


def tour(layout: Layout) -> Tour:
    """A shortest tour. Raises `UserError` for a model that violates something, or that has too
    many transitions for a tour to be of use."""
    program = compile_system(layout)
    found = search(program, Wanted([], edges=True), None,
                   Limits(states=MOST_TRANSITIONS // 4), silent)
    if found.stopped_by is not None or found.transitions > MOST_TRANSITIONS:
        raise _error(f"{layout.system.name} has more than {MOST_TRANSITIONS:,} transitions at this "
                     "scope", "choose a smaller scope: a tour is for one or two of each object")
    if found.faults:
        raise _error(f"{layout.system.name} is violated at this scope: "
                     f"{', '.join(sorted(found.faults))}",
                     "verify it first; a tour is for a model that holds")
    runs = tuple(tuple(run) for run in _runs(program, found))
    taken = {(u, i) for u, i in _taken(runs, program, found)}
    if len(taken) != found.transitions:
        raise AssertionError("a tour misses transitions")
    return Tour(len(found.states), found.transitions, runs)


def _runs(program: Program, found: Found) -> Iterator[list[Step]]:
    """The circuit, cut at restarts and after `RUN` steps."""
    run: list[Step] = []
    length = 0
    for source, target, edge in nx.eulerian_circuit(_eulerian(found), source=0, keys=True):
        if edge[0] == RESTART or length >= RUN:
            if run:
                yield run
            run, length = _way_to(program, found, source), 0
        if edge[0] == RESTART:
            run = []
            continue
        run.append(_step(program, found, found.edge_instances[edge[0]], target))
        length += 1
    if run:
        yield run


def _way_to(program: Program, found: Found, state: int) -> list[Step]:
    """A shortest run to a state."""
    steps = []
    while found.parents[state] >= 0:
        steps.append(_step(program, found, found.via[state], state))
        state = found.parents[state]
    return steps[::-1]


def _eulerian(found: Found) -> nx.MultiDiGraph:
    """The graph of states with as few more edges as make a circuit possible. A key is an edge's
    number and that of its copy."""
    graph = nx.MultiDiGraph()
    plain = nx.DiGraph()
    first: dict[tuple[int, int], int] = {}
    for state in range(len(found.states)):
        for edge in range(found.edge_starts[state], found.edge_starts[state + 1]):
            target = found.edge_targets[edge]
            graph.add_edge(state, target, key=(edge, 0))
            if state != target:
                first.setdefault((state, target), edge)
    plain.add_nodes_from((n, {"demand": graph.out_degree(n) - graph.in_degree(n)}) for n in graph)
    plain.add_edges_from(first, weight=1)
    dear = len(first) + 1
    plain.add_edges_from(((n, 0) for n in graph if n != 0 and (n, 0) not in first), weight=dear)
    _, flow = nx.network_simplex(plain)
    for source, targets in flow.items():
        for target, copies in targets.items():
            edge = first.get((source, target), RESTART)
            for copy in range(1, copies + 1):
                graph.add_edge(source, target, key=(edge, copy))
    return graph


def _step(program: Program, found: Found, number: int, target: int) -> Step:
    instance = program.instances[number]
    return Step(instance.action.name, instance.args, program.codec.unpack(found.states[target]))


def _taken(runs: tuple[tuple[Step, ...], ...], program: Program,
           found: Found) -> Iterator[tuple[int, tuple[str, tuple[int, ...]]]]:
    """The transitions that the runs take, counted again from their steps."""
    numbers = {program.codec.unpack(s): n for n, s in enumerate(found.states)}
    for run in runs:
        at = 0
        for step in run:
            yield at, (step.action, step.args)
            assert step.state is not None
            at = numbers[step.state]


def _error(message: str, help: str) -> UserError:  # noqa: A002
    return UserError((Diagnostic("WC513", message, help=help),), exit_code=2)
