"""The shipped models: well-formed, clean under every policy, nothing hollow, no rule unknown."""

from __future__ import annotations

import tomllib
from itertools import product
from pathlib import Path

import pytest

from tests.support.models import shipped
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Basis
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import Proved, Reached

ALL = sorted(p for p in Path("models").rglob("*.wddm") if p.parent.name != "parts")
POLICIES = [dict(zip(("G04", "G09"), c, strict=True))
            for c in product(("completed", "retired"), ("waits", "immediate"))]


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_every_model_is_well_formed(path: Path) -> None:
    assert problems(shipped(str(path))) == []


@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()))
def test_the_miniport_is_clean_under_every_policy(policies: dict[str, str]) -> None:
    system = shipped("models/miniport.wddm", policies)
    scope = dict(dict(system.scopes)["small"])
    names = tuple(p.name for p in system.properties)
    verdicts = get("interpret").check(CheckTask(system, scope, names)).verdicts
    assert {n: v for n, v in verdicts.items() if not isinstance(v, (Proved, Reached))} == {}


def test_every_rule_that_the_miniport_cites_is_in_the_catalogue() -> None:
    known = {rule for path in Path("spec/rules").glob("*.toml")
             for rule in tomllib.loads(path.read_text(encoding="utf-8"))}
    system = shipped("models/miniport.wddm")
    origins = [p.origin for p in system.properties] + [a.origin for a in system.actions]
    cited = {rule for origin in origins for c in origin.citations for rule in c.rules}
    assert cited - known == set()


def test_every_written_property_of_the_miniport_says_on_what_it_rests() -> None:
    for prop in shipped("models/miniport.wddm").properties:
        if prop.goal:
            continue
        bases = {c.basis for c in prop.origin.citations}
        assert bases, prop.name
        if Basis.LANGUAGE not in bases:
            assert prop.title, f"{prop.name} does not say what a violation means"


def test_the_catalogue_of_properties_is_covered() -> None:
    """SP-1 to SP-12 each have a property that says so."""
    text = " ".join(p.title for p in shipped("models/miniport.wddm").properties)
    assert [n for n in range(1, 13) if f"SP-{n})" not in text and f"SP-{n}," not in text] == []
