"""Dxgkrnl's side of each DDI: a generator that checks what Dxgkrnl checks, calls the driver, and
does its own part when the driver returns. Beside it, what happens without a call of the driver: the
hardware's doing, and user mode's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TypeAlias

from wddmcheck.machine.dxgkrnl.calls import Steps
from wddmcheck.machine.dxgkrnl.objects import OsObject

Side: TypeAlias = Callable[..., Steps]
"""Takes the machine, the `Call`, and the call's arguments by name."""

SIDES: dict[str, Side] = {}
"""By the name of the DDI."""

RUNS: dict[str, tuple[str, ...]] = {}
"""Those of `SIDES` that are no DDIs, with the DDIs that a driver needs for them: what runs of it
because it told the kernel to, and what user mode asks for."""

Event: TypeAlias = Callable[..., "OsObject | None"]
"""Takes the machine and what it is about; gives what it made."""

EVENTS: dict[str, Event] = {}
"""What the operating system, user mode or the hardware does by itself, without a call of the
driver, by name."""

_MODULES = ("adapter", "processes", "contexts", "packets", "work", "allocations",
            "paging", "page_tables", "residency", "power", "engine_reset", "recovery",
            "hardware_queues", "suspension", "doorbells", "user_mode", "engine_steps",
            "native_fences", "events", "runtime", "display", "own_threads",
            "bring_up", "frame_notifications", "protected_sessions", "memory_bases",
            "user_allocations", "loading", "dma_buffers", "monitored_fences", "emergency")


def ddi(side: Side) -> Side:
    """Register a function under its own name as Dxgkrnl's side of the DDI of that name."""
    assert side.__name__ not in SIDES, f"two functions are {side.__name__}"
    SIDES[side.__name__] = side
    return side


def by_itself(side: Side) -> Side:
    """Register a function under its own name as what the kernel runs of a driver itself."""
    RUNS[side.__name__] = ()
    return ddi(side)


def thunk(*leads_to: str) -> Callable[[Side], Side]:
    """Register a function under its own name as what user mode asks for, and `leads_to` DDIs."""
    def register(side: Side) -> Side:
        RUNS[side.__name__] = leads_to
        return ddi(side)
    return register


def event(happens: Event) -> Event:
    """Register a function under its own name as something that happens without the driver."""
    assert happens.__name__ not in EVENTS, f"two functions are {happens.__name__}"
    EVENTS[happens.__name__] = happens
    return happens


@cache
def load() -> dict[str, Side]:
    """All DDIs."""
    for name in _MODULES:
        import_module(f"wddmcheck.machine.dxgkrnl.{name}")
    return SIDES


def events() -> dict[str, Event]:
    """All events."""
    load()
    return EVENTS
