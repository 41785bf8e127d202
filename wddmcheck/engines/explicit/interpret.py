"""The engine `interpret`: breadth-first search over the compiled system.

Exact: every state is kept whole, so a complete search is a proof at its scope. Counterexamples are
shortest. With symmetry, one state of each orbit is visited; witnesses are walked again on the
system itself, so that they are runs of it.
"""

from __future__ import annotations

from typing import ClassVar

from wddmcheck.engines.base import CheckTask, Progress, silent
from wddmcheck.engines.explicit.answers import Answers
from wddmcheck.engines.explicit.compile import Program, compile_system
from wddmcheck.engines.explicit.search import Found, Wanted, search
from wddmcheck.engines.explicit.symmetry import Canonical
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import CheckResult, Exploration

EDGES = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)


class Interpret:
    """See the module."""

    name: ClassVar[str] = "interpret"

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of `task`."""
        layout = Layout.of(task.system, task.scope)
        program = compile_system(layout)
        by_name = {p.name: p for p in task.system.properties}
        asked = [by_name[name] for name in task.properties]
        plain = [p for p in asked if p.kind is not Kind.LEADS_TO]
        live = [p for p in asked if p.kind is Kind.LEADS_TO]
        canonical = Canonical(program.codec) if task.symmetry else None
        if canonical is not None and canonical.trivial:
            canonical = None
        # Without symmetry one search serves all; with it, `leads to` needs the full graph as well.
        first = plain if canonical is not None else asked
        found = search(program, _wanted(program, first), canonical, task.limits, progress)
        verdicts = Answers(program, found, canonical).all(first)
        explored = _exploration(self.name, canonical is not None, found)
        notes: tuple[str, ...] = ()
        if canonical is not None and live:
            again = search(program, _wanted(program, live), None,
                           task.limits.after(found.seconds), progress, "without symmetry")
            verdicts |= Answers(program, again, None).all(live)
            notes = (f"`leads to` was checked on the full graph: {len(again.states):,} states",)
        return CheckResult(explored, {p.name: verdicts[p.name] for p in asked}, notes)


def _wanted(program: Program, properties: list[Property]) -> Wanted:
    wanted = Wanted([], frozenset(p.name for p in properties if p.kind is Kind.OBLIGATION))
    for prop in properties:
        match prop.kind:
            case Kind.INVARIANT:
                wanted.on_states.append((prop.name, program.predicate(prop.formula), False))
            case Kind.REACHABLE:
                wanted.on_states.append((prop.name, program.predicate(prop.formula), True))
            case Kind.FIRES:
                for action in prop.actions:
                    wanted.actions.setdefault(action, []).append(prop.name)
            case Kind.NO_DEADLOCK:
                wanted.deadlock = prop.name
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                wanted.edges = True
            case Kind.OBLIGATION:
                pass
    return wanted


def _exploration(name: str, symmetry: bool, found: Found) -> Exploration:
    return Exploration(name, symmetry, len(found.states), found.transitions, found.depth,
                       found.complete, found.stopped_by, found.seconds, found.peak)
