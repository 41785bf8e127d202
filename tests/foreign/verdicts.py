"""What a tool has to say about one property, given what is true."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.foreign.tools import Run, exported, rumur, spin, tlc
from wddmcheck.ir.system import Kind, Property, System

STEPS = {Kind.OBLIGATION: 1, Kind.FIRES: 1}
"""A step that breaks an obligation, or that takes an action, is shown by SPIN and TLC as the state
before it; Rumur's run has the step that breaks an obligation."""


def names(identifier: str, prop: Property) -> bool:
    """Whether an identifier of Promela or TLA+ is made from the name of `prop`. (It has a number if
    something else is called the same.)"""
    made = re.sub(r"\W+", "_", prop.name).strip("_")
    return re.fullmatch(rf"{made}(_\d+)?", identifier) is not None


def first(folder: Path, target: str, system: System, scope: Mapping[str, int],
          prop: Property) -> int | None:
    """The length of the shortest run that violates (or reaches) `prop`, as the tool says; None if
    there is none."""
    run = checked(folder, target, system, scope, (prop.name,),
                  deadlock=prop.kind is Kind.NO_DEADLOCK)
    return None if run.found is None else length_of(target, prop, run)


def checked(folder: Path, target: str, system: System, scope: Mapping[str, int],
            properties: tuple[str, ...] | None, *, deadlock: bool) -> Run:
    """A run of the tool with properties."""
    exported(folder, target, system, scope, properties)
    match target:
        case "promela":
            return spin(folder)
        case "murphi":
            return rumur(folder, deadlock=deadlock)
        case _:
            return tlc(folder)


def length_of(target: str, prop: Property, run: Run) -> int:
    """The length of the run that `run` shows for `prop`, in the model's steps."""
    assert run.found is not None
    name, length = run.found
    match target, prop.kind:
        case "murphi", Kind.NO_DEADLOCK:
            assert name == "deadlock"
            return length
        case "murphi", _:
            assert name == prop.name
            return length
        case "promela", Kind.NO_DEADLOCK:
            assert name == "no_deadlock"
            return length
        case _:
            assert names(name, prop)
            return length + STEPS.get(prop.kind, 0)
