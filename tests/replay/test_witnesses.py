"""Every scenario that a model says is reachable happens on the reference miniport, too; and what
follows it, to the removal of the adapter, goes well."""

from __future__ import annotations

import pytest

from tests.support.models import shipped
from wddmcheck import pipeline
from wddmcheck.diagnostics.source import SourceMap
from wddmcheck.ir.system import Kind
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.replay.families import machine_for
from wddmcheck.replay.runner import runner_for
from wddmcheck.report.findings import findings

MODELS = ("preemption", "removal", "tdr")


@pytest.mark.parametrize("name", MODELS)
def test_the_witnesses_happen(name: str) -> None:
    path = f"models/{name}.wddm"
    goals = [p.name for p in shipped(path).properties if p.kind is Kind.REACHABLE and not p.goal]
    loaded = pipeline.load_model(path, {}, SourceMap())
    options = pipeline.VerifyOptions(properties=tuple(goals), jobs=1)
    told = {f.result.name: f.story
            for f in findings(pipeline.verify(loaded, options, pipeline.silent))}
    assert set(told) == set(goals)
    for goal, story in told.items():
        machine = machine_for(ReferenceMiniport, story.family, {})
        done = list(runner_for(story, machine).steps(story.steps))
        assert len(done) == len(story.steps)
        for step in done:
            assert (step.impossible, step.deviations, step.findings) == ("", (), ()), goal
        machine.aftermath()
        assert (machine.findings, machine.adapter.state) == ([], "absent"), goal
