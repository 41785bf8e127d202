"""Compiled code is kept, found again, and never trusted when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.models import shipped
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.explicit import compile as interpreter
from wddmcheck.engines.explicit import size
from wddmcheck.engines.native import cache, engine, jit
from wddmcheck.engines.registry import get
from wddmcheck.result.verdict import Verdict, Violated

SCOPE = {"Process": 2, "Device": 1, "Context": 2, "Allocation": 1}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WDDMCHECK_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def states(scope: dict[str, int] | None = None) -> int:
    system = shipped("models/yardstick.wddm")
    return get("native").check(CheckTask(system, scope or SCOPE, ("I1",))).exploration.states


def count_compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    made: list[int] = []
    compiled = jit.compiled

    def counted(text: str, level: int) -> bytes:
        made.append(level)
        return compiled(text, level)

    monkeypatch.setattr(jit, "compiled", counted)
    return made


def test_the_second_run_compiles_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_compilations(monkeypatch)
    first = states()
    assert made
    assert list(folder.glob("*.o"))
    before = len(made)
    assert states() == first
    assert len(made) == before
    assert states({**SCOPE, "Allocation": 2}) > first
    assert len(made) > before, "another scope is other code"


def test_the_second_run_is_told_by_what_the_first_compiled(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def verdict() -> Verdict:
        system = shipped("models/seeded/yardstick_b1.wddm")
        return get("native").check(CheckTask(system, SCOPE, ("I3",))).verdicts["I3"]

    def never(*_: object) -> None:
        raise AssertionError("compiled again")

    first = verdict()
    assert isinstance(first, Violated)
    assert first.trace.steps
    monkeypatch.setattr(interpreter, "guard_levels", never)
    monkeypatch.setattr(size, "guard_levels", never)
    assert verdict() == first


def test_actions_that_are_too_large_are_refused(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "MAX_NODES", 100)
    with pytest.raises(UserError) as error:
        states()
    assert error.value.diagnostics[0].code == "WC304"
    assert not list(folder.glob("*"))


@pytest.mark.parametrize("size", [10**5, 10**9])
def test_a_huge_scope_is_refused_before_anything_is_planned(
        size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("planned")

    monkeypatch.setattr(engine, "Plan", never)
    with pytest.raises(UserError, match="slots"):
        states(dict.fromkeys(SCOPE, size))


@pytest.mark.parametrize("damage", [b"", b"not an object", b"\0" * 5000])
def test_damaged_files_are_made_anew(damage: bytes, folder: Path) -> None:
    first = states()
    for path in folder.glob("*.o"):
        path.write_bytes(damage)
    assert states() == first
    cut = next(folder.glob("*.o"))
    cut.write_bytes(cut.read_bytes()[:-100])
    assert states() == first


def test_without_a_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WDDMCHECK_CACHE", "")
    assert states() > 1
    assert not folder.exists()


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file, not a folder", encoding="utf-8")
    assert states() > 1


def test_old_files_go(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "KEEP", 2)
    for many in (1, 2, 3, 4):
        states({**SCOPE, "Allocation": many})
    assert len(list(folder.glob("*.o"))) == 2
    assert not list(folder.glob("*.tmp"))
