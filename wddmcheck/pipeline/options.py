"""What a `verify` run is asked to do: plain data, handed down and sent to worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from wddmcheck.engines.base import Tick

Required: TypeAlias = Literal["proved", "scope", "bounded"]
"""The strength asked for: for any number of objects, for the scope, up to a depth."""


Slicing: TypeAlias = Literal["on", "off", "auto"]
"""Whether properties are decided on slices: first of all, never, or where engine `auto` finds that
the whole system is too large to be explored at once."""

Reduction: TypeAlias = Literal["on", "off", "auto"]
"""Whether of some independent steps one order only is explored."""


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """Everything that can change a verdict or the exit code.

    `scopes` and `properties` are as the user wrote them; empty means the model's default scopes
    and all properties. `timeout_s` is wall time for the whole run, `memory` bytes for all its
    processes together, `jobs` the most processes and threads that work at a time (None: one a
    core the process may use). `compact`: tell states apart by hashes. `reduction`: take steps
    that nothing else can notice first; auto where symmetry is on. `seed` is for
    the random walks that re-check invariants. `command` is how to run it again, for the report.
    """

    scopes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    engine: str = "auto"
    depth: int | None = None
    timeout_s: float | None = None
    memory: int | None = None
    symmetry: bool = True
    compact: bool = False
    require: Required = "scope"
    allow_inconclusive: bool = False
    exit_zero: bool = False
    jobs: int | None = None
    seed: int = 0
    command: str = ""
    slicing: Slicing = "auto"
    reduction: Reduction = "auto"

    @property
    def reduced(self) -> bool:
        """Whether steps may be taken first: counts without symmetry are those of all states."""
        return self.reduction == "on" or (self.reduction == "auto" and self.symmetry)


@dataclass(frozen=True, slots=True)
class Budget:
    """What one scope may use of the run's time and memory (None: no limit), and of its threads."""

    timeout_s: float | None = None
    memory: int | None = None
    threads: int = 1


class ScopeProgress(Protocol):
    """Receives progress: which scope, and what its engine does."""

    def __call__(self, scope: str, tick: Tick, /) -> None:
        """Take one tick."""


def silent(scope: str, tick: Tick) -> None:
    """The progress receiver that ignores everything."""
