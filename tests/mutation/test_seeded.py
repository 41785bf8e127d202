"""Every seeded defect is violated by exactly the property in its header, at the length there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Violated

SEEDED = sorted(Path("models/seeded").rglob("*.wddm"))
GRAPH = (Kind.ALWAYS_POSSIBLE, Kind.LEADS_TO)
"""What bounded model checking does not look at."""
HEADER = re.compile(r"^/// violates: (\w+) in (\d+) steps$", re.M)


def expectation(path: Path) -> tuple[str, int]:
    match = HEADER.search(path.read_text(encoding="utf-8"))
    assert match, f"{path} does not say what it violates"
    return match[1], int(match[2])


def test_the_bug_classes_are_there() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in SEEDED)
    for number in range(1, 21):
        assert re.search(rf"Bug class {number}[ab]?\b", text), f"no variant of bug class {number}"


@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.stem)
def test_violated_by_exactly_its_property(path: Path) -> None:
    """In as many steps as it says."""
    violated(path, "native", alone=False)


@pytest.mark.parametrize("path", one_in(3, SEEDED), ids=lambda p: p.stem)
def test_violated_within_a_bound(path: Path) -> None:
    violated(path, "bmc", alone=True)


@pytest.mark.slow
@pytest.mark.parametrize("path", SEEDED, ids=lambda p: p.stem)
def test_nothing_else_is_violated_within_a_bound(path: Path) -> None:
    violated(path, "bmc", alone=False)


def violated(path: Path, engine: str, *, alone: bool) -> None:
    """Its property is, as in its header; `alone`: the others are not asked for."""
    name, length = expectation(path)
    system = shipped(str(path))
    by_name = {p.name: p for p in system.properties}
    bounded = engine == "bmc"
    if bounded and by_name[name].kind in GRAPH:
        pytest.skip(f"bmc does not decide what is {by_name[name].kind.value}")
    asked = (name,) if alone else tuple(p.name for p in system.properties if not p.goal and not (
        bounded and p.kind in GRAPH))
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    limits = Limits(depth=length if bounded else None)
    result = get(engine).check(CheckTask(system, scope, asked, limits))
    found = {n: v for n, v in result.verdicts.items() if isinstance(v, Violated)}
    assert {n: len(v.trace.steps) for n, v in found.items()} == {name: length}
    recheck(system, scope, by_name[name], found[name])


@pytest.mark.parametrize(("name", "policy"), [
    ("paging/paging_packet_keeps_allocation", {"G09": "waits"}),
    ("kill/device_keeps_forgotten_context", {"G01": "destroyed"}),
    ("paging_caches_allocation", {"G09": "waits"})])
def test_defects_that_an_answer_of_dxgkrnl_hides(name: str, policy: dict[str, str]) -> None:
    """The same driver is not at fault where the open question is answered the other way."""
    system = shipped(f"models/seeded/{name}.wddm", policy)
    claims = tuple(p.name for p in system.properties
                   if not p.goal and p.kind is not Kind.REACHABLE)
    scope = dict(dict(system.scopes)[system.default_scopes[0]])
    verdicts = get("native").check(CheckTask(system, scope, claims)).verdicts
    assert {n for n, v in verdicts.items() if isinstance(v, Violated)} == set()
