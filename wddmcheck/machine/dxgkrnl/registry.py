"""Dxgkrnl's side of each DDI: a generator that checks what Dxgkrnl checks, calls the driver, and
does its own part when the driver returns."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias

from wddmcheck.machine.dxgkrnl.calls import Steps
from wddmcheck.machine.dxgkrnl.objects import OsObject

Side: TypeAlias = Callable[..., Steps]
"""Takes the machine, the `Call`, and the call's arguments by name."""

SIDES: dict[str, Side] = {}
"""By the name of the DDI."""

Event: TypeAlias = Callable[..., "OsObject | None"]
"""Takes the machine and what it is about; gives what it made."""

EVENTS: dict[str, Event] = {}
"""What the operating system or user mode does by itself, without a call of the driver, by name."""

_MODULES = ("adapter", "processes", "contexts", "packets", "work", "allocations",
            "paging", "page_tables", "residency", "power", "engine_reset", "recovery",
            "bring_up")


def ddi(side: Side) -> Side:
    """Register a function under its own name as Dxgkrnl's side of the DDI of that name."""
    SIDES[side.__name__] = side
    return side


def event(happens: Event) -> Event:
    """Register a function under its own name as something that happens without the driver."""
    EVENTS[happens.__name__] = happens
    return happens


def events() -> dict[str, Event]:
    """All events."""
    load()
    return EVENTS


def load() -> dict[str, Side]:
    """All DDIs."""
    for name in _MODULES:
        import_module(f"wddmcheck.machine.dxgkrnl.{name}")
    return SIDES
