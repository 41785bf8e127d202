"""The search loop around a system's actions, as one LLVM module.

`expand(ctx, from, to)` takes all enabled instances of the states numbered `from` to `to` - 1 and
returns the first state that it did not get to, for lack of room. Successors that were not seen just
before are collected in a buffer, their places in the hash table prefetched, and then entered in
order, so that numbers do not depend on it.

`look(ctx, from, to)` evaluates the state formulas that are wanted. `rehash(ctx)` fills an empty
table.

The hash table has entries of 32 bits, open addressing: a state's number plus one in as many low
bits as numbers need now, bits of its hash in the others, so that most places of other states are
passed without a look at the state. States are compared whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wddmcheck.engines.explicit.compile import Instance
from wddmcheck.engines.explicit.size import check_system, guard_levels
from wddmcheck.engines.native.emit import Emitter, Text
from wddmcheck.engines.native.loop import (
    RECENT,
    Slot,
    expand,
    hash_of,
    insert,
    load_words,
    rehash,
)
from wddmcheck.engines.native.packing import Packing
from wddmcheck.ir.expr import And, Expr
from wddmcheck.ir.system import Action


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look for. `formulas` are (formula, sought value); `obligations` numbers what
    obligations are about (property, whether it ends runs), `actions` the names of those of which
    the first use matters; `deadlock`: whether a state without successors matters; `edges`: whether
    to keep the graph. Witness number k is that of formula k, then come obligations, actions, the
    deadlock."""

    formulas: tuple[tuple[Expr, bool], ...]
    obligations: Mapping[tuple[str, bool], int]
    actions: Mapping[str, int]
    deadlock: bool
    edges: bool

    @property
    def first_obligation(self) -> int:
        """The number of the first witness of an obligation."""
        return len(self.formulas)

    @property
    def first_action(self) -> int:
        """The number of the first witness of an action."""
        return self.first_obligation + len(self.obligations)

    @property
    def deadlock_number(self) -> int:
        """The number of the witness of a deadlock."""
        return self.first_action + len(self.actions)

    @property
    def witnesses(self) -> int:
        """How many there are."""
        return self.deadlock_number + 1


@dataclass(frozen=True, slots=True)
class Kernel:
    """A module in LLVM's language, and what it speaks of. `most` is how many successors a state can
    have."""

    text: str
    packing: Packing
    instances: tuple[Instance, ...]
    most: int


def kernel(packing: Packing, watch: Watch) -> Kernel:
    """The module of a system. Raises `UserError` (WC304) if the scope is far too large."""
    check_system(packing.layout)
    return _Maker(packing, watch).make()


class _Maker:
    def __init__(self, packing: Packing, watch: Watch) -> None:
        self.packing, self.watch = packing, watch
        self.width = packing.words
        self.instances: list[Instance] = []
        self.text = Text()
        self.emitter = Emitter(packing, self.text, [f"%w{i}" for i in range(self.width)])

    def make(self) -> Kernel:
        successors = self._successors()
        most, edges = max(1, len(self.instances)), self.watch.edges
        parts = [_HEAD, successors, self._look(), insert(self.width, edges=edges),
                 expand(self.width, most, edges=edges), rehash(self.width)]
        return Kernel("\n".join(parts), self.packing, tuple(self.instances), most)

    # --- actions ----------------------------------------------------------------------------------

    def _successors(self) -> str:
        """A function that buffers the successors of one state."""
        text = self.text = Text()
        self.emitter = Emitter(self.packing, text, [f"%w{i}" for i in range(self.width)])
        args = ", ".join(f"i64 %w{i}" for i in range(self.width))
        text.put(f"define internal void @successors(ptr noalias %ctx, i64 %n, {args}) "
                 "alwaysinline {")
        text.put("entry:")
        for slot, name in ((Slot.BUFFER, "buffer"), (Slot.BUFFER_META, "meta"),
                           (Slot.RECENT, "recent")):
            text.put(f"  %{name}p = getelementptr i64, ptr %ctx, i64 {slot}")
            text.put(f"  %{name} = load ptr, ptr %{name}p")
        for slot, name in ((Slot.BUFFERED, "used"), (Slot.TRANSITIONS, "taken")):
            text.put(f"  %{name}p = getelementptr i64, ptr %ctx, i64 {slot}")
            text.put(f"  %{name}0 = load i64, ptr %{name}p")
            text.put(f"  %{name} = alloca i64")
            text.put(f"  store i64 %{name}0, ptr %{name}")
        text.put("  %bad = alloca i8")
        text.put("  store i8 0, ptr %bad")
        for number in range(len(self.packing.cells)):
            self.emitter.cell(number)
        for action in self.packing.layout.system.actions:
            self._action(action, guard_levels(action), {}, ())
        for name in ("used", "taken"):
            text.put(f"  %{name}1 = load i64, ptr %{name}")
            text.put(f"  store i64 %{name}1, ptr %{name}p")
        if self.watch.deadlock:
            self._deadlock()
        if self.watch.edges:
            text.put(f"  %faultyp = getelementptr i64, ptr %ctx, i64 {Slot.FAULTY}")
            text.put("  %faulty = load ptr, ptr %faultyp")
            text.put("  %fp = getelementptr i8, ptr %faulty, i64 %n")
            text.put("  %isbad = load i8, ptr %bad")
            text.put("  store i8 %isbad, ptr %fp")
        text.put("  ret void")
        text.put("}")
        return "\n".join(text.lines)

    def _action(self, action: Action, levels: list[list[Expr]], env: dict[str, int],
                args: tuple[int, ...]) -> None:
        """The tree of tests below the parameters fixed so far."""
        text = self.text
        test = self.emitter.expr(And(tuple(levels[len(args)])), env)
        if test == 0:
            return
        if isinstance(test, str):
            then, skip = text.fresh("then"), text.fresh("skip")
            text.put(f"  br i1 {test}, label %{then}, label %{skip}")
            text.put(f"{then}:")
        with text.block():
            if len(args) == len(action.params):
                self._instance(action, env, args)
            else:
                param = action.params[len(args)]
                for value in self.packing.layout.values(param.sort):
                    self._action(action, levels, {**env, param.name: value}, (*args, value))
        if isinstance(test, str):
            text.put(f"  br label %{skip}")
            text.put(f"{skip}:")

    def _instance(self, action: Action, env: dict[str, int], args: tuple[int, ...]) -> None:
        text = self.text
        number = len(self.instances)
        self.instances.append(Instance(action, args))
        done = text.fresh("done")
        scopes = 0
        for index, obligation in enumerate(action.obligations):
            broken = self.emitter.expr(obligation.broken, env)
            if broken == 0:
                continue
            hit, fine = text.fresh("hit"), text.fresh("fine")
            text.put(f"  br i1 {'true' if broken == 1 else broken}, label %{hit}, label %{fine}")
            text.put(f"{hit}:")
            with text.block():
                witness = self.watch.obligations.get(
                    (obligation.property, obligation.stops))
                if witness is not None:
                    self._witness(self.watch.first_obligation + witness, number, index)
                if obligation.stops:
                    text.put("  store i8 1, ptr %bad")
            text.put(f"  br label %{done if obligation.stops else fine}")
            text.put(f"{fine}:")
            scopes += 1
        wanted = self.watch.actions.get(action.name)
        if wanted is not None:
            self._witness(self.watch.first_action + wanted, number, 0)
        self._buffer(self.emitter.updated(action.updates, env), number)
        text.put(f"  br label %{done}")
        text.put(f"{done}:")

    def _witness(self, witness: int, instance: int, obligation: int) -> None:
        """Note state, instance and obligation, if nothing was noted before."""
        text = self.text
        array = text.get(f"getelementptr i64, ptr %ctx, i64 {Slot.WITNESSES}")
        place, old, first = text.fresh("%p"), text.fresh("%o"), text.fresh("%f")
        note, on = text.fresh("note"), text.fresh("on")
        text.put(f"  {place}b = load ptr, ptr {array}")
        text.put(f"  {place} = getelementptr i64, ptr {place}b, i64 {witness * 3}")
        text.put(f"  {old} = load i64, ptr {place}")
        text.put(f"  {first} = icmp slt i64 {old}, 0")
        text.put(f"  br i1 {first}, label %{note}, label %{on}")
        text.put(f"{note}:")
        text.put(f"  store i64 %n, ptr {place}")
        text.put(f"  {place}i = getelementptr i64, ptr {place}, i64 1")
        text.put(f"  store i64 {instance}, ptr {place}i")
        text.put(f"  {place}o = getelementptr i64, ptr {place}, i64 2")
        text.put(f"  store i64 {obligation}, ptr {place}o")
        text.put(f"  br label %{on}")
        text.put(f"{on}:")

    def _buffer(self, words: Sequence[str], instance: int) -> None:
        """Put a successor into the buffer, unless it is known to have been there before: it is
        written in any case, but not kept. (A branch would be mispredicted half of the time.)"""
        text = self.text
        hash_ = hash_of(text, words)
        at = text.fresh("%a")
        text.put(f"  {at}c = load i64, ptr %taken")
        text.put(f"  {at}c1 = add i64 {at}c, 1")
        text.put(f"  store i64 {at}c1, ptr %taken")
        text.put(f"  {at} = load i64, ptr %used")
        kept = "1" if self.watch.edges else self._unless_recent(at, words, hash_)
        text.put(f"  {at}n = add i64 {at}, {kept}")
        text.put(f"  store i64 {at}n, ptr %used")
        text.put(f"  {at}w = mul i64 {at}, {self.width + 1}")
        for i, word in enumerate([*words, hash_]):
            text.put(f"  {at}i{i} = add i64 {at}w, {i}")
            text.put(f"  {at}p{i} = getelementptr i64, ptr %buffer, i64 {at}i{i}")
            text.put(f"  store i64 {word}, ptr {at}p{i}")
        text.put(f"  {at}m2 = shl i64 {at}, 1")
        text.put(f"  {at}mp = getelementptr i32, ptr %meta, i64 {at}m2")
        text.put(f"  {at}n32 = trunc i64 %n to i32")
        text.put(f"  store i32 {at}n32, ptr {at}mp")
        text.put(f"  {at}mq = getelementptr i32, ptr {at}mp, i64 1")
        text.put(f"  store i32 {instance}, ptr {at}mq")

    def _unless_recent(self, at: str, words: Sequence[str], hash_: str) -> str:
        """0 if the successor is among those that are remembered, else 1; it is now."""
        text = self.text
        text.put(f"  {at}r = lshr i64 {hash_}, 40")
        text.put(f"  {at}ra = and i64 {at}r, {RECENT - 1}")
        text.put(f"  {at}rb = mul i64 {at}ra, {self.width}")
        differ = ""
        for i, word in enumerate(words):
            text.put(f"  {at}ri{i} = add i64 {at}rb, {i}")
            text.put(f"  {at}rp{i} = getelementptr i64, ptr %recent, i64 {at}ri{i}")
            text.put(f"  {at}rv{i} = load i64, ptr {at}rp{i}")
            text.put(f"  store i64 {word}, ptr {at}rp{i}")
            text.put(f"  {at}rx{i} = xor i64 {at}rv{i}, {word}")
            if differ:
                text.put(f"  {at}ro{i} = or i64 {differ}, {at}rx{i}")
                differ = f"{at}ro{i}"
            else:
                differ = f"{at}rx{i}"
        text.put(f"  {at}rn = icmp ne i64 {differ}, 0")
        text.put(f"  {at}rz = zext i1 {at}rn to i64")
        return f"{at}rz"

    def _deadlock(self) -> None:
        text = self.text
        text.put("  %none = icmp eq i64 %taken0, %taken1")
        text.put("  %bads = load i8, ptr %bad")
        text.put("  %well = icmp eq i8 %bads, 0")
        text.put("  %dead = and i1 %none, %well")
        text.put("  br i1 %dead, label %isdead, label %alive")
        text.put("isdead:")
        with text.block():
            self._witness(self.watch.deadlock_number, 0, 0)
        text.put("  br label %alive")
        text.put("alive:")

    # --- formulas ---------------------------------------------------------------------------------

    def _look(self) -> str:
        """A function that evaluates the formulas on a range of states."""
        text = self.text = Text()
        self.emitter = Emitter(self.packing, text, [f"%w{i}" for i in range(self.width)])
        text.put("define void @look(ptr noalias %ctx, i64 %from, i64 %to) {")
        text.put("entry:")
        text.put(f"  %sp = getelementptr i64, ptr %ctx, i64 {Slot.STATES}")
        text.put("  %states = load ptr, ptr %sp")
        text.put("  br label %head")
        text.put("head:")
        text.put("  %n = phi i64 [ %from, %entry ], [ %next, %tail ]")
        text.put("  %more = icmp ult i64 %n, %to")
        text.put("  br i1 %more, label %body, label %end")
        text.put("body:")
        load_words(text, self.width)
        with text.block():
            for number, (formula, sought) in enumerate(self.watch.formulas):
                value = self.emitter.expr(formula, {})
                hit = value if sought else self.emitter.negate(value)
                if hit == 0:
                    continue
                then, on = text.fresh("then"), text.fresh("skip")
                text.put(f"  br i1 {'true' if hit == 1 else hit}, label %{then}, label %{on}")
                text.put(f"{then}:")
                with text.block():
                    self._witness(number, -1, -1)
                text.put(f"  br label %{on}")
                text.put(f"{on}:")
        text.put("  br label %tail")
        text.put("tail:")
        text.put("  %next = add i64 %n, 1")
        text.put("  br label %head")
        text.put("end:")
        text.put("  ret void")
        text.put("}")
        return "\n".join(text.lines)


_HEAD = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""
