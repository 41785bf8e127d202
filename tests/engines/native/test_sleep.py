"""Instances that sleep would have found nothing new: a search without them is the same search."""

from __future__ import annotations

from itertools import count, pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.engines.native.test_threads import explored, numbered
from tests.engines.smt.random_systems import random_system
from tests.support.models import shipped
from wddmcheck.engines.base import Limits
from wddmcheck.engines.native import sleep
from wddmcheck.engines.native.kernels import Task
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.sleep import Sleep
from wddmcheck.engines.native.table import Edges
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.independence import Independence
from wddmcheck.ir.system import System


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What sleeps is found in each search."""
    monkeypatch.setenv("WDDMCHECK_CACHE", "")


def asleep_after(sleep_: Sleep) -> list[int]:
    """The instances that sleep after each, a bit each."""
    width = sleep_.task.row
    words = [sleep_.rows[i] for i in range(width, sleep_.rows.count)]
    return [sum(word << 64 * k for k, word in enumerate(words[i:i + width]))
            for i in range(0, len(words), width)]


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """What sleeps in each search, when it is over."""
    made: list[list[int]] = []
    free = Sleep.free

    def noted(self: Sleep) -> None:
        made.append(asleep_after(self))
        free(self)

    monkeypatch.setattr(Sleep, "free", noted)
    return made


def both(system: System, sizes: dict[str, int], monkeypatch: pytest.MonkeyPatch,
         **how: bool | Limits) -> tuple[object, object]:
    """A search in which nothing sleeps, and one in which all does that can."""
    with monkeypatch.context() as patch:
        patch.setattr(sleep, "SHARE", 0)
        patch.setattr(sleep, "AT_ONCE", 0)
        nothing = numbered(explored(system, sizes, 1, **how))    # type: ignore[arg-type]
    return nothing, numbered(explored(system, sizes, 1, **how))  # type: ignore[arg-type]


@pytest.mark.parametrize("symmetry", [False, True])
@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize(("path", "scope"), [
    ("models/yardstick.wddm", "small"), ("models/seeded/yardstick_b1.wddm", "small"),
    ("models/sharing.wddm", ""), ("models/preemption.wddm", "turns")])
def test_shipped_models(path: str, scope: str, compact: bool, symmetry: bool,
                        monkeypatch: pytest.MonkeyPatch, kept: list[list[int]]) -> None:
    system = shipped(path)
    sizes = dict(dict(system.scopes)[scope or system.default_scopes[0]])
    nothing, all_ = both(system, sizes, monkeypatch, compact=compact, symmetry=symmetry)
    assert nothing == all_
    nobody, some = kept
    assert not any(nobody)
    assert len({row for row in some if row}) > 10


@pytest.mark.parametrize("symmetry", [False, True])
def test_random_systems(symmetry: bool, monkeypatch: pytest.MonkeyPatch,
                        kept: list[list[int]]) -> None:
    for seed in range(16):
        nothing, all_ = both(random_system(seed), {"P": 3, "Q": 2}, monkeypatch,
                             limits=Limits(states=30_000), symmetry=symmetry)
        assert nothing[4:] == all_[4:]        # type: ignore[index]
        if nothing[4]:                        # type: ignore[index]
            assert nothing == all_
    assert sum(any(rows) for rows in kept) > 8


def test_it_is_kept_for_the_next_run(monkeypatch: pytest.MonkeyPatch, kept: list[list[int]],
                                     tmp_path: Path) -> None:
    """If the file is whole."""
    monkeypatch.setenv("WDDMCHECK_CACHE", str(tmp_path))
    system = shipped("models/yardstick.wddm")
    sizes = {"Process": 2, "Device": 2, "Context": 2, "Allocation": 2}
    first = numbered(explored(system, sizes, 1))
    with monkeypatch.context() as patch:
        patch.setattr(Independence, "independent", None)
        assert numbered(explored(system, sizes, 1)) == first
    (file,) = tmp_path.glob("*-sleep.o")
    file.write_bytes(file.read_bytes()[:-1])
    assert numbered(explored(system, sizes, 1)) == first
    assert kept[0] == kept[1] == kept[2]
    assert any(kept[0])


def test_the_next_run_goes_on_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where a search is over before all is found; what is found is the same in the end."""
    system = shipped("models/yardstick.wddm")
    layout = Layout.of(system, {"Process": 2, "Device": 2, "Context": 2, "Allocation": 2})
    task = Task(Plan(layout), Records(system, ()), (), False, Edges.NONE, deadlock=False)

    monkeypatch.setattr(sleep, "time", SimpleNamespace(perf_counter=count().__next__))
    monkeypatch.setattr(sleep, "SHARE", 1)

    def found(after: int) -> list[int]:
        """The instances that sleep after each, when so many steps were taken to find them."""
        sleep_ = Sleep(task)
        try:
            sleep_.improve(after)
            return asleep_after(sleep_)
        finally:
            sleep_.free()

    all_ = found(100_000)
    monkeypatch.setenv("WDDMCHECK_CACHE", str(tmp_path))
    runs = [found(300) for _ in range(30)]
    assert runs[-1] == all_
    assert sum(a != b for a, b in pairwise(runs)) > 3


@pytest.mark.parametrize("symmetry", [False, True])
def test_nothing_can_happen(symmetry: bool, kept: list[list[int]]) -> None:
    """Where no action has an instance."""
    found = explored(random_system(224_384), {"P": 0, "Q": 2}, 1, symmetry=symmetry)
    assert numbered(found)[2] == 0
    assert found.count == 1
    assert not any(kept[0])


def test_it_is_needed_that_they_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all were said to be, states would be missed: the other tests can fail."""
    monkeypatch.setattr(Independence, "independent", lambda self, a, args, b, others: True)
    results = [both(random_system(seed), {"P": 3, "Q": 2}, monkeypatch,
                    limits=Limits(states=3_000)) for seed in range(20)]
    assert sum(nothing != all_ for nothing, all_ in results) > 5
