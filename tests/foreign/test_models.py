"""The shipped models: every tool counts the states that the native engine counts with `--symmetry
off`, and finds the defect of each seeded model by its name, at its length."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.foreign.tools import EACH_TOOL, counted, exported, needs_spin, spin
from tests.foreign.verdicts import checked, length_of
from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import System
from wddmcheck.pipeline.scopes import resolve

HEADER = re.compile(r"^/// violates: (\w+) in (\d+) steps$", re.M)
OTHERS = sorted(p.stem for p in Path("models").glob("*.wddm")
                if p.stem not in ("miniport", "yardstick"))
SEEDED = sorted(p.relative_to("models/seeded").with_suffix("").as_posix()
                for p in Path("models/seeded").rglob("*.wddm"))
QUICK = "stop_frees_isr_state_first"
SPIN, RUMUR, TLC = EACH_TOOL
YARDSTICK = "Process=2,Device=2,Context=3,Allocation=3"


def model(path: str, scope: str) -> tuple[System, dict[str, int]]:
    system = shipped(path)
    return system, dict(resolve(system, (scope,) if scope else ())[0].sizes)


def same_counts(folder: Path, target: str, path: str, scope: str = "") -> int:
    """Compare; the number of states."""
    system, sizes = model(path, scope)
    run = counted(folder, target, system, sizes)
    explored = get("native").check(CheckTask(system, sizes, (), symmetry=False)).exploration
    assert explored.complete
    assert (run.states, run.transitions) == (explored.states, explored.transitions)
    return run.states


@pytest.mark.parametrize("target", EACH_TOOL)
def test_counts_of_the_miniport(tmp_path: Path, target: str) -> None:
    same_counts(tmp_path, target, "models/miniport.wddm", "small")


@pytest.mark.parametrize("target", [SPIN, *(
    pytest.param(*tool.values, marks=(*tool.marks, pytest.mark.slow)) for tool in (RUMUR, TLC))])
@pytest.mark.parametrize("name", one_in(4, OTHERS))
def test_counts_of_the_other_models(tmp_path: Path, target: str, name: str) -> None:
    path = f"models/{name}.wddm"
    small = "small" in dict(shipped(path).scopes)
    assert same_counts(tmp_path, target, path, "small" if small else "Process=1") > 30


@pytest.mark.parametrize("target", EACH_TOOL)
def test_counts_of_the_yardstick(tmp_path: Path, target: str) -> None:
    assert same_counts(tmp_path, target, "models/yardstick.wddm") == 1676


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
def test_counts_of_the_example_with_everything(tmp_path: Path, target: str) -> None:
    assert same_counts(tmp_path, target, "tests/golden/export/queue.wddm") == 4650


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
def test_counts_of_a_larger_yardstick(tmp_path: Path, target: str) -> None:
    assert same_counts(tmp_path, target, "models/yardstick.wddm", YARDSTICK) == 94948


@pytest.mark.slow
@pytest.mark.parametrize(("scope", "states"), [
    ("Device=1,Context=2,ContextAllocation=2,OpenAllocation=1,calls=1", 19_167),
    ("Device=2,Context=1,ContextAllocation=1,OpenAllocation=2,calls=2", 13_599),
    ("Process=2,Device=1,Context=0,ContextAllocation=0,OpenAllocation=1,Resource=1", 755),
])
@pytest.mark.parametrize("target", EACH_TOOL)
def test_counts_of_the_miniport_at_more_scopes(tmp_path: Path, target: str, scope: str,
                                               states: int) -> None:
    assert same_counts(tmp_path, target, "models/miniport.wddm", scope) == states


@pytest.mark.slow
@needs_spin
def test_the_yardstick_at_a_million_states(tmp_path: Path) -> None:
    system, sizes = model("models/yardstick.wddm", "large")
    exported(tmp_path, "promela", system, sizes, None)
    run = spin(tmp_path, optimize="-O2")
    assert (run.states, run.transitions, run.found) == (1_058_700, 10_007_424, None)


@needs_spin
def test_nothing_is_found_in_the_miniport(tmp_path: Path) -> None:
    nothing_is_found(tmp_path, "promela")


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL[1:])
def test_nor_with_other_tools(tmp_path: Path, target: str) -> None:
    nothing_is_found(tmp_path, target)


def nothing_is_found(tmp_path: Path, target: str) -> None:
    system, sizes = model("models/miniport.wddm", "small")
    run = checked(tmp_path, target, system, sizes, None, deadlock=True)
    assert run.found is None
    assert run.states == 2075


@pytest.mark.parametrize("target", EACH_TOOL)
def test_a_seeded_defect(tmp_path: Path, target: str) -> None:
    seeded(tmp_path, target, QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("target", EACH_TOOL)
@pytest.mark.parametrize("name", [n for n in SEEDED if n != QUICK])
def test_more_seeded_defects(tmp_path: Path, target: str, name: str) -> None:
    seeded(tmp_path, target, name)


def seeded(folder: Path, target: str, name: str) -> None:
    path = f"models/seeded/{name}.wddm"
    same_counts(folder / "counted", target, path)
    system, sizes = model(path, "")
    header = HEADER.search(Path(path).read_text(encoding="utf-8"))
    assert header
    prop = next(p for p in system.properties if p.name == header[1])
    run = checked(folder / "checked", target, system, sizes, None, deadlock=True)
    assert run.found is not None
    assert length_of(target, prop, run) == int(header[2])
