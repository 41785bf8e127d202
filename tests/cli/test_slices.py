"""`verify --slice`: when slices are explored, and what is said of it."""

from __future__ import annotations

import json

import pytest

from tests.cli.tiny import wddmcheck
from wddmcheck.pipeline import choose

YARDSTICK = ("verify", "models/yardstick.wddm", "--no-progress", "--no-times")
MINIPORT = ("verify", "models/miniport.wddm", "--scope", "small", "--no-progress", "--no-times")


@pytest.fixture
def small_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole is too large from 50 states on."""
    monkeypatch.setattr(choose, "TRY_STATES", {"interpret": 50, "native": 50})
    monkeypatch.setattr(choose, "TRY_GRAPH", 1)


def lines(*args: str) -> list[str]:
    result = wddmcheck(*args)
    assert result.code == 0, result.err
    return [line.strip() for line in result.out.splitlines()]


def test_a_small_model_is_not_sliced() -> None:
    text = lines(*YARDSTICK)
    assert not any("slice" in line for line in text)
    assert "note: engine auto: native explored completely" in text


@pytest.mark.usefixtures("small_try")
def test_what_is_too_large_at_once_is_sliced() -> None:
    text = lines(*YARDSTICK)
    assert any(line.startswith("note: engine auto: native stopped (state budget) after ")
               for line in text)
    assert "note: engine auto: slices decided everything" in text
    assert "I1           PROVED this scope  native               1 slice" in text
    assert "sliced away: 7 of 9 variables; 11 of 14 actions; all of Context, Allocation" in text


@pytest.mark.usefixtures("small_try")
def test_what_slices_leave_is_explored_in_the_whole() -> None:
    names = ("no_leak", "removal_completes")
    text = lines("verify", "models/removal.wddm", "--scope", "small", "--no-progress", "--no-times",
                 *(word for name in names for word in ("--property", name)))
    assert "note: engine auto: native explored completely" in text
    leak, removal = (next(line for line in text if line.startswith(n)) for n in names)
    assert leak.endswith("slices")
    assert removal.endswith("states")


@pytest.mark.usefixtures("small_try")
def test_a_way_is_shown_in_its_stages() -> None:
    result = wddmcheck(*MINIPORT, "--property", "teardown_always_possible", "-v")
    order = ("Call", "Context", "OpenAllocation", "Device", "Process", "Allocation", "Resource")
    text = " ".join(result.out.split())
    assert f"taken down in this order: {', '.join(order)} " in text
    places = [text.index(part) for part in (
        "variables; the way from any state to where no Call is left",
        "variables; the way from where no Call is left to where no Context is either",
        "variables; the way from where no Call or Context is left to where no OpenAllocation is",
        "Allocation or Resource is left to the goal")]
    assert places == sorted(places), "stages are listed in their order"


def test_stages_in_json() -> None:
    data = json.loads(wddmcheck(*MINIPORT, "--property", "teardown_always_possible", "--slice",
                                "on", "--json", "-").out)
    (found,) = (v for v in data["verdicts"] if v["property"] == "teardown_always_possible")
    ways = [data["runs"][0]["slices"][n]["way"] for n in found["sliced_away"]["slices"]]
    assert ways[0] == {"before": [], "empties": "Call"}
    assert [w["empties"] for w in ways[:-1]] == ways[-1]["before"]
    assert ways[-1]["empties"] is None


@pytest.mark.usefixtures("small_try")
def test_slicing_can_be_turned_off() -> None:
    assert not any("slice" in line for line in lines(*YARDSTICK, "--slice", "off"))


@pytest.mark.parametrize("engine", ["interpret", "native"])
def test_a_named_engine_slices_when_told(engine: str) -> None:
    assert not any("slice" in line for line in lines(*YARDSTICK, "--engine", engine))
    text = lines(*YARDSTICK, "--engine", engine, "--slice", "on")
    assert f"I1           PROVED this scope  {engine:<10}           1 slice" in text


def test_solvers_do_not_slice() -> None:
    result = wddmcheck(*YARDSTICK, "--engine", "kinduction", "--property", "I1", "--slice", "on")
    assert "kinduction does not explore, so it was asked about the whole model" in " ".join(
        result.out.split())


def test_the_json_says_what_was_sliced_away() -> None:
    result = wddmcheck(*YARDSTICK, "--slice", "on", "--json", "-")
    data = json.loads(result.out)
    (first, *_) = data["verdicts"]
    assert first["property"] == "I1"
    assert first["certificate"]["slices"] == 1
    assert first["sliced_away"]["pools"] == ["Context", "Allocation"]
    assert data["exploration"] is None, "the whole was not explored"
    assert data["command"].endswith("--slice on")
    kept = {k["variable"]: k["why"] for k in data["runs"][0]["slices"][
        first["sliced_away"]["slices"][0]]["kept"]}
    assert kept == {"Device.life": "I1 speaks of it", "Device.process": "I1 speaks of it"}


def test_verbose_says_why() -> None:
    result = wddmcheck(*YARDSTICK, "--slice", "on", "--property", "I1", "-v")
    assert "slice 1 of 1: 4 states of 2 variables" in result.out
    assert "Device.process  I1 speaks of it" in result.out
    assert "may do more than in the model: DestroyProcess" in result.out


def test_a_violation_on_a_slice_is_a_run_of_the_model() -> None:
    whole = wddmcheck("verify", "models/seeded/yardstick_b2.wddm", "--property", "I4")
    part = wddmcheck("verify", "models/seeded/yardstick_b2.wddm", "--property", "I4",
                     "--slice", "on")
    assert whole.code == part.code == 1
    for text in (whole.out, part.out):
        assert "shortest run, 8 steps" in text
