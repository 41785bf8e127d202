"""Small systems, one for each behaviour, with what every engine has to say about them.

The expected numbers were counted by hand, or are known sequences (OEIS, named where used); none was
read off an engine.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.tiny import Broken, Tiny, action, flag, of, put
from wddmcheck.ir.build import (
    and_,
    arith,
    at_most,
    dangling_of,
    eq,
    exists,
    forall,
    implies,
    less,
    ne,
    none_of,
    not_,
)
from wddmcheck.ir.expr import FALSE, TRUE, BinOp, Const, Count, Expr, Read, enum_const, slot
from wddmcheck.ir.sorts import BOOL, NONE, EnumSort, IntRange, RefSort
from wddmcheck.ir.system import (
    Action,
    Kind,
    Obligation,
    Phase,
    Pool,
    Property,
    StateVar,
    System,
    Update,
    Write,
)

# --- numbers and truth values ------------------------------------------------------------------


def clock() -> Tiny:
    """It ticks for ever."""
    on = flag("on")
    system = System("clock", (), (StateVar("on", (), BOOL, 0),),
                    (action("flip", TRUE, put("on", not_(on))),), (
        Property("off", Kind.INVARIANT, not_(on)),
        Property("tertium", Kind.INVARIANT, TRUE),
        Property("on", Kind.REACHABLE, on),
        Property("never", Kind.REACHABLE, FALSE, goal=True),
        Property("flips", Kind.FIRES, actions=("flip",)),
        Property("goes on", Kind.NO_DEADLOCK),
        Property("off again", Kind.ALWAYS_POSSIBLE, not_(on)),
        Property("on leads to off", Kind.LEADS_TO, on, not_(on)),
    ))
    return Tiny("clock", system, {}, 2, 2, 1, 2,
                {"off": Broken(1), "on": Broken(1), "flips": Broken(1)})


THREE = IntRange(0, 3)


def _counter(name: str, guard: Expr, obligations: tuple[Obligation, ...],
             *properties: Property) -> System:
    n = Read("n", (), THREE)
    # Without a fault the last value stays: a state has no room for another.
    up = Write((), arith(BinOp.ADD, n, Const(1, THREE)), less(n, Const(3, THREE)))
    return System(name, (), (StateVar("n", (), THREE, 0),),
                  (action("up", guard, Update("n", (up,)), obligations=obligations),), properties)


def counter_fault() -> Tiny:
    """Counting past the range is a fault: the fourth step has no successor."""
    n = Read("n", (), THREE)
    full = eq(n, Const(3, THREE))
    system = _counter(
        "counter_fault", TRUE, (Obligation("range", full, stops=True),),
        Property("range", Kind.OBLIGATION),
        Property("at most 3", Kind.INVARIANT, at_most(n, Const(3, THREE))),
        Property("below 3", Kind.INVARIANT, less(n, Const(3, THREE))),
        Property("goes on", Kind.NO_DEADLOCK),
        Property("back to 0", Kind.ALWAYS_POSSIBLE, FALSE))
    return Tiny("counter_fault", system, {}, 4, 3, 3, 4,
                {"range": Broken(4), "below 3": Broken(3)}, beyond=("range",))


def counter_remark() -> Tiny:
    """The same, but the run goes on after what is broken."""
    full = eq(Read("n", (), THREE), Const(3, THREE))
    system = _counter(
        "counter_remark", TRUE, (Obligation("range", full, stops=False),
                                 Obligation("other", FALSE, stops=True)),
        Property("range", Kind.OBLIGATION), Property("other", Kind.OBLIGATION),
        Property("goes on", Kind.NO_DEADLOCK))
    return Tiny("counter_remark", system, {}, 4, 4, 3, 4, {"range": Broken(4)})


def deadlock() -> Tiny:
    """Nothing can happen at 3."""
    n = Read("n", (), THREE)
    system = _counter(
        "deadlock", less(n, Const(3, THREE)), (),
        Property("goes on", Kind.NO_DEADLOCK),
        Property("3 leads to 0", Kind.LEADS_TO, eq(n, Const(3, THREE)), eq(n, Const(0, THREE))),
        Property("back to 0", Kind.ALWAYS_POSSIBLE, eq(n, Const(0, THREE))),
        Property("up to 3", Kind.ALWAYS_POSSIBLE, eq(n, Const(3, THREE))),
        Property("from 0 to 0", Kind.ALWAYS_POSSIBLE, eq(n, Const(0, THREE)),
                 premise=eq(n, Const(0, THREE))),
        Property("from 2 to 1", Kind.ALWAYS_POSSIBLE, eq(n, Const(1, THREE)),
                 premise=eq(n, Const(2, THREE))))
    return Tiny("deadlock", system, {}, 4, 3, 3, 4,
                {"goes on": Broken(3), "3 leads to 0": Broken(3), "back to 0": Broken(1),
                 "from 2 to 1": Broken(2)})


def obligations_in_order() -> Tiny:
    """What stops hides what comes later; what does not stop hides nothing."""
    def parts(*stops: bool) -> tuple[Obligation, ...]:
        return tuple(Obligation(f"o{i}", TRUE, stop) for i, stop in enumerate(stops))

    system = System("obligations_in_order", (), (StateVar("on", (), BOOL, 0),), (
        action("a", not_(flag("on")), put("on", TRUE)),
        action("b", flag("on"), put("on", FALSE), obligations=parts(False, True, False)),
    ), (
        *(Property(f"o{i}", Kind.OBLIGATION) for i in range(3)),
        Property("b fires", Kind.FIRES, actions=("b",)),
        Property("a or b fires", Kind.FIRES, actions=("b", "a")),
    ))
    return Tiny("obligations_in_order", system, {}, 2, 1, 1, 2,
                {"o0": Broken(2), "o1": Broken(2), "a or b fires": Broken(1)}, beyond=("o1",))


GRAPH = EnumSort("node", ("start", "left", "right", "end", "trap"))


def explicit_graph() -> Tiny:
    """A diamond with a trap: two ways of equal length to the end, one edge off it."""
    at = Read("at", (), GRAPH)

    def edge(a: str, b: str) -> Action:
        return action(f"{a}/{b}", eq(at, enum_const(GRAPH, a)), put("at", enum_const(GRAPH, b)))

    edges = [("start", "left"), ("start", "right"), ("left", "end"), ("right", "end"),
             ("end", "start"), ("right", "trap"), ("trap", "trap")]
    system = System(
        "explicit_graph", (), (StateVar("at", (), GRAPH, 0),),
        tuple(edge(a, b) for a, b in edges), (
            Property("end", Kind.REACHABLE, eq(at, enum_const(GRAPH, "end"))),
            Property("can end", Kind.ALWAYS_POSSIBLE, eq(at, enum_const(GRAPH, "end"))),
            Property("can move", Kind.NO_DEADLOCK),
            Property("left ends", Kind.LEADS_TO, eq(at, enum_const(GRAPH, "left")),
                     eq(at, enum_const(GRAPH, "end"))),
            Property("right ends", Kind.LEADS_TO, eq(at, enum_const(GRAPH, "right")),
                     eq(at, enum_const(GRAPH, "end"))),
        ))
    return Tiny("explicit_graph", system, {}, 5, 7, 2, 5,
                {"end": Broken(2), "can end": Broken(2), "right ends": Broken(3)})


# --- objects and references --------------------------------------------------------------------

LIFE = EnumSort("life", ("absent", "live"))
ABSENT, LIVE = (enum_const(LIFE, m) for m in LIFE.members)


def life(of_slot: Expr) -> Expr:
    """The life state of a slot of Obj."""
    return Read("life", (of_slot,), LIFE)


def dangling_reference() -> Tiny:
    """One global reference; destroying what it names leaves it dangling, using it then faults.

    States: two slots live or not, and the reference is none (4), a live slot (2 + 2) or dangling
    (4). Orbits: 3 + 2 + 3.
    """
    held = RefSort("Obj", none=True, dangling=True)
    o, ref = slot("o", "Obj"), Read("ref", (), held)
    system = System(
        "dangling_reference", (Pool("Obj", life="life", short="obj"),),
        (StateVar("life", ("Obj",), LIFE, 0), StateVar("ref", (), held, NONE)), (
            action("create", eq(life(o), ABSENT), put("life", LIVE, o), params=(of("Obj", "o"),)),
            action("hold", eq(life(o), LIVE), put("ref", o), params=(of("Obj", "o"),)),
            action("destroy", eq(life(o), LIVE), put("life", ABSENT, o),
                   put("ref", dangling_of("Obj"), where=eq(ref, o)), params=(of("Obj", "o"),)),
            action("use", ne(ref, none_of("Obj")), put("ref", none_of("Obj")),
                   obligations=(Obligation("use after destroy", eq(ref, dangling_of("Obj")),
                                           stops=True),)),
        ), (
            Property("use after destroy", Kind.OBLIGATION),
            Property("names live", Kind.INVARIANT, forall("x", "Obj", implies(
                eq(ref, slot("x", "Obj")), eq(life(slot("x", "Obj")), LIVE)))),
            Property("dangles", Kind.REACHABLE, eq(ref, dangling_of("Obj"))),
            Property("all gone", Kind.ALWAYS_POSSIBLE,
                     forall("x", "Obj", eq(life(slot("x", "Obj")), ABSENT))),
            Property("goes on", Kind.NO_DEADLOCK),
        ))
    # Transitions: a create or destroy of each slot in each state (24), hold for each live slot
    # (4 + 3 + 3 + 4), use where the reference is a slot (4). Depth: create, hold, destroy, create
    # twice.
    return Tiny("dangling_reference", system, {"Obj": 2}, 12, 42, 5, 8,
                {"use after destroy": Broken(4), "dangles": Broken(3)},
                beyond=("use after destroy",))


def no_slots() -> Tiny:
    """A pool of size 0: no instances, `all` holds and `some` does not."""
    tiny = dangling_reference()
    system = System("no_slots", tiny.system.pools, tiny.system.variables, tiny.system.actions, (
        Property("all", Kind.INVARIANT, forall("x", "Obj", FALSE)),
        Property("some", Kind.REACHABLE, exists("x", "Obj", TRUE)),
        Property("stuck", Kind.NO_DEADLOCK),
        Property("use after destroy", Kind.OBLIGATION)))
    return Tiny("no_slots", system, {"Obj": 0}, 1, 0, 0, 1, {"stuck": Broken(0)})


def bulk_update() -> Tiny:
    """`toggle(c)` turns over all lamps but one; which states that reaches is a question of parity.

    With three lamps each step flips two of them, so that the number of lit ones stays even: 4 of 8
    states, 3 transitions each; 2 orbits.
    """
    c, x = slot("c", "Lamp"), slot("x", "Lamp")
    others = Write((x,), not_(flag("lit", x)), ne(x, c), binders=(("x", "Lamp"),))
    lit = Count("y", "Lamp", flag("lit", slot("y", "Lamp")))
    small = IntRange(0, 3)
    system = System(
        "bulk_update", (Pool("Lamp"),), (StateVar("lit", ("Lamp",), BOOL, 0),),
        (action("toggle", TRUE, Update("lit", (others,)), params=(of("Lamp", "c"),)),), (
            Property("even", Kind.INVARIANT, and_(ne(lit, Const(1, small)),
                                                  ne(lit, Const(3, small)))),
            Property("two", Kind.REACHABLE, eq(lit, Const(2, small))),
            Property("all", Kind.REACHABLE, eq(lit, Const(3, small))),
        ))
    return Tiny("bulk_update", system, {"Lamp": 3}, 4, 12, 1, 2, {"two": Broken(1)})


def swap() -> Tiny:
    """Updates are simultaneous: a and b change places, and never become equal."""
    first, second = Read("a", (), THREE), Read("b", (), THREE)
    system = System(
        "swap", (), (StateVar("a", (), THREE, 1), StateVar("b", (), THREE, 2)),
        (action("swap", TRUE, put("a", second), put("b", first)),),
        (Property("differ", Kind.INVARIANT, ne(first, second)),
         Property("swapped", Kind.REACHABLE, eq(first, Const(2, THREE)))))
    return Tiny("swap", system, {}, 2, 2, 1, 2, {"swapped": Broken(1)})


def calls() -> Tiny:
    """Calls in flight have a pool of their own: each names the object that it works on. A call that
    returns after its object is gone is the finding.

    States: an object is live or not, and each of two calls is idle, at work on a live object, or on
    a dangling one: with the object 3 * 3, without it 2 * 2.
    """
    work = RefSort("Obj", none=True, dangling=True)
    o, k, j = slot("o", "Obj"), slot("k", "Call"), slot("j", "Call")

    def on(call: Expr) -> Expr:
        return Read("on", (call,), work)

    dangles = Write((j,), dangling_of("Obj"), eq(on(j), o), binders=(("j", "Call"),))
    system = System(
        "calls", (Pool("Obj", life="life"), Pool("Call", calls=True)),
        (StateVar("life", ("Obj",), LIFE, 0), StateVar("on", ("Call",), work, NONE)), (
            action("create", eq(life(o), ABSENT), put("life", LIVE, o), params=(of("Obj", "o"),)),
            action("destroy", eq(life(o), LIVE), put("life", ABSENT, o),
                   Update("on", (dangles,)), params=(of("Obj", "o"),)),
            action("work/enter", and_(eq(on(k), none_of("Obj")), eq(life(o), LIVE)),
                   put("on", o, k), params=(of("Call", "k"), of("Obj", "o")), phase=Phase.ENTRY),
            action("work/return", ne(on(k), none_of("Obj")), put("on", none_of("Obj"), k),
                   params=(of("Call", "k"),), phase=Phase.RETURN,
                   obligations=(Obligation("late", eq(on(k), dangling_of("Obj")), stops=True),)),
        ), (
            Property("late", Kind.OBLIGATION),
            Property("both at work", Kind.REACHABLE,
                     forall("j", "Call", eq(life(on(j)), LIVE))),
            Property("returns", Kind.FIRES, actions=("work/return",)),
        ))
    # create: 4 states; destroy: 9; enter: idle calls while the object lives, 3 + 3; return: calls
    # on the live object, 3 + 3.
    return Tiny("calls", system, {"Obj": 1, "Call": 2}, 13, 25, 5, 9,
                {"late": Broken(4), "both at work": Broken(3), "returns": Broken(3)},
                beyond=("late",))


def partial_maps(size: int, maps: int) -> Tiny:
    """All partial maps of a set into itself; `maps` of them up to renaming (OEIS A126285)."""
    to = RefSort("N", none=True)
    a, b = slot("a", "N"), slot("b", "N")
    system = System(
        f"partial_maps_{size}", (Pool("N"),), (StateVar("to", ("N",), to, NONE),),
        (action("map", eq(Read("to", (a,), to), none_of("N")), put("to", b, a),
                params=(of("N", "a"), of("N", "b"))),),
        (Property("fixed point", Kind.REACHABLE, exists("x", "N", eq(
            Read("to", (slot("x", "N"),), to), slot("x", "N")))),
         Property("ends", Kind.NO_DEADLOCK)))
    states = (size + 1) ** size
    return Tiny(system.name, system, {"N": size}, states,
                size * size * (size + 1) ** (size - 1), size, maps,
                {"fixed point": Broken(1), "ends": Broken(size)})


def digraphs(size: int, graphs: int) -> Tiny:
    """All directed graphs with loops; `graphs` of them up to renaming (OEIS A000595)."""
    a, b = slot("a", "N"), slot("b", "N")
    system = System(
        f"digraphs_{size}", (Pool("N"),), (StateVar("edge", ("N", "N"), BOOL, 0),),
        (action("connect", not_(flag("edge", a, b)), put("edge", TRUE, a, b),
                params=(of("N", "a"), of("N", "b"))),),
        (Property("complete", Kind.REACHABLE, forall("x", "N", forall("y", "N", flag(
            "edge", slot("x", "N"), slot("y", "N"))))),))
    pairs = size * size
    return Tiny(system.name, system, {"N": size}, 2 ** pairs, pairs * 2 ** (pairs - 1), pairs,
                graphs, {"complete": Broken(pairs)})


# --- fairness ----------------------------------------------------------------------------------


def server(fair: tuple[str, ...]) -> Tiny:
    """A request is served, if serving is not put off for ever by idling."""
    asked = flag("asked")
    system = System(
        f"server_{'_'.join(fair) or 'unfair'}", (), (StateVar("asked", (), BOOL, 0),), (
            action("ask", not_(asked), put("asked", TRUE)),
            action("idle", TRUE),
            action("serve", asked, put("asked", FALSE)),
        ), (Property("served", Kind.LEADS_TO, asked, not_(asked), fair=fair),
            Property("can be served", Kind.ALWAYS_POSSIBLE, not_(asked))))
    claims = {} if "serve" in fair else {"served": Broken(2)}
    return Tiny(system.name, system, {}, 2, 4, 1, 2, claims)


def faulty_server() -> Tiny:
    """Serving is enabled, and ends in a fault: a fair run must take it, and ends there."""
    asked = flag("asked")
    system = System(
        "faulty_server", (), (StateVar("asked", (), BOOL, 0),), (
            action("ask", not_(asked), put("asked", TRUE)),
            action("idle", TRUE),
            action("serve", asked, obligations=(Obligation("boom", TRUE, stops=True),)),
        ), (Property("served", Kind.LEADS_TO, asked, not_(asked), fair=("serve",)),
            Property("served anyhow", Kind.LEADS_TO, asked, not_(asked), fair=("idle",)),
            Property("boom", Kind.OBLIGATION),
            Property("can be served", Kind.ALWAYS_POSSIBLE, not_(asked))))
    return Tiny("faulty_server", system, {}, 2, 3, 1, 2,
                {"served anyhow": Broken(2), "boom": Broken(2)}, beyond=("boom",))


def flickering_server() -> Tiny:
    """Serving is enabled again and again but never for good: weak fairness does not help."""
    asked, up = flag("asked"), flag("up")
    system = System(
        "flickering_server", (), (StateVar("asked", (), BOOL, 0), StateVar("up", (), BOOL, 0)), (
            action("ask", not_(asked), put("asked", TRUE)),
            action("turn", TRUE, put("up", not_(up))),
            action("serve", and_(asked, up), put("asked", FALSE)),
        ), (Property("served", Kind.LEADS_TO, asked, not_(asked), fair=("serve", "turn")),))
    return Tiny("flickering_server", system, {}, 4, 7, 2, 4, {"served": Broken(3)})


ALL: tuple[Callable[[], Tiny], ...] = (
    clock, counter_fault, counter_remark, deadlock, obligations_in_order, explicit_graph,
    dangling_reference, no_slots, bulk_update, swap, calls,
    lambda: partial_maps(3, 16), lambda: partial_maps(4, 45),
    lambda: digraphs(2, 10), lambda: digraphs(3, 104),
    lambda: server(()), lambda: server(("ask",)), lambda: server(("serve",)), faulty_server,
    flickering_server,
)


def tiny_systems() -> list[Tiny]:
    """All of them."""
    return [make() for make in ALL]
