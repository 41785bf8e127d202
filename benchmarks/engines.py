"""`native` against `interpret` on every shipped model and every seeded variant, at default scopes;
and `native` at larger ones: models/miniport.wddm with one more object of a class at a time, and on
slices with one more of every class; the seeded variants with one more of every class.

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

from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind, System
from wddmcheck.pipeline import VerifyOptions, load_model, verify
from wddmcheck.result.verdict import CheckResult

LARGE = 20_000
"""States from which on the time of compiling should not matter."""

LONG = 300.0
"""Seconds after which a search at a larger scope, on all cores, is given up."""


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
    _sum_up("all", seen)
    _sum_up(f"from {LARGE:,} states on", [t for t in seen if t.states >= LARGE])


def _sum_up(what: str, part: list[Timed]) -> None:
    slow = sum(t.interpret for t in part)
    print(f"\n{what}: {len(part)} runs, {slow:.0f} s with interpret")
    for how, times in (("native", [t.native for t in part]),
                       ("native, code kept", [t.again for t in part])):
        ratios = [t.interpret / own for t, own in zip(part, times, strict=True)]
        print(f"  {how}: {sum(times):.0f} s; interpret takes {slow / sum(times):.1f} times as long "
              f"in all, {statistics.median(ratios):.1f} times in the median, {min(ratios):.1f} "
              f"times at least, 4 times or more in {sum(ratio >= 4 for ratio in ratios)}")


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
            seconds, result = _run("native", task)
            print(f"| {name} | {pool} | {result.exploration.states:,} | {seconds:.1f} | "
                  f"{_kinds(result)} |", flush=True)


def larger_on_slices(models: Path) -> None:
    """Measure and print: all properties of the miniport on slices, with one more object of every
    class."""
    loaded = load_model(str(models / "miniport.wddm"))
    print("| scope | slices | states of the largest | seconds of CPU | verdicts |")
    print("|---|---:|---:|---:|---|")
    for name in loaded.system.default_scopes:
        sizes = ",".join(f"{pool}={size}" for pool, size in _one_more(loaded.system, name).items())
        started = time.process_time()
        (run,) = verify(loaded, VerifyOptions((sizes,), engine="native", slicing="on",
                                              timeout_s=LONG)).runs
        seconds = time.process_time() - started
        kinds = Counter(type(r.verdict).__name__ for r in run.results)
        print(f"| {name} | {len(run.slices)} | "
              f"{max(s.exploration.states for s in run.slices):,} | {seconds:.1f} | "
              f"{_counts(kinds)} |", flush=True)


def _one_more(system: System, scope: str) -> dict[str, int]:
    """The scope with one more object of every class."""
    calls = {p.name for p in system.pools if p.calls}
    return {pool: size + (pool not in calls) for pool, size in dict(system.scopes)[scope]}


def larger_defects(models: Path) -> None:
    """Measure and print: the seeded variants with one more object of every class; `interpret` too
    where there are few states."""
    print("| variant | states | native, s of CPU | interpret, s of CPU | verdicts |")
    print("|---|---:|---:|---:|---|")
    ratios = []
    for path in _seeded(models):
        system = load_model(str(path)).system
        sizes = _one_more(system, system.default_scopes[0])
        task = CheckTask(system, sizes, _graph_too(system), Limits(timeout_s=LONG),
                         threads=os.cpu_count() or 1)
        native, result = _run("native", task)
        explored, told = result.exploration, ""
        if explored.complete and explored.states <= LARGE:
            slow, _ = _run("interpret", task)
            ratios.append(slow / native)
            told = f"{slow:.1f}"
        print(f"| {path.stem} | {explored.states:,} | {native:.1f} | {told} | {_kinds(result)} |",
              flush=True)
    print(f"\n{len(ratios)} of them with both engines: interpret takes "
          f"{statistics.median(ratios):.1f} times as long in the median")


def _kinds(result: CheckResult) -> str:
    return _counts(Counter(type(v).__name__ for v in result.verdicts.values()))


def _counts(kinds: Counter[str]) -> str:
    return ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items()))


def _seeded(models: Path) -> list[Path]:
    return sorted((models / "seeded").rglob("*.wddm"))


def _graph_too(system: System) -> tuple[str, ...]:
    """The properties that native decides on graphs of any size."""
    return tuple(p.name for p in system.properties if p.kind is not Kind.LEADS_TO)


def _all(models: Path) -> Iterator[Timed]:
    for path in sorted(models.glob("*.wddm")) + _seeded(models):
        system = load_model(str(path)).system
        for name in system.default_scopes:
            yield _timed(f"{path.relative_to(models).with_suffix('')}, {name}", system,
                         dict(dict(system.scopes)[name]))


def _timed(name: str, system: System, sizes: dict[str, int]) -> Timed:
    task = CheckTask(system, sizes, _graph_too(system))
    slow, found = _run("interpret", task)
    kept = os.environ.get("WDDMCHECK_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WDDMCHECK_CACHE"] = folder
        try:
            (native, first), (again, _) = _run("native", task), _run("native", task)
        finally:
            if kept is None:
                del os.environ["WDDMCHECK_CACHE"]
            else:
                os.environ["WDDMCHECK_CACHE"] = kept
    states = found.exploration.states
    assert first.exploration.states == states, f"{name}: not {states} states"
    return Timed(name, states, slow, native, again)


def _run(engine: str, task: CheckTask) -> tuple[float, CheckResult]:
    started = time.process_time()
    result = get(engine).check(task)
    return time.process_time() - started, result
