"""Partial-order reduction: quiet steps are found where they are, and change counts alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.models import shipped, system_of
from tests.support.naive import Naive
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.registry import get
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.build import and_, eq, exists, not_
from wddmcheck.ir.expr import Const, Read, slot
from wddmcheck.ir.quiet import reduction
from wddmcheck.ir.sorts import BOOL
from wddmcheck.ir.system import CALL_AT, Kind, Property, System
from wddmcheck.result.verdict import CheckResult, Inconclusive, Proved, Reached, Violated

SETTINGS = settings(max_examples=15, phases=[Phase.generate], deadline=None, derandomize=True,
                    database=None, suppress_health_check=list(HealthCheck))

WORK = """
model work
default scope two { Thing 2, calls 2 }
object Thing { count: 0..3 }
var total: 0..3 = 0
ddi Make() -> Thing {
  let t = create Thing()
  return STATUS_SUCCESS, t
}
/// Three steps of which only the last does anything.
ddi Work(t: Thing) {
  let a = t.count
  step
  let b = a
  step
  let c = b
  step
  if total < 3 { total = total + 1 }
  return STATUS_SUCCESS
}
gpu Count(t: Thing) when t.count < 2 { t.count = t.count + 1 }
property small: invariant total < 3
property counted: reachable some t: Thing where t.count == 2
property again: always possible total == 3
"""


def check(system: System, scope: dict[str, int], *, reduce: bool, symmetry: bool = True,
          limits: Limits | None = None) -> CheckResult:
    names = tuple(p.name for p in system.properties if p.kind is not Kind.LEADS_TO)
    return get("native").check(CheckTask(system, scope, names, limits or Limits(), symmetry,
                                         reduce=reduce))


def same(system: System, scope: dict[str, int], one: CheckResult, two: CheckResult) -> None:
    """Equal verdicts, and runs of equal length."""
    for prop in system.properties:
        if prop.name not in one.verdicts:
            continue
        a, b = one.verdicts[prop.name], two.verdicts[prop.name]
        assert type(a) is type(b), prop.name
        match a, b:
            case (Violated(x), Violated(y)) | (Reached(x), Reached(y)):
                assert (x and (len(x.steps), x.shortest)) == (y and (len(y.steps), y.shortest))
        recheck(system, scope, prop, b)


@pytest.mark.parametrize("symmetry", [False, True])
def test_quiet_steps_are_taken_first(symmetry: bool) -> None:
    system = system_of(WORK)
    scope = {"Thing": 2, "Call": 2}
    found = reduction(system, [p.formula for p in system.properties])
    assert [system.actions[q.action].name for q in found.quiet]
    assert any(name.startswith("Work/") and "total" in why for name, why in found.loud)
    full = check(system, scope, reduce=False, symmetry=symmetry)
    less = check(system, scope, reduce=True, symmetry=symmetry)
    assert less.exploration.reduced
    assert not full.exploration.reduced
    assert less.exploration.states < 0.8 * full.exploration.states
    same(system, scope, full, less)
    assert isinstance(less.verdicts["small"], Violated)
    assert isinstance(less.verdicts["again"], Proved | Violated)


def test_a_limit_leaves_no_depth() -> None:
    system = system_of(WORK)
    scope = {"Thing": 2, "Call": 2}
    cut = check(system, scope, reduce=True, limits=Limits(states=20))
    assert any(isinstance(v, Inconclusive) and "--reduction off" in v.reason
               for v in cut.verdicts.values())
    bounded = check(system, scope, reduce=True, limits=Limits(depth=6))
    assert not bounded.exploration.reduced


def test_what_is_asked_about_is_not_quiet() -> None:
    system = system_of(WORK + """
property not_there: invariant no t: Thing where in_flight(t)
""")
    assert reduction(system, ()).quiet
    found = reduction(system, [p.formula for p in system.properties])
    assert not found.quiet
    assert any("property tells the place" in why for _, why in found.loud)
    loud = system_of(WORK.replace("total < 3 { total", "t.count > 9 { total"))
    names = {name for name, _ in reduction(loud, ()).loud}
    assert names


@pytest.mark.parametrize("path", ["models/miniport.wddm", "models/seeded/yardstick_b1.wddm"])
def test_shipped_models(path: str) -> None:
    system = shipped(path)
    scope = dict(dict(system.scopes)["small"])
    same(system, scope, check(system, scope, reduce=False), check(system, scope, reduce=True))


def stepping(random: Random) -> str:
    """A model whose calls take many steps, some of which nobody notices."""
    names = ("x", "y")

    def statements(depth: int) -> list[str]:
        lines = []
        for _ in range(random.randint(1, 4)):
            name = random.choice(names)
            match random.randrange(8 if depth else 10):
                case 0 | 1 | 2:
                    lines.append("step")
                case 3:
                    lines.append(f"if {name} < 2 {{ {name} = {name} + 1 }}")
                case 4:
                    lines.append(f"{name} = 0")
                case 5:
                    lines.append("t.own = not t.own")
                case 6:
                    lines.append(f"wait until {name} < 2")
                case 7:
                    lines.append(f"let n{random.randrange(10**6)} = t.own")
                case _:
                    one, two = (" ".join(statements(1)) for _ in range(2))
                    lines.append(random.choice((f"either {{ {one} }} or {{ {two} }}",
                                                f"if {name} == 1 {{ {one} }} else {{ {two} }}")))
        return lines

    blocks = [f"ddi D{i}(t: Thing)\n{{\n" + "\n".join(
        ["step", *statements(0), "step", "return STATUS_SUCCESS"]) + "\n}"
        for i in range(random.randint(1, 3))]
    return "\n".join((
        "model stepping", "object Thing { own: bool }", "var x: 0..2 = 0", "var y: 0..2 = 0",
        "ddi Make() -> Thing {\nlet t = create Thing()\nreturn STATUS_SUCCESS, t\n}", *blocks,
        f"gpu Tick() when {random.choice(names)} == 1 {{ {random.choice(names)} = 2 }}",
        "property p: invariant x + y < 4",
        "property q: invariant all t: Thing: not t.own or x == 0",
        "property r: reachable x == 2 and y == 2", "property s: always possible x == 0",
        "property u: before D0(t): y < 2 or t.own", ""))


quieted = [0]


@SETTINGS
@given(st.integers(0, 10**9), st.integers(1, 2), st.booleans())
def test_random_models(seed: int, calls: int, symmetry: bool) -> None:
    system = system_of(stepping(Random(seed)))
    scope = {"Thing": 1 + seed % 2, "Call": calls}
    naive = Naive(system, scope)
    found = check(system, scope, reduce=True, symmetry=symmetry)
    quieted[0] += found.exploration.reduced
    by_name = {p.name: p for p in system.properties}
    for name, verdict in found.verdicts.items():
        first = naive.first(by_name[name])
        match verdict:
            case Violated(trace) if not trace.shortest:      # (it is said where it is so)
                assert by_name[name].kind is Kind.ALWAYS_POSSIBLE
                assert first is not None
                assert first <= len(trace.steps)
            case Violated(trace) | Reached(trace) if trace is not None:
                assert first == len(trace.steps), name
            case Violated() | Reached():
                assert first is not None, name
            case _:
                assert first is None, name


def test_many_of_them_were_reduced() -> None:
    assert quieted[0] > 10


def test_formulas_that_tell_places_apart_are_noticed() -> None:
    """No formula of the language names a place; those of the IR can."""
    system = system_of("""
model places
object Thing { n: bool }
var x: bool = false
ddi Make() -> Thing {
  let t = create Thing()
  return STATUS_SUCCESS, t
}
ddi Work(t: Thing) {
  x = false
  step
  step
  return STATUS_SUCCESS
}
gpu Tick() when not x { x = true }
""")
    at = next(v for v in system.variables if v.name == CALL_AT)
    first = Const(1, at.sort)
    there = and_(eq(Read(CALL_AT, (slot("c", "Call"),), at.sort), first), Read("x", (), BOOL))
    system = replace(system, properties=(
        Property("never", Kind.INVARIANT, not_(exists("c", "Call", there))),))
    scope = {"Thing": 1, "Call": 1}
    assert reduction(system, ()).quiet, "nothing else could notice it"
    full = check(system, scope, reduce=False)
    assert isinstance(full.verdicts["never"], Violated)
    same(system, scope, full, check(system, scope, reduce=True))
