"""Expressions as text of a target, and text in lines.

A read whose index may be no slot (`none`, `dangling`) has the variable's initial value; the test
for that is written out, since no target has such reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from wddmcheck.ir.expr import (
    And,
    Binary,
    BinOp,
    Const,
    Count,
    Expr,
    Ite,
    Not,
    Or,
    Quant,
    QuantOp,
    Read,
    Var,
    sort_of,
)
from wddmcheck.ir.sorts import DANGLING, NONE, BoolSort, EnumSort, IntRange, RefSort, Sort
from wddmcheck.ir.system import StateVar

WIDTH = 100
ANYWHERE = ("",)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a target writes things. `operators` has all binary ones; `value` a constant; `element`
    a variable at indices; `is_slot` the test that a reference is one; `choice` a conditional
    value, in brackets; `quantifier` takes the bound name, the pool and the body, `count` what it
    counts and the body."""

    conjunction: str
    disjunction: str
    negation: str
    operators: Mapping[BinOp, str]
    value: Callable[[int, Sort], str]
    local: Callable[[str], str]
    element: Callable[[str, tuple[str, ...]], str]
    is_slot: Callable[[str, RefSort], str]
    choice: Callable[[str, str, str], str]
    quantifier: Callable[[QuantOp, str, str, str], str]
    count: Callable[[Count, str], str]


def constant(value: int, sort: Sort, member: Callable[[EnumSort], str],
             slot: Callable[[RefSort], str] | None = None,
             truths: tuple[str, str] = ("false", "true")) -> str:
    """A constant; `member` and `slot` are asked for what it is called, if that is what it is. Slots
    are numbers otherwise."""
    match sort:
        case BoolSort():
            return truths[value]
        case IntRange():
            return str(value)
        case EnumSort():
            return member(sort)
        case RefSort():
            if value in (NONE, DANGLING):
                return "none" if value == NONE else "dangling"
            return slot(sort) if slot is not None else str(value)
        case _:
            assert_never(sort)


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes expressions over `variables`."""

    dialect: Dialect
    variables: Mapping[str, StateVar]

    def __call__(self, expr: Expr) -> str:
        """The text of an expression."""
        d = self.dialect
        match expr:
            case Const(value, sort):
                return d.value(value, sort)
            case Var(name, _):
                return d.local(name)
            case Read():
                return self._read(expr)
            case Not(arg):
                return d.negation + self.inner(arg)
            case And(args):
                return self._joined(d.conjunction, args, True)
            case Or(args):
                return self._joined(d.disjunction, args, False)
            case Binary():
                return self._binary(expr)
            case Ite(cond, then, orelse, _):
                return d.choice(self.inner(cond), self.inner(then), self.inner(orelse))
            case Quant(op, name, pool, body):
                return d.quantifier(op, d.local(name), pool, self(body))
            case Count(_, _, body):
                return d.count(expr, self(body))
            case _:
                assert_never(expr)

    def inner(self, expr: Expr) -> str:
        """The text, in brackets unless it needs none."""
        text = self(expr)
        match expr:
            case Const(value, _) if value >= 0 or isinstance(sort_of(expr), RefSort):
                return text
            case Var() | Ite() | Count():
                return text  # a choice has its own brackets
            case Read() if not self.tests(expr) or not isinstance(expr.sort, BoolSort):
                return text
            case _:
                return f"({text})"

    def tests(self, read: Read) -> list[str]:
        """What has to hold for every index of `read` to be a slot."""
        found = []
        for index in read.index:
            sort = sort_of(index)
            assert isinstance(sort, RefSort)
            if not isinstance(index, Const) and (sort.none or sort.dangling):
                found.append(self.dialect.is_slot(self.inner(index), sort))
        return found

    def element(self, read: Read) -> str:
        """The place that `read` names, where its indices are slots."""
        return self.dialect.element(read.var, tuple(self.inner(i) for i in read.index))

    def _read(self, read: Read) -> str:
        if any(isinstance(i, Const) and i.value < 0 for i in read.index):
            return self.dialect.value(self.variables[read.var].init, read.sort)
        tests, place = self.tests(read), self.element(read)
        if not tests:
            return place
        init = self.variables[read.var].init
        if isinstance(read.sort, BoolSort):
            return self._guarded(tests, place, otherwise=bool(init))
        return self.dialect.choice(f"({self._all(tests)})", place,
                                   self.dialect.value(init, read.sort))

    def _binary(self, expr: Binary) -> str:
        word = self.dialect.operators[expr.op]
        match expr:
            case Binary(BinOp.EQ | BinOp.NE as op, Read() as read, Const(value, _)) \
                    if self.tests(read) and not any(isinstance(i, Const) for i in read.index):
                same = value == self.variables[read.var].init
                compared = f"({self.element(read)} {word} {self.inner(expr.right)})"
                return self._guarded(self.tests(read), compared,
                                     otherwise=same == (op is BinOp.EQ))
            case _:
                return f"{self.inner(expr.left)} {word} {self.inner(expr.right)}"

    def _guarded(self, tests: list[str], text: str, *, otherwise: bool) -> str:
        if otherwise:
            return f"{self.dialect.negation}({self._all(tests)}) {self.dialect.disjunction} {text}"
        return self._all([*tests, text])

    def _all(self, parts: list[str]) -> str:
        return f" {self.dialect.conjunction} ".join(parts)

    def _joined(self, word: str, args: tuple[Expr, ...], empty: bool) -> str:
        if not args:
            return self.dialect.value(int(empty), BoolSort())
        return self(args[0]) if len(args) == 1 else f" {word} ".join(map(self.operand, args))

    def operand(self, expr: Expr) -> str:
        """The text as part of a conjunction or a disjunction: comparisons bind more tightly."""
        match expr:
            case Binary(_, left, _, _) if not isinstance(left, Read) or not self.tests(left):
                return self(expr)
            case Not():
                return self(expr)
            case _:
                return self.inner(expr)


def conjuncts(expr: Expr) -> tuple[Expr, ...]:
    """The parts of a conjunction."""
    return expr.args if isinstance(expr, And) and expr.args else (expr,)


_WORD = re.compile(r'(?:"[^"]*"|[^\s"])+')


def folded(text: str, indent: str, hang: str = "  ", width: int = WIDTH,
           after: tuple[str, ...] = ANYWHERE) -> list[str]:
    """`text` in lines of at most `width`, as far as breaks at spaces allow that are not in strings
    and come after a word that ends as one of `after`. All lines but the first hang."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, after):
        start = indent + hang * bool(lines)
        if line and len(start) + len(line) + 1 + len(piece) > width:
            lines.append(start + line)
            line = piece
        else:
            line = f"{line} {piece}" if line else piece
    lines.append(indent + hang * bool(lines) + line)
    return lines


def _pieces(text: str, after: tuple[str, ...]) -> list[str]:
    """What must not be broken."""
    pieces: list[str] = []
    whole = True
    for word in _WORD.findall(text):
        if whole:
            pieces.append(word)
        else:
            pieces[-1] += f" {word}"
        whole = word.endswith(after)
    return pieces
