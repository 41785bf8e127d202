"""Failures as they are read off the IR, and the system in which so many of them may happen."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.models import shipped, system_of
from tests.support.samples import one_in
from wddmcheck.ir.expr import TRUE
from wddmcheck.ir.system import Kind as Claim
from wddmcheck.ir.validate import problems
from wddmcheck.result.sweep import Failure
from wddmcheck.sweep import catalogue
from wddmcheck.sweep.causes import Causes, causes
from wddmcheck.sweep.inject import RELIEVED, SWEPT, inject

DRIVER = "tests/sweep/driver.wddm"
MODELS = sorted(p.as_posix() for p in (*Path("models").glob("*.wddm"),
                                       *Path("models/seeded").rglob("*.wddm")))


def of(text: str) -> Causes:
    return causes(system_of(text), catalogue.load())


def words(failure: Failure) -> tuple[str, str, str, str, int]:
    return failure.kind.value, failure.name, failure.status, failure.during, failure.turn


def test_the_failures_of_a_driver() -> None:
    found = causes(shipped(DRIVER), catalogue.load())
    assert [words(f) for f in found.failures] == [
        ("status", "DxgkDdiCreateDevice", "STATUS_NO_MEMORY", "", 1),
        ("callback", "DxgkCbCreateContextAllocation", "STATUS_NO_MEMORY", "", 1),
        ("callback", "DxgkCbCreateContextAllocation", "STATUS_NO_MEMORY", "", 2),
        ("status", "DxgkDdiCreateContext", "STATUS_UNSUCCESSFUL", "", 1),
        ("event", "DxgkDdiResetEngine", "", "DxgkDdiDestroyContext", 1),
        ("event", "DxgkDdiResetEngine", "", "DxgkDdiDestroyContext", 1),
        ("event", "DxgkDdiResetEngine", "", "", 1),
        ("event", "DxgkDdiSetPowerState", "", "DxgkDdiDestroyContext", 1),
        ("event", "DxgkDdiSetPowerState", "", "DxgkDdiDestroyContext", 1),
        ("event", "DxgkDdiSetPowerState", "", "", 1),
    ]


def test_a_status_that_follows_from_a_callback_counts_once() -> None:
    found = causes(shipped(DRIVER), catalogue.load())
    failing = [groups for name, groups in found.of.items() if name.startswith("DxgkDdiCreateCont")]
    assert all(len(groups) == 1 for groups in failing)


def test_where_a_call_had_paused() -> None:
    found = of("""model m
callback DxgkCbA() returns STATUS_SUCCESS, STATUS_NO_MEMORY {
  either { } or { return STATUS_NO_MEMORY }
  return STATUS_SUCCESS
}
ddi DxgkDdiB() returns STATUS_SUCCESS, STATUS_UNSUCCESSFUL {
  call DxgkCbA() or return STATUS_UNSUCCESSFUL
  step
  call DxgkCbA() or return STATUS_UNSUCCESSFUL
  return STATUS_SUCCESS
}
""")
    first, second = found.failures
    assert first.after is None
    assert second.after is not None
    assert (first.turn, second.turn) == (1, 1)


def test_a_create_that_no_status_tells_of() -> None:
    found = of("""model m
object Cache
ddi DxgkDdiB() returns STATUS_SUCCESS { create Cache() or { } return STATUS_SUCCESS }
""")
    assert [words(f)[:3] for f in found.failures] == [("create", "Cache", "")]


def test_two_failures_of_one_path_are_two() -> None:
    found = of("""model m
object Cache
callback DxgkCbA() returns STATUS_SUCCESS, STATUS_NO_MEMORY {
  either { } or { return STATUS_NO_MEMORY }
  return STATUS_SUCCESS
}
ddi DxgkDdiB() returns STATUS_SUCCESS {
  call DxgkCbA() or { }
  call DxgkCbA() or { }
  return STATUS_SUCCESS
}
""")
    assert sorted(len(groups) for groups in found.of.values()) == [1, 1, 2]


def test_a_failure_after_one_that_was_tolerated_is_a_second() -> None:
    found = of("""model m
object Cache
callback DxgkCbA() returns STATUS_SUCCESS, STATUS_NO_MEMORY {
  create Cache() or return STATUS_NO_MEMORY
  return STATUS_SUCCESS
}
ddi DxgkDdiB() returns STATUS_SUCCESS, STATUS_UNSUCCESSFUL {
  call DxgkCbA() or { }
  either { } or { return STATUS_UNSUCCESSFUL }
  return STATUS_SUCCESS
}
""")
    assert [words(f)[:3] for f in found.failures] == [
        ("callback", "DxgkCbA", "STATUS_NO_MEMORY"), ("status", "DxgkDdiB", "STATUS_UNSUCCESSFUL")]
    assert sorted(len(groups) for groups in found.of.values()) == [1, 1, 2]


def test_a_path_that_a_fault_ends_for_certain_fails_as_it_was_going_to() -> None:
    """Freed twice on the way to `return STATUS_NO_MEMORY`: without a failure it cannot happen."""
    found = causes(shipped("models/seeded/createcontext_failure_frees_twice.wddm"),
                   catalogue.load())
    system = shipped("models/seeded/createcontext_failure_frees_twice.wddm")
    fatal = [a for a in system.actions if a.label.towards]
    assert [a.label.towards for a in fatal] == ["STATUS_NO_MEMORY"]
    assert all(a.name in found.of for a in fatal)


def test_a_power_up_is_no_failure() -> None:
    found = causes(shipped(DRIVER), catalogue.load())
    (group,) = found.of["DxgkDdiSetPowerState/1"]
    assert all(c.when != TRUE for c in group)
    assert {c.family for c in group} == {"power-down"}


def test_what_follows_from_an_event_of_the_family_counts_no_more() -> None:
    text = """model m
var gone: bool
var told: bool
gpu Unplug() when not gone { gone = true }
ddi DxgkDdiNotifySurpriseRemoval() returns STATUS_SUCCESS requires gone and not told {
  told = true
  return STATUS_SUCCESS
}
"""
    system = system_of(text)
    found = causes(system, catalogue.load())
    one = inject(system, found, 1).system
    notify = next(a for a in one.actions if a.label.block == "DxgkDdiNotifySurpriseRemoval")
    assert "failure.1" in str(notify.guard)
    none = inject(system, found, 0).system
    assert [a.name for a in none.actions] == []


@pytest.mark.parametrize("path", [*one_in(4, MODELS), DRIVER])
def test_systems_with_failures_are_well_formed(path: str) -> None:
    system = shipped(path)
    found = causes(system, catalogue.load())
    several = [tuple(range(1, min(len(found.failures), 2) + 1))]
    for most in (0, 1, 2):
        relieved = {p.name: several[:1] for p in system.properties} if most == 2 else {}
        injected = inject(system, found, most, relieved)
        assert problems(injected.system) == []
        assert {a.name for a in injected.system.actions} <= {a.name for a in system.actions}
        claims = [p for p in injected.system.properties if not p.goal and p.name != RELIEVED]
        assert [p.name for p in claims] == [
            p.name for p in system.properties if not p.goal and p.kind in SWEPT]
        assert (RELIEVED in {p.name for p in injected.system.properties}) == (most == 2)


def test_liveness_sees_every_failure() -> None:
    """A failure that changes nothing is entered all the same: it must not happen for ever."""
    text = Path(DRIVER).read_text("utf-8") + (
        "property work_ends: (some c: Context where c is Busy) leads to "
        "(no c: Context where c is Busy)\n")
    system = system_of(text)
    assert any(p.kind is Claim.LEADS_TO for p in system.properties)
    injected = inject(system, causes(system, catalogue.load()), 1)
    failing = [a for a in injected.system.actions if a.label.status == "STATUS_UNSUCCESSFUL"]
    assert [u.var for a in failing for u in a.updates] == ["failure.1"]
    plain = inject(shipped(DRIVER), causes(shipped(DRIVER), catalogue.load()), 1)
    failing = [a for a in plain.system.actions if a.label.status == "STATUS_UNSUCCESSFUL"]
    assert [u.var for a in failing for u in a.updates] == []


def test_the_catalogue_of_events_is_sound() -> None:
    """Pages are reference pages of calls that spec/pages/ddis.toml has, or of their arguments."""
    calls = tomllib.loads(Path("spec/pages/ddis.toml").read_text("utf-8"))
    for event in catalogue.load().values():
        assert event.title
        assert event.family
        assert event.why.endswith(".")
        if event.block.startswith("Dxgk"):
            assert calls[event.block]["page"] == event.page
        elif event.page:
            assert re.fullmatch(r"wdk-ddi-src/content/\w+/n[cs]-[\w-]+\.md", event.page)
        else:
            assert "no page" in event.why


