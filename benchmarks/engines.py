"""`native` against `interpret` on every shipped model and every seeded variant, at default scopes;
and `native` on models/miniport.wddm with one more object of each class.

Seconds are of CPU, all threads together. `native` runs twice: without kept code, so that all that
it compiles counts, and then with the code of the first run.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind, System
from wddmcheck.pipeline import load_model

LARGE = 20_000
"""States from which on the time of compiling should not matter."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A model at a scope: seconds of the three runs."""

    name: str
    states: int
    interpret: float
    native: float
    again: float


def rows(models: Path) -> None:
    """Measure and print."""
    print("| model, scope | states | interpret, s | native, s | ratio | code kept, s | ratio |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    seen = []
    for timed in _all(models):
        seen.append(timed)
        print(f"| {timed.name} | {timed.states:,} | {timed.interpret:.2f} | {timed.native:.2f} | "
              f"{timed.interpret / timed.native:.1f} x | {timed.again:.2f} | "
              f"{timed.interpret / timed.again:.1f} x |", flush=True)
    for what, part in (("all", seen), (f"from {LARGE:,} states on",
                                       [t for t in seen if t.states >= LARGE])):
        ratios = [t.interpret / t.native for t in part]
        kept = [t.interpret / t.again for t in part]
        fast = sum(ratio >= 4 for ratio in ratios)
        print(f"\n{what}: {len(part)} runs, interpret takes {statistics.median(ratios):.1f} times "
              f"as long in the median, {min(ratios):.1f} times at least, 4 times or more in {fast};"
              f" with kept code {statistics.median(kept):.1f} and {min(kept):.1f} times, 4 times "
              f"or more in {sum(ratio >= 4 for ratio in kept)}")


def larger(models: Path) -> None:
    """Measure and print: all claims of the miniport, with one more object of a class at a time."""
    system = load_model(str(models / "miniport.wddm")).system
    print("| scope | one more | states | seconds of CPU | verdicts |")
    print("|---|---|---:|---:|---|")
    for name in system.default_scopes:
        sizes = dict(dict(system.scopes)[name])
        for pool in sizes:
            task = CheckTask(system, {**sizes, pool: sizes[pool] + 1},
                             tuple(p.name for p in system.properties))
            started = time.process_time()
            result = get("native").check(task)
            seconds = time.process_time() - started
            kinds = Counter(type(v).__name__ for v in result.verdicts.values())
            print(f"| {name} | {pool} | {result.exploration.states:,} | {seconds:.1f} | "
                  f"{', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))} |", flush=True)


def _all(models: Path) -> Iterator[Timed]:
    paths = sorted(models.glob("*.wddm")) + sorted((models / "seeded").rglob("*.wddm"))
    for path in paths:
        system = load_model(str(path)).system
        for name in system.default_scopes:
            yield _timed(f"{path.relative_to(models).with_suffix('')}, {name}", system,
                         dict(dict(system.scopes)[name]))


def _timed(name: str, system: System, sizes: dict[str, int]) -> Timed:
    asked = tuple(p.name for p in system.properties if p.kind is not Kind.LEADS_TO)
    task = CheckTask(system, sizes, asked)
    slow, states = _run("interpret", task)
    kept = os.environ.get("WDDMCHECK_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WDDMCHECK_CACHE"] = folder
        try:
            (native, count), (again, _) = _run("native", task), _run("native", task)
        finally:
            if kept is None:
                del os.environ["WDDMCHECK_CACHE"]
            else:
                os.environ["WDDMCHECK_CACHE"] = kept
    assert count == states, f"{name}: {count} states, not {states}"
    return Timed(name, states, slow, native, again)


def _run(engine: str, task: CheckTask) -> tuple[float, int]:
    started = time.process_time()
    result = get(engine).check(task)
    return time.process_time() - started, result.exploration.states
