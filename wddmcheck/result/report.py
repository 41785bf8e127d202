"""What one `verify` run found, for all its scopes and properties: the input of every report."""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.ir.system import System
from wddmcheck.result.needs import Needs
from wddmcheck.result.verdict import Exploration, Verdict


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """The verdict of one property at one scope, and the engine that gave it."""

    name: str
    verdict: Verdict
    engine: str
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Way:
    """A stage of what is *always possible*: from where the pools `before` are empty some run gets
    to where `empties` is empty as well; to the goal, in the last stage (`empties` is "")."""

    before: tuple[str, ...]
    empties: str


@dataclass(frozen=True, slots=True)
class SliceRun:
    """The exploration of a part of the system, which decided `properties`, or some of the places
    where they can be violated. `kept` has its variables, each with the reason; what was sliced away
    is beside it. `weakened` names the actions that it has with guards or obligations that say less
    than the system's: it may have more runs, never fewer. `way`: the stage that was proved."""

    properties: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]
    variables_away: tuple[str, ...]
    actions_away: tuple[str, ...]
    pools_away: tuple[str, ...]
    weakened: tuple[str, ...]
    exploration: Exploration
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class ScopeRun:
    """One scope: its name ("" if given on the command line), the sizes of all pools, what each
    engine did there, and the verdicts of properties and of coverage goals (`Property.goal`).
    `slices` are the parts of the system on which properties were decided; `details` what there is
    to say to those who ask for more; `peak_bytes` what exploring slices took."""

    scope: str
    sizes: tuple[tuple[str, int], ...]
    explorations: tuple[Exploration, ...]
    results: tuple[PropertyResult, ...]
    goals: tuple[PropertyResult, ...]
    notes: tuple[str, ...] = ()
    slices: tuple[SliceRun, ...] = ()
    details: tuple[str, ...] = ()
    peak_bytes: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Hollow:
    """A finding of vacuity: `goal` (a property with `goal` set) was reached at no scope, so that
    `about` (a property, or a block) says less than it seems to. `proved` is False when a limit
    was hit before that was certain."""

    goal: str
    about: str
    title: str
    proved: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The run as a whole. `merged` has one result a property: the worst over the scopes, then the
    weakest. `exit_code` is as spec/verdicts.md says. `needs` has, for violated properties for which
    that was asked, the choices of policies that the violation needs."""

    model: str            # path as the user wrote it
    digest: str           # sha256 of all sources, hex
    command: str          # how to run it again
    system: System
    runs: tuple[ScopeRun, ...]
    merged: tuple[PropertyResult, ...]
    hollow: tuple[Hollow, ...]
    exit_code: int
    seconds: float = field(default=0.0, compare=False)
    peak_bytes: int = field(default=0, compare=False)
    needs: tuple[tuple[str, Needs], ...] = ()
