"""`wddmcheck run`: random runs, and what they covered."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wddmcheck.cli.console import console
from wddmcheck.cli.options import (
    common,
    duration,
    number,
    policies,
    policy_option,
    without_names,
    without_option,
)
from wddmcheck.cli.progress import ProgressLine, stderr_line

if TYPE_CHECKING:
    from wddmcheck.pipeline import Loaded
    from wddmcheck.pipeline.randomwalk import Coverage, Found
    from wddmcheck.pipeline.scopes import ScopeChoice


@click.command(name="run", short_help="Random runs of a model, and what they covered.")
@click.argument("model", metavar="MODEL")
@number("--steps", 1, default=50, show_default=True, help="Steps a run, at most.")
@number("--runs", 1, default=1000, show_default=True, help="How many runs.")
@number("--seed", 0, default=0, show_default=True,
        help="The same seed gives the same runs.")
@click.option("--scope", default=None, metavar="NAME|Process=2,...",
              help="As for verify; default: the model's first default scope.")
@duration("--timeout", help="Stop after this time: 300s, 5m.")
@policy_option()
@without_option()
@click.option("--no-progress", is_flag=True, help="No progress line.")
@common
def command(model: str, steps: int, runs: int, seed: int, scope: str | None,
            timeout: float | None, policy: tuple[str, ...], without: tuple[str, ...],
            no_progress: bool, color: str, verbose: int, quiet: bool) -> int:
    """Take random steps from the initial state, again and again, and print how often each block
    and status was taken. Stops at the first violation and prints its story.

    Proves nothing: use verify for that. Exit codes: 0 no violation was met, 1 one was,
    2 wrong command line, 3 wrong model, 130 interrupted (the coverage so far is printed).
    """
    from wddmcheck import pipeline
    from wddmcheck.pipeline.randomwalk import Coverage
    from wddmcheck.pipeline.scopes import resolve
    from wddmcheck.report.words import Exit

    console.configure(color=color, quiet=quiet, verbose=verbose)
    chosen, dropped = policies(policy), without_names(without)
    loaded = pipeline.load_model(model, chosen, console.sources, dropped)
    if not quiet:
        console.diagnostics(loaded.warnings)
    choice = resolve(loaded.system, (scope,) if scope is not None else ())[0]
    coverage = Coverage()
    code, found = Exit.OK, None
    try:
        with stderr_line(wanted=not (no_progress or quiet), verbose=verbose) as progress:
            found = _first(loaded, choice, (runs, steps, seed), timeout, coverage, progress)
    except KeyboardInterrupt:
        code = Exit.INTERRUPTED
        console.error("interrupted; this is the coverage so far")
    if found is not None:
        code = Exit.FINDING
    console.closed_code = int(code)
    if found is not None:
        console.result(_story(found, loaded, choice, _again(model, scope, chosen, dropped)) + "\n")
    console.result("\n".join(_table(loaded, choice, coverage, seed)) + "\n")
    return int(code)


def _first(loaded: Loaded, choice: ScopeChoice, size: tuple[int, int, int], timeout: float | None,
           coverage: Coverage, progress: ProgressLine) -> Found | None:
    """Walk until the first violation or the end."""
    import time

    from wddmcheck.engines.base import Tick
    from wddmcheck.pipeline.randomwalk import walk

    started = time.monotonic()
    runs, steps, seed = size
    for made in range(runs):
        elapsed = time.monotonic() - started
        if timeout is not None and elapsed >= timeout:
            console.log(f"stopped after {made:,} runs: --timeout")
            return None
        # Each run has a seed of its own, so that one run can be repeated alone.
        found = walk(loaded.system, choice, steps=steps, seed=seed + made, coverage=coverage)
        if found is not None:
            return found
        progress(choice.text, Tick("run", steps, len(coverage.states),
                                   coverage.steps / max(elapsed, 0.001),
                                   doing=f"run {made + 1:,} of {runs:,}"))
    return None


def _again(model: str, scope: str | None, chosen: dict[str, str],
           dropped: tuple[str, ...]) -> str:
    words = ["wddmcheck", "verify", model]
    if scope is not None:
        words += ["--scope", scope]
    for name, choice in sorted(chosen.items()):
        words += ["--policy", f"{name}={choice}"]
    for name in dropped:
        words += ["--without", name]
    return shlex.join(words)


def _story(found: Found, loaded: Loaded, choice: ScopeChoice, verify: str) -> str:
    from wddmcheck.report.tell import tell
    from wddmcheck.report.terminal import render_story

    story = tell(loaded.system, dict(choice.sizes), found.prop, found.trace,
                 sources=loaded.sources)
    return render_story(story, style=console.style,
                        again=f"{verify} --property {found.prop.name}  (finds a shortest run)")


def _table(loaded: Loaded, choice: ScopeChoice, coverage: Coverage, seed: int) -> Iterator[str]:
    rows = coverage.rows(loaded.system)
    width = max((len(block) for block, _, _ in rows), default=5)
    status_width = max((len(status) for _, status, _ in rows), default=6)
    yield f"{loaded.path}  scope {choice.text}  seed {seed}"
    yield ""
    yield f"  {'block':<{width}}  {'status':<{status_width}}  {'taken':>9}"
    for block, status, count in rows:
        shown = f"{count:,}" if count else "never"
        yield f"  {block:<{width}}  {status or '-':<{status_width}}  {shown:>9}"
    never = sum(1 for _, _, count in rows if not count)
    yield ""
    yield (f"{coverage.runs:,} runs, {coverage.steps:,} steps, about {len(coverage.states):,} "
           f"states; {len(rows) - never} of {len(rows)} outcomes taken")
    if coverage.stuck:
        yield f"{coverage.stuck:,} runs ended where nothing is enabled"
