"""The miniport with one more object of a class at a time: all that it claims holds there too."""

from __future__ import annotations

import pytest

from tests.support.models import shipped
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Proved

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
