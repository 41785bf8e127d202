"""Instances that sleep would have found nothing new: a search without them is the same search."""

from __future__ import annotations

import pytest

from tests.engines.native.test_threads import explored, numbered
from tests.engines.smt.random_systems import random_system
from tests.support.models import shipped
from wddmcheck.engines.base import Limits
from wddmcheck.engines.native import explore, sleep
from wddmcheck.engines.native.sleep import Sleep
from wddmcheck.ir.independence import Independence
from wddmcheck.ir.system import System


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Sleep]:
    """What sleeps in each search."""
    made: list[Sleep] = []

    class Kept(Sleep):
        def __post_init__(self) -> None:
            super().__post_init__()
            made.append(self)

    monkeypatch.setattr(explore, "Sleep", Kept)
    return made


def both(system: System, sizes: dict[str, int], monkeypatch: pytest.MonkeyPatch,
         **how: bool | Limits) -> tuple[object, object]:
    """A search in which nothing sleeps, and one in which all does that can."""
    with monkeypatch.context() as patch:
        patch.setattr(sleep, "SHARE", 0)
        nothing = numbered(explored(system, sizes, 1, **how))    # type: ignore[arg-type]
    return nothing, numbered(explored(system, sizes, 1, **how))  # type: ignore[arg-type]


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("path", ["models/yardstick.wddm", "models/miniport.wddm",
                                  "models/seeded/yardstick_b1.wddm"])
def test_shipped_models(path: str, compact: bool, monkeypatch: pytest.MonkeyPatch,
                        kept: list[Sleep]) -> None:
    system = shipped(path)
    sizes = dict(dict(system.scopes)["small"])
    nothing, all_ = both(system, sizes, monkeypatch, compact=compact)
    assert nothing == all_
    assert kept[1].count > 10 > kept[0].count == 1


def test_random_systems(monkeypatch: pytest.MonkeyPatch, kept: list[Sleep]) -> None:
    for seed in range(60):
        nothing, all_ = both(random_system(seed), {"P": 3, "Q": 2}, monkeypatch,
                             limits=Limits(states=30_000))
        assert nothing[4:] == all_[4:]        # type: ignore[index]
        if nothing[4]:                        # type: ignore[index]
            assert nothing == all_
    assert sum(s.count > 1 for s in kept) > 30


def test_too_many_classes(monkeypatch: pytest.MonkeyPatch, kept: list[Sleep]) -> None:
    monkeypatch.setattr(sleep, "CLASSES", 5)
    system = shipped("models/yardstick.wddm")
    nothing, all_ = both(system, {"Process": 2, "Device": 2, "Context": 3, "Allocation": 2},
                         monkeypatch)
    assert nothing == all_
    assert kept[1].count == 5


def test_it_is_needed_that_they_are_independent(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all were said to be, states would be missed: the other tests can fail."""
    monkeypatch.setattr(Independence, "of", lambda self, a, args, b, others: True)
    results = [both(random_system(seed), {"P": 3, "Q": 2}, monkeypatch,
                    limits=Limits(states=3_000)) for seed in range(20)]
    assert sum(nothing != all_ for nothing, all_ in results) > 5
