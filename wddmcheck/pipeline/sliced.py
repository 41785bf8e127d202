"""Slices of one scope: asked by an engine, re-checked by `evidence`, and told in plain data."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from wddmcheck.engines.base import CheckTask, Limits, Progress, Tick
from wddmcheck.evidence import projection
from wddmcheck.ir.system import System
from wddmcheck.pipeline import choose
from wddmcheck.pipeline.options import VerifyOptions
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.pipeline.slicer import Slicer
from wddmcheck.result.report import SliceRun
from wddmcheck.result.verdict import CheckResult, Verdict
from wddmcheck.slicing.cut import Slice


@dataclass(frozen=True, slots=True)
class Sliced:
    """What slices said: verdicts on the system itself, which may leave things open."""

    verdicts: Mapping[str, Verdict]
    runs: tuple[SliceRun, ...]
    notes: tuple[str, ...]
    interrupted: bool
    seconds: float


def decide(system: System, choice: ScopeChoice, properties: tuple[str, ...], engine: str,
           limits: Limits, options: VerifyOptions, progress: Progress) -> Sliced:
    """Let `engine` decide `properties` on slices, as far as that goes. Ctrl-C ends it in order."""
    started = time.monotonic()
    sizes = {p.name: 1 if p.single else dict(choice.sizes)[p.name] for p in system.pools}
    made = choose.load(engine)
    walked = projection.walk(system, sizes, seed=options.seed)

    def ask(part: Slice, within: Limits) -> CheckResult:
        def tell(tick: Tick) -> None:
            progress(replace(tick, doing=f"on {len(part.kept)} of {len(system.variables)} "
                                         "variables"))

        projection.recheck(system, sizes, plain(part), walked)
        return made.check(CheckTask(part.system, part.sizes,
                                    tuple(q.name for q in part.questions), within,
                                    options.symmetry, compact=options.compact), tell)

    slicer = Slicer(system, sizes, properties, ask, limits)
    try:
        slicer.run()
    except KeyboardInterrupt:
        slicer.interrupted = True
    verdicts = {p: slicer.verdict(p) for p in properties}
    return Sliced(verdicts, tuple(slicer.runs.values()), _notes(slicer), slicer.interrupted,
                  time.monotonic() - started)


def plain(part: Slice) -> projection.Part:
    """`part` for those who re-check it."""
    asked = {(q.action, q.number): q.name for q in part.questions if q.action}
    return projection.Part(part.system, part.sizes, part.params, asked)


def _notes(slicer: Slicer) -> tuple[str, ...]:
    if not slicer.explorations:
        return ()
    total, most = len(slicer.explorations), max(e.states for e in slicer.explorations)
    return (f"slices: {total} explorations of parts of the model, up to {most:,} states each; "
            f"{len(slicer.runs)} of them decided something",)
