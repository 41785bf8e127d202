"""A system at a scope, compiled: the functions that a search calls.

What this engine cannot do is refused here, before anything is built.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from wddmcheck.diagnostics.diagnostic import Diagnostic, UserError
from wddmcheck.engines.native import cache, jit, kernels
from wddmcheck.engines.native.actions import Records
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.memory import words
from wddmcheck.engines.native.plan import WORD, Plan
from wddmcheck.engines.size import check_formula, check_system
from wddmcheck.ir.evaluate import Layout
from wddmcheck.ir.expr import Expr
from wddmcheck.ir.system import Kind, Property, System

MAX_POOL = 62
"""Slots of a pool: their numbers go into the lowest 6 bits of a colour, and sets of them, with
`none` and `dangling`, into a word."""

MAX_POOLS = Ctx.SIZE - Ctx.TWINS

MAX_NUMBER = 1 << 40
"""Constants: sums of them stay far within 64 bits."""


def refusal(system: System, layout: Layout) -> str:
    """Why this engine cannot explore `layout`; empty if it can."""
    most = max(layout.sizes.values(), default=0)
    if most > MAX_POOL:
        return f"a pool of {most} slots; this engine takes up to {MAX_POOL}"
    if sum(1 for n in layout.sizes.values() if n > 1) > MAX_POOLS:
        return f"more than {MAX_POOLS} pools of several slots"
    plan = Plan(layout)
    if any(plan.width(v) > 32 for v in system.variables):
        return "a variable whose values need more than 32 bits"
    if plan.words > WORD:
        return f"states of {plan.words} words; this engine takes up to {WORD}"
    return ""


@dataclass
class Program:
    """Compiled functions. Addresses are plain numbers."""

    plan: Plan
    records: Records
    goals: tuple[str, ...]           # names of `always possible` claims, a bit each
    quotient: bool
    code: jit.Code
    scratch_bytes: int
    cached: bool = False

    def __post_init__(self) -> None:
        pointer = ctypes.c_void_p

        def function(name: str, arguments: int, result: object = None) -> Callable[..., int]:
            return self.code.function(name, *[pointer] * arguments, result=result)

        self.expand = function("expand", 2)
        self.insert = function("insert", 1)
        self.looks = function("looks", 1)
        self.begin = function("begin", 1)
        self.sweep = function("sweep", 2)
        self.rehash = function("rehash", 1)
        self._normal = function("normal", 2)
        self._hash = function("hash", 1, ctypes.c_uint64)

    @property
    def most(self) -> int:
        """How many successors a state can have."""
        return self.scratch_bytes // (8 * self.plan.words)

    def normal(self, state: tuple[int, ...]) -> tuple[int, ...]:
        """The stored form of a packed state: with symmetry, the canonical one of its orbit."""
        given, to = words(self.plan.words), words(self.plan.words)
        given[:] = list(state)
        self._normal(ctypes.addressof(given), ctypes.addressof(to))
        return tuple(to)

    def hash(self, state: tuple[int, ...]) -> int:
        """The hash of a packed state."""
        given = words(self.plan.words)
        given[:] = list(state)
        return self._hash(ctypes.addressof(given))


def compile_system(layout: Layout, properties: list[Property], symmetry: bool) -> Program:
    """Compile `layout` for these properties. Raises `UserError` (WC304) if it is too large."""
    system = layout.system
    check_system(layout)
    why = refusal(system, layout)
    if why:
        raise UserError((Diagnostic(
            "WC304", f"the native engine cannot explore this scope: {why}",
            help="use smaller sizes, or --engine interpret"),), exit_code=2)
    for prop in properties:
        check_formula(layout, prop.formula)
    plan = Plan(layout)
    looked = tuple((p.name, p.formula, p.kind is Kind.REACHABLE) for p in properties
                   if p.kind in (Kind.INVARIANT, Kind.REACHABLE))
    goals = {p.name: p.formula for p in properties if p.kind is Kind.ALWAYS_POSSIBLE}
    records = Records(system, looked)
    quotient = symmetry and bool(plan.pools)
    formulas: tuple[Expr, ...] = tuple(goals.values())
    data, cached = cache.object_code(
        (system, dict(layout.sizes), looked, formulas, quotient),
        lambda: kernels.module(plan, records, formulas, quotient))
    most = sum(prod(len(layout.values(p.sort)) for p in a.params) for a in system.actions)
    return Program(plan, records, tuple(goals), quotient, jit.linked(data),
                   8 * plan.words * (most + 1), cached)
