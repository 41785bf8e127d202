"""The yardstick written directly as IR, with its two defects."""

from __future__ import annotations

from wddmcheck.ir.build import and_, eq, exists, forall, implies, ne, none_of, not_, or_
from wddmcheck.ir.expr import TRUE, Const, Expr, Read, enum_const, slot
from wddmcheck.ir.sorts import BOOL, EnumSort, RefSort
from wddmcheck.ir.system import (
    Action,
    Actor,
    Kind,
    Label,
    Obligation,
    Param,
    Pool,
    Property,
    StateVar,
    System,
    Update,
    Write,
)

ADAPTER = EnumSort("Adapter", ("Removed", "Added", "Started"))


def ref(pool: str) -> RefSort:
    return RefSort(pool, none=True)


def action(name: str, params: tuple[Param, ...], guard: Expr,
           *writes: tuple[str, tuple[Expr, ...], Expr],
           obligations: tuple[Obligation, ...] = ()) -> Action:
    return Action(name, Label(name, "ddi", Actor.OS), params, guard,
                  tuple(Update(v, (Write(i, e),)) for v, i, e in writes), obligations)


def adapter_is(member: str) -> Expr:
    return eq(Read("adapter", (), ADAPTER), enum_const(ADAPTER, member))


def proc(p: Expr) -> Expr:
    return Read("proc", (p,), BOOL)


def dev(d: Expr) -> Expr:
    return Read("dev", (d,), ref("P"))


def ctx(c: Expr) -> Expr:
    return Read("ctx", (c,), ref("D"))


def busy(c: Expr) -> Expr:
    return Read("busy", (c,), ref("A"))


def alloc(a: Expr) -> Expr:
    return Read("alloc", (a,), ref("C"))


def is_none(e: Expr, pool: str) -> Expr:
    return eq(e, none_of(pool))


def yardstick(bug: int = 0) -> System:
    p, d, c, a = slot("p", "P"), slot("d", "D"), slot("c", "C"), slot("a", "A")
    pp, pd, pc, pa = (Param(v.name, v.sort) for v in (p, d, c, a))
    x = {q: slot("x", q) for q in "PDCA"}
    no_p = not_(exists("x", "P", proc(x["P"])))
    some = {q: ne(e, none_of(r)) for q, e, r in (
        ("d", dev(d), "P"), ("c", ctx(c), "D"), ("a", alloc(a), "C"), ("b", busy(c), "A"))}
    no_alloc = not_(exists("x", "A", eq(alloc(x["A"]), c))) if bug != 1 else TRUE
    no_busy = not_(exists("x", "C", eq(busy(x["C"]), a))) if bug != 2 else TRUE

    def adapter_to(name: str) -> tuple[str, tuple[Expr, ...], Expr]:
        return "adapter", (), enum_const(ADAPTER, name)

    actions = (
        action("AddDevice", (), adapter_is("Removed"), adapter_to("Added")),
        action("StartDevice", (), adapter_is("Added"), adapter_to("Started")),
        action("StopDevice", (), and_(adapter_is("Started"), no_p), adapter_to("Added")),
        action("RemoveDevice", (), adapter_is("Added"), adapter_to("Removed")),
        action("CreateProcess", (pp,), and_(adapter_is("Started"), not_(proc(p))),
               ("proc", (p,), Const(1, BOOL))),
        action("DestroyProcess", (pp,),
               and_(proc(p), not_(exists("x", "D", eq(dev(x["D"]), p)))),
               ("proc", (p,), Const(0, BOOL))),
        action("CreateDevice", (pd, pp), and_(not_(some["d"]), proc(p)), ("dev", (d,), p)),
        action("DestroyDevice", (pd,),
               and_(some["d"], not_(exists("x", "C", eq(ctx(x["C"]), d)))),
               ("dev", (d,), none_of("P"))),
        action("CreateContext", (pc, pd), and_(not_(some["c"]), some["d"]), ("ctx", (c,), d)),
        action("DestroyContext", (pc,), and_(some["c"], not_(some["b"]), no_alloc),
               ("ctx", (c,), none_of("D"))),
        action("CreateContextAllocation", (pa, pc), and_(not_(some["a"]), some["c"]),
               ("alloc", (a,), c)),
        action("DestroyContextAllocation", (pa,), and_(some["a"], no_busy),
               ("alloc", (a,), none_of("C"))),
        action("Submit", (pc, pa),
               and_(some["c"], not_(some["b"]), some["a"], eq(ctx(alloc(a)), ctx(c))),
               ("busy", (c,), a)),
        action("Complete", (pc,), some["b"], ("busy", (c,), none_of("A"))),
    )
    formulas = {
        "I1": forall("d", "D", implies(some["d"], proc(dev(d)))),
        "I2": forall("c", "C", implies(some["c"], ne(dev(ctx(c)), none_of("P")))),
        "I3": forall("a", "A", implies(some["a"], ne(ctx(alloc(a)), none_of("D")))),
        "I4": forall("c", "C", implies(some["b"], and_(
            some["c"], ne(alloc(busy(c)), none_of("C")),
            eq(ctx(alloc(busy(c))), ctx(c))))),
        "I5": or_(not_(exists("p", "P", proc(p))), adapter_is("Started")),
        "S1": forall("c", "C", implies(some["b"], adapter_is("Started"))),
        "S2": forall("c", "C", implies(some["b"], proc(dev(ctx(c))))),
    }
    properties = (
        *(Property(n, Kind.INVARIANT, f) for n, f in formulas.items()),
        Property("busy_twice", Kind.REACHABLE, exists("c", "C", exists("d", "C", and_(
            ne(c, slot("d", "C")), some["b"], ne(busy(slot("d", "C")), none_of("A")))))),
        *(Property(f"fires {a.name}", Kind.FIRES, actions=(a.name,), goal=True)
          for a in actions),
        Property("alive", Kind.NO_DEADLOCK),
    )
    return System(
        "yardstick", tuple(Pool(q) for q in "PDCA"),
        (StateVar("adapter", (), ADAPTER, 0), StateVar("proc", ("P",), BOOL, 0),
         StateVar("dev", ("D",), ref("P"), -1), StateVar("ctx", ("C",), ref("D"), -1),
         StateVar("busy", ("C",), ref("A"), -1), StateVar("alloc", ("A",), ref("C"), -1)),
        actions, properties)
