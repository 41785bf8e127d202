"""Small random models in the language, as text: ownership, life states, references, sets, DDIs with
contracts, steps and failures, a gpu block, and properties of several kinds."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

HEADER = """
model random
object D {{ n: 0..2 }}
object C {within} {{ life Idle -> Busy -> Idle, Busy -> Done; ref: {ref}; list: set of D; m: 0..1 }}
var last: C?
var flag: bool
var home: {raw}D?
"""

CONDITIONS = (
    "c is Idle", "c is not Busy", "c.ref is none", "c.ref is not none", "last == c", "flag",
    "c.m == 0", "some x: D where x.n == 1", "no x: C where x is Busy", "count x: C < 2",
    "c.ref.n == 1 or flag", "all x: C: x is Idle", "home is none",
)
"""Conditions over a context `c`; harmless in driver code unless they read through `ref`."""

STATEMENTS = (
    "c.m = 1", "c.m = 0", "flag = true", "flag = false", "last = c", "last = none",
    "c becomes Busy", "c becomes Idle", "c becomes Done", "destroy c", "c.ref = home",
    "for x in C where x is Done { destroy x }", "for x in D { x.n = 1 }",
    "for x in c.list { x.n = 0 }", "step", "wait until flag",
    "if last is not none { last.m = 1 }", "if c.ref is not none { c.ref.n = c.ref.n + 1 }",
    "home = none", "call Cb(c)",
)
TEMPLATES = (
    "if {cond} {{ {a} }} else {{ {b} }}",
    "either {{ {a} }} or {{ {b} }}",
    "{a}\n  {b}",
)
PROPERTIES = (
    "invariant all c: C where c is Busy: c.m == 0", "invariant all c: C: c.ref is not dangling",
    "never some c: C where c is Done and flag", "never count c: C > 1",
    "reachable some c: C where c is Done", "after Use(c): c is not dangling",
    "before Drop(c): c is not Busy", "always possible no c: C",
    "invariant last is not dangling", "never some c: C where some x in c.list where x.n == 2",
)


def statement(draw: DrawFn, depth: int) -> str:
    """One statement about `c`, or a few."""
    if depth == 0 or draw(st.integers(0, 2)):
        return draw(st.sampled_from(STATEMENTS))
    template = draw(st.sampled_from(TEMPLATES))
    return template.format(cond=draw(st.sampled_from(CONDITIONS)),
                           a=statement(draw, depth - 1), b=statement(draw, depth - 1))




@st.composite
def models(draw: DrawFn) -> str:
    """The text of a model."""
    pick: Callable[[tuple[str, ...]], str] = lambda choices: draw(st.sampled_from(choices))  # noqa: E731
    owned = draw(st.booleans())
    text = HEADER.format(within="within D" if owned else "", ref=pick(("D?", "raw D?")),
                         raw=pick(("", "raw ")))
    guard = pick(CONDITIONS)
    text += """
ddi MakeD() returns STATUS_SUCCESS { let d = create D() home = d return STATUS_SUCCESS }
"""
    text += f"""
ddi DropD(d: D) {'requires no c: C where c.ref == d' if draw(st.booleans()) else ''} {{
  destroy d
  return STATUS_SUCCESS
}}
ddi Make(d: D) returns STATUS_SUCCESS, STATUS_NO_MEMORY {{
  let c = create C({'d, ' if owned else ''}ref: d) or return STATUS_NO_MEMORY
  {pick(("add d to c.list", "last = c", "c.m = 1"))}
  return STATUS_SUCCESS
}}
callback Cb(c: C) {{ {pick(("c.m = 0", "destroy c", "flag = true"))} return STATUS_SUCCESS }}
ddi Use(c: C) requires {guard} {{
  {statement(draw, 2)}
  {statement(draw, 1)}
  return STATUS_SUCCESS
}}
ddi Drop(c: C) {pick(("", "requires not in_flight(c)", "requires c is Idle"))} {{
  {pick(("", "if last == c { last = none }", "step"))}
  destroy c
  return STATUS_SUCCESS
}}
gpu Run(c: C) when {pick(CONDITIONS)} {{ {pick(("c.m = 1", "flag = false", "flag = true"))} }}
"""
    for i, claim in enumerate(draw(st.lists(st.sampled_from(PROPERTIES), max_size=3,
                                            unique=True))):
        text += f"property p{i}: {claim}\n"
    return text
