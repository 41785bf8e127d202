"""Names, types and expressions of Promela.

A reference is one byte: the number of the slot, 255 for none, 254 for dangling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import assert_never

from wddmcheck.export import render
from wddmcheck.export.names import Names
from wddmcheck.export.render import Dialect, constant
from wddmcheck.export.request import CannotExportError, Claims
from wddmcheck.export.scoped import Scoped
from wddmcheck.ir.expr import BinOp, Count, QuantOp
from wddmcheck.ir.show import show_sort
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import StateVar
from wddmcheck.ir.walk import sorts

REFERENCES = {NONE: 255, DANGLING: 254}
MOST_MEMBERS = 255

RESERVED = """
active always assert atomic auto bit bool break byte c_code c_decl c_expr c_state c_track case chan
char const continue D D_proctype d_step dangling default do double else empty enabled end enum eval
event eventually extern false fi float for full get_priority goto hidden i386 if implies in index
init inline int len linux local long ltl main mtype nempty never next nfull none notrace now np_ od
of pc_value pid printf printm priority proctype provided register release return run select
set_priority short show signed sizeof skip static STDIN stronguntil struct switch timeout trace true
typedef U union unix unless unsigned until V value void volatile W weakuntil while X xr xs
equivalent accept progress pan memory state Index Trans State
"""
"""Words that a name must not be."""

OPERATORS = {BinOp.EQ: "==", BinOp.NE: "!=", BinOp.LT: "<", BinOp.LE: "<=", BinOp.ADD: "+",
             BinOp.SUB: "-"}


def folded(text: str, indent: str, hang: str = "  ") -> list[str]:
    """`text` in lines that end in an operator: where a line could end a statement, SPIN ends it."""
    return render.folded(text, indent, hang, after=("&&", "||", "->", ",", ":", "{"))


@dataclass(frozen=True, slots=True)
class Words:
    """How the things of a scoped system are called."""

    names: Names
    scoped: Scoped
    process: str
    members: tuple[str, ...]

    def variable(self, name: str) -> str:
        """A variable."""
        return self.names.of("variable", name)

    def prop(self, name: str) -> str:
        """The truth value of a property."""
        return self.names.of("property", name)

    @property
    def dialect(self) -> Dialect:
        """How expressions are written; parameters and quantifiers are gone."""
        return Dialect("&&", "||", "!", OPERATORS, self.value, _gone, self.element, _is_slot,
                       lambda c, t, e: f"({c} -> {t} : {e})", _gone_quantifier, _gone_count)

    def value(self, value: int, sort: Sort) -> str:
        """A constant."""
        return constant(value, sort, lambda enum: self.names.of("member", enum.members[value]))

    def element(self, name: str, index: tuple[str, ...]) -> str:
        """A place of a variable: arrays have one dimension, and one slot needs no array."""
        var = next(v for v in self.scoped.system.variables if v.name == name)
        if self.length(var) == 1:
            return self.variable(name)
        text = ""
        for pool, part in zip(var.dims, index, strict=True):
            text = part if not text else f"{_times(text, self.scoped.sizes[pool])} + {part}"
        if all(part.isdigit() for part in index):
            text = str(self._offset(var, [int(part) for part in index]))
        return f"{self.variable(name)}[{text}]"

    def _offset(self, var: StateVar, slots: list[int]) -> int:
        at = 0
        for pool, slot in zip(var.dims, slots, strict=True):
            at = at * self.scoped.sizes[pool] + slot
        return at

    def length(self, var: StateVar) -> int:
        """How many places a variable has."""
        return prod(self.scoped.sizes[pool] for pool in var.dims)

    def constants(self) -> Iterator[str]:
        """References and members of enums."""
        yield "#define none 255"
        yield "#define dangling 254"
        if self.members:
            yield from folded(f"mtype = {{ {', '.join(self.members)} }};", "")

    def declaration(self, var: StateVar) -> str:
        """A variable."""
        length = self.length(var)
        array = f"[{length}]" if length > 1 else ""
        dims = f"[{', '.join(var.dims)}]" if var.dims else ""
        init = self.value(var.init, var.sort)
        return (f"{_type(var.sort)} {self.variable(var.name)}{array} = {init};"
                f"  /* {var.name}{dims}: {show_sort(var.sort)} */")


def words(scoped: Scoped, chosen: Claims) -> Words:
    """Names for everything in `scoped`. Raises `CannotExportError`."""
    names = Names.avoiding(RESERVED.split())
    for var in scoped.system.variables:
        names.of("variable", var.name)
    members = tuple(dict.fromkeys(
        names.of("member", member) for sort in sorts(scoped.system) if isinstance(sort, EnumSort)
        for member in sort.members))
    if len(members) > MOST_MEMBERS:
        raise CannotExportError(f"the enums have {len(members)} different members; an mtype of "
                                f"Promela has at most {MOST_MEMBERS}")
    for prop in chosen.properties:
        names.of("property", prop.name)
    return Words(names, scoped, names.fresh(scoped.system.name), members)


def _type(sort: Sort) -> str:
    match sort:
        case BoolSort():
            return "bool"
        case EnumSort():
            return "mtype"
        case RefSort():
            return "byte"
        case IntRange(lo, hi):
            return "byte" if lo >= 0 and hi < 1 << 8 else (
                "short" if lo >= -1 << 15 and hi < 1 << 15 else "int")
        case _:
            assert_never(sort)


def _is_slot(text: str, sort: RefSort) -> str:
    return f"{text} < dangling"


def _times(text: str, factor: int) -> str:
    return f"({text}) * {factor}"


def _gone(name: str) -> str:
    raise AssertionError(f"{name} has no value")


def _gone_quantifier(op: QuantOp, name: str, pool: str, body: str) -> str:
    raise AssertionError(f"{name} is not unrolled")


def _gone_count(count: Count, body: str) -> str:
    raise AssertionError(f"{count.var} is not unrolled")
