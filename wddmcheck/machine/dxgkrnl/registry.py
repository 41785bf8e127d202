"""Dxgkrnl's side of each DDI: a generator that checks what Dxgkrnl checks, calls the driver, and
does its own part when the driver returns."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from wddmcheck.machine.dxgkrnl.calls import Steps

Side: TypeAlias = Callable[..., Steps]
"""Takes the machine, the `Call`, and the call's arguments by name."""

SIDES: dict[str, Side] = {}
"""By the name of the DDI."""

_MODULES = ("adapter", "processes", "contexts", "work", "allocations", "paging", "engine_reset",
            "recovery")


def ddi(side: Side) -> Side:
    """Register a function under its own name as Dxgkrnl's side of the DDI of that name."""
    SIDES[side.__name__] = side
    return side


def load() -> dict[str, Side]:
    """All DDIs."""
    for name in _MODULES:
        import_module(f"wddmcheck.machine.dxgkrnl.{name}")
    return SIDES
