"""The JSON report: the scriptable minimum, the schema, determinism."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from tests.report.driver_model import sources
from tests.report.reports import bad, good, open_ended, report, sliced
from tests.report.schema_from_types import trace_schema
from wddmcheck.report import trace_file
from wddmcheck.report.json_report import report_json, report_text
from wddmcheck.report.jsontext import dumps

REPORTS = {"good": good, "bad": bad, "open_ended": open_ended, "sliced": sliced,
           "empty": lambda: report((), ())}


def schema(name: str) -> Any:
    return json.loads(files("wddmcheck.report").joinpath(name).read_text(encoding="utf-8"))


def validator() -> jsonschema.Draft202012Validator:
    trace = schema("trace.schema.json")
    registry: Any = Registry().with_resources([
        (trace["$id"], Resource.from_contents(trace)), ])
    return jsonschema.Draft202012Validator(schema("report.schema.json"), registry=registry)


def test_the_trace_schema_is_what_the_types_say() -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        path = Path(trace_file.__file__).with_name("trace.schema.json")
        path.write_text(dumps(trace_schema()), encoding="utf-8")
    assert schema("trace.schema.json") == trace_schema()


def test_schemas_are_schemas() -> None:
    for name in ("trace", "report", "matrix", "sweep"):
        name += ".schema.json"
        jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", REPORTS)
def test_reports_obey_the_schema(name: str) -> None:
    data = json.loads(report_text(REPORTS[name](), sources=sources(), warnings=("a warning",)))
    validator().validate(data)


def test_the_minimum_that_scripts_rely_on() -> None:
    data: Any = report_json(bad(), sources=sources())
    assert data["model"] == "models/driver.wddm"
    assert data["scope"] == {"Process": 1, "Device": 1, "Context": 1, "ContextAllocation": 1,
                             "Call": 1}
    for verdict in data["verdicts"]:
        assert {"property", "verdict", "depth", "trace", "certificate", "doc"} <= set(verdict)
    assert {"engine", "symmetry", "states", "transitions", "depth", "seconds", "peak_bytes",
            "complete"} <= set(data["exploration"])
    first = data["verdicts"][0]
    assert (first["verdict"], first["kind"], first["depth"]) == ("VIOLATED", "violated", 7)
    assert first["doc"][0]["basis"] == "inferred"
    (stop,) = first["forecast"]
    assert (stop["code"], stop["parameter1"], stop["kind"]) == ("0x10E", "0x33", "stop")
    assert stop["page"].endswith("bug-check-0x10e---video-memory-management-internal.md")
    assert first["source"] == {"file": "models/driver.wddm", "line": 21, "column": 3}
    assert first["trace"]["format"] == "wddmcheck-trace"
    assert len(first["trace"]["story"]["steps"]) == 7
    assert data["exit_code"] == 1
    assert [r["scope"] for r in data["runs"]] == ["quick", ""]


def test_what_was_sliced_away() -> None:
    data: Any = report_json(sliced(), sources=sources())
    leaked, twice, whole, ways = data["verdicts"]
    assert whole["sliced_away"] is None
    assert leaked["sliced_away"]["slices"] == [1]
    assert twice["sliced_away"] == {
        "slices": [0, 1], "variables": ["open", "ghost"], "pools": ["Process"],
        "actions": ["DxgkDdiCreateProcess/1", "DxgkDdiCreateDevice/1"]}
    assert twice["certificate"]["slices"] == 2
    assert twice["depth"] == 14, "of the deepest of its slices"
    (run,) = data["runs"]
    assert [s["exploration"]["states"] for s in run["slices"][:2]] == [12, 1_800]
    assert run["slices"][1]["way"] is None
    assert ways["sliced_away"]["slices"] == [3, 4, 2], "in the order of the stages"
    assert [s["way"] for s in run["slices"][2:]] == [
        {"before": ["Context", "Device"], "empties": None}, {"before": [], "empties": "Context"},
        {"before": ["Context"], "empties": "Device"}]
    assert run["slices"][1]["kept"][1] == {
        "variable": "ContextAllocation.context", "why": "ctx_allocs_freed_first speaks of it"}


def test_certificates_describe_the_evidence() -> None:
    data: Any = report_json(good(), sources=sources())
    pdr, explicit, reached = data["verdicts"]
    assert pdr["certificate"] == {
        "kind": "inductive", "k": 1,
        "invariant": ["current != dangling", "all p: Process. (Process.life[p] == absent)"]}
    assert explicit["certificate"] == {
        "kind": "enumeration", "states": 48213, "symmetric": True, "beyond": ["no_orphan"],
        "odds": 0.0, "slices": 0}
    assert explicit["depth"] == 21
    assert reached["certificate"] is None
    assert reached["depth"] == 4


def test_weak_results_say_why() -> None:
    data: Any = report_json(open_ended(), sources=sources())
    kinds = {v["property"]: (v["verdict"], v["kind"], v["strength"], v["reason"])
             for v in data["verdicts"]}
    assert kinds["ctx_allocs_freed_first"] == (
        "HOLDS to depth 19", "bounded", "bounded", "time")
    assert kinds["current_is_live"] == ("HOLLOW", "hollow", "proved", "")
    assert kinds["running_ends"][1] == "skipped"
    assert data["exploration"]["complete"] is True
    assert len(data["explorations"]) == 2
    assert {g["goal"]: g["kind"] for g in data["goals"]}["fires:Complete"] == "reached"


def test_equal_runs_give_equal_bytes_but_for_times() -> None:
    assert report_text(bad(), sources=sources()) == report_text(bad(), sources=sources())
    slow = json.loads(report_text(replace(bad(), seconds=9.0), sources=sources()))
    fast = json.loads(report_text(bad(), sources=sources()))
    assert slow.pop("seconds") != fast.pop("seconds")
    assert slow == fast


def test_absolute_paths_do_not_leak() -> None:
    data = report_text(replace(bad(), model="/home/someone/secret/driver.wddm"))
    assert "/home" not in data
    assert "secret" not in report_text(replace(bad(), model="C:\\secret\\driver.wddm"))
