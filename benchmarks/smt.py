"""The solver engines on the yardstick: seconds of CPU for the engine's work alone, since a solver's
wall time on a busy machine says little; and whole processes, start-up and re-checks included."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.build import and_, eq, exists, forall, implies, is_slot, ne
from wddmcheck.ir.expr import Const, Expr, Read, slot
from wddmcheck.ir.system import Kind, Property, System
from wddmcheck.pipeline import load_model
from wddmcheck.result.verdict import CheckResult, Holds, Proved, Violated

POOLS = ("Process", "Device", "Context", "Allocation")
MIDDLE, LARGE = (3, 4, 6, 8), (4, 8, 16, 32)
RUNS = 3
ALL = ("I1", "I2", "I3", "I4", "I5")


def rows(models: Path, row: Callable[[str, float, str], None]) -> None:
    """Print what each engine takes, and what it says."""
    yardstick = load_model(str(models / "yardstick.wddm")).system
    _engine(row, yardstick, "bmc", "yardstick, I1 to I5, to depth 30", MIDDLE, ALL, 30)
    for bug, name in ((1, "I3"), (2, "I4")):
        seeded = load_model(str(models / "seeded" / f"yardstick_b{bug}.wddm")).system
        _engine(row, seeded, "bmc", f"yardstick_b{bug}, {name}", MIDDLE, (name,), 10)
    more = replace(yardstick, properties=(*yardstick.properties, *_beyond(yardstick)))
    for sizes in (MIDDLE, LARGE):
        _engine(row, yardstick, "kinduction", "yardstick, I1 to I5", sizes, ALL)
        _engine(row, more, "kinduction", "S1 to S3 (need lemmas)", sizes,
                ("S1", "S2", "S3"))
    _process(row, models, "bmc", MIDDLE, "--depth", "30")
    _process(row, models, "kinduction", LARGE)


def _engine(row: Callable[[str, float, str], None], system: System, engine: str, what: str,
            sizes: tuple[int, ...], names: tuple[str, ...], depth: int | None = None) -> None:
    scope = dict(zip(POOLS, sizes, strict=True))
    task = CheckTask(system, scope, names, Limits(depth=depth))
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        result = get(engine).check(task)
        times.append(time.process_time() - started)
    row(f"{engine}, {what} at {sizes}", statistics.median(times), f"CPU; {_says(result)}")


def _says(result: CheckResult) -> str:
    found = set()
    for verdict in result.verdicts.values():
        match verdict:
            case Proved():
                found.add("proved")
            case Holds(depth, _):
                found.add(f"holds to depth {depth}")
            case Violated(trace):
                found.add(f"violated in {len(trace.steps)} steps")
            case _:
                found.add(type(verdict).__name__.lower())
    return ", ".join(sorted(found))


def _process(row: Callable[[str, float, str], None], models: Path, engine: str,
             sizes: tuple[int, ...], *options: str) -> None:
    scope = ",".join(f"{p}={n}" for p, n in zip(POOLS, sizes, strict=True))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "wddmcheck", "verify", str(models / "yardstick.wddm"),
                    "--engine", engine, "--scope", scope, "--property", "I*", "--no-progress",
                    *options], check=False, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    row(f"verify yardstick.wddm, {engine} at {sizes}",
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "CPU of the process; I1 to I5 and their goals")


def _beyond(system: System) -> tuple[Property, ...]:
    """Claims that hold, and that no single step keeps."""
    sorts = {v.name: v.sort for v in system.variables}

    def read(name: str, at: Expr | None = None) -> Read:
        return Read(name, () if at is None else (at,), sorts[name])

    def live(pool: str, at: Expr) -> Expr:
        return ne(read(f"{pool}.life", at), Const(0, sorts[f"{pool}.life"]))

    def alive(context: Expr) -> Expr:
        process = read("Device.process", read("Context.device", context))
        return and_(is_slot(process), live("Process", process))

    c, a = slot("c", "Context"), slot("a", "Allocation")
    busy = and_(live("Context", c), is_slot(read("Context.busy", c)))
    started = eq(read("adapter"), Const(2, sorts["adapter"]))
    formulas = {
        "S1": implies(exists("c", "Context", busy), started),
        "S2": forall("c", "Context", implies(busy, alive(c))),
        "S3": forall("a", "Allocation", implies(
            live("Allocation", a), alive(read("Allocation.context", a)))),
    }
    return tuple(Property(n, Kind.INVARIANT, f) for n, f in formulas.items())
