"""The shipped models: well-formed, clean under every policy, nothing hollow, no rule unknown."""

from __future__ import annotations

import re
import tomllib
from itertools import product
from pathlib import Path

import pytest

from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.system import Basis, Kind
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import Proved, Reached, Unreached

ALL = sorted(p for p in Path("models").rglob("*.wddm") if p.parent.name != "parts")
MODELS = sorted(Path("models").glob("*.wddm"))
UNCITED = {Path("models/yardstick.wddm")}
"""What is no page's: a model to measure with."""

MINIPORT = Path("models/miniport.wddm")
BESIDE = [Path(f"models/{name}.wddm")
          for name in ("kill", "paging", "power", "preemption", "removal", "tdr")]
POLICIES = [dict(zip(("G04", "G09"), c, strict=True))
            for c in product(("completed", "retired"), ("waits", "immediate"))]
CHOICES = [
    ("kill", {}), ("kill", {"G01": "forgotten"}), ("kill", {"G06": "reclaimed"}),
    ("kill", {"G26": "any_thread"}), ("kill", {"G04": "retired", "G09": "immediate"}),
    ("paging", {}), ("paging", {"G09": "immediate"}), ("paging", {"G15": "before"}),
    ("power", {}), ("power", {"G19": "off"}),
    ("preemption", {}), ("preemption", {"G08": "waits"}), ("preemption", {"G04": "retired"}),
    ("removal", {}), ("removal", {"G03": "kept"}), ("removal", {"G10": "driver"}),
    ("removal", {"G19": "off"}), ("removal", {"G03": "kept", "G10": "driver", "G19": "off"}),
    ("tdr", {}), ("tdr", {"G04": "retired"}),
]
GOOD = (Proved, Reached)


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.stem)
def test_every_model_is_well_formed(path: Path) -> None:
    assert problems(shipped(str(path))) == []


@pytest.mark.parametrize("policies", POLICIES, ids=lambda p: "-".join(p.values()))
def test_the_miniport_is_clean_under_every_policy(policies: dict[str, str]) -> None:
    system = shipped("models/miniport.wddm", policies)
    scope = dict(dict(system.scopes)["small"])
    names = tuple(p.name for p in system.properties)
    verdicts = get("interpret").check(CheckTask(system, scope, names)).verdicts
    assert {n: v for n, v in verdicts.items() if not isinstance(v, GOOD)} == {}


@pytest.mark.parametrize(("name", "policies"), one_in(2, CHOICES),
                         ids=["-".join((n, *p.values())) for n, p in CHOICES])
def test_the_other_models_are_clean_under_their_policies(
        name: str, policies: dict[str, str]) -> None:
    """One of each object. Some witnesses need more; they are reached at the default scopes."""
    system = shipped(f"models/{name}.wddm", policies)
    scope = dict(dict(system.scopes)["small"])
    claims = tuple(p.name for p in system.properties if p.kind is not Kind.REACHABLE)
    verdicts = get("interpret").check(CheckTask(system, scope, claims)).verdicts
    assert {n: v for n, v in verdicts.items() if not isinstance(v, GOOD)} == {}


@pytest.mark.slow
@pytest.mark.parametrize("path", BESIDE, ids=lambda p: p.stem)
def test_the_other_models_hold_and_are_not_hollow(path: Path) -> None:
    """All that each claims, at its default scopes; each goal and witness at one of them."""
    system = shipped(str(path))
    left = {p.name for p in system.properties if p.goal or p.kind is Kind.REACHABLE}
    for name in system.default_scopes:
        scope = dict(dict(system.scopes)[name])
        names = tuple(p.name for p in system.properties)
        verdicts = get("interpret").check(CheckTask(system, scope, names)).verdicts
        left -= {n for n, v in verdicts.items() if isinstance(v, GOOD)}
        assert {n: v for n, v in verdicts.items()
                if not isinstance(v, (*GOOD, Unreached))} == {}, name
    assert left == set()


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_every_rule_that_is_cited_is_in_the_catalogue(path: Path) -> None:
    known = {rule for path in Path("spec/rules").glob("*.toml")
             for rule in tomllib.loads(path.read_text(encoding="utf-8"))}
    system = shipped(str(path))
    origins = [p.origin for p in system.properties] + [a.origin for a in system.actions]
    cited = {rule for origin in origins for c in origin.citations for rule in c.rules}
    assert cited or path in UNCITED
    assert cited - known == set()


@pytest.mark.parametrize("path", MODELS, ids=lambda p: p.stem)
def test_every_written_property_says_on_what_it_rests(path: Path) -> None:
    for prop in shipped(str(path)).properties:
        if prop.goal:
            continue
        bases = {c.basis for c in prop.origin.citations}
        assert bases or path in UNCITED, prop.name
        if Basis.LANGUAGE not in bases:
            assert prop.title, f"{prop.name} does not say what a violation means"


def test_the_catalogue_of_properties_is_covered() -> None:
    """SP-1 to SP-18, SP-22 and SP-25 each have a property that says so."""
    text = " ".join(p.title for path in (MINIPORT, *BESIDE) for p in shipped(str(path)).properties)
    assert [n for n in (*range(1, 19), 22, 25)
            if f"SP-{n})" not in text and f"SP-{n}," not in text] == []


def test_the_list_of_models_is_complete() -> None:
    """Each model has a row, and the row has its policies."""
    rows = {line.split("`")[1]: line for line in
            Path("models/README.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("| `")}
    assert set(rows) == {p.stem for p in Path("models").glob("*.wddm")}
    for name, row in rows.items():
        policies = {n for n, _ in shipped(f"models/{name}.wddm").policies}
        assert policies - set(re.findall(r"\b[A-Z]\w+", row)) <= {"G09"}, name
