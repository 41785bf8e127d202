"""Slices decide as the whole system does: verdicts, and lengths of runs, on random systems and
random models, against an exploration of the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, note, reject, settings
from hypothesis import strategies as st

from tests.properties.random_systems import SCOPES, systems
from tests.support.models import system_of
from tests.support.random_models import models
from tests.support.tiny import Tiny
from tests.support.tiny_systems import tiny_systems
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence import projection
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind, System
from wddmcheck.ir.validate import problems
from wddmcheck.pipeline.sliced import plain
from wddmcheck.pipeline.slicer import Slicer
from wddmcheck.result.verdict import (
    CheckResult,
    Holds,
    Inconclusive,
    Proved,
    Reached,
    Trace,
    Unreached,
    Verdict,
    Violated,
)
from wddmcheck.slicing import ways
from wddmcheck.slicing.cut import Slice
from wddmcheck.slicing.question import SLICED

SETTINGS = settings(max_examples=18, deadline=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))
MANY = settings(SETTINGS, max_examples=800)


@pytest.fixture(autouse=True)
def short_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of these claims do not hold, and a way is looked for in vain."""
    monkeypatch.setattr(ways, "VIEWS", 40)


@dataclass
class Asker:
    """An engine that is asked about slices; each slice is checked before."""

    system: System
    sizes: Mapping[str, int]
    engine: str = "interpret"
    symmetry: bool = True

    def __post_init__(self) -> None:
        self.walked = projection.walk(self.system, self.sizes)

    def __call__(self, part: Slice, limits: Limits) -> CheckResult:
        assert problems(part.system) == []
        assert problems(part.asked) == []
        projection.recheck(self.system, self.sizes, plain(part), self.walked)
        names = tuple(q.name for q in part.questions)
        return get(self.engine).check(
            CheckTask(part.asked, part.sizes, names, limits, self.symmetry))


def sized(system: System, scope: Mapping[str, int]) -> dict[str, int]:
    return {p.name: 1 if p.single else scope[p.name] for p in system.pools}


def verdicts(system: System, scope: Mapping[str, int], engine: str = "interpret", *,
             symmetry: bool = True, most: float = 2.0) -> dict[str, Verdict]:
    """What slices say; by default they may become the whole."""
    sizes = sized(system, scope)
    names = tuple(p.name for p in system.properties)
    slicer = Slicer(system, sizes, names, Asker(system, sizes, engine, symmetry), Limits(),
                    most=most)
    slicer.run()
    for p in system.properties:
        recheck(system, scope, p, slicer.verdict(p.name))
    return {name: slicer.verdict(name) for name in names}


def whole(system: System, scope: Mapping[str, int]) -> Mapping[str, Verdict]:
    """What the exploration of the whole system says; systems that take long are not looked at."""
    result = get("interpret").check(CheckTask(
        system, scope, tuple(p.name for p in system.properties), Limits(states=8_000),
        symmetry=False))
    if not result.exploration.complete:
        reject()
    return result.verdicts


def told(found: Mapping[str, Verdict], expected: Mapping[str, Verdict]) -> None:
    for name, verdict in found.items():
        note(f"{name}: {verdict}, in truth {expected[name]}")


def compare(system: System, expected: Mapping[str, Verdict], found: Mapping[str, Verdict]) -> None:
    """Slices leave things open, but never say otherwise."""
    for prop in system.properties:
        verdict, truth = found[prop.name], expected[prop.name]
        match verdict, truth:
            case (Violated(trace), Violated(shortest)):
                assert prop.kind is not Kind.LEADS_TO
                compare_lengths(trace, shortest)
            case (Reached(trace), Reached(shortest)):
                assert trace is not None
                if shortest is not None:
                    compare_lengths(trace, shortest)
            case (Proved(), Proved()) | (Unreached(), Unreached()):
                pass
            case (Holds(depth, _), Violated(shortest) | Reached(shortest)):
                assert shortest is None or len(shortest.steps) > depth
            case (Holds() | Inconclusive(), _):
                pass
            case _:
                raise AssertionError(prop.name, verdict, truth)


def compare_lengths(trace: Trace, shortest: Trace) -> None:
    assert len(trace.steps) >= len(shortest.steps)
    if trace.shortest:
        assert len(trace.steps) == len(shortest.steps)


@SETTINGS
@given(systems(), st.sampled_from(SCOPES))
def test_random_systems(system: System, scope: Mapping[str, int]) -> None:
    expected = whole(system, scope)
    found = verdicts(system, scope)
    told(found, expected)
    compare(system, expected, found)
    for prop in system.properties:
        if prop.kind in SLICED:
            verdict = found[prop.name]
            assert not isinstance(verdict, (Holds, Inconclusive)), (prop.name, verdict)
            if isinstance(verdict, Violated | Reached):
                assert verdict.trace is not None
                assert verdict.trace.shortest


@pytest.mark.parametrize(("engine", "symmetry"), [("interpret", False), ("native", False)])
@settings(SETTINGS, max_examples=8)
@given(systems(), st.sampled_from(SCOPES))
def test_other_engines(engine: str, symmetry: bool, system: System,
                       scope: Mapping[str, int]) -> None:
    compare(system, whole(system, scope), verdicts(system, scope, engine, symmetry=symmetry))


@SETTINGS
@given(systems(), st.sampled_from(SCOPES))
def test_slices_that_must_be_small(system: System, scope: Mapping[str, int]) -> None:
    compare(system, whole(system, scope), verdicts(system, scope, most=0.6))


@SETTINGS
@given(models(), st.integers(1, 2))
def test_random_models(text: str, calls: int) -> None:
    note(text)
    system = system_of(text)
    scope = {p.name: {"C": 2, "D": 1}.get(p.name, calls) for p in system.pools if not p.single}
    compare(system, whole(system, scope), verdicts(system, scope))


@pytest.mark.parametrize("tiny", tiny_systems(), ids=lambda t: t.name)
def test_tiny_systems(tiny: Tiny) -> None:
    compare(tiny.system, whole(tiny.system, tiny.scope), verdicts(tiny.system, tiny.scope))


@pytest.mark.slow
@MANY
@given(systems(), st.sampled_from(SCOPES))
def test_many_random_systems(system: System, scope: Mapping[str, int]) -> None:
    compare(system, whole(system, scope), verdicts(system, scope))
