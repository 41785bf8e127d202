"""The open questions that a policy decides: every answer is a choice of some model, and what the
drivers of the models violate under each choice is what spec/gaps.toml says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.models import shipped, typed
from wddmcheck.cli.main import run
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.system import Kind
from wddmcheck.result.verdict import Proved, Violated

GAPS: dict[str, Any] = tomllib.loads(Path("spec/gaps.toml").read_text(encoding="utf-8"))
DECIDED = {name: gap for name, gap in GAPS.items() if "policy" in gap}
FALLS = re.compile(r"(\w+): (\w+) in (all but )?([\w ,]+)")


@cache
def policies(model: str) -> dict[str, tuple[str, ...]]:
    """The policies of a model with their choices, the default first."""
    found = typed(f"models/{model}.wddm").policies
    return {name: (p.default, *(c for c in p.choices if c != p.default))
            for name, p in found.items()}


def falls(gap: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Model, choice and property."""
    for text in gap.get("falls", ()):
        match = FALLS.fullmatch(text)
        assert match, text
        named = set(match[4].split(", "))
        assert named <= set(gap["models"])
        models = set(gap["models"]) - named if match[3] else named
        yield from ((model, match[1], match[2]) for model in models)


QUICK = ("failed_creates", "miniport")
CASES = [pytest.param(name, model, marks=() if model in QUICK else pytest.mark.slow)
         for name, gap in DECIDED.items() for model in gap["models"]]


@pytest.mark.parametrize("name", DECIDED)
def test_every_answer_is_a_choice_of_some_model(name: str) -> None:
    gap = DECIDED[name]
    assert len(gap["choices"]) == len(gap["answers"])
    have = {model: policies(model)[gap["policy"]] for model in gap["models"]}
    assert set(gap["choices"]) == {c for found in have.values() for c in found}
    assert {found[0] for found in have.values()} == {gap["choices"][0]}
    assert {len(found) for found in have.values()} <= {2, 3}


@pytest.mark.parametrize("name", DECIDED)
def test_the_models_are_all_that_have_the_policy(name: str) -> None:
    policy = DECIDED[name]["policy"]
    assert DECIDED[name]["models"] == sorted(
        p.stem for p in Path("models").glob("*.wddm") if policy in policies(p.stem))


@pytest.mark.parametrize(("name", "model"), CASES)
def test_what_a_driver_violates_under_each_choice(name: str, model: str) -> None:
    """At the small scope, and no two answers of one question at once."""
    gap = DECIDED[name]
    for choice in policies(model)[gap["policy"]]:
        expected = {p for m, c, p in falls(gap) if (m, c) == (model, choice)}
        assert violated(model, {gap["policy"]: choice}) == expected, choice


def violated(model: str, chosen: dict[str, str]) -> set[str]:
    """What a model violates with these answers; each run is checked again."""
    system = shipped(f"models/{model}.wddm", chosen)
    scope = dict(dict(system.scopes).get("small") or
                 dict(system.scopes)[system.default_scopes[0]])
    claims = tuple(p.name for p in system.properties
                   if not p.goal and p.kind is not Kind.REACHABLE)
    verdicts = get("native").check(CheckTask(system, scope, claims)).verdicts
    assert all(isinstance(v, Proved | Violated) for v in verdicts.values())
    by_name = {p.name: p for p in system.properties}
    found = {n: v for n, v in verdicts.items() if isinstance(v, Violated)}
    for prop, verdict in found.items():
        recheck(system, scope, by_name[prop], verdict)
    return set(found)


# --- the matrix, and the machine -----------------------------------------------------------------


@pytest.mark.parametrize(("model", "policy", "row"), [
    ("miniport", "G04", "no_gpu_access_to_destroyed                P  P  V10"),
    ("failed_creates", "G01", "no_null_dereference                       P  V6"),
    ("seeded/preemption/save_area_freed_while_held", "G08",
     "no_gpu_access_to_destroyed                V10  P    P")])
def test_a_matrix_shows_which_answer_matters(
        model: str, policy: str, row: str, capsys: pytest.CaptureFixture[str]) -> None:
    scope = () if model.startswith("seeded") else ("--scope", "small")
    assert run(["verify", f"models/{model}.wddm", "--policy", f"{policy}=*", "--no-progress",
                *scope]) == 1
    said = capsys.readouterr().out
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert " ".join(row.split()) in rows
    assert re.search(rf"^  needs: .*\b{policy}=", said, re.M)


@pytest.mark.parametrize(("model", "policy", "choice"), [
    ("miniport", "G04", "adversarial"), ("failed_creates", "G01", "after_failure")])
def test_it_happens_on_the_machine_under_the_same_answer(
        model: str, policy: str, choice: str, tmp_path: Path,
        capsys: pytest.CaptureFixture[str]) -> None:
    run(["verify", f"models/{model}.wddm", "--scope", "small", "--policy", f"{policy}={choice}",
         "--no-progress", "--quiet", "--out", str(tmp_path)])
    (saved,) = tmp_path.glob("*.trace.json")
    capsys.readouterr()
    assert run(["replay", "--brief", str(saved)]) == 1
    assert "\n  reproduced at step " in capsys.readouterr().out
