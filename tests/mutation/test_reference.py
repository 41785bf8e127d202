"""Every check, call and assignment of the reference miniport matters: left out, some test fails.

A mutant is caught where it differs from a model on a random walk (with failures injected, at some
scopes of each family), fails a test of the reference miniport, or fails the test of a kept
counterexample.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.machine import test_fences_events as event_tests
from tests.machine import test_hardware_queues as queue_tests
from tests.machine import test_reference as reference_tests
from tests.machine import test_reference_bring_up as bring_up_tests
from tests.mutation.mutants import Mutant, mutants, sampled
from tests.support.walks import Walk, walk
from wddmcheck.machine.findings import BugCheck
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.families import machine_for, words_of
from wddmcheck.replay.runner import Runner

TOUCHES = "only touches what the ISR or the DPC works on; a driver that does not is right too"
LOOKS = "only looks at the driver's data of an allocation; a driver that does not is right too"

EQUIVALENT = {
    "DxgkDdiInterruptRoutine: adapter.isr.masked = False": TOUCHES,
    "DxgkDdiDpcRoutine: adapter.isr.masked = False": TOUCHES,
    "DxgkDdiBuildPagingBuffer: "
    "self.inspect(self.pool.at(arg.hAllocation, Allocation))": LOOKS,
    "DxgkDdiBuildPagingBuffer: if arg.hAllocation != NULL": LOOKS,
    "escape_inspect: self.inspect(self.pool.at(handle, Allocation))": LOOKS,
}
"""Mutants that no test can tell from the reference miniport, each with the reason."""

MUTANTS = list(mutants())

SCOPES = (("miniport", "teardown", 4), ("miniport", "sharing", 4), ("preemption", "reading", 4),
          ("removal", "small", 4), ("tdr", "cleanup", 4))
FURTHER = (("kill", "two_processes", 4), ("kill", "memory", 4), ("power", "contexts", 4),
           ("power", "memory", 4), ("paging", "rendering", 4), ("paging", "tables", 4),
           ("hardware_queues", "doorbells", 4), ("hardware_queues", "contexts", 4),
           ("fences_events", "shared", 4), ("fences_events", "events", 4))
"""The walks: family, scope, how many; the further ones have more that leads back than on."""


@cache
def walks() -> tuple[Walk, ...]:
    return tuple(walk(scope, seed, 250, f"models/{family}.wddm", fresh=fresh)
                 for chosen, fresh in ((SCOPES, False), (FURTHER, True))
                 for family, scope, count in chosen for seed in range(count))


@cache
def battery() -> tuple[tuple[Callable[..., None], Policies, dict[str, bool]], ...]:
    """Functions that take a machine: those of the reference miniport and of the kept runs."""
    found: list[tuple[Callable[..., None], Policies, dict[str, bool]]] = []
    modules = [reference_tests, queue_tests, event_tests, bring_up_tests,
               *map(load, sorted(Path("counterexamples").glob("*/test_*.py")))]
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            marks = getattr(function, "pytestmark", [])
            if name.startswith("test_") and not any(m.name == "wddm_family" for m in marks):
                policies = {k: v for m in marks if m.name == "wddm_policies"
                            for k, v in m.kwargs.items()}
                hardware = {k: v for m in marks if m.name == "wddm_hardware"
                            for k, v in m.kwargs.items()}
                for args in cases(marks):
                    found.append((bound(function, args), Policies(**policies), hardware))
    return tuple(found)


def load(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(marks: list[pytest.Mark]) -> Iterator[dict[str, object]]:
    """The arguments that `parametrize` gives."""
    given = [m for m in marks if m.name == "parametrize"]
    if not given:
        yield {}
    for mark in given:
        name, values = mark.args
        yield from ({name: value} for value in values)


def bound(function: Callable[..., None], args: dict[str, object]) -> Callable[..., None]:
    return lambda machine: function(machine, **args)


def caught(factory: Factory) -> str:
    """Which test fails, "" if none does."""
    for number, run in enumerate(walks()):
        words = words_of(run.family)
        runner = Runner(machine_for(factory, run.family, {}), dict(run.pools), words,
                        compare_state=True)
        for done in runner.steps(run.steps):
            if done.deviations or done.findings or done.impossible:
                return f"walk {number}, step {done.step.number}"
    for test, policies, hardware in battery():
        try:
            test(Machine(factory, policies, gpu=Gpu(**hardware)))  # type: ignore[arg-type]
        except (AssertionError, BugCheck, pytest.fail.Exception) as error:
            return str(error)
    return ""


def test_the_reference_itself_passes() -> None:
    assert caught(ReferenceMiniport) == ""


def test_there_is_something_to_leave_out() -> None:
    assert len(MUTANTS) > 100
    names = [m.name for m in MUTANTS]
    assert len({(m.part, m.name) for m in MUTANTS}) == len(names)
    assert set(EQUIVALENT) <= set(names)


@pytest.mark.parametrize("mutant", sampled(MUTANTS), ids=lambda m: m.name)
def test_a_mutant_is_caught_unless_it_is_equivalent(mutant: Mutant) -> None:
    assert bool(caught(mutant.factory())) is (mutant.name not in EQUIVALENT)
