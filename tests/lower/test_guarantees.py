"""What a dropped guarantee lets happen, and nothing else."""

from __future__ import annotations

from itertools import combinations

import pytest

from tests.support.models import shipped, system_of
from tests.support.naive import Reference
from wddmcheck.diagnostics.diagnostic import UserError
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import Reached, Violated

CALLS = {"Zero": "level 0", "Old": "level 0 of p", "Late": "level 1 class c of p",
         "First": "level 1 class a", "Second": "level 1 class a", "Other": "level 1 class b",
         "Two": "level 2", "Three": "level 3"}
ALONE = {"Two": "L2", "Three": "L3"}
LEVELS = ("L0", "L1", "L2", "L3")


def threads() -> str:
    text = ["model threads", "object Process"]
    text.append("ddi Make() -> Process { let p = create Process() return STATUS_SUCCESS, p }")
    for name, header in CALLS.items():
        takes = "p: Process" if header.endswith("of p") else ""
        text.append(f"ddi {name}({takes}) {header} {{ step return STATUS_SUCCESS }}")
    for a, b in combinations(CALLS, 2):
        one, other = (f"in_flight({n}{', _' if CALLS[n].endswith('of p') else ''})"
                      for n in (a, b))
        text.append(f"property {a}{b}: reachable {one} and {other}")
    return "\n".join(text)


def keeps(a: str, b: str) -> set[str]:
    """The guarantees that keep the two apart, where there is one process."""
    found = {ALONE[n] for n in (a, b) if n in ALONE}
    if {a, b} == {"First", "Second"}:
        found.add("L1")
    if {a, b} == {"Old", "Late"}:
        found.add("L0")
    return found


@pytest.mark.parametrize("without", [
    (), *((level,) for level in LEVELS), ("L1", "L0"), ("L2", "L3"), LEVELS])
def test_each_level_keeps_apart_what_it_says(without: tuple[str, ...]) -> None:
    system = system_of(threads(), without=without)
    assert problems(system) == []
    assert system.without == tuple(sorted(without))
    names = tuple(f"{a}{b}" for a, b in combinations(CALLS, 2))
    result = get("interpret").check(CheckTask(system, {"Process": 1, "Call": 2}, names))
    reached = {n for n in names if isinstance(result.verdicts[n], Reached)}
    assert reached == {f"{a}{b}" for a, b in combinations(CALLS, 2)
                       if keeps(a, b) <= set(without)}


def test_calls_for_different_processes_overlap_anyway() -> None:
    system = system_of(threads())
    result = get("interpret").check(CheckTask(system, {"Process": 2, "Call": 2}, ("OldLate",)))
    assert isinstance(result.verdicts["OldLate"], Reached)


CLAUSES = """
model clauses
var n: 0..9
ddi Idle() { return STATUS_SUCCESS }
@doc("NC:a.B", "AAA-01")
ddi Up()
  requires n < 9
  @inferred("BBB-02", "because")
  requires n < 3
  @doc("NC:a.B", "BBB-02", "CCC-03")
  requires n < 2
{
  n = n + 1
  call Told()
  return STATUS_SUCCESS
}
@doc("NC:a.C", "DDD-04")
callback Told()
  returns STATUS_SUCCESS
  @doc("NC:a.C", "EEE-05")
  requires n < 4
{
  return STATUS_SUCCESS
}
thunk Enter()
  @assumed("so it is")
  requires n == 0
  @doc("NC:a.D", "FFF-06")
  requires n == 1
{
  call Up()
  return STATUS_SUCCESS
}
property three: never n == 3
property four: never n == 4
"""


def lengths(*without: str) -> dict[str, int]:
    system = system_of(CLAUSES, without=without)
    result = get("interpret").check(
        CheckTask(system, {}, tuple(p.name for p in system.properties)))
    return {n: len(v.trace.steps) for n, v in result.verdicts.items() if isinstance(v, Violated)}


def test_a_clause_goes_with_any_rule_that_it_cites() -> None:
    assert lengths() == {}
    assert lengths("CCC-03") == {"three": 3}, "the clause before still stands"
    freed = system_of(CLAUSES, without=("CCC-03",))
    assert freed.actions != system_of(CLAUSES).actions
    both = system_of(CLAUSES, without=("BBB-02",))
    assert both.actions != freed.actions
    assert both.actions == system_of(CLAUSES, without=("BBB-02", "CCC-03")).actions


def test_what_the_driver_owes_and_what_a_block_cites_are_no_guarantees() -> None:
    """A callback's contract is an obligation; a block's own citation is not one of a clause."""
    with pytest.raises(UserError) as caught:
        system_of(CLAUSES, without=("EEE-05",))
    (found,) = caught.value.diagnostics
    assert (found.code, caught.value.exit_code) == ("WC318", 2)
    assert "does not use `EEE-05`" in found.message
    assert found.help == "it uses: BBB-02, CCC-03, FFF-06"
    for name in ("AAA-01", "DDD-04", "L0", "L1", "", "x" * 500):
        with pytest.raises(UserError):
            system_of(CLAUSES, without=(name,))


def test_the_driver_still_owes_its_contracts() -> None:
    assert lengths("BBB-02") == {"three": 3, "callback_contracts": 4}


def test_names_are_read_in_any_case_and_kept_in_order() -> None:
    assert system_of(CLAUSES, without=("fff-06", "bbb-02", "BBB-02")).without == (
        "BBB-02", "FFF-06")


def test_a_thunk_is_promised_to_as_well() -> None:
    """Enter needs n to be 0 and 1 at once, unless the second is dropped."""
    def entered(*without: str) -> bool:
        system = system_of(CLAUSES, without=without)
        goal = next(p for p in system.properties if p.name == "fires:Enter")
        result = get("interpret").check(CheckTask(system, {}, (goal.name,)))
        return isinstance(result.verdicts[goal.name], Reached)

    assert not any(p.name == "fires:Enter" and entered() for p in system_of(CLAUSES).properties)
    assert entered("FFF-06")


@pytest.mark.parametrize("name", ["L1", "L3", "CTX-08", "GEN-01"])
def test_dropping_only_adds_steps(name: str) -> None:
    """Each step of a shipped model is one without the guarantee, with the same end: so what holds
    of all steps and states without it holds with it."""
    whole = shipped("models/threading.wddm")
    system = shipped("models/threading.wddm", without=(name,))
    assert system.variables == whole.variables
    assert [p.name for p in system.properties] == [p.name for p in whole.properties]
    sizes = dict(dict(whole.scopes)["small"])
    one, other = Reference(whole, sizes), Reference(system, sizes)
    seen = 0
    for states, _ in one.levels(depth=4):
        for state in states:
            mine = {(t.action.split("/")[0], t.args, t.broken, t.state)
                    for t in one.taken(state)}
            theirs = {(t.action.split("/")[0], t.args, t.broken, t.state)
                      for t in other.taken(state)}
            assert mine <= theirs
            seen += len(mine)
    assert seen > 20
