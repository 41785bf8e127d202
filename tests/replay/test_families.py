"""What the other families of models have on the machine: witnesses, and the names that say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.models import shipped
from tests.support.walks import program
from wddmcheck import pipeline
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.system import Kind
from wddmcheck.machine.defects import DEFECTS
from wddmcheck.replay.agree import Pair
from wddmcheck.replay.families import FAMILIES
from wddmcheck.replay.miniports import choose
from wddmcheck.replay.outcome import Verdict, replay
from wddmcheck.report.findings import findings
from wddmcheck.report.json_report import trace_file_of
from wddmcheck.report.trace_file import TraceFile
from wddmcheck.testgen.tour import tour

WITNESSES = {
    "locks": ("interrupt_waits", "transition_while_activating", "update_comes_back"),
    "threading": ("S9_started_again", "contexts_live_on_in_d3", "query_during_power_transition",
                  "stop_waits_for_worker", "two_classes_at_level_one",
                  "two_threads_at_level_zero"),
}
"""What is reachable in a model, and is replayed on the reference miniport of its family."""


def witnesses(family: str) -> Iterator[TraceFile]:
    loaded = pipeline.load_model(f"models/{family}.wddm", {}, SourceMap())
    options = pipeline.VerifyOptions(jobs=1, command="", properties=WITNESSES[family])
    report = pipeline.verify(loaded, options, pipeline.silent)
    for found in findings(report, loaded.sources):
        yield trace_file_of(report, found)


@pytest.mark.parametrize("family", WITNESSES)
def test_what_is_reachable_comes_about_on_the_reference(family: str) -> None:
    seen = []
    for file in witnesses(family):
        outcome = replay(file, choose("reference"), file.property)
        assert outcome.verdict is Verdict.REACHED
        assert len(outcome.done) == len(file.story.steps)
        assert [d.findings for d in outcome.done if d.findings] == []
        seen.append(file.property)
    assert tuple(sorted(seen)) == WITNESSES[family]


@pytest.mark.slow
@pytest.mark.parametrize("family", WITNESSES)
def test_every_transition_of_the_small_scope_happens_on_the_reference(family: str) -> None:
    layout = program("small", f"models/{family}.wddm").codec.layout
    for run in tour(layout).runs:
        pair = Pair(layout)
        for step in run:
            done = pair.take(step)
            assert (done.impossible, done.deviations, done.findings) == ("", (), ())


@pytest.mark.parametrize("family", WITNESSES)
def test_every_reachable_property_is_listed(family: str) -> None:
    system = shipped(f"models/{family}.wddm")
    reachable = {p.name for p in system.properties if p.kind is Kind.REACHABLE and not p.goal}
    assert set(WITNESSES[family]) == reachable


@pytest.mark.parametrize("family", WITNESSES)
def test_every_variant_has_a_miniport_made_from_that_of_its_family(family: str) -> None:
    variants = {p.stem for p in Path(f"models/seeded/{family}").glob("*.wddm")}
    assert variants
    for name in variants:
        assert issubclass(DEFECTS[name], FAMILIES[family].reference)
