"""From what an exploration saw to verdicts: the same rules for every explicit engine."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.ir.system import Kind, Property
from wddmcheck.result.verdict import (
    Enumeration,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Stop,
    Trace,
    Unreached,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Explored:
    """How far an exploration got. States at a distance of up to `depth` were looked at, and what
    is enabled in those nearer than that was, too."""

    evidence: Enumeration
    complete: bool
    depth: int
    stopped_by: Stop | None

    def reached(self, prop: Property, trace: Trace | None) -> Verdict:
        """A goal was reached. Of those that the tool made, only the fact is told."""
        return Reached(None if prop.goal else trace)

    def unseen(self, prop: Property) -> Verdict:
        """Nothing was seen of a property that a single run can show."""
        match prop.kind:
            case Kind.REACHABLE | Kind.FIRES:
                return Unreached(self.evidence) if self.complete else self.cut_short(self.depth)
            case Kind.NO_DEADLOCK:
                # The last level's states have been looked at, but what is enabled in them has not.
                return self.proved() if self.complete else self.cut_short(self.depth - 1)
            case Kind.INVARIANT | Kind.OBLIGATION:
                return self.proved() if self.complete else self.cut_short(self.depth)
            case Kind.ALWAYS_POSSIBLE | Kind.LEADS_TO:
                return self.nothing("the graph of states is not complete")

    def proved(self) -> Verdict:
        """Every state was visited."""
        return Proved(self.evidence)

    def cut_short(self, depth: int) -> Verdict:
        """Nothing so far: runs of up to `depth` steps are clean."""
        if depth <= 0:
            return self.nothing("")
        return Holds(depth, self.stopped_by or Stop.STATES)

    def nothing(self, reason: str) -> Verdict:
        """Nothing can be said."""
        return Inconclusive(self.stopped_by or Stop.STATES, self.depth, reason)
