"""The replay rows of the table: steps of the machine, alone and beside the model."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from wddmcheck.ir.evaluate import Layout
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.scenario import Scenario
from wddmcheck.pipeline import load_model
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.families.miniport import MINIPORT
from wddmcheck.replay.runner import Runner
from wddmcheck.report.narrate import Narrator
from wddmcheck.result.verdict import Step
from wddmcheck.testgen.tour import Tour, tour

STEPS = 10_000


def rows(models: Path, row: Callable[[str, float, str], None]) -> None:
    """Measure 10,000 steps of a tour of the documented model at its small scope."""
    system = load_model(str(models / "miniport.wddm")).system
    layout = Layout.of(system, dict(dict(system.scopes)["small"]))
    started = time.perf_counter()
    found = tour(layout)
    row(f"tour, miniport at small, {found.transitions:,} transitions",
        time.perf_counter() - started, f"{found.steps:,} steps, all transitions")
    runs = list(_some(found))
    told = []
    for run in runs:
        narrator = Narrator(layout)
        steps = [narrator.take(step) for step in run]
        told.append((steps, {n: r.pool for n, r in narrator.who.records.items()}))
    plain = _timed(lambda: _replay(told, compare=False))
    row(f"replay of {STEPS:,} steps, calls and callbacks", plain, f"{STEPS / plain:,.0f} steps/s")
    full = _timed(lambda: _replay(told, compare=True))
    row("the same, whole state compared after each step", full, f"{full / plain:.1f} x as long")
    beside = _timed(lambda: _beside(layout, runs))
    row("the same, the model taking each step as well", beside, f"{beside / plain:.1f} x as long")
    scenario = _timed(_scenario)
    row(f"a scenario of {STEPS:,} steps, as a generated test", scenario,
        f"{STEPS / scenario:,.0f} steps/s")


def _some(found: Tour) -> list[tuple[Step, ...]]:
    chosen: list[tuple[Step, ...]] = []
    left = STEPS
    for run in found.runs:
        chosen.append(run[:left])
        left -= len(run)
        if left <= 0:
            break
    return chosen


def _timed(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _replay(told: list[tuple[list[object], dict[str, str]]], *, compare: bool) -> None:
    for steps, pools in told:
        runner = Runner(Machine(ReferenceMiniport), dict(pools), MINIPORT, compare)
        for done in runner.steps(steps):  # type: ignore[arg-type]
            assert not done.deviations
            assert not done.impossible


def _beside(layout: Layout, runs: list[tuple[Step, ...]]) -> None:
    for run in runs:
        pair = Pair(layout)
        for step in run:
            assert not pair.take(step).deviations


def _scenario() -> None:
    with Scenario(Machine(ReferenceMiniport), strict=True) as run:
        run.DxgkDdiAddDevice()
        run.DxgkDdiStartDevice()
        process = run.DxgkDdiCreateProcess().process
        device = run.DxgkDdiCreateDevice(hKmdProcess=process).device
        while run.steps < STEPS:
            context = run.DxgkDdiCreateContext(hDevice=device).context
            run.DxgkDdiSubmitCommand(hContext=context)
            run.run_packet(context)
            run.complete_packet(context)
            run.DxgkDdiInterruptRoutine()
            run.DxgkDdiDpcRoutine()
            run.DxgkDdiDestroyContext(hContext=context, whole=True)
