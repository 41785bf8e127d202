"""Each sequence S1 to S14 can happen: a property of a model is reached at a default scope, and the
run that reaches it happens on the reference miniport, step for step and with the same state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.models import shipped
from tests.support.samples import one_in
from wddmcheck.cli import topics
from wddmcheck.cli.catalogue import load
from wddmcheck.cli.coverage import Coverage, coverage
from wddmcheck.cli.docs_rules import unknown_witnesses
from wddmcheck.cli.main import run
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.system import Kind
from wddmcheck.replay.agree import Pair
from wddmcheck.result.verdict import Reached

SEQUENCES = {t.id: t for t in topics.load().values() if t.head == "a sequence"}
WITNESSES = [(s, *w.split(":")) for s, t in SEQUENCES.items() for w in t.witnesses]
MODELS_ONLY = ("S5", "S6", "S7", "S8", "S9", "S10", "S11")
"""Sequences whose models the machine cannot follow yet. The list only gets shorter."""


@cache
def found(path: str, name: str) -> tuple[Layout, Reached]:
    """The shortest run to a property, at the first default scope that has one."""
    system = shipped(path)
    for scope in system.default_scopes:
        sizes = dict(dict(system.scopes)[scope])
        verdict = get("native").check(CheckTask(system, sizes, (name,))).verdicts[name]
        if isinstance(verdict, Reached):
            return Layout.of(system, sizes), verdict
    pytest.fail(f"{path}: {name} is reached at no default scope")


def test_every_sequence_has_a_witness() -> None:
    assert list(SEQUENCES) == [f"S{n}" for n in range(1, 15)]
    assert [s for s, t in SEQUENCES.items() if not t.witnesses] == []
    assert set(MODELS_ONLY) < set(SEQUENCES)


@pytest.mark.parametrize(("sequence", "path", "name"), WITNESSES)
def test_a_witness_says_what_it_shows(sequence: str, path: str, name: str) -> None:
    """Its property says so, and claims that something can be reached."""
    (prop,) = (p for p in shipped(path).properties if p.name == name)
    assert prop.kind is Kind.REACHABLE
    assert prop.title.startswith(f"{sequence}: ")


@pytest.mark.parametrize(("sequence", "path", "name"), WITNESSES)
def test_a_sequence_is_reached(sequence: str, path: str, name: str) -> None:
    assert len(found(path, name)[1].trace.steps) > 2


@pytest.mark.parametrize(("sequence", "path", "name"),
                         [w for w in WITNESSES if w[0] not in MODELS_ONLY])
def test_a_sequence_happens_on_the_reference_miniport(
        sequence: str, path: str, name: str) -> None:
    layout, verdict = found(path, name)
    pair = Pair(layout)
    for step in verdict.trace.steps:
        done = pair.take(step)
        assert (done.impossible, done.deviations, done.findings) == ("", (), ())


@pytest.mark.parametrize(("sequence", "path", "name"),
                         one_in(3, [w for w in WITNESSES if w[0] not in MODELS_ONLY]))
def test_a_saved_witness_can_be_replayed(sequence: str, path: str, name: str, tmp_path: Path,
                                         capsys: pytest.CaptureFixture[str]) -> None:
    """By the command line: nothing goes wrong on the way."""
    assert run(["verify", path, "--property", name, "--out", str(tmp_path), "--no-progress",
                "--quiet", "--jobs", "1"]) == 0
    (saved,) = tmp_path.glob("*.trace.json")
    assert run(["replay", "--brief", str(saved)]) == 0
    assert "\n  reached at step " in capsys.readouterr().out


# --- models that only remember more ---------------------------------------------------------------


def contracts(path: Path) -> dict[str, list[str]]:
    """What the caller of each DDI in a file promises, word for word."""
    found = {}
    for name, header in DDI.findall(path.read_text(encoding="utf-8")):
        clauses = CLAUSE.split(header)
        found[name] = [" ".join(c.split()) for c in clauses if c.startswith("requires")]
    return found


DDI = re.compile(r"^(?:replace )?ddi (\w+)(\(.*?)^\{", re.S | re.M)
CLAUSE = re.compile(r"\n  (?=requires|entry|exit|@|irql|level|returns)")


@pytest.mark.parametrize("model", ["scenarios", "failed_creates"])
def test_a_model_that_only_remembers_more_has_the_contracts_of_the_miniport(model: str) -> None:
    base: dict[str, list[str]] = {}
    for part in Path("models/parts").glob("*.wddm"):
        if f'"parts/{part.name}"' in Path("models/miniport.wddm").read_text(encoding="utf-8"):
            base |= contracts(part)
    replaced = {n: c for n, c in contracts(Path(f"models/{model}.wddm")).items() if n in base}
    assert replaced
    assert replaced == {name: base[name] for name in replaced}


# --- the key of the catalogue --------------------------------------------------------------------


@pytest.mark.parametrize("given", [
    "S4_clean_exit", "models/kill.wddm", ["models/kill.wddm:S5", 5], {"models": 1}, "kill.wddm:S5"])
def test_a_witness_that_is_no_property_is_refused(given: object) -> None:
    with pytest.raises(UserError) as raised:
        topics._witnesses("S4", given)
    assert "sequences.toml: S4" in raised.value.diagnostics[0].message
    assert raised.value.exit_code == 2


def every() -> Iterator[Coverage]:
    yield coverage("models", load(), SourceMap())


def test_every_witness_is_a_property_of_its_model() -> None:
    for read in every():
        assert unknown_witnesses(read, topics.load()) == []
        assert read.has_scenario("models/kill.wddm:S5_no_such") is False
        assert read.has_scenario("models/no_such.wddm:S5") is None


def test_the_sequence_is_shown_with_its_witness(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "S4"]) == 0
    assert "witnessed by: models/scenarios.wddm:S4_clean_exit" in capsys.readouterr().out
