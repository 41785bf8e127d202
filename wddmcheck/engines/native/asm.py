"""Writing LLVM functions as text.

A value is a Python number, if it is known, or the name of an `i64` or `i1` register. Operations on
known values are done here; one that was written before, in this block or one around it, is not
written again. Mutable variables are stack slots, which LLVM turns into registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

Value: TypeAlias = int | str

MASK64 = (1 << 64) - 1


def signed(value: int) -> int:
    """A 64-bit number as LLVM writes it."""
    value &= MASK64
    return value - (1 << 64) if value >> 63 else value


class Body:
    """One function. `params` are its parameters, as LLVM text; `%name` is how they are used. Python
    can call it if it is `exported`."""

    def __init__(self, name: str, params: str, result: str = "void", *,
                 exported: bool = False) -> None:
        linkage = "" if exported else "internal "
        self.head = f"define {linkage}{result} @{name}({params}) nounwind {{"
        self.lines: list[str] = []
        self.slots: list[str] = []
        self.count = 0
        self.known: list[dict[str, str]] = [{}]

    def text(self) -> str:
        """The function."""
        return "\n".join([self.head, "entry:", *self.slots, *self.lines, "}", ""])

    # --- instructions ------------------------------------------------------------------------

    def name(self) -> str:
        """A new register."""
        self.count += 1
        return f"%r{self.count}"

    def line(self, text: str) -> None:
        """An instruction without a result."""
        self.lines.append(" " + text)

    def fresh(self, text: str) -> str:
        """An instruction whose result depends on memory."""
        result = self.name()
        self.lines.append(f" {result} = {text}")
        return result

    def pure(self, text: str) -> str:
        """An instruction whose result depends on its operands alone."""
        for known in reversed(self.known):
            if text in known:
                return known[text]
        result = self.known[-1][text] = self.fresh(text)
        return result

    def add(self, a: Value, b: Value) -> Value:
        """a + b."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return signed(a + b)
        return a if b == 0 else self.pure(f"add i64 {a}, {b}")

    def sub(self, a: Value, b: Value) -> Value:
        """a - b."""
        if isinstance(a, int) and isinstance(b, int):
            return signed(a - b)
        return a if b == 0 else self.pure(f"sub i64 {a}, {b}")

    def mul(self, a: Value, b: Value) -> Value:
        """a * b."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return signed(a * b)
        if b in (0, 1):
            return 0 if b == 0 else a
        return self.pure(f"mul i64 {a}, {b}")

    def and_(self, a: Value, b: Value) -> Value:
        """The bits of both."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return signed(a & b)
        if b in (0, -1):
            return 0 if b == 0 else a
        return self.pure(f"and i64 {a}, {b}")

    def or_(self, a: Value, b: Value) -> Value:
        """The bits of either."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return signed(a | b)
        return a if b == 0 else self.pure(f"or i64 {a}, {b}")

    def xor(self, a: Value, b: Value) -> Value:
        """The bits that differ."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(a, int) and isinstance(b, int):
            return signed(a ^ b)
        return a if b == 0 else self.pure(f"xor i64 {a}, {b}")

    def shl(self, a: Value, by: Value) -> Value:
        """`a` shifted up; `by` is below 64."""
        if isinstance(a, int) and isinstance(by, int):
            return signed(a << by)
        return a if by == 0 else self.pure(f"shl i64 {a}, {by}")

    def lshr(self, a: Value, by: Value) -> Value:
        """`a` shifted down, as an unsigned number; `by` is below 64."""
        if isinstance(a, int) and isinstance(by, int):
            return signed((a & MASK64) >> by)
        return a if by == 0 else self.pure(f"lshr i64 {a}, {by}")

    def compare(self, how: str, a: Value, b: Value) -> Value:
        """An `i1`: eq, ne, slt, sle or ult."""
        if isinstance(a, int) and isinstance(b, int):
            match how:
                case "eq":
                    return int(a == b)
                case "ne":
                    return int(a != b)
                case "slt":
                    return int(a < b)
                case "sle":
                    return int(a <= b)
                case _:
                    return int(a & MASK64 < b & MASK64)
        if isinstance(a, int) and how in ("eq", "ne"):
            a, b = b, a
        return self.pure(f"icmp {how} i64 {a}, {b}")

    def eq(self, a: Value, b: Value) -> Value:
        """Whether a equals b."""
        return self.compare("eq", a, b)

    def both(self, a: Value, b: Value) -> Value:
        """`i1` and."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            return a if b else 0
        return a if a == b else self.pure(f"and i1 {a}, {b}")

    def either(self, a: Value, b: Value) -> Value:
        """`i1` or."""
        if isinstance(a, int):
            a, b = b, a
        if isinstance(b, int):
            return 1 if b else a
        return a if a == b else self.pure(f"or i1 {a}, {b}")

    def not_(self, a: Value) -> Value:
        """`i1` negation."""
        return 1 - a if isinstance(a, int) else self.pure(f"xor i1 {a}, true")

    def any_of(self, values: list[Value]) -> Value:
        """The bits of all, in a tree: a chain would wait for each."""
        while len(values) > 1:
            values = [self.or_(*pair) if len(pair) > 1 else pair[0]
                      for pair in (values[i:i + 2] for i in range(0, len(values), 2))]
        return values[0]

    def select(self, test: Value, a: Value, b: Value) -> Value:
        """a where `test` holds, else b (`i64`)."""
        if isinstance(test, int):
            return a if test else b
        return a if a == b else self.pure(f"select i1 {test}, i64 {a}, i64 {b}")

    def choose(self, test: Value, a: Value, b: Value) -> Value:
        """a where `test` holds, else b (`i1`)."""
        if isinstance(test, int):
            return a if test else b
        return self.either(self.both(test, a), self.both(self.not_(test), b))

    def number(self, bit: Value) -> Value:
        """An `i1` as an `i64`."""
        return bit if isinstance(bit, int) else self.pure(f"zext i1 {bit} to i64")

    def mix(self, a: Value) -> Value:
        """A well scattered function of `a`, one to one."""
        a = self.mul(self.xor(a, self.lshr(a, 32)), signed(0x9E3779B97F4A7C15))
        return self.xor(a, self.lshr(a, 29))

    # --- memory ------------------------------------------------------------------------------

    def variable(self, start: Value = 0, kind: str = "i64") -> str:
        """A mutable variable, as a pointer to it."""
        self.count += 1
        slot = f"%v{self.count}"
        self.slots.append(f" {slot} = alloca {kind}")
        if kind == "i64":
            self.store(start, slot)
        return slot

    def declared(self) -> str:
        """A mutable variable that is 0 from the beginning, wherever it is first used."""
        self.count += 1
        slot = f"%v{self.count}"
        self.slots += [f" {slot} = alloca i64", f" store i64 0, ptr {slot}"]
        return slot

    def array(self, size: int) -> str:
        """Room for `size` numbers on the stack."""
        self.count += 1
        slot = f"%v{self.count}"
        self.slots.append(f" {slot} = alloca [{max(size, 1)} x i64], align 64")
        return slot

    def at(self, base: str, index: Value, kind: str = "i64") -> str:
        """The address of an element."""
        if index == 0:
            return base
        return self.pure(f"getelementptr {kind}, ptr {base}, i64 {index}")

    def load(self, address: str, kind: str = "i64") -> str:
        """What is stored at an address; `i32` and `i8` are widened."""
        got = self.fresh(f"load {kind}, ptr {address}")
        return got if kind in ("i64", "ptr") else self.fresh(f"zext {kind} {got} to i64")

    def shared(self, address: str, kind: str = "i32") -> str:
        """What other threads `publish` at an address; all that they wrote before is seen."""
        got = self.fresh(f"load atomic {kind}, ptr {address} acquire, align {int(kind[1:]) // 8}")
        return got if kind == "i64" else self.fresh(f"zext {kind} {got} to i64")

    def publish(self, value: Value, address: str, kind: str = "i64") -> None:
        """Store a number where other threads look; narrower kinds take its low bits."""
        self.line(f"store atomic {kind} {self._low(value, kind)}, ptr {address} release, "
                  f"align {int(kind[1:]) // 8}")

    def swap(self, address: str, old: Value, new: Value) -> str:
        """Put the `i32` `new` in the place of `old`, if that is still there; whether it was."""
        before, after = self._low(old, "i32"), self._low(new, "i32")
        pair = self.fresh(f"cmpxchg ptr {address}, i32 {before}, i32 {after} acq_rel acquire")
        return self.fresh(f"extractvalue {{ i32, i1 }} {pair}, 1")

    def get(self, base: str, index: Value) -> str:
        """Element `index` of an array of numbers."""
        return self.load(self.at(base, index))

    def pointer(self, base: str, index: Value) -> str:
        """Element `index` of an array of pointers."""
        return self.load(self.at(base, index, "ptr"), "ptr")

    def store(self, value: Value, address: str, kind: str = "i64") -> None:
        """Store a number; narrower kinds take its low bits."""
        self.line(f"store {kind} {self._low(value, kind)}, ptr {address}")

    def _low(self, value: Value, kind: str) -> Value:
        if kind == "i64" or isinstance(value, int):
            return value
        return self.fresh(f"trunc i64 {value} to {kind}")

    def put(self, value: Value, base: str, index: Value) -> None:
        """Store into an array of numbers."""
        self.store(value, self.at(base, index))

    def bump(self, address: str, by: Value = 1) -> None:
        """Add to a variable."""
        if by != 0:
            self.store(self.add(self.load(address), by), address)

    def prefetch(self, address: str) -> None:
        """Ask for what is at an address."""
        self.line(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 1, i32 1)")

    # --- control -----------------------------------------------------------------------------

    def label(self) -> str:
        """A new block name."""
        self.count += 1
        return f"b{self.count}"

    def open(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is computed here may not be there afterwards."""
        self.known.append({})
        yield
        self.known.pop()

    @contextmanager
    def when(self, test: Value, likely: bool | None = None) -> Iterator[None]:
        """Do this if `test` holds."""
        then, end = self.label(), self.label()
        hint = "" if likely is None else f", !prof !{int(likely)}"
        self.line(f"br i1 {'true' if test == 1 else 'false' if test == 0 else test}, "
                  f"label %{then}, label %{end}{hint}")
        self.open(then)
        with self.scope():
            yield
        self.line(f"br label %{end}")
        self.open(end)

    @contextmanager
    def loop(self) -> Iterator[tuple[str, str]]:
        """Do this for ever: (label to go round again, label to leave)."""
        again, leave = self.label(), self.label()
        self.line(f"br label %{again}")
        self.open(again)
        with self.scope():
            yield again, leave
        self.line(f"br label %{again}")
        self.open(leave)

    @contextmanager
    def upto(self, end: Value, start: Value = 0) -> Iterator[str]:
        """Do this with each number from `start` up to `end`, without it."""
        at = self.variable()
        self.store(start, at)
        with self.loop() as (_, leave):
            index = self.load(at)
            self.exit_if(self.not_(self.compare("ult", index, end)), leave)
            yield index
            self.store(self.add(index, 1), at)

    @contextmanager
    def each_bit(self, word: Value) -> Iterator[str]:
        """Do this with the number of each bit of `word`, from the lowest."""
        left = self.variable()
        self.store(word, left)
        with self.loop() as (_, leave):
            bits = self.load(left)
            self.exit_if(self.eq(bits, 0), leave)
            self.store(self.and_(bits, self.sub(bits, 1)), left)
            yield self.pure(f"call i64 @llvm.cttz.i64(i64 {bits}, i1 true)")

    def exit_if(self, test: Value, leave: str) -> None:
        """Go to `leave` if `test` holds."""
        on = self.label()
        self.line(f"br i1 {'true' if test == 1 else 'false' if test == 0 else test}, "
                  f"label %{leave}, label %{on}")
        self.open(on)

    def go(self, label: str) -> None:
        """Leave the block; what follows in the text is not reached from here."""
        self.line(f"br label %{label}")
        self.open(self.label())

    def ret(self, value: Value | None = None) -> None:
        """Return."""
        self.line("ret void" if value is None else f"ret i64 {value}")
