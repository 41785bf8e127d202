"""The explicit engine: what its witnesses show, what it refuses, how wide its codes are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.engines.smt.yardstick import yardstick
from tests.support.tiny import action, flag, of, put
from tests.support.tiny_systems import digraphs, partial_maps
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.engines import size
from wddmcheck.engines.base import CheckTask, Limits
from wddmcheck.engines.explicit.codec import Codec
from wddmcheck.engines.explicit.compile import compile_system
from wddmcheck.engines.explicit.interpret import Interpret
from wddmcheck.engines.explicit.symmetry import Canonical
from wddmcheck.engines.memory import rss
from wddmcheck.evidence.recheck import recheck
from wddmcheck.ir.build import and_, eq, exists, forall, ne, not_
from wddmcheck.ir.evaluate import Layout, initial_state
from wddmcheck.ir.expr import FALSE, TRUE, Const, Expr, Read, slot
from wddmcheck.ir.sorts import BOOL, IntRange, RefSort
from wddmcheck.ir.system import (
    Action,
    Kind,
    Obligation,
    Param,
    Pool,
    Property,
    StateVar,
    System,
)
from wddmcheck.result.verdict import CheckResult, Holds, Reached, Stop, Violated

symmetric = pytest.mark.parametrize("symmetry", [False, True], ids=["all", "orbits"])


def check(system: System, scope: Mapping[str, int], *, symmetry: bool = True,
          limits: Limits | None = None) -> CheckResult:
    """Everything about a system; what is said is checked again."""
    result = Interpret().check(CheckTask(
        system, scope, tuple(p.name for p in system.properties), limits or Limits(), symmetry))
    for prop in system.properties:
        recheck(system, scope, prop, result.verdicts[prop.name])
    return result


C = slot("c", "C")


def marks(*obligations: Obligation) -> System:
    """Any slot may get the mark; `go(c)` is enabled once some slot has it."""
    some = exists("x", "C", flag("mark", slot("x", "C")))
    return System(
        "marks", (Pool("C"),), (StateVar("mark", ("C",), BOOL, 0),), (
            action("mark", not_(flag("mark", C)), put("mark", TRUE, C), params=(of("C", "c"),)),
            action("go", some, params=(of("C", "c"),), obligations=obligations),
        ), (Property("first", Kind.OBLIGATION), Property("second", Kind.OBLIGATION),
            Property("goes", Kind.FIRES, actions=("go",))))


@symmetric
def test_a_witness_breaks_the_obligation_that_it_is_for(symmetry: bool) -> None:
    """Every instance of `go` breaks the first, but only those of an unmarked slot the second."""
    system = marks(Obligation("first", TRUE, stops=False),
                   Obligation("second", not_(flag("mark", C)), stops=False))
    verdicts = check(system, {"C": 3}, symmetry=symmetry).verdicts
    for name in ("first", "second"):
        verdict = verdicts[name]
        assert isinstance(verdict, Violated)
        assert len(verdict.trace.steps) == 2


@symmetric
def test_a_firing_is_not_one_that_ends_in_a_fault(symmetry: bool) -> None:
    system = marks(Obligation("first", TRUE, stops=False),
                   Obligation("second", not_(flag("mark", C)), stops=True))
    verdict = check(system, {"C": 2}, symmetry=symmetry).verdicts["goes"]
    assert isinstance(verdict, Reached)
    assert verdict.trace is not None
    assert verdict.trace.steps[-1].state is not None


@symmetric
@pytest.mark.parametrize("values", [(0, 1), (-200, 200), (0, 1 << 22)], ids=str)
def test_values_of_any_range_survive_packing(symmetry: bool, values: tuple[int, int]) -> None:
    """Codes of slots must not be taken for codes of large numbers."""
    sort = IntRange(*values)
    last = values[1]

    def n(index: Expr) -> Expr:
        return Read("n", (index,), sort)

    system = System(
        "wide", (Pool("C"),),
        (StateVar("n", ("C",), sort, values[0]), StateVar("on", ("C",), BOOL, 0)), (
            action("big", TRUE, put("n", Const(last, sort), C), params=(of("C", "c"),)),
            action("less", TRUE, put("n", Const(last - 1, sort), C), params=(of("C", "c"),)),
            action("on", TRUE, put("on", eq(n(C), Const(last, sort)), C),
                   params=(of("C", "c"),)),
        ), (Property("both", Kind.REACHABLE, exists("x", "C", exists("y", "C", and_(
                ne(slot("x", "C"), slot("y", "C")), eq(n(slot("x", "C")), Const(last, sort)),
                eq(n(slot("y", "C")), Const(last - 1, sort)), flag("on", slot("x", "C")))))),))
    verdict = check(system, {"C": 2}, symmetry=symmetry).verdicts["both"]
    assert isinstance(verdict, Reached)
    assert verdict.trace is not None
    assert all(type(v) is int for s in verdict.trace.steps for v in s.state or ())


def test_a_bound_on_deadlocks_is_one_step_behind() -> None:
    """The states of the last level were reached, but what is enabled in them was not asked."""
    tiny = partial_maps(3, 16)
    for depth, known in ((2, 1), (3, 2)):
        verdict = check(tiny.system, tiny.scope, limits=Limits(depth=depth)).verdicts["ends"]
        assert verdict == Holds(known, Stop.DEPTH)


# --- what is refused ----------------------------------------------------------------------------

@pytest.mark.parametrize("count", [10**3, 10**5, 10**9])
def test_a_huge_scope_is_refused_at_once(count: int) -> None:
    started = time.monotonic()
    with pytest.raises(UserError) as caught:
        check(yardstick(), dict.fromkeys("PDCA", count))
    assert time.monotonic() - started < 2
    assert caught.value.exit_code == 2
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code == "WC304"
    assert "smaller" in diagnostic.help


def lonely(*actions: Action, claim: Expr = TRUE) -> System:
    return System("lonely", (Pool("C"),), (StateVar("on", (), BOOL, 0),), actions,
                  (Property("claim", Kind.INVARIANT, claim),))


@pytest.mark.parametrize(("system", "slots", "what"), [
    (lonely(action("a", TRUE, params=(Param("k", IntRange(0, 10**12)),))), 1, "instances"),
    (lonely(), 10**9, "slots"),
    (lonely(claim=forall("x", "C", forall("y", "C", flag("on")))), 9_000, "formula"),
    (lonely(action("a", forall("x", "C", forall("y", "C", FALSE)))), 9_000, "actions"),
], ids=["a parameter", "a pool", "a formula", "a guard"])
def test_what_would_not_fit_is_refused(system: System, slots: int, what: str) -> None:
    with pytest.raises(UserError, match=what):
        check(system, {"C": slots})


def test_size_is_what_is_unrolled() -> None:
    layout = Layout.of(digraphs(3, 104).system, {"N": 3})
    complete = layout.system.properties[0].formula
    assert size.nodes(layout, complete) == 1 + 3 * (1 + 3 * 3)
    assert len(compile_system(layout).instances) == 9


# --- symmetry ------------------------------------------------------------------------------------

def test_single_slots_leave_nothing_to_rename() -> None:
    assert Canonical(Codec(Layout.of(yardstick(), dict.fromkeys("PDCA", 1)))).trivial
    result = check(yardstick(), dict.fromkeys("PDCA", 1))
    assert not result.exploration.symmetry
    assert result.exploration.states == 8


def test_absent_slots_are_alike_only_if_nothing_tells_them_apart() -> None:
    """What an absent slot holds counts: here the relation, which no action clears."""
    tiny = digraphs(3, 104)
    life = StateVar("life", ("N",), BOOL, 0)
    system = replace(tiny.system, pools=(Pool("N", life="life"),),
                     variables=(life, *tiny.system.variables))
    assert check(system, {"N": 3}).exploration.states == 104


@pytest.mark.parametrize("size_of", [4, 5, 6])
def test_highly_symmetric_states_take_polynomial_time(size_of: int) -> None:
    """A ring has no twins and one colour: without pruning, all n! orders would be tried."""
    to = RefSort("N", none=True)
    layout = Layout.of(
        System("ring", (Pool("N"), Pool("M")), (StateVar("to", ("N",), to, -1),
                                                StateVar("at", ("M",), to, -1)), (), ()),
        {"N": size_of, "M": size_of})
    codec = Codec(layout)
    canonical = Canonical(codec)
    ring = tuple((i + 1) % size_of for i in range(size_of))
    started = time.monotonic()
    forms = {canonical(codec.pack((*ring, *(ring[(i + k) % size_of] for i in range(size_of)))))
             for k in range(size_of)}
    assert len(forms) == 1
    assert time.monotonic() - started < 2
    assert canonical(codec.pack(initial_state(layout))) == codec.pack(initial_state(layout))


def test_resident_memory_is_known() -> None:
    assert 1 << 20 < rss() < 1 << 40
