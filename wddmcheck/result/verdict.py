"""Verdicts. `Proved` cannot be built without evidence; only these classes speak for a property.

Vocabulary and order: spec/verdicts.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from wddmcheck.ir.evaluate import State as State  # verdicts and traces are made of them
from wddmcheck.ir.expr import Expr


@dataclass(frozen=True, slots=True)
class Step:
    """One action instance: `args` are the encoded parameter values in `Action.params` order;
    `state` is the state after it, or None when the instance ends in a fault (no successor)."""

    action: str
    args: tuple[int, ...]
    state: State | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A run from the initial state. `shortest`: no shorter run shows the same. `loop`: for a
    lasso (LEADS_TO), the number of steps before the loop starts; the last state equals the state
    there, up to a renaming of slots. For NO_DEADLOCK and ALWAYS_POSSIBLE the last state is the
    witness (nothing enabled / the goal unreachable from it)."""

    initial: State
    steps: tuple[Step, ...]
    shortest: bool
    loop: int | None = None


class Stop(Enum):
    """Why an engine stopped before an answer."""

    TIME = "time"
    MEMORY = "memory"
    STATES = "state budget"
    DEPTH = "depth"
    UNKNOWN = "solver unknown"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Enumeration:
    """Evidence: all reachable states were visited. `states` counts them (orbits if `symmetric`);
    `beyond` names properties whose faults end runs, if any run did end in one. `odds` is the
    probability, at most, that a state was taken for another one, and so missed, because states
    were told apart by hashes; 0 if they were kept whole. With `slices`, those are the states of so
    many parts of the system, which together decide the property."""

    states: int
    symmetric: bool
    beyond: tuple[str, ...] = ()
    odds: float = 0.0
    slices: int = 0


@dataclass(frozen=True, slots=True)
class Inductive:
    """Evidence: `invariant` (a conjunction) holds initially, implies the property, and is
    inductive over `k` steps at this scope."""

    invariant: tuple[Expr, ...]
    k: int


Evidence: TypeAlias = Enumeration | Inductive


@dataclass(frozen=True, slots=True)
class Proved:
    """Holds in every reachable state of this scope."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Holds:
    """No violation in any run of at most `depth` steps; says nothing of longer ones."""

    depth: int
    stopped_by: Stop = Stop.DEPTH


@dataclass(frozen=True, slots=True)
class Violated:
    """`trace` shows it. `message` and the broken obligation are found again by re-execution."""

    trace: Trace


@dataclass(frozen=True, slots=True)
class Reached:
    """For REACHABLE and FIRES: `trace` is the witness (None if only the fact was recorded)."""

    trace: Trace | None


@dataclass(frozen=True, slots=True)
class Unreached:
    """For REACHABLE and FIRES: no run of this scope does it."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """Nothing was established: which limit, and how far it got (depth completed, or None)."""

    stopped_by: Stop
    depth: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """The engine cannot decide this kind of property, or it was not asked to."""

    reason: str


Verdict: TypeAlias = (
    Proved | Holds | Violated | Reached | Unreached | Inconclusive | Skipped
)


@dataclass(frozen=True, slots=True)
class Exploration:
    """What an engine did. Times and bytes stay out of comparisons and golden files.

    `transitions` counts enabled action instances that have a successor (taken from each visited
    state once); `depth` is the greatest distance from the initial state that was completed;
    `complete` says that nothing was left to explore. `reduced`: of some steps that are independent
    of all others only one order was explored, so that there are more states than were counted.
    """

    engine: str
    symmetry: bool
    states: int
    transitions: int
    depth: int
    complete: bool
    stopped_by: Stop | None = None
    seconds: float = field(default=0.0, compare=False)
    peak_bytes: int = field(default=0, compare=False)
    reduced: bool = False


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one engine says: a verdict per property that it was asked about; `details` are for those
    who ask for more."""

    exploration: Exploration
    verdicts: Mapping[str, Verdict]
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
