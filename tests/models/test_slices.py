"""Slices say of the shipped and the seeded models what the whole says: the same verdicts, and runs
of the same length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.models import shipped
from wddmcheck.ir.system import Kind
from wddmcheck.pipeline import Loaded, VerifyOptions, verify
from wddmcheck.pipeline.options import Slicing
from wddmcheck.result.report import Report
from wddmcheck.result.verdict import Reached, Violated

SEEDED = sorted(Path("models/seeded").glob("*.wddm"))


def checked(path: str, scopes: tuple[str, ...], slicing: Slicing,
            engine: str = "interpret") -> Report:
    options = VerifyOptions(scopes, engine=engine, slicing=slicing, jobs=1)
    return verify(Loaded(path, shipped(path)), options)


def summary(report: Report) -> Mapping[str, tuple[str, int | None]]:
    """Of each property and goal its verdict, and the length of its run."""
    said: dict[str, tuple[str, int | None]] = {}
    for run in report.runs:
        for result in run.results + run.goals:
            verdict, length = result.verdict, None
            if isinstance(verdict, (Violated, Reached)) and verdict.trace is not None:
                length = len(verdict.trace.steps)
            goal = result in run.goals
            said[result.name] = (type(verdict).__name__, None if goal else length)
    return said


def agree(path: str, *scopes: str, engine: str = "interpret") -> Report:
    sliced = checked(path, scopes, "on", engine)
    assert summary(sliced) == summary(checked(path, scopes, "off", engine))
    assert any(run.slices for run in sliced.runs), "nothing was decided on a slice"
    return sliced


@pytest.mark.parametrize("path", SEEDED[::6], ids=lambda p: p.stem)
def test_seeded_models(path: Path) -> None:
    agree(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.stem)
def test_all_seeded_models(path: Path) -> None:
    agree(str(path))


@pytest.mark.parametrize("scope", ["small", pytest.param("medium", marks=pytest.mark.slow)])
def test_the_yardstick(scope: str) -> None:
    report = agree("models/yardstick.wddm", scope)
    assert all(len(s.kept) < len(report.system.variables) for s in report.runs[0].slices)
    assert report.runs[0].explorations == (), "slices decide all of it"


def test_the_yardstick_in_machine_code() -> None:
    agree("models/yardstick.wddm", "small", engine="native")


def test_the_miniport() -> None:
    report = agree("models/miniport.wddm", "small")
    assert report.runs[0].explorations == (), "slices decide all of it"


def claims(path: str) -> tuple[str, ...]:
    return tuple(p.name for p in shipped(path).properties if p.kind is Kind.ALWAYS_POSSIBLE)


WITH_CLAIMS = [str(p) for p in sorted(Path("models").glob("*.wddm")) if claims(str(p))]


def decided(path: str, **choices: Any) -> None:
    """What slices say of what is always possible, at the default scopes: all or nearly all, and
    nothing else than the whole."""
    options = VerifyOptions(engine="native", jobs=1, properties=claims(path), **choices)
    loaded = Loaded(path, shipped(path))
    whole = summary(verify(loaded, replace(options, slicing="off")))
    assert {word for word, _ in whole.values()} == {"Proved"}
    sliced = verify(loaded, replace(options, slicing="on"))
    assert summary(sliced) == whole
    assert any(s.way is not None for run in sliced.runs for s in run.slices)


def test_ways() -> None:
    decided("models/sharing.wddm")


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_CLAIMS)
def test_ways_of_all_models(path: str) -> None:
    decided(path)


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["teardown", "sharing"])
def test_the_miniport_at_its_default_scopes(scope: str) -> None:
    agree("models/miniport.wddm", scope)
