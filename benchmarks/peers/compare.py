"""`python -m benchmarks peers --sizes 2,2,4,3 --sizes 2,3,3,4`: wddmcheck, SPIN, Rumur and TLC on
the yardstick, in one go on this machine, as ratios."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import tools
from benchmarks.peers.plot import Bar, write
from benchmarks.peers.tools import Run, Sizes, Tool

FULL = ((2, 2, 4, 3), (2, 3, 3, 4))
ORBITS = ((2, 2, 4, 3), (2, 2, 4, 4))


@dataclass(frozen=True, slots=True)
class Row:
    """What a tool took for one size: medians."""

    tool: Tool
    run: Run

    @property
    def rate(self) -> float:
        """States a second of exploration."""
        return self.run.states / max(self.run.explore_s, 1e-6)


def full(threads: int) -> Iterator[Tool]:
    """All tools on all states."""
    yield tools.wddmcheck(False, threads, kept=True)
    yield tools.wddmcheck(False, threads, kept=False)
    yield tools.spin(threads)
    yield tools.rumur("off", threads)
    yield tools.tlc(False, threads)


def orbits(threads: int) -> Iterator[Tool]:
    """All tools that have symmetry."""
    yield tools.wddmcheck(True, threads, kept=True)
    yield tools.wddmcheck(True, threads, kept=False)
    yield tools.rumur("heuristic", threads)
    yield tools.rumur("exhaustive", threads)
    yield tools.tlc(True, threads)


def measure(tool: Tool, sizes: Sizes, runs: int) -> Row | None:
    """The medians of several runs; None, and a line that says why, if it cannot run."""
    if tool.missing:
        print(f"| {tool.name} | skipped: no {tool.missing} |", file=sys.stderr)
        return None
    try:
        done = [tool.run(sizes) for _ in range(runs)]
    except RuntimeError as error:
        print(f"{tool.name} at {sizes}: {error}", file=sys.stderr)
        return None
    return Row(tool, Run(*(statistics.median(getattr(r, f) for r in done)
                           for f in ("compile_s", "explore_s", "total_s")),
                         done[0].states, max(r.peak for r in done)))


def beside(sizes: Sizes, threads: int, runs: int) -> str:
    """What this machine makes of several threads, whatever they run: as many searches on one thread
    each, at the same time, against one alone."""
    one = tools.wddmcheck(False, 1, kept=True)
    one.run(sizes)
    alone = statistics.median(one.run(sizes).explore_s for _ in range(runs))
    together = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(runs):
            done = pool.map(one.run, [sizes] * threads)
            together.append(statistics.mean(r.explore_s for r in done))
    ratio = threads * alone / statistics.median(together)
    return (f"{threads} searches on one thread each, at the same time, do {ratio:.2f} times the "
            f"work of one alone ({alone:.2f} s): what {threads} threads can gain on this machine.")


def table(title: str, rows: list[Row]) -> None:
    """Print what was measured for one size."""
    print(f"\n### {title}\n")
    print("| tool | states | before, s | exploring, s | states/s | slower by | end to end, s "
          "| slower by | peak |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    ours = rows[0]
    cold = next((r for r in rows if r.tool.name == "wddmcheck"), ours)
    for row in rows:
        run = row.run
        by_time = run.explore_s / max(ours.run.explore_s, 1e-6)
        whole = run.total_s / cold.run.total_s
        print(f"| {row.tool.name} | {run.states:,} | {run.compile_s:.2f} | {run.explore_s:.2f} | "
              f"{row.rate:,.0f} | {by_time:.1f} x | {run.total_s:.2f} | {whole:.1f} x | "
              f"{run.peak / 2**20:,.0f} MB |", flush=True)


def sizes_of(text: str) -> Sizes:
    """Four numbers. Raises `ArgumentTypeError`."""
    try:
        sizes = tuple(int(n) for n in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not four numbers, as 2,2,4,3 is") from error
    if len(sizes) != 4:
        raise argparse.ArgumentTypeError(f"{text} is not four numbers, as 2,2,4,3 is")
    return sizes


def main(args: list[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks peers", description=__doc__)
    parser.add_argument("--sizes", action="append", type=sizes_of, metavar="P,D,C,A",
                        help="all states of these sizes; repeatable")
    parser.add_argument("--orbits", action="append", type=sizes_of, metavar="P,D,C,A",
                        help="these sizes with symmetry; repeatable")
    parser.add_argument("--threads", type=int, action="append", metavar="N",
                        help="threads; repeatable (default: 1)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median is taken")
    parser.add_argument("--plot", metavar="FILE.svg", help="write a picture of the rates")
    options = parser.parse_args(args)
    bars: list[Bar] = []
    asked = options.sizes or options.orbits
    groups = [(full, s, "all states") for s in options.sizes or ([] if asked else FULL)]
    groups += [(orbits, s, "orbits") for s in options.orbits or ([] if asked else ORBITS)]
    for threads in options.threads or [1]:
        for which, sizes, what in groups:
            found = (measure(tool, sizes, options.runs) for tool in which(threads))
            rows = [row for row in found if row is not None]
            title = f"{sizes}, {what}, {threads} thread{'s' if threads > 1 else ''}"
            table(title, rows)
            if threads > 1 and what == "all states":
                print(f"\n{beside(sizes, threads, options.runs)}", flush=True)
            bars += [Bar(title, row.tool.name, row.rate if what == "all states"
                         else 1 / row.run.total_s) for row in rows]
            if what == "all states" and len({r.run.states for r in rows}) > 1:
                print("the tools do not agree on how many states there are", file=sys.stderr)
                return 1
    if options.plot:
        write(Path(options.plot), bars)
    return 0
