"""The language means what spec/semantics.md says, seen through the explicit engine."""

from __future__ import annotations

import pytest

from tests.support.models import system_of
from wddmcheck.engines.base import CheckTask
from wddmcheck.engines.registry import get
from wddmcheck.ir.validate import problems
from wddmcheck.result.verdict import CheckResult, Violated


def explore(text: str, symmetry: bool = False, **sizes: int) -> CheckResult:
    system = system_of(text)
    assert problems(system) == []
    scope = {p.name: sizes.get(p.name, 1) for p in system.pools if not p.single}
    names = tuple(p.name for p in system.properties)
    return get("interpret").check(CheckTask(system, scope, names, symmetry=symmetry))


def violated(result: CheckResult) -> dict[str, int]:
    return {name: len(v.trace.steps) for name, v in result.verdicts.items()
            if isinstance(v, Violated)}


CONTEXT = """
model m
object Context { fence: 0..3 }
var last: Context?
ddi Create() -> Context { let c = create Context() last = c return STATUS_SUCCESS, c }
"""


def test_destroy_leaves_references_dangling() -> None:
    result = explore(CONTEXT + """
    ddi Destroy(c: Context) { destroy c return STATUS_SUCCESS }
    ddi Use() { if last is not none { last.fence = 1 } return STATUS_SUCCESS }
    """)
    assert violated(result) == {"no_use_after_destroy": 3}


def test_a_cleared_reference_is_safe() -> None:
    result = explore(CONTEXT + """
    ddi Destroy(c: Context) { if last == c { last = none } destroy c return STATUS_SUCCESS }
    ddi Use() { if last is not none { last.fence = 1 } return STATUS_SUCCESS }
    """, Context=2)
    assert violated(result) == {}


def test_null_dereference() -> None:
    result = explore(CONTEXT + "ddi Use() { last.fence = 1 return STATUS_SUCCESS }")
    assert violated(result) == {"no_null_dereference": 1}


def test_double_destroy_in_one_call() -> None:
    result = explore(CONTEXT + "ddi D(c: Context) { destroy c destroy c return STATUS_SUCCESS }")
    assert violated(result) == {"no_double_destroy": 2}


def test_use_after_destroy_of_a_parameter() -> None:
    result = explore(CONTEXT + "ddi D(c: Context) { destroy c c.fence = 0 return STATUS_SUCCESS }")
    assert violated(result) == {"no_use_after_destroy": 2}


def test_a_raw_reference_follows_the_slot() -> None:
    text = """
    model m
    object Context { fence: 0..3 }
    var last: raw Context?
    ddi Create() -> Context { let c = create Context() last = c return STATUS_SUCCESS, c }
    ddi Destroy(c: Context) { destroy c return STATUS_SUCCESS }
    ddi Use() { if last is not none { last.fence = 1 } return STATUS_SUCCESS }
    property aliased: never some c: Context where c.fence == 1 and last == c
    """
    result = explore(text)
    # Freed: a use after destroy. Reused: it reads whoever lives there now, and nothing notices.
    assert violated(result) == {"no_use_after_destroy": 3, "aliased": 2}


def test_gpu_access_is_its_own_fault() -> None:
    result = explore(CONTEXT + """
    ddi Destroy(c: Context) { destroy c return STATUS_SUCCESS }
    gpu Read() when last is not none { last.fence = 1 }
    """)
    assert violated(result) == {"no_gpu_access_to_destroyed": 3}


OWNED = """
model m
object Device
object Context within Device
ddi CreateDevice() -> Device { let d = create Device() return STATUS_SUCCESS, d }
ddi CreateContext(d: Device) -> Context { let c = create Context(d) return STATUS_SUCCESS, c }
ddi DestroyContext(c: Context) { destroy c return STATUS_SUCCESS }
"""


def test_orphans_and_the_promise_that_prevents_them() -> None:
    bad = explore(OWNED + "ddi DestroyDevice(d: Device) { destroy d return STATUS_SUCCESS }")
    assert violated(bad) == {"no_orphan": 3}
    good = explore(OWNED + """
    ddi DestroyDevice(d: Device) requires no c: Context where c.device == d {
      destroy d return STATUS_SUCCESS
    }""", Device=2, Context=2)
    assert violated(good) == {}


def test_leak_at_removal() -> None:
    result = explore("""
    model m
    single object Adapter
    object Process within Adapter
    ddi Add() requires Adapter is absent { create Adapter() return STATUS_SUCCESS }
    ddi Remove() requires Adapter is live { destroy Adapter return STATUS_SUCCESS }
    ddi CreateProcess() requires Adapter is live { create Process() return STATUS_SUCCESS }
    """)
    assert violated(result) == {"no_leak": 3}


def test_life_states_follow_their_declaration() -> None:
    result = explore("""
    model m
    object C { life Idle -> Busy -> Done, Done -> Idle }
    ddi Create() { create C() return STATUS_SUCCESS }
    gpu Run(c: C) when c is Idle { c becomes Busy }
    gpu End(c: C) when c is one of Busy, Done { c becomes Done }
    """)
    assert violated(result) == {"legal_life_transitions": 4}


def test_integers_stay_in_range() -> None:
    result = explore("""
    model m
    var refs: 0..2
    ddi Add() { refs = refs + 1 return STATUS_SUCCESS }
    """)
    assert violated(result) == {"integers_in_range": 3}


def test_a_failed_create_is_explored() -> None:
    result = explore("""
    model m
    object A
    object B
    ddi Both() returns STATUS_SUCCESS, STATUS_NO_MEMORY {
      create A() or return STATUS_NO_MEMORY
      create B() or return STATUS_NO_MEMORY
      return STATUS_SUCCESS
    }
    property nothing_left: after Both STATUS_NO_MEMORY: no a: A
    """)
    assert violated(result) == {"nothing_left": 1}


def test_undocumented_status() -> None:
    result = explore("""
    model m
    var n: bool
    ddi D() returns STATUS_SUCCESS { if n { return STATUS_NO_MEMORY } n = true
                                     return STATUS_SUCCESS }
    """)
    assert violated(result) == {"documented_statuses": 2}


def test_step_lets_others_run() -> None:
    text = """
    model m
    object C {{ n: 0..1 }}
    ddi Create() {{ create C() return STATUS_SUCCESS }}
    ddi Destroy(c: C) {guard} {{ destroy c return STATUS_SUCCESS }}
    ddi Use(c: C) {{ step c.n = 1 return STATUS_SUCCESS }}
    """
    racy = text.format(guard="")
    assert violated(explore(racy, Call=1)) == {}
    assert violated(explore(racy, Call=2)) == {"no_use_after_destroy": 4}
    safe = text.format(guard="requires not in_flight(Use, c)")
    assert violated(explore(safe, Call=2)) == {}
    assert violated(explore(text.format(guard="requires not in_flight(c)"), Call=2)) == {}


@pytest.mark.parametrize(("levels", "found"), [
    ("level 0|level 0", True), ("level 3|level 0", False), ("level 0|level 2", False),
    ("level 1 class a|level 1 class a", False), ("level 1 class a|level 1 class b", True),
    ("level 1 class a|level 0", True), ("level 0 of c.process|level 0 of c.process", False),
])
def test_threading_levels(levels: str, found: bool) -> None:
    use, destroy = levels.split("|")
    result = explore(f"""
    model m
    object Process
    object C {{ process: Process, n: 0..1 }}
    ddi Start() {{ create Process() return STATUS_SUCCESS }}
    ddi Create(p: Process) {{ create C(process: p) return STATUS_SUCCESS }}
    ddi Destroy(c: C) {destroy} {{ destroy c return STATUS_SUCCESS }}
    ddi Use(c: C) {use} {{ step c.n = 1 return STATUS_SUCCESS }}
    """, Call=2)
    assert ("no_use_after_destroy" in violated(result)) is found


def test_a_wait_that_nothing_ends() -> None:
    result = explore("""
    model m
    var go: bool
    ddi Wait() { wait until go return STATUS_SUCCESS }
    ddi Other() { return STATUS_SUCCESS }
    """)
    assert "no_stuck_call" in violated(result)


def test_locks() -> None:
    twice = explore("""
    model m
    lock L spin
    ddi D() { acquire L acquire L return STATUS_SUCCESS }
    """)
    assert violated(twice) == {"locks_respected": 1}
    kept = explore("model m lock L mutex ddi D() { acquire L return STATUS_SUCCESS }")
    assert violated(kept) == {"locks_respected": 1}
    unheld = explore("model m lock L mutex ddi D() { release L return STATUS_SUCCESS }")
    assert violated(unheld) == {"locks_respected": 1}


def test_a_lock_held_across_a_step_excludes() -> None:
    text = """
    model m
    lock L mutex
    var inside: 0..2
    ddi D() {{ {acquire} inside = inside + 1 step inside = inside - 1 {release}
               return STATUS_SUCCESS }}
    property alone: never inside == 2
    """
    free = explore(text.format(acquire="", release=""), Call=2)
    assert violated(free) == {"alone": 2}
    held = explore(text.format(acquire="acquire L", release="release L"), Call=2)
    assert violated(held) == {}


def test_irql() -> None:
    result = explore("""
    model m
    lock L spin
    callback Cb() irql PASSIVE_LEVEL { return STATUS_SUCCESS }
    ddi D() irql PASSIVE_LEVEL { acquire L call Cb() release L return STATUS_SUCCESS }
    """)
    assert violated(result) == {"irql_respected": 1}
    waits = explore("""
    model m
    var go: bool
    lock L spin
    ddi D() irql PASSIVE_LEVEL { acquire L wait until go release L return STATUS_SUCCESS }
    ddi Go() { go = true return STATUS_SUCCESS }
    """)
    assert "irql_respected" in violated(waits)


def test_for_acts_on_all_at_once() -> None:
    result = explore("""
    model m
    object C { next: C?, mark: bool }
    var done: bool
    ddi Create() { let c = create C() return STATUS_SUCCESS }
    ddi Link(a: C, b: C) requires not done { a.next = b return STATUS_SUCCESS }
    ddi MarkAll() {
      for c in C where c.next is none { c.mark = true }
      for c in C where c.mark { destroy c }
      done = true
      return STATUS_SUCCESS
    }
    property none_left: after MarkAll: no c: C where c.next is none
    property no_dangling: never some c: C where c.next is dangling
    """, C=2)
    assert violated(result) == {"no_dangling": 4}


def test_sets_remember_what_was_destroyed() -> None:
    text = """
    model m
    single object Node {{ list: set of Context }}
    object Context {{ n: 0..1 }}
    ddi Add() requires Node is absent {{ create Node() return STATUS_SUCCESS }}
    ddi Submit() requires Node is live {{ let c = create Context() add c to Node.list
                                          return STATUS_SUCCESS }}
    ddi Destroy(c: Context) requires Node is live {{ {remove} destroy c return STATUS_SUCCESS }}
    dpc Dpc() when Node is live {{ for c in Node.list {{ c.n = 1 }} }}
    """
    assert violated(explore(text.format(remove=""), Context=2)) == {"no_use_after_destroy": 4}
    assert violated(explore(text.format(remove="remove c from Node.list"), Context=2)) == {}


def test_a_fault_before_a_full_pool_is_found() -> None:
    result = explore("""
    model m
    object A { b: B? }
    object B
    ddi Fill() { create B() return STATUS_SUCCESS }
    ddi Make() { create A() return STATUS_SUCCESS }
    ddi Use(a: A) requires some x: B { destroy a destroy a create B() return STATUS_SUCCESS }
    """)
    assert violated(result) == {"no_double_destroy": 3}


def test_thunks_call_ddis_and_keep_their_contract() -> None:
    result = explore("""
    model m
    object C { busy: bool }
    ddi Create() { create C() return STATUS_SUCCESS }
    ddi Destroy(c: C) requires not c.busy { destroy c return STATUS_SUCCESS }
    gpu Work(c: C) when not c.busy { c.busy = true }
    gpu Rest(c: C) when c.busy { c.busy = false }
    thunk pfnDestroy(c: C) { wait until not c.busy call Destroy(c) return STATUS_SUCCESS }
    property idle: before Destroy(c): not c.busy
    """)
    assert "idle" not in violated(result)


def test_leads_to_needs_fairness() -> None:
    text = """
    model m
    object C {{ life Idle -> Busy -> Idle }}
    var tick: bool
    ddi Create() {{ create C() return STATUS_SUCCESS }}
    ddi Submit(c: C) requires c is Idle {{ c becomes Busy return STATUS_SUCCESS }}
    gpu Complete(c: C) when c is Busy {{ c becomes Idle }}
    gpu Clock() when true {{ if tick {{ tick = false }} else {{ tick = true }} }}
    property done: (some c: C where c is Busy) leads to (no c: C where c is Busy) {fair}
    """
    assert "done" in violated(explore(text.format(fair="")))
    assert "done" not in violated(explore(text.format(fair="under fairness of Complete")))


def test_use_after_destroy_within_a_turn_of_for() -> None:
    text = """
    model m
    object C {{ n: 0..1 }}
    callback Free(c: C) {{ destroy c return STATUS_SUCCESS }}
    ddi Create() {{ create C() return STATUS_SUCCESS }}
    ddi All() {{ for c in C {{ call Free(c) {more} }} return STATUS_SUCCESS }}
    """
    assert violated(explore(text.format(more=""), C=2)) == {}
    assert violated(explore(text.format(more="destroy c"), C=2)) == {"no_double_destroy": 2}
    assert violated(explore(text.format(more="c.n = 1"), C=2)) == {"no_use_after_destroy": 2}
    assert violated(explore(text.format(more="call Free(c)"), C=2)) == {"no_use_after_destroy": 2}


def test_a_single_object_is_there_once_it_is_created() -> None:
    result = explore("""
    model m
    single object Adapter { power: 0..3 }
    ddi Add() requires Adapter is absent {
      create Adapter()
      Adapter.power = 2
      return STATUS_SUCCESS
    }
    ddi Nothing() { return STATUS_SUCCESS }
    property powered: invariant Adapter is live => Adapter.power == 2
    """)
    assert violated(result) == {}


def test_a_gpu_or_interrupt_block_waits_for_a_lock() -> None:
    result = explore("""
    model m
    lock L mutex
    object C { n: 0..1 }
    var inside: bool
    ddi Create() { create C() return STATUS_SUCCESS }
    ddi Hold() { acquire L inside = true step inside = false release L return STATUS_SUCCESS }
    worker Look(c: C) when true { destroy c destroy c acquire L release L }
    """)
    assert violated(result) == {"no_double_destroy": 2}


def test_routines_return_values() -> None:
    result = explore("""
    model m
    object C { n: 0..2 }
    routine Next(c: C) -> C { let d = c return d }
    ddi Create() { create C() return STATUS_SUCCESS }
    ddi Use(c: C) { let d = call Next(c) d.n = 1 return STATUS_SUCCESS }
    property used: never some c: C where c.n == 1
    """)
    assert violated(result) == {"used": 2}
