"""Expressions of the IR as LLVM instructions.

Parameters and quantifiers are unrolled, as in the interpreter's compiler. Expressions are total
(`ir.expr`), so they are computed without branches. A `Source` is a number, if the value is known,
or the name of a register: of type i1 for truth values, i64 for all others, which are encoded as in
`ir.sorts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from typing import TypeAlias

from wddmcheck.engines.native.packing import Packing
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
from wddmcheck.ir.sorts import BoolSort
from wddmcheck.ir.system import Update, Write

Source: TypeAlias = int | str
Env: TypeAlias = Mapping[str, int]
"""Values of parameters and bound variables."""

_COMPARE = {BinOp.EQ: "eq", BinOp.NE: "ne", BinOp.LT: "slt", BinOp.LE: "sle"}


@dataclass(slots=True)
class Text:
    """Instructions, with registers and labels that are never used twice. What was computed in a
    block that dominates this one is not computed again."""

    lines: list[str] = field(default_factory=list)
    known: list[dict[str, str]] = field(default_factory=lambda: [{}])
    count: int = 0

    def put(self, line: str) -> None:
        """An instruction without a result, or a label."""
        self.lines.append(line)

    def fresh(self, prefix: str = "v") -> str:
        """A new name (of a register with `%`, of a label without)."""
        self.count += 1
        return f"{prefix}{self.count}"

    def get(self, instruction: str) -> str:
        """The register that holds the result of an instruction without side effects."""
        for scope in self.known:
            if instruction in scope:
                return scope[instruction]
        name = f"%{self.fresh()}"
        self.lines.append(f"  {name} = {instruction}")
        self.known[-1][instruction] = name
        return name

    @contextmanager
    def block(self) -> Iterator[None]:
        """Within: what is computed here is not known afterwards."""
        self.known.append({})
        yield
        self.known.pop()


@dataclass(slots=True)
class Emitter:
    """Writes expressions over the state whose words are in the registers `words`."""

    packing: Packing
    text: Text
    words: Sequence[str]

    # --- cells ------------------------------------------------------------------------------------

    def cell(self, number: int) -> Source:
        """The value of a cell."""
        cell = self.packing.cells[number]
        if cell.boolean:
            bit = self.text.get(f"and i64 {self.words[cell.word]}, {_signed(cell.mask)}")
            return self.text.get(f"icmp ne i64 {bit}, 0")
        raw = self.words[cell.word]
        if cell.shift:
            raw = self.text.get(f"lshr i64 {raw}, {cell.shift}")
        if cell.shift + cell.bits < 64:
            raw = self.text.get(f"and i64 {raw}, {(1 << cell.bits) - 1}")
        return self.text.get(f"add i64 {raw}, {cell.low}") if cell.low > 0 else (
            self.text.get(f"sub i64 {raw}, {-cell.low}") if cell.low < 0 else raw)

    def places(self, name: str, index: Sequence[Expr],
               env: Env) -> Iterator[tuple[int, Source]]:
        """The cells that `name[index]` can be, each with the condition under which it is."""
        layout = self.packing.layout
        dims = layout.variables[name].dims
        slots = [self.expr(e, env) for e in index]
        ranges = [range(layout.sizes[pool]) if isinstance(slot, str) else
                  [slot] if 0 <= slot < layout.sizes[pool] else []
                  for slot, pool in zip(slots, dims, strict=True)]
        for chosen in product(*ranges):
            tests = [self.text.get(f"icmp eq i64 {slot}, {at}")
                     for slot, at in zip(slots, chosen, strict=True) if isinstance(slot, str)]
            yield layout.offset(name, tuple(chosen)), self.all(tests)

    # --- expressions ------------------------------------------------------------------------------

    def expr(self, expr: Expr, env: Env) -> Source:
        """The value of an expression."""
        match expr:
            case Const(value, _):
                return value
            case Var(name, _):
                return env[name]
            case Read(name, index, sort):
                return self.read(name, index, env, isinstance(sort, BoolSort))
            case Not(arg):
                return self.negate(self.expr(arg, env))
            case And(args):
                return self.all([self.expr(a, env) for a in args])
            case Or(args):
                return self.any([self.expr(a, env) for a in args])
            case Binary(op, left, right, _):
                return self.binary(op, self.expr(left, env), self.expr(right, env),
                                   isinstance(sort_of(left), BoolSort))
            case Ite(cond, then, orelse, sort):
                test = self.expr(cond, env)
                if isinstance(test, int):
                    return self.expr(then if test else orelse, env)
                return self.choose(test, self.expr(then, env), self.expr(orelse, env),
                                   isinstance(sort, BoolSort))
            case Quant(op, name, pool, body):
                turns = [self.expr(body, {**env, name: slot})
                         for slot in range(self.packing.layout.sizes[pool])]
                return self.all(turns) if op is QuantOp.FORALL else self.any(turns)
            case Count(name, pool, body):
                return self.count(name, pool, body, env)

    def read(self, name: str, index: Sequence[Expr], env: Env, boolean: bool) -> Source:
        """The value of a variable; its initial one at an index that is no slot."""
        value: Source = self.packing.layout.variables[name].init
        for place, test in self.places(name, index, env):
            value = self.choose(test, self.cell(place), value, boolean)
        return value

    def negate(self, value: Source) -> Source:
        """Not."""
        return 1 - value if isinstance(value, int) else self.text.get(f"xor i1 {value}, true")

    def all(self, parts: Sequence[Source]) -> Source:
        """And."""
        return self._fold(parts, "and", 0)

    def any(self, parts: Sequence[Source]) -> Source:
        """Or."""
        return self._fold(parts, "or", 1)

    def _fold(self, parts: Sequence[Source], word: str, stop: int) -> Source:
        names = dict.fromkeys(p for p in parts if isinstance(p, str))
        if any(isinstance(p, int) and bool(p) == bool(stop) for p in parts):
            return stop
        result = ""
        for name in names:
            result = self.text.get(f"{word} i1 {result}, {name}") if result else name
        return result or 1 - stop

    def binary(self, op: BinOp, left: Source, right: Source, boolean: bool) -> Source:
        """A comparison, a sum or a difference."""
        if isinstance(left, int) and isinstance(right, int):
            match op:
                case BinOp.EQ:
                    return int(left == right)
                case BinOp.NE:
                    return int(left != right)
                case BinOp.LT:
                    return int(left < right)
                case BinOp.LE:
                    return int(left <= right)
                case BinOp.ADD:
                    return left + right
                case BinOp.SUB:
                    return left - right
        if op in _COMPARE:
            kind = "i1" if boolean else "i64"
            a, b = _operand(left, boolean), _operand(right, boolean)
            return self.text.get(f"icmp {_COMPARE[op]} {kind} {a}, {b}")
        return self.text.get(f"{'add' if op is BinOp.ADD else 'sub'} i64 {left}, {right}")

    def choose(self, test: Source, then: Source, orelse: Source, boolean: bool) -> Source:
        """`then` if `test`, else `orelse`."""
        if isinstance(test, int):
            return then if test else orelse
        if then == orelse:
            return then
        kind = "i1" if boolean else "i64"
        a, b = _operand(then, boolean), _operand(orelse, boolean)
        return self.text.get(f"select i1 {test}, {kind} {a}, {kind} {b}")

    def count(self, name: str, pool: str, body: Expr, env: Env) -> Source:
        """How many slots satisfy `body`."""
        known, total = 0, ""
        for slot in range(self.packing.layout.sizes[pool]):
            turn = self.expr(body, {**env, name: slot})
            if isinstance(turn, int):
                known += turn
                continue
            one = self.text.get(f"zext i1 {turn} to i64")
            total = self.text.get(f"add i64 {total}, {one}") if total else one
        if not total:
            return known
        return self.text.get(f"add i64 {total}, {known}") if known else total

    # --- updates ----------------------------------------------------------------------------------

    def updated(self, updates: Sequence[Update], env: Env) -> list[str]:
        """The words of the state after `updates`."""
        new: dict[int, Source] = {}
        for update in updates:
            for write in update.writes:
                self._write(update.var, write, env, new)
        words = list(self.words)
        for word in sorted({self.packing.cells[n].word for n in new}):
            mask, parts = 0, []
            for number, value in new.items():
                cell = self.packing.cells[number]
                if cell.word == word:
                    mask |= cell.mask
                    parts.append(self._field(number, value))
            fixed = 0
            for part in parts:
                fixed |= part if isinstance(part, int) else 0
            result = self.text.get(f"and i64 {words[word]}, {_signed(~mask & (1 << 64) - 1)}")
            if fixed:
                result = self.text.get(f"or i64 {result}, {_signed(fixed)}")
            for part in parts:
                if isinstance(part, str):
                    result = self.text.get(f"or i64 {result}, {part}")
            words[word] = result
        return words

    def _write(self, name: str, write: Write, env: Env, new: dict[int, Source]) -> None:
        layout = self.packing.layout
        boolean = isinstance(layout.variables[name].sort, BoolSort)
        for turn in product(*(range(layout.sizes[pool]) for _, pool in write.binders)):
            inner = {**env, **{n: slot for (n, _), slot in zip(write.binders, turn, strict=True)}}
            where = self.expr(write.where, inner)
            if where == 0:
                continue
            value: Source | None = None
            for place, test in self.places(name, write.index, inner):
                if value is None:
                    value = self.expr(write.value, inner)
                condition = self.all([where, test])
                if condition == 0:
                    continue
                old = new.get(place)
                if old is None and condition != 1:
                    old = self.cell(place)
                new[place] = self.choose(condition, value, value if old is None else old, boolean)

    def _field(self, number: int, value: Source) -> Source:
        """A value as the bits of its cell, in place."""
        cell = self.packing.cells[number]
        if isinstance(value, int):
            return ((value - cell.low) << cell.shift) & cell.mask
        if cell.boolean:
            raw = self.text.get(f"zext i1 {value} to i64")
        else:
            raw = self.text.get(f"sub i64 {value}, {cell.low}") if cell.low else value
            raw = self.text.get(f"and i64 {raw}, {(1 << cell.bits) - 1}")
        return self.text.get(f"shl i64 {raw}, {cell.shift}") if cell.shift else raw


def _operand(value: Source, boolean: bool) -> str:
    if isinstance(value, str):
        return value
    return ("true" if value else "false") if boolean else str(value)


def _signed(value: int) -> int:
    """A word as LLVM's decimal notation of i64 has it."""
    return value - (1 << 64) if value >> 63 else value
