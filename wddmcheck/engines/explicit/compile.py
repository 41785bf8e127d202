"""A system at a scope, as Python source: a function that lists the successors of a state.

Parameters and quantifiers are unrolled, so that what depends on them only is decided here, once.
Each conjunct of a guard is tested as soon as the parameters that it mentions are fixed: the tests
of one action form a tree, and most of it is cut off near the root.

One template per node of the IR. `Source` is either a number, if the value is known, or text that
computes it; references are in packed codes (codec.py), integers are themselves.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from types import CodeType
from typing import TypeAlias

from wddmcheck.engines.explicit.codec import Codec, Packed
from wddmcheck.engines.explicit.size import check_formula, check_sizes, check_terms
from wddmcheck.ir.evaluate import Layout
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
from wddmcheck.ir.sorts import IntRange, RefSort
from wddmcheck.ir.system import Action, System, Write
from wddmcheck.ir.walk import guard_levels

Source: TypeAlias = int | str
Env: TypeAlias = Mapping[str, int]
"""Values of parameters and bound variables, as codes."""

Successors: TypeAlias = Callable[
    [Packed, list[tuple[int, Packed]], list[tuple[int, int]]], None]
"""`f(state, good, bad)`: appends (instance, successor) to `good` and (instance, obligation) to
`bad`."""


@dataclass(frozen=True, slots=True)
class Instance:
    """An action with values (IR encoded) for its parameters."""

    action: Action
    args: tuple[int, ...]


Keep: TypeAlias = Callable[[Callable[[], bytes]], bytes]
"""`f(make)`: what `make` returns, or returned in an earlier run."""


@dataclass(frozen=True)
class Program:
    """A system, which is compiled when its instances or successors are asked for. `keep` may have
    kept that from an earlier run of the same version of Python."""

    codec: Codec
    keep: Keep | None = None

    @property
    def instances(self) -> tuple[Instance, ...]:
        """What can ever be enabled, in the order of declaration."""
        return self._compiled[0]

    @cached_property
    def successors(self) -> Successors:
        """The function that lists successors."""
        scope: dict[str, Successors] = {}
        exec(self._compiled[1], scope)
        return scope["successors"]

    @cached_property
    def _compiled(self) -> tuple[tuple[Instance, ...], CodeType]:
        if self.keep is None:
            return self._made()
        chosen, code = marshal.loads(self.keep(self._data))
        actions = self.codec.layout.system.actions
        return tuple(Instance(actions[number], args) for number, args in chosen), code

    def _data(self) -> bytes:
        instances, code = self._made()
        numbers = {a.name: n for n, a in enumerate(self.codec.layout.system.actions)}
        return marshal.dumps(([(numbers[i.action.name], i.args) for i in instances], code))

    def _made(self) -> tuple[tuple[Instance, ...], CodeType]:
        emitter, system = _Emitter(self.codec), self.codec.layout.system
        source = emitter.system(system)
        return tuple(emitter.instances), compile(source, f"<{system.name}>", "exec")

    def predicate(self, formula: Expr) -> Callable[[Packed], object]:
        """A state formula as a function whose result is true or false."""
        check_formula(self.codec.layout, formula)
        text = _Emitter(self.codec).expr(formula, {})
        scope: dict[str, Callable[[Packed], object]] = {}
        exec(compile(f"def holds(s):\n return {text}\n", "<formula>", "exec"), scope)
        return scope["holds"]


def compile_system(layout: Layout) -> Program:
    """The program of `layout`. Raises `UserError` (WC304) if the scope is far too large."""
    check_sizes(layout)
    check_terms(layout)
    return Program(Codec(layout))


@dataclass(slots=True)
class _Emitter:
    codec: Codec
    instances: list[Instance] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    # --- actions -----------------------------------------------------------------------------

    def system(self, system: System) -> str:
        wide = self.codec.wide
        self.lines = ["def successors(s, good, bad):",
                      f" thaw, freeze = {'list, tuple' if wide else 'bytearray, bytes'}",
                      " add = good.append"]
        for action in system.actions:
            self.action(action, guard_levels(action), {}, (), " ")
        return "\n".join(self.lines) + "\n"

    def action(self, action: Action, levels: list[list[Expr]], env: Env,
               args: tuple[int, ...], indent: str) -> None:
        """The tree of tests below the parameters fixed so far (`args`)."""
        test = self.expr(And(tuple(levels[len(args)])), env)
        if test == 0:
            return
        at = len(self.lines)
        if test != 1:
            self.lines.append(f"{indent}if {test}:")
            indent += " "
        body = len(self.lines)
        if len(args) == len(action.params):
            self.instance(action, env, args, indent)
        else:
            param = action.params[len(args)]
            for value in self.codec.layout.values(param.sort):
                code = self.codec.code(value, param.sort)
                plain = value if isinstance(param.sort, IntRange) else code
                self.action(action, levels, {**env, param.name: plain}, (*args, value), indent)
        if len(self.lines) == body:
            del self.lines[at:]

    def instance(self, action: Action, env: Env, args: tuple[int, ...], indent: str) -> None:
        number = len(self.instances)
        self.instances.append(Instance(action, args))
        word = "if"
        for index, obligation in enumerate(action.obligations):
            broken = self.expr(obligation.broken, env)
            if broken == 0:
                continue
            self.lines.append(f"{indent}{word} {broken}: bad.append(({number}, {index}))")
            if obligation.stops:
                word = "elif"
            elif word == "elif":
                # What does not stop comes after what might have stopped: go on in the branch
                # where nothing did.
                last = self.lines.pop()
                self.lines.append(f"{indent}else:")
                indent += " "
                self.lines.append(indent + last.strip().removeprefix("el"))
                word = "if"
        if word == "elif":
            self.lines.append(f"{indent}else:")
            indent += " "
        self.updates(action, env, number, indent)

    def updates(self, action: Action, env: Env, number: int, indent: str) -> None:
        if not action.updates:
            self.lines.append(f"{indent}add(({number}, s))")
            return
        self.lines.append(f"{indent}t = thaw(s)")
        for update in action.updates:
            for write in update.writes:
                self.write(update.var, write, env, indent)
        self.lines.append(f"{indent}add(({number}, freeze(t)))")

    def write(self, name: str, write: Write, env: Env, indent: str) -> None:
        layout = self.codec.layout
        ranges = [[self.codec.base[pool] + i for i in range(layout.sizes[pool])]
                  for _, pool in write.binders]
        sort = layout.variables[name].sort
        for turn in product(*ranges):
            inner = {**env, **{b: code for (b, _), code in zip(write.binders, turn, strict=True)}}
            where = self.expr(write.where, inner)
            if where == 0:
                continue
            tests = [] if where == 1 else [str(where)]
            place = self.place(name, write.index, inner, tests)
            if place is None:
                continue
            value = self.expr(write.value, inner)
            if isinstance(sort, IntRange) and sort.lo:
                value = value - sort.lo if isinstance(value, int) else f"{value}-({sort.lo})"
            test = f"if {' and '.join(tests)}: " if tests else ""
            self.lines.append(f"{indent}{test}t[{place}] = {value}")

    def place(self, name: str, index: tuple[Expr, ...], env: Env,
              tests: list[str]) -> str | None:
        """Where a value stands; adds to `tests` what makes the place exist. None: nowhere."""
        layout, first = self.codec.layout, self.codec.first_slot
        fixed, parts = layout.starts[name], []
        dims = layout.variables[name].dims
        for axis, expr in enumerate(index):
            pool = dims[axis]
            stride = 1
            for later in dims[axis + 1:]:
                stride *= layout.sizes[later]
            slot = self.expr(expr, env)
            fixed -= self.codec.base[pool] * stride
            if isinstance(slot, int):
                if slot < first:
                    return None
                fixed += slot * stride
                continue
            sort = sort_of(expr)
            if not isinstance(sort, RefSort) or sort.none or sort.dangling:
                tests.append(f"{slot} >= {first}")
            parts.append(slot if stride == 1 else f"{slot}*{stride}")
        return "+".join([*parts, str(fixed)]).replace("+-", "-")

    # --- expressions ---------------------------------------------------------------------------

    def expr(self, expr: Expr, env: Env) -> Source:
        match expr:
            case Const(value, sort):
                return value if isinstance(sort, IntRange) else self.codec.code(value, sort)
            case Var(name, _):
                return env[name]
            case Read():
                return self.read(expr, env)
            case Not(arg):
                inner = self.expr(arg, env)
                return 1 - inner if isinstance(inner, int) else f"(not {inner})"
            case And(args):
                return self.flat(args, env, "and", 0)
            case Or(args):
                return self.flat(args, env, "or", 1)
            case Binary(op, left, right, _):
                return _binary(op, self.expr(left, env), self.expr(right, env))
            case Ite(cond, then, orelse, _):
                test = self.expr(cond, env)
                if isinstance(test, int):
                    return self.expr(then if test else orelse, env)
                return f"({self.expr(then, env)} if {test} else {self.expr(orelse, env)})"
            case Quant(op, name, pool, body):
                turns = (self.expr(body, {**env, name: code}) for code in self.slots(pool))
                return (self.joined(turns, "and", 0) if op is QuantOp.FORALL
                        else self.joined(turns, "or", 1))
            case Count(name, pool, body):
                return self.count(name, pool, body, env)

    def slots(self, pool: str) -> range:
        base = self.codec.base[pool]
        return range(base, base + self.codec.layout.sizes[pool])

    def read(self, expr: Read, env: Env) -> Source:
        var = self.codec.layout.variables[expr.var]
        tests: list[str] = []
        place = self.place(expr.var, expr.index, env, tests)
        lo = var.sort.lo if isinstance(var.sort, IntRange) else 0
        init = var.init if isinstance(var.sort, IntRange) else self.codec.code(var.init, var.sort)
        if place is None:
            return init
        text = f"s[{place}]" if not lo else f"(s[{place}]+({lo}))"
        return f"({text} if {' and '.join(tests)} else {init})" if tests else text

    def flat(self, args: tuple[Expr, ...], env: Env, word: str, stop: int) -> Source:
        return self.joined((self.expr(a, env) for a in args), word, stop)

    def joined(self, sources: Iterable[Source], word: str, stop: int) -> Source:
        """`and` (stop 0) or `or` (stop 1) of sources; known ones are decided here."""
        texts: dict[str, None] = {}
        for source in sources:
            if isinstance(source, str):
                texts[source] = None
            elif bool(source) == bool(stop):
                return stop
        if not texts:
            return 1 - stop
        return next(iter(texts)) if len(texts) == 1 else f"({f' {word} '.join(texts)})"

    def count(self, name: str, pool: str, body: Expr, env: Env) -> Source:
        known, parts = 0, []
        for code in self.slots(pool):
            turn = self.expr(body, {**env, name: code})
            if isinstance(turn, int):
                known += turn
            else:
                parts.append(f"bool({turn})")
        return f"({'+'.join([*parts, str(known)])})" if parts else known


def _binary(op: BinOp, left: Source, right: Source) -> Source:
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
    return f"({left} {op.value} {right})"

