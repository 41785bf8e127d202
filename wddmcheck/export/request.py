"""What an export is asked for, what it gives, and which claims a target can state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from wddmcheck.ir.expr import TRUE
from wddmcheck.ir.system import Kind, Property, System


@dataclass(frozen=True, slots=True)
class Request:
    """A system at a scope. `name` is the module's or file's name without suffix. `scope` has a size
    for every pool that is not single. `properties`: names, in any order; None takes all that the
    target states without being asked, () none. `symmetry`: declare slots interchangeable."""

    system: System
    scope: Mapping[str, int]
    name: str
    properties: tuple[str, ...] | None = None
    symmetry: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """The text of the file, and what it lacks, one sentence each."""

    text: str
    left_out: tuple[str, ...]


class CannotExportError(Exception):
    """The target has no room for the system; the text says why."""


class Stated(Enum):
    """When a target states a kind of claim."""

    ALWAYS = 1
    BY_NAME = 2
    NEVER = 3


@dataclass(frozen=True, slots=True)
class Support:
    """Of one kind of claim: when the target states it, and why not otherwise."""

    stated: Stated
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claims:
    """The properties of a system that an export states, what it leaves out and why, and the names
    of properties that nothing at this scope can violate."""

    properties: tuple[Property, ...]
    left_out: tuple[str, ...]
    settled: tuple[str, ...]

    def of(self, *kinds: Kind) -> tuple[Property, ...]:
        """Those of some kinds."""
        return tuple(p for p in self.properties if p.kind in kinds)

    @property
    def obligations(self) -> frozenset[str]:
        """Names of the obligations that are checked."""
        return frozenset(p.name for p in self.of(Kind.OBLIGATION))

    @property
    def deadlock(self) -> bool:
        """Whether states without an enabled instance are to be found."""
        return bool(self.of(Kind.NO_DEADLOCK))


def claims(system: System, names: tuple[str, ...] | None,
           target: Mapping[Kind, Support]) -> Claims:
    """Which properties of `system`, at a scope, to state. Coverage goals only if they are named."""
    stated: list[Property] = []
    left_out: list[str] = []
    settled: list[str] = []
    for prop in system.properties:
        if prop.goal if names is None else prop.name not in names:
            continue
        support = target[prop.kind]
        if _is_settled(system, prop):
            settled.append(prop.name)
        elif prop.premise != TRUE:
            left_out.append(f"{prop.name} ({prop.kind.value}): it speaks of some states only")
        elif support.stated is Stated.ALWAYS or (
                support.stated is Stated.BY_NAME and names is not None):
            stated.append(prop)
        else:
            left_out.append(f"{prop.name} ({prop.kind.value}): {support.reason}")
    return Claims(tuple(stated), tuple(left_out), tuple(settled))


def _is_settled(system: System, prop: Property) -> bool:
    """Whether nothing in a system at a scope could violate a property."""
    if prop.kind is Kind.OBLIGATION:
        return all(o.property != prop.name for a in system.actions for o in a.obligations)
    return prop.kind is Kind.INVARIANT and prop.formula == TRUE
