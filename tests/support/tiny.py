"""The pieces that hand-written systems are made of, and what is known of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wddmcheck.ir.expr import TRUE, Expr, Read
from wddmcheck.ir.sorts import BOOL, RefSort
from wddmcheck.ir.system import (
    Action,
    Actor,
    Label,
    Obligation,
    Param,
    Phase,
    System,
    Update,
    Write,
)


@dataclass(frozen=True)
class Broken:
    """Violated, or reached for a goal; the shortest run has `steps` (None: any length)."""

    steps: int | None


@dataclass(frozen=True)
class Tiny:
    """A system at a scope. `states`, `transitions` and `depth` are those without symmetry, `orbits`
    the states with it. `claims` has what is violated or reached; all others hold, and goals not
    named are unreached. `beyond` names what ends runs."""

    name: str
    system: System
    scope: Mapping[str, int]
    states: int
    transitions: int
    depth: int
    orbits: int
    claims: Mapping[str, Broken] = field(default_factory=dict)
    beyond: tuple[str, ...] = ()


def action(name: str, guard: Expr, *updates: Update, params: tuple[Param, ...] = (),
           obligations: tuple[Obligation, ...] = (), phase: Phase = Phase.WHOLE) -> Action:
    """An action of the block `name`, up to a slash."""
    label = Label(name.partition("/")[0], "ddi", Actor.OS, phase)
    return Action(name, label, params, guard, updates, obligations)


def put(var: str, value: Expr, *index: Expr, where: Expr = TRUE) -> Update:
    """A single assignment."""
    return Update(var, (Write(index, value, where),))


def of(pool: str, name: str) -> Param:
    """A slot parameter."""
    return Param(name, RefSort(pool))


def flag(name: str, *index: Expr) -> Expr:
    """A truth value of the state."""
    return Read(name, index, BOOL)
