"""Every seeded defect is violated by exactly the property in its header, at the length there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.models import shipped
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Violated

SEEDED = sorted(Path("models/seeded").rglob("*.wddm"))
OF_THE_GRAPH = ("no_stuck_call",)
"""Properties that bounded model checking says nothing of."""
HEADER = re.compile(r"^/// violates: (\w+) in (\d+) steps$", re.M)


def expectation(path: Path) -> tuple[str, int]:
    match = HEADER.search(path.read_text(encoding="utf-8"))
    assert match, f"{path} does not say what it violates"
    return match[1], int(match[2])


def test_the_bug_classes_are_there() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in SEEDED)
    for number in (*range(1, 13), 15, 16, 17, 18, 20):
        assert re.search(rf"Bug class {number}[ab]?\b", text), f"no variant of bug class {number}"


CASES = [pytest.param(path, engine, id=f"{path.stem}-{engine}") for path in SEEDED
         for engine in ("interpret", "bmc")
         if engine == "interpret" or expectation(path)[0] not in OF_THE_GRAPH]


@pytest.mark.parametrize(("path", "engine"), CASES)
def test_violated_by_exactly_its_property(path: Path, engine: str) -> None:
    name, length = expectation(path)
    system = shipped(str(path))
    by_name = {p.name: p for p in system.properties}
    bounded = engine == "bmc"
    asked = tuple(p.name for p in system.properties if not p.goal and not (
        bounded and p.kind in (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)))
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    limits = Limits(depth=length if bounded else None)
    result = get(engine).check(CheckTask(system, scope, asked, limits))
    found = {n: v for n, v in result.verdicts.items() if isinstance(v, Violated)}
    assert {n: len(v.trace.steps) for n, v in found.items()} == {name: length}
    recheck(system, scope, by_name[name], found[name])
