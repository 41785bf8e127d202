"""Larger scopes: all that the miniport claims holds with one more object of a class at a time, and
defects show in as many steps with one more of every class.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.test_seeded import GRAPH, SEEDED, expectation
from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Proved, Violated

SYSTEM = shipped("models/miniport.wddm")
SCOPES = {name: dict(sizes) for name, sizes in SYSTEM.scopes}
CASES = [(scope, pool) for scope in SYSTEM.default_scopes for pool in SCOPES[scope]]


@pytest.mark.slow
@pytest.mark.parametrize(("scope", "pool"), CASES)
def test_one_more(scope: str, pool: str) -> None:
    sizes = {**SCOPES[scope], pool: SCOPES[scope][pool] + 1}
    claims = tuple(p.name for p in SYSTEM.properties
                   if not p.goal and p.kind is not Kind.REACHABLE)
    result = get("native").check(CheckTask(SYSTEM, sizes, claims))
    assert {n: v for n, v in result.verdicts.items() if not isinstance(v, Proved)} == {}
    assert result.exploration.complete


@pytest.mark.parametrize("path", one_in(12, SEEDED), ids=lambda p: p.stem)
def test_a_defect_shows_with_one_more_of_every_class(path: Path) -> None:
    name, length = expectation(path)
    system = shipped(str(path))
    calls = {p.name for p in system.pools if p.calls}
    sizes = {pool: size + (pool not in calls)
             for pool, size in dict(system.scopes)[system.default_scopes[0]]}
    (kind,) = (p.kind for p in system.properties if p.name == name)
    if kind is Kind.LEADS_TO:
        pytest.skip("native decides `leads to` on graphs of up to 400,000 states")
    limits = Limits() if kind in GRAPH else Limits(depth=length)
    verdict = get("native").check(CheckTask(system, sizes, (name,), limits)).verdicts[name]
    assert isinstance(verdict, Violated)
    assert len(verdict.trace.steps) == length
