"""Names, types and expressions of Murphi, as Rumur reads it.

A reference is a number: that of the slot, -1 for none, -2 for dangling.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from wddmcheck.export import render
from wddmcheck.export.names import Names
from wddmcheck.export.render import Dialect, constant
from wddmcheck.export.scalarsets import MARK, UNDEFINED
from wddmcheck.export.scoped import Scoped
from wddmcheck.ir.expr import BinOp, Count, QuantOp
from wddmcheck.ir.sorts import BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import StateVar
from wddmcheck.ir.walk import free, sorts

RESERVED = """
alias array as assert assume begin bind boolean by case clear const cover ctype do else elsif end
endalias endexists endfor endforall endfunction endif endprocedure endrecord endrule endruleset
endstartstate endswitch endwhile enum error exists externfun externproc false flushall for forall
forward from function if import in invariant interleaved isundefined ismember liveness max min
multiset multisetadd multisetcount multisetremove multisetremovepred none dangling of permuted
procedure property put real record release return rule ruleset scalarset self skip
startstate switch then to traceuntil true type undefine undefined union union_ var while with
"""
"""Words that a name must not be."""

OPERATORS = {BinOp.EQ: "=", BinOp.NE: "!=", BinOp.LT: "<", BinOp.LE: "<=", BinOp.ADD: "+",
             BinOp.SUB: "-"}


def folded(text: str, indent: str, hang: str = "  ") -> list[str]:
    """`text` in lines that end where an expression is not at its end."""
    return render.folded(text, indent, hang, after=(
        "&", "|", "do", "then", ":=", ";", "return", "?", ":"))


@dataclass(frozen=True, slots=True)
class Words:
    """How the things of a scoped system are called, and which functions expressions need."""

    names: Names
    scoped: Scoped
    symmetry: bool = False  # pools are scalarsets
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by what they return

    def variable(self, name: str) -> str:
        """A variable."""
        return self.names.of("variable", name)

    def pool(self, name: str) -> str:
        """The type of the slots of a pool."""
        return self.names.of("pool", name)

    def local(self, name: str) -> str:
        """A parameter or a bound variable."""
        return self.names.of("local", name)

    @property
    def dialect(self) -> Dialect:
        """How expressions are written."""
        return Dialect("&", "|", "!", OPERATORS, self.value, self.local, self.element, _is_slot,
                       lambda c, t, e: f"({c} ? {t} : {e})", self._quantifier, self._count)

    def value(self, value: int, sort: Sort) -> str:
        """A constant."""
        return constant(value, sort,
                        lambda enum: self.names.of(f"member of {enum.name}", enum.members[value]))

    def element(self, name: str, index: tuple[str, ...]) -> str:
        """A place of a variable, or whether it is undefined or dangling."""
        places = "".join(f"[{part}]" for part in index)
        if name.endswith(UNDEFINED):
            return f"isundefined({self.variable(name.removesuffix(UNDEFINED))}{places})"
        if name.endswith(MARK):
            return self.mark(self.variable(name.removesuffix(MARK))) + places
        return self.variable(name) + places

    def mark(self, name: str) -> str:
        """What says where undefined references in `name` dangle."""
        return self.names.of("mark", name, f"{name}_dangling")

    def scalar(self, sort: Sort) -> bool:
        """Whether a value of `sort` is one of a scalarset or undefined."""
        return self.symmetry and isinstance(sort, RefSort) and sort.pool in self.scoped.pools

    def type(self, sort: Sort) -> str:
        """A type that has the values of a sort."""
        match sort:
            case BoolSort():
                return "boolean"
            case IntRange(lo, hi):
                return f"{lo}..{hi}"
            case EnumSort(name, _):
                return self.names.of("enum", name)
            case RefSort(pool, none, dangling):
                if self.scalar(sort) or (
                        not none and not dangling and pool in self.scoped.pools):
                    return self.pool(pool)
                low = "dangling" if dangling else "none" if none else "0"
                return f"{low}..{max(self.scoped.sizes[pool] - 1, -1 if none or dangling else 0)}"
            case _:
                assert_never(sort)

    def declared(self, var: StateVar, name: str) -> Iterator[str]:
        """Declarations of a variable, here called `name`."""
        dims = "".join(f"array [{self.pool(p)}] of " for p in var.dims)
        yield f"  {name}: {dims}{self.type(var.sort)};"
        if self.marked(var.sort):
            yield f"  {self.mark(name)}: {dims}boolean;"

    def marked(self, sort: Sort) -> bool:
        """Whether a variable of `sort` has a mark for what dangles."""
        return self.scalar(sort) and isinstance(sort, RefSort) and sort.dangling

    def assigned(self, sort: Sort, target: str, index: str, value: str) -> list[str]:
        """Statements that give a value to `target`, a variable of `sort`, at `index`."""
        if not self.scalar(sort):
            return [f"{target}{index} := {value};"]
        lines = [f"undefine {target}{index};" if value in ("none", "dangling") else
                 f"{target}{index} := {value};"]
        if self.marked(sort):
            dangles = "true" if value == "dangling" else "false"
            lines.append(f"{self.mark(target)}{index} := {dangles};")
        return lines

    def copied(self, var: StateVar, source: str, target: str) -> list[str]:
        """Statements that copy a whole variable. An undefined value cannot be assigned alone."""
        lines = [f"{target} := {source};"]
        if self.scalar(var.sort) and not var.dims:
            lines = [f"if isundefined({source}) then undefine {target}; else {lines[0]} end;"]
        if self.marked(var.sort):
            lines.append(f"{self.mark(target)} := {self.mark(source)};")
        return lines

    def types(self) -> Iterator[str]:
        """Declarations of constants and types."""
        yield "const"
        yield "  none: -1;      -- a reference to nothing"
        yield "  dangling: -2;  -- a reference to what was destroyed"
        enums = dict.fromkeys(s for s in sorts(self.scoped.system) if isinstance(s, EnumSort))
        if enums or self.scoped.pools:
            yield "type"
        for pool in self.scoped.pools:
            size = self.scoped.sizes[pool]
            values = f"scalarset({size})" if self.symmetry else f"0..{size - 1}"
            yield f"  {self.pool(pool)}: {values};"
        for sort in enums:
            members = ", ".join(self.value(i, sort) for i in range(len(sort.members)))
            yield f"  {self.type(sort)}: enum {{ {members} }};"

    def _quantifier(self, op: QuantOp, name: str, pool: str, body: str) -> str:
        word = "forall" if op is QuantOp.FORALL else "exists"
        return f"{word} {name}: {self.pool(pool)} do {body} end"

    def _count(self, count: Count, body: str) -> str:
        """A call of a function that counts."""
        needs = {name: sort for name, sort in free(count.body).items() if name != count.var}
        args = "; ".join(f"{self.local(n)}: {self.type(s)}" for n, s in needs.items())
        size = self.scoped.sizes[count.pool]
        lines = (f"({args}): 0..{size};", f"var found: 0..{size};", "begin", "  found := 0;",
                 f"  for {self.local(count.var)}: {self.pool(count.pool)} do",
                 f"    if {body} then", "      found := found + 1;", "    end;", "  end;",
                 "  return found;", "end;")
        known = next((name for name, text in self.functions.items() if text == lines), None)
        if known is None:
            known = self.names.fresh(f"count_{len(self.functions) + 1}")
            self.functions[known] = lines
        return f"{known}({', '.join(map(self.local, needs))})"


def words(scoped: Scoped, symmetry: bool) -> Words:
    """Names for everything in `scoped`."""
    names = Names.avoiding([*RESERVED.split(), "found"], any_case=True)
    for pool in scoped.system.pools:
        names.of("pool", pool.name)
    for var in scoped.system.variables:
        names.of("variable", var.name)
    enums = dict.fromkeys(s for s in sorts(scoped.system) if isinstance(s, EnumSort))
    shared = Counter(member for sort in enums for member in sort.members)
    for sort in enums:
        names.of("enum", sort.name, f"{sort.name}_enum")
        for member in sort.members:
            names.of(f"member of {sort.name}", member,
                     f"{sort.name}_{member}" if shared[member] > 1 else member)
    return Words(names, scoped, symmetry)


def _is_slot(text: str, sort: RefSort) -> str:
    return f"{text} >= 0"
