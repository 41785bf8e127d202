"""Every check, call and assignment of the reference miniports of other families matters: left out,
the miniport differs from its model on a random walk, or fails the test of a kept counterexample.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import signature
from pathlib import Path

import pytest

from tests.machine import test_locking as locking_tests
from tests.machine import test_threaded as threaded_tests
from tests.mutation.mutants import Mutant, mutants, sampled
from tests.mutation.test_reference import load
from tests.support.walks import Walk, walk
from wddmcheck.machine.findings import BugCheck
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.miniport import Factory
from wddmcheck.replay.families import machine_for, words_of
from wddmcheck.replay.runner import Runner

FAMILY = {"locking": "locks", "threaded": "threading"}
"""The family that a module is the reference miniport of."""

SCOPES = {"locks": ("small", "paging"), "threading": ("watchdog", "contexts", "classes")}

OWN = {"locks": locking_tests, "threading": threaded_tests}
"""Tests of the miniport itself."""

EQUIVALENT: dict[str, str] = {}
"""Mutants that no test can tell from the miniport, each with the reason."""

MUTANTS = list(mutants(tuple(FAMILY)))


@cache
def walks(family: str) -> tuple[Walk, ...]:
    return tuple(walk(scope, seed, 250, f"models/{family}.wddm")
                 for seed in range(8) for scope in SCOPES[family])


@cache
def battery(family: str) -> tuple[Callable[[Machine], None], ...]:
    """Functions that take a machine: those of the miniport itself, and of its kept runs."""
    found = [f for name, f in vars(OWN[family]).items()
             if name.startswith("test_") and signature(f).parameters]
    for path in sorted(Path("counterexamples").glob("*/test_*.py")):
        if f'wddm_family("{family}")' in path.read_text("utf-8"):
            tests = vars(load(path))
            found += [f for name, f in tests.items() if name.startswith("test_")]
    return tuple(found)


def caught(factory: Factory, family: str) -> str:
    """Which test fails, "" if none does."""
    words = words_of(family)
    for number, run in enumerate(walks(family)):
        runner = Runner(machine_for(factory, family, {}), dict(run.pools), words,
                        compare_state=True)
        for done in runner.steps(run.steps):
            if done.deviations or done.findings or done.impossible:
                return f"walk {number}, step {done.step.number}"
    for test in battery(family):
        try:
            test(machine_for(factory, family, {}))
        except (AssertionError, BugCheck, pytest.fail.Exception) as error:
            return str(error)
    return ""


@pytest.mark.parametrize("family", FAMILY.values())
def test_the_reference_itself_passes(family: str) -> None:
    assert caught(words_of(family).reference, family) == ""
    assert len(battery(family)) > 5


def test_there_is_something_to_leave_out() -> None:
    assert len({(m.part, m.name) for m in MUTANTS}) == len(MUTANTS) > 30
    assert set(EQUIVALENT) <= {m.name for m in MUTANTS}


@pytest.mark.parametrize("mutant", sampled(MUTANTS), ids=lambda m: m.name)
def test_a_mutant_is_caught_unless_it_is_equivalent(mutant: Mutant) -> None:
    assert bool(caught(mutant.factory(), FAMILY[mutant.part])) is (mutant.name not in EQUIVALENT)
