"""`python -m benchmarks`: times as ratios, all measured in this run on this machine; with `smt`,
only what the solver engines take; with `engines`, `native` against `interpret` on all models; with
`larger`, `native` at larger scopes.

Each row is the median of several runs. Ratios are what to compare; seconds depend on the machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import engines, replay, slices, smt
from benchmarks.peers import compare
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.evaluate import Layout, initial_state, instances, take
from wddmcheck.ir.system import Kind, System
from wddmcheck.pipeline import load_model

MODELS = Path(__file__).resolve().parent.parent / "models"
RUNS = 3


def median(action: Callable[[], object], runs: int = RUNS) -> float:
    """Median seconds of `action`."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def row(what: str, seconds: float, ratio: str) -> None:
    """Print one line of the table."""
    print(f"| {what:<58} | {seconds:8.3f} s | {ratio:<44} |")


def command(*args: str) -> Callable[[], object]:
    """A whole process of wddmcheck."""
    return lambda: subprocess.run([sys.executable, "-m", "wddmcheck", *args], check=False,
                                  capture_output=True, cwd=MODELS.parent)


def scope(*sizes: int) -> dict[str, int]:
    """A scope of the yardstick."""
    return dict(zip(("Process", "Device", "Context", "Allocation"), sizes, strict=True))


def explore(system: System, sizes: dict[str, int], *, symmetry: bool,
            engine: str = "interpret", depth: int | None = None) -> tuple[float, int]:
    """Median seconds, and states, of checking the invariants."""
    names = tuple(p.name for p in system.properties if p.kind is Kind.INVARIANT)
    task = CheckTask(system, sizes, names, Limits(depth=depth), symmetry)
    result = get(engine).check(task)
    return median(lambda: get(engine).check(task)), result.exploration.states


def oracle(system: System, sizes: dict[str, int]) -> None:
    """Breadth-first search on the oracle, as plainly as can be."""
    layout = Layout.of(system, sizes)
    seen = {initial_state(layout)}
    frontier = list(seen)
    while frontier:
        found = []
        for state in frontier:
            for action in system.actions:
                for args in instances(layout, action):
                    outcome = take(layout, action, args, state)
                    if outcome is not None and outcome.state is not None \
                            and outcome.state not in seen:
                        seen.add(outcome.state)
                        found.append(outcome.state)
        frontier = found


def main(part: str = "") -> None:
    """Measure and print: all, or one part."""
    if part == "engines":
        engines.rows(MODELS)
        return
    if part == "larger":
        engines.larger(MODELS)
        engines.larger_on_slices(MODELS)
        engines.larger_defects(MODELS)
        return
    print(f"| {'what':<58} | {'median':>10} | {'ratio':<44} |")
    print(f"|{'-' * 60}|{'-' * 11}:|{'-' * 46}|")
    if part == "smt":
        smt.rows(MODELS, row)
        return
    bare = median(lambda: subprocess.run([sys.executable, "-c", "pass"], check=False), 7)
    for args in (("--version",), ("--help",), ("check", "models/miniport.wddm")):
        seconds = median(command(*args), 7)
        row("wddmcheck " + " ".join(args), seconds, f"{seconds / bare:.1f} x `python -c pass`")
    yardstick = load_model(str(MODELS / "yardstick.wddm")).system
    seconds = median(lambda: load_model(str(MODELS / "miniport.wddm")))
    row("parse, type and lower models/miniport.wddm", seconds, "")
    plain, states = explore(yardstick, scope(2, 2, 2, 2), symmetry=False)
    slow = median(lambda: oracle(yardstick, scope(2, 2, 2, 2)), 1)
    row(f"interpret, yardstick (2,2,2,2), {states:,} states", plain,
        f"{slow / plain:.0f} x faster than search on the oracle")
    plain, states = explore(yardstick, scope(2, 2, 3, 3), symmetry=False)
    row(f"interpret, yardstick (2,2,3,3), {states:,} states", plain,
        f"{states / plain:,.0f} states/s")
    orbits, count = explore(yardstick, scope(2, 2, 3, 3), symmetry=True)
    row(f"the same with symmetry, {count:,} orbits", orbits,
        f"{plain / orbits:.1f} x faster, {states / count:.0f} x fewer states")
    kept = os.environ.get("WDDMCHECK_CACHE")
    os.environ["WDDMCHECK_CACHE"] = ""          # (code is compiled each time)
    fast, states = explore(yardstick, scope(2, 2, 3, 3), symmetry=False, engine="native")
    row(f"native, the same {states:,} states", fast, f"{plain / fast:.0f} x faster than interpret")
    for sizes in ((2, 3, 3, 4), (2, 2, 4, 4)):
        fast, states = explore(yardstick, scope(*sizes), symmetry=False, engine="native")
        row(f"native, yardstick {sizes}, {states:,} states", fast,
            f"{states / fast / 1e6:.1f} million states/s")
    quick, count = explore(yardstick, scope(2, 2, 4, 4), symmetry=True, engine="native")
    row(f"the same with symmetry, {count:,} orbits", quick,
        f"{fast / quick:.1f} x faster, {states / count:,.0f} x fewer states")
    quick, count = explore(yardstick, scope(3, 4, 5, 5), symmetry=True, engine="native")
    row(f"native, yardstick (3,4,5,5) with symmetry, {count:,} orbits", quick,
        f"{count / quick:,.0f} orbits/s")
    if kept is None:
        del os.environ["WDDMCHECK_CACHE"]
    else:
        os.environ["WDDMCHECK_CACHE"] = kept
    seconds, _ = explore(yardstick, scope(2, 2, 3, 3), symmetry=False, engine="kinduction")
    row("kinduction, yardstick (2,2,3,3), I1 to I5", seconds,
        f"{plain / seconds:.1f} x faster than exploring")
    slices.rows(MODELS, row)
    smt.rows(MODELS, row)
    replay.rows(MODELS, row)
    seconds = median(command("verify", "models/miniport.wddm", "--no-progress"), 1)
    row("wddmcheck verify models/miniport.wddm", seconds,
        f"{seconds / bare:.0f} x `python -c pass`")


if __name__ == "__main__":
    if sys.argv[1:2] == ["peers"]:
        sys.exit(compare.main(sys.argv[2:]))
    main(*sys.argv[1:2])
