"""The text of a system is stable: people read it, and golden tests compare it."""

from __future__ import annotations

from dataclasses import replace

from tests.support.tiny_systems import bulk_update, dangling_reference, flickering_server
from wddmcheck.ir.expr import FALSE, TRUE, And, Const, Ite, Not, Or, slot
from wddmcheck.ir.show import show, show_expr, show_sort, show_value
from wddmcheck.ir.sorts import BOOL, DANGLING, NONE, EnumSort, IntRange, RefSort


def test_a_whole_system() -> None:
    system = replace(
        dangling_reference().system, policies=(("G04", "strict"),),
        scopes=(("quick", (("Obj", 2),)), ("big", (("Obj", 5),))), default_scopes=("quick",))
    assert show(system) == """\
system dangling_reference
policy G04 = strict
default scope quick: Obj 2
scope big: Obj 5
pool Obj
var life[Obj]: {absent, live} = absent
var ref: Obj?! = none

action create(o: Obj)  // OS whole
  when life[o] == absent
  life[o]' := live

action hold(o: Obj)  // OS whole
  when life[o] == live
  ref' := o

action destroy(o: Obj)  // OS whole
  when life[o] == live
  life[o]' := absent
  ref' := dangling where ref == o

action use()  // OS whole
  when ref != none
  must not ref == dangling  // use after destroy
  ref' := none

property use after destroy: obligation
property names live: invariant all x: Obj. ((ref != x) or (life[x] == live))
property dangles: reachable ref == dangling
property all gone: always possible all x: Obj. (life[x] == absent)
property goes on: no deadlock
"""


def test_bulk_writes_and_fairness() -> None:
    assert "  lit[x]' := not lit[x] for all x: Lamp where x != c\n" in show(bulk_update().system)
    assert ("property served: leads to asked to not asked under fairness of serve, turn\n"
            in show(flickering_server().system))


def test_values_and_sorts() -> None:
    ref = RefSort("C", none=True, dangling=True)
    assert [show_value(v, ref) for v in (NONE, DANGLING, 0)] == ["none", "dangling", "C[0]"]
    assert [show_value(v, BOOL) for v in (0, 1)] == ["false", "true"]
    assert show_value(1, EnumSort("e", ("a", "b"))) == "b"
    assert [show_sort(s) for s in (ref, RefSort("C"), BOOL, IntRange(-1, 2))] == [
        "C?!", "C", "bool", "-1..2"]


def test_brackets_where_they_are_needed() -> None:
    a, b = slot("a", "P"), Not(slot("b", "P"))
    assert show_expr(And((a, Or((a, b)), Ite(TRUE, a, FALSE, BOOL)))) == (
        "a and (a or (not b)) and (if true then a else false)")
    assert (show_expr(And(())), show_expr(Or(()))) == ("true", "false")
    assert show_expr(Const(3, IntRange(0, 3))) == "3"
