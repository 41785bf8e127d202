"""Slices of one scope: asked by an engine, re-checked by `evidence`, and told in plain data."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from wddmcheck.engines.base import CheckTask, Limits, Progress, Tick
from wddmcheck.evidence import projection
from wddmcheck.ir.system import Kind, System
from wddmcheck.pipeline import choose
from wddmcheck.pipeline.options import VerifyOptions
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.pipeline.slicer import RUNGS, Slicer
from wddmcheck.result.report import SliceRun
from wddmcheck.result.verdict import CheckResult, Proved, Verdict
from wddmcheck.slicing.cut import Slice
from wddmcheck.slicing.question import Question
from wddmcheck.slicing.stages import taken


@dataclass(frozen=True, slots=True)
class Sliced:
    """What slices said: verdicts on the system itself, which may leave things open."""

    verdicts: Mapping[str, Verdict]
    runs: tuple[SliceRun, ...]
    notes: tuple[str, ...]
    interrupted: bool
    seconds: float
    peak_bytes: int


def decide(system: System, choice: ScopeChoice, properties: tuple[str, ...], engine: str,
           limits: Limits, threads: int, options: VerifyOptions, progress: Progress) -> Sliced:
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
        found = made.check(CheckTask(part.asked, part.sizes,
                                     tuple(q.name for q in part.questions), within,
                                     options.symmetry, threads, options.compact), tell)
        for question in part.questions:
            if isinstance(found.verdicts[question.name], Proved):
                for told in ways(part, question):
                    projection.recheck_ways(system, sizes, told, walked, options.seed)
        return found

    slicer = Slicer(system, sizes, properties, ask, limits, RUNGS[engine])
    try:
        slicer.run()
    except KeyboardInterrupt:
        slicer.interrupted = True
    verdicts = {p: slicer.verdict(p) for p in properties}
    return Sliced(verdicts, tuple(slicer.runs.values()), _notes(slicer), slicer.interrupted,
                  time.monotonic() - started,
                  max((e.peak_bytes for e in slicer.explorations), default=0))


def plain(part: Slice) -> projection.Part:
    """`part` for those who re-check it."""
    asked = {(q.action, q.number): q.name for q in part.questions if q.action}
    return projection.Part(part.system, part.sizes, part.params, asked)


def ways(part: Slice, question: Question) -> Iterator[projection.Ways]:
    """What `part` tells of ways, if `question` is about them, for those who re-check it."""
    if question.kind is Kind.ALWAYS_POSSIBLE:
        keeps = question.before if question.empties else ()
        yield projection.Ways(part.asked, part.sizes, part.params,
                              tuple(taken(part.full, pool).name for pool in keeps))


def _notes(slicer: Slicer) -> tuple[str, ...]:
    if not slicer.explorations:
        return ()
    total, most = len(slicer.explorations), max(e.states for e in slicer.explorations)
    return (f"slices: {total} explorations of parts of the model, up to {most:,} states each; "
            f"{len(slicer.runs)} of them decided something",)
