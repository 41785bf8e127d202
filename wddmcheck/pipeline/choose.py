"""Which engines there are, which one a name means, and how `auto` shares out its budget."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines import registry
from wddmcheck.engines.base import Engine, Limits
from wddmcheck.engines.native import fits
from wddmcheck.engines.native.plan import Plan
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind, System
from wddmcheck.result.verdict import Stop

PLANNED = ("pdr", "parametric")
"""Engines that the command line knows and this version does not have."""

BOTH_WAYS = (Kind.INVARIANT, Kind.OBLIGATION)
"""Kinds that induction can prove."""

AUTO_STATES = {"interpret": 3_000_000, "native": 100_000_000}
"""States that `auto` explores before it turns to a solver, if no time limit was given."""

AUTO_SECONDS = 120.0
"""Seconds that `auto` gives each solver engine, if no time limit was given."""

FEW_BITS = 10
"""Bits of a state for which there are too few states to compile anything."""

EXPLICIT_SHARE = 0.6
"""Part of a time limit that `auto` gives the explicit engine."""

EXPLICIT = ("interpret", "native")
"""Engines that visit states one by one: slices are for them."""

TRY_STATES = {"interpret": 100_000, "native": 5_000_000}
"""States of the whole system that `auto` explores before it turns to slices: some seconds' work."""

TRY_SHARE = 0.2
"""Part of a time limit that `auto` gives that try."""

TRY_GRAPH = 10
"""How many times that, where a property needs the graph of the whole: then the try is likely to be
the only exploration, and slices are for what it cannot complete."""

SLICE_SHARE = 0.5
"""Part of the time that is left that `auto` gives slices."""

SLICE_SECONDS = 300.0
"""Seconds that `auto` gives slices, if no time limit was given."""

TOO_LARGE = (Stop.STATES, Stop.TIME, Stop.MEMORY)
"""Why an exploration stops that a smaller system may not hit."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """An engine by name, and what to tell the user about the choice."""

    name: str
    notes: tuple[str, ...] = ()


def choices() -> tuple[str, ...]:
    """What `--engine` takes."""
    return ("auto", "explicit", *registry.names(), *PLANNED)


def explicit(system: System, sizes: Mapping[str, int], symmetry: bool) -> Chosen:
    """The explicit engine for a scope: `native`, except where it is not worth compiling anything,
    or where it cannot take the scope."""
    plan = Plan(Layout.of(system, sizes))
    refused = fits.refusal(plan, symmetry)
    if refused:
        return Chosen("interpret", (f"interpret explores, for native cannot: {refused}",))
    if plan.bits <= FEW_BITS:
        return Chosen("interpret", (
            f"interpret explores: states have {plan.bits} bits, which is not worth compiling",))
    return Chosen("native")


def check(name: str) -> None:
    """Raise `UserError` (exit code 2) if this version has no engine that `--engine NAME` means."""
    have = registry.names()
    if name in ("auto", "explicit", *have):
        return
    raise UserError((Diagnostic(
        "WC401", f"--engine {name[:40]}: this version has no such engine",
        help="it has: " + ", ".join(("auto", "explicit", *have))),), exit_code=2)


def load(name: str) -> Engine:
    """The engine called `name`. Raises `UserError` (exit code 2) if there is none, or if what it
    needs is missing."""
    check(name)
    try:
        return registry.get(name)
    except ImportError as error:
        raise UserError((Diagnostic(
            "WC402", f"engine {name} cannot be loaded: {error}",
            help="install wddmcheck with its dependencies: pip install wddmcheck"),),
            exit_code=2) from error


def try_limits(engine: str, limits: Limits, *, graph: bool) -> Limits:
    """What `auto` gives the first exploration of the whole system; `graph`: its graph is asked
    for."""
    share = min(TRY_SHARE * TRY_GRAPH, EXPLICIT_SHARE / 2) if graph else TRY_SHARE
    seconds = None if limits.timeout_s is None else limits.timeout_s * share
    return replace(limits, states=TRY_STATES[engine] * (TRY_GRAPH if graph else 1),
                   timeout_s=seconds)


def slice_limits(limits: Limits, used_s: float) -> Limits:
    """What `auto` gives all slices together after `used_s` seconds."""
    left = limits.after(used_s)
    seconds = SLICE_SECONDS if left.timeout_s is None else left.timeout_s * SLICE_SHARE
    return replace(left, timeout_s=seconds)


def first_limits(engine: str, limits: Limits) -> Limits:
    """What `auto` gives the explicit engine."""
    if limits.timeout_s is None:
        return replace(limits, states=limits.states or AUTO_STATES[engine])
    return replace(limits, timeout_s=limits.timeout_s * EXPLICIT_SHARE)


def solver_limits(limits: Limits, used_s: float, engines_left: int) -> Limits:
    """What `auto` gives the next solver engine after `used_s` seconds."""
    if limits.timeout_s is None:
        return replace(limits, timeout_s=AUTO_SECONDS)
    return replace(limits, timeout_s=max(limits.timeout_s - used_s, 0.0) / engines_left)


def cores() -> int:
    """The processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
