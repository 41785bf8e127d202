"""Every check, call and assignment of the reference miniports matters: left out, some test fails.

A mutant is caught where it differs from a model on a random walk (with failures injected, at some
scopes of each family), fails a test of its miniport, or fails the test of a kept
counterexample.
"""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import pytest

from tests.machine import test_bring_up_miniport as loading_tests
from tests.machine import test_display as display_tests
from tests.machine import test_dma_buffers as dma_tests
from tests.machine import test_fences_events as event_tests
from tests.machine import test_hardware_queues as queue_tests
from tests.machine import test_locking as locking_tests
from tests.machine import test_reference as reference_tests
from tests.machine import test_reference_bring_up as bring_up_tests
from tests.machine import test_sharing as sharing_tests
from tests.machine import test_threaded as threaded_tests
from tests.mutation.mutants import Mutant, mutants
from tests.support.samples import one_in
from tests.support.walks import Walk, walk
from wddmcheck.machine.findings import BugCheck, OutOfReachError
from wddmcheck.machine.gpu.device import Gpu
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.policies import Policies
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
    "DxgkDdiInterruptRoutine: if submission.data is not None and "
    "self.is_done(adapter, submission)": TOUCHES,
    "DxgkDdiSubmitCommandToHwQueue: arg.pDmaBufferPrivateData.marked = True":
        "the private data, and what is noted there, is gone when the call returns",
    "escape_inspect: self.inspect(self.pool.at(handle, Allocation))": LOOKS,
    "escape_look_up: self.inspect(self.pool.at(handle, Allocation))": LOOKS,
}
"""Mutants that no test can tell from the reference miniport, each with the reason."""

OWN = {"bring_up": "bring_up", "display": "display_objects", "dma_buffers": "dma_buffers",
       "locking": "locks", "threaded": "threading"}
"""Modules that are the reference miniports of families by themselves."""

MUTANTS = [*mutants(), *mutants(tuple(OWN))]


@dataclass(frozen=True, slots=True)
class Tried:
    """What a reference miniport is tried on: tests of it by itself, and `walks` random walks of
    models at `scopes`; the `further` ones have more that leads back than on."""

    tests: tuple[ModuleType, ...]
    scopes: tuple[tuple[str, str], ...] = ()
    further: tuple[tuple[str, str], ...] = ()
    walks: int = 8


TRIED = {
    "": Tried(
        (reference_tests, queue_tests, event_tests, bring_up_tests, sharing_tests),
        (("miniport", "teardown"), ("miniport", "sharing"), ("preemption", "reading"),
         ("removal", "small"), ("tdr", "cleanup")),
        (("kill", "two_processes"), ("kill", "memory"), ("power", "contexts"),
         ("power", "memory"), ("paging", "rendering"), ("paging", "tables"),
         ("hardware_queues", "doorbells"), ("hardware_queues", "contexts"),
         ("fences_events", "shared"), ("fences_events", "events"), ("sharing", "processes")), 4),
    "bring_up": Tried(
        (loading_tests,), (("bring_up", "small"), ("bring_up", "devices")), walks=4),
    "display_objects": Tried(
        (display_tests,),
        further=(("display_objects", "scanout"), ("display_objects", "sessions"))),
    "dma_buffers": Tried(
        (dma_tests,), further=(("dma_buffers", "small"), ("dma_buffers", "fences")), walks=4),
    "locks": Tried(
        (locking_tests,), (("locks", "small"), ("locks", "paging")), (("locks", "small"),)),
    "threading": Tried(
        (threaded_tests,),
        (("threading", "watchdog"), ("threading", "contexts"), ("threading", "classes")),
        (("threading", "watchdog"), ("threading", "contexts"))),
}
"""By family; "": the reference miniport that most have."""

Test = Callable[[Factory], None]


@cache
def walks(family: str) -> tuple[Walk, ...]:
    return tuple(walk(scope, seed, 250, f"models/{model}.wddm", fresh=fresh)
                 for seed in range(TRIED[family].walks)
                 for chosen, fresh in ((TRIED[family].scopes, False), (TRIED[family].further, True))
                 for model, scope in chosen)


@cache
def battery(family: str) -> tuple[Test, ...]:
    """The tests of a miniport itself and of its kept runs, on the machine that each asks for."""
    found: list[Test] = []
    kept = map(load, sorted(Path("counterexamples").glob("*/test_*.py")))
    for module in (*TRIED[family].tests, *kept):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            marks: list[pytest.Mark] = getattr(function, "pytestmark", [])
            of = {m.args[0] for m in marks if m.name == "wddm_family"}
            if (not name.startswith("test_") or not inspect.signature(function).parameters
                    or (of or {""}) != {family if module not in TRIED[family].tests else ""}):
                continue
            gpu = {k: v for m in marks if m.name == "wddm_hardware" for k, v in m.kwargs.items()}
            policies = {k: v for m in marks if m.name == "wddm_policies"
                        for k, v in m.kwargs.items()}
            found += [partial(tried, function, family, policies, gpu, args)
                      for args in cases(marks)]
    return tuple(found)


def tried(test: Callable[..., None], family: str, policies: dict[str, str], gpu: dict[str, bool],
          args: dict[str, object], factory: Factory) -> None:
    """Run a test on a machine with this miniport."""
    machine = (machine_for(factory, family, policies) if family
               else Machine(factory, Policies(**policies), gpu=Gpu(**gpu)))
    test(machine, **args)


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


def caught(factory: Factory, family: str) -> str:
    """Which test fails, "" if none does."""
    for number, run in enumerate(walks(family)):
        runner = Runner(machine_for(factory, run.family, {}), dict(run.pools),
                        words_of(run.family), compare_state=True)
        for done in runner.steps(run.steps):
            if done.deviations or done.findings or done.impossible:
                return f"walk {number}, step {done.step.number}"
    for test in battery(family):
        try:
            test(factory)
        except (AssertionError, BugCheck, OutOfReachError, pytest.fail.Exception) as error:
            return str(error)
    return ""


@pytest.mark.parametrize("family", TRIED)
def test_the_reference_itself_passes(family: str) -> None:
    assert caught(words_of(family or "miniport").reference, family) == ""
    assert len(battery(family)) > 5


def test_there_is_something_to_leave_out() -> None:
    assert len(MUTANTS) > 100
    names = [m.name for m in MUTANTS]
    assert len({(m.part, m.name) for m in MUTANTS}) == len(names)
    assert set(EQUIVALENT) <= set(names)


@pytest.mark.parametrize("mutant", one_in(40, MUTANTS), ids=lambda m: m.name)
def test_a_mutant_is_caught_unless_it_is_equivalent(mutant: Mutant) -> None:
    family = OWN.get(mutant.part, "")
    assert bool(caught(mutant.factory(), family)) is (mutant.name not in EQUIVALENT)
