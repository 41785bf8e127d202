"""Names and expressions of TLA+: slots, none and dangling are constants, members of enums strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from wddmcheck.export import render
from wddmcheck.export.names import Names
from wddmcheck.export.render import Dialect, constant
from wddmcheck.export.scoped import Scoped
from wddmcheck.ir.expr import BinOp, Count, QuantOp
from wddmcheck.ir.sorts import BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.walk import sorts

RESERVED = """
ACTION ASSUME ASSUMPTION AXIOM BOOLEAN BY CASE CHOOSE CONSTANT CONSTANTS COROLLARY DEF DEFINE DEFS
DOMAIN ELSE ENABLED EXCEPT EXTENDS FALSE HAVE HIDE IF IN INSTANCE LAMBDA LEMMA LET LOCAL MODULE NEW
OBVIOUS OMITTED ONLY OTHER PICK PROOF PROPOSITION PROVE QED RECURSIVE STATE STRING SUBSET SUFFICES
TAKE TEMPORAL THEN THEOREM TRUE UNCHANGED UNION USE VARIABLE VARIABLES WITH WITNESS SF_ WF_
Init Next Spec vars Symmetry Int Nat Cardinality IsFiniteSet Permutations Print PrintT Assert
JavaTime TLCGet TLCSet RandomElement ToString TLCEval Any SortSeq D2 none dangling
"""
"""Words that a name must not be."""

OPERATORS = {BinOp.EQ: "=", BinOp.NE: "#", BinOp.LT: "<", BinOp.LE: "<=", BinOp.ADD: "+",
             BinOp.SUB: "-"}


def folded(text: str, indent: str, hang: str = "  ") -> list[str]:
    """`text` in lines that end where an expression is not at its end."""
    return render.folded(text, indent, hang, after=(
        "/\\", "\\/", "=>", "~>", ",", ":", "|->", "THEN", "ELSE", "EXCEPT", "=="))


@dataclass(frozen=True, slots=True)
class Words:
    """How the things of a scoped system are called."""

    names: Names
    scoped: Scoped

    def variable(self, name: str) -> str:
        """A variable."""
        return self.names.of("variable", name)

    def pool(self, name: str) -> str:
        """The set of the slots of a pool."""
        return self.names.of("pool", name)

    def slot(self, pool: str, number: int) -> str:
        """A slot. To TLC, a name of one letter and `_` is a value of a type, equal to no other."""
        between = "" if len(self.pool(pool)) == 1 else "_"
        return self.names.of("slot", f"{pool}[{number}]", f"{pool}{between}{number}")

    def local(self, name: str) -> str:
        """A parameter or a bound variable."""
        return self.names.of("local", name)

    def block(self, name: str) -> str:
        """The steps of a block."""
        return self.names.of("block", name, f"{name}_steps")

    def added(self, name: str) -> str:
        """What is not the model's."""
        return self.names.of("added", name)

    @property
    def dialect(self) -> Dialect:
        """How expressions are written."""
        return Dialect("/\\", "\\/", "~", OPERATORS, self.value, self.local, self.element,
                       lambda text, sort: f"{text} \\in {self.pool(sort.pool)}",
                       lambda c, t, e: f"(IF {c} THEN {t} ELSE {e})", self._quantifier,
                       self._count)

    def value(self, value: int, sort: Sort) -> str:
        """A constant."""
        return constant(value, sort, lambda enum: f'"{enum.members[value]}"',
                        lambda ref: self.slot(ref.pool, value), ("FALSE", "TRUE"))

    def element(self, name: str, index: tuple[str, ...]) -> str:
        """A place of a variable."""
        return self.variable(name) + (f"[{', '.join(index)}]" if index else "")

    def values(self, sort: Sort) -> str:
        """The set that a parameter is chosen from."""
        match sort:
            case BoolSort():
                return "BOOLEAN"
            case IntRange(lo, hi):
                return f"{lo}..{hi}"
            case EnumSort(_, members):
                return "{" + ", ".join(f'"{m}"' for m in members) + "}"
            case RefSort(pool, none, _):
                return f"{self.pool(pool)} \\union {{none}}" if none else self.pool(pool)
            case _:
                assert_never(sort)

    def pools(self) -> tuple[str, ...]:
        """The pools whose slots are constants: also single ones, where something names them."""
        named = {s.pool for s in sorts(self.scoped.system) if isinstance(s, RefSort)}
        return tuple(p.name for p in self.scoped.system.pools
                     if p.name in self.scoped.pools or p.name in named)

    def slots(self, pool: str) -> list[str]:
        """The slots of a pool."""
        return [self.slot(pool, number) for number in range(self.scoped.sizes[pool])]

    def constants(self) -> Iterator[str]:
        """All constants: each stands for itself."""
        yield "none"
        yield "dangling"
        for pool in self.pools():
            yield from self.slots(pool)

    def _quantifier(self, op: QuantOp, name: str, pool: str, body: str) -> str:
        return f"\\{'A' if op is QuantOp.FORALL else 'E'} {name} \\in {self.pool(pool)} : {body}"

    def _count(self, count: Count, body: str) -> str:
        return f"Cardinality({{{self.local(count.var)} \\in {self.pool(count.pool)} : {body}}})"


def words(scoped: Scoped) -> Words:
    """Names for everything in `scoped`."""
    names = Names.avoiding(RESERVED.split())
    for pool in scoped.system.pools:
        names.of("pool", pool.name)
    for var in scoped.system.variables:
        names.of("variable", var.name)
    for prop in scoped.system.properties:
        if not prop.goal:
            names.of("property", prop.name)
    for action in scoped.system.actions:
        names.of("action", action.name)
    return Words(names, scoped)
