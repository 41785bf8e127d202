"""Slices against the whole: the same property of the miniport, decided both ways."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from wddmcheck.pipeline import VerifyOptions, load_model, verify
from wddmcheck.pipeline.options import Slicing
from wddmcheck.result.report import Report

ASKED = ("no_leak", "no_orphan", "no_deadlock")


def rows(models: Path, row: Callable[[str, float, str], None]) -> None:
    """Measure and print."""
    path = str(models / "miniport.wddm")
    whole, report = _check(path, "teardown", "off")
    row(f"{', '.join(ASKED)}: miniport, teardown", whole,
        f"{report.runs[0].explorations[0].states:,} states")
    part, report = _check(path, "teardown", "on")
    row("the same on slices", part, f"{whole / part:.1f} x faster, {_largest(report)}")
    part, report = _check(path, "review", "on")
    row("the same at the scope review", part, _largest(report))


def _check(path: str, scope: str, slicing: Slicing) -> tuple[float, Report]:
    loaded = load_model(path)
    options = VerifyOptions((scope,), ASKED, "interpret", slicing=slicing, jobs=1)
    started = time.perf_counter()
    report = verify(loaded, options)
    return time.perf_counter() - started, report


def _largest(report: Report) -> str:
    states = max(s.exploration.states for s in report.runs[0].slices)
    return f"up to {states:,} states in a slice"
