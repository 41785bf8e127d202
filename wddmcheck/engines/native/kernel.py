"""The search loop around a system's actions, as one LLVM module.

`expand(ctx, from, to)` takes all enabled instances of the states numbered `from` to `to` - 1 and
returns the first state that it did not get to, for lack of room. Successors are collected in a
buffer first, their places in the hash table prefetched, and then entered in order, so that numbers
do not depend on it.

`look(ctx, from, to)` evaluates the state formulas that are wanted. `rehash(ctx)` fills an empty
table.

The hash table has 32-bit state numbers plus one, open addressing; states are compared whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from wddmcheck.engines.explicit.compile import Instance
from wddmcheck.engines.explicit.size import check_system, guard_levels
from wddmcheck.engines.native.emit import Emitter, Text
from wddmcheck.engines.native.packing import Packing
from wddmcheck.ir.expr import And, Expr
from wddmcheck.ir.system import Action


class Slot(IntEnum):
    """The 64-bit fields of `ctx`: addresses of arrays, and counts."""

    STATES = 0
    PARENTS = 1
    TABLE = 2
    MASK = 3
    COUNT = 4
    CAPACITY = 5
    TRANSITIONS = 6
    BUFFER = 7
    BUFFER_META = 8
    BUFFERED = 9
    WITNESSES = 10
    TARGETS = 11
    INSTANCES = 12
    STARTS = 13
    EDGES = 14
    EDGE_CAPACITY = 15
    FAULTY = 16


FIELDS = len(Slot)
BATCH = 4096
"""Successors in the buffer, at most, when a state is begun."""


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
        parts = [_HEAD, successors, self._look(), self._insert(), self._expand(), self._rehash()]
        return Kernel("\n".join(parts), self.packing, tuple(self.instances),
                      max(1, len(self.instances)))

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
                           (Slot.TABLE, "table")):
            text.put(f"  %{name}p = getelementptr i64, ptr %ctx, i64 {slot}")
            text.put(f"  %{name} = load ptr, ptr %{name}p")
        for slot, name in ((Slot.BUFFERED, "used"), (Slot.MASK, "mask")):
            text.put(f"  %{name}p = getelementptr i64, ptr %ctx, i64 {slot}")
            text.put(f"  %{name}0 = load i64, ptr %{name}p")
        text.put("  %at = alloca i64")
        text.put("  store i64 %used0, ptr %at")
        text.put("  %bad = alloca i8")
        text.put("  store i8 0, ptr %bad")
        for number in range(len(self.packing.cells)):
            self.emitter.cell(number)
        for action in self.packing.layout.system.actions:
            self._action(action, guard_levels(action), {}, ())
        text.put("  %used1 = load i64, ptr %at")
        text.put("  store i64 %used1, ptr %usedp")
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
        """Put a successor into the buffer and prefetch its place in the table."""
        text = self.text
        hash_ = _hash(text, words)
        at = text.fresh("%a")
        text.put(f"  {at} = load i64, ptr %at")
        text.put(f"  {at}n = add i64 {at}, 1")
        text.put(f"  store i64 {at}n, ptr %at")
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
        text.put(f"  {at}h = and i64 {hash_}, %mask0")
        text.put(f"  {at}t = getelementptr i32, ptr %table, i64 {at}h")
        text.put(f"  call void @llvm.prefetch.p0(ptr {at}t, i32 0, i32 1, i32 1)")

    def _deadlock(self) -> None:
        text = self.text
        text.put("  %none = icmp eq i64 %used0, %used1")
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
        _load_words(text, self.width)
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

    # --- search -----------------------------------------------------------------------------------

    def _insert(self) -> str:
        """A function that enters what is in the buffer, in order."""
        width = self.width
        names = [f"%w{i}" for i in range(width)]
        load = "\n".join(
            f"  %wi{i} = add i64 %base, {i}\n"
            f"  %wp{i} = getelementptr i64, ptr %buffer, i64 %wi{i}\n"
            f"  %w{i} = load i64, ptr %wp{i}" for i in range(width))
        same = ["  %sb = mul i64 %found, " + str(width)]
        test = ""
        for i in range(width):
            same += [f"  %si{i} = add i64 %sb, {i}",
                     f"  %sq{i} = getelementptr i64, ptr %states, i64 %si{i}",
                     f"  %sv{i} = load i64, ptr %sq{i}",
                     f"  %eq{i} = icmp eq i64 %sv{i}, %w{i}"]
            if test:
                same.append(f"  %all{i} = and i1 {test}, %eq{i}")
            test = f"%all{i}" if test else f"%eq{i}"
        store = ["  %nb = mul i64 %count, " + str(width)]
        for i, name in enumerate(names):
            store += [f"  %ni{i} = add i64 %nb, {i}",
                      f"  %np{i} = getelementptr i64, ptr %states, i64 %ni{i}",
                      f"  store i64 {name}, ptr %np{i}"]
        edges = ""
        if self.watch.edges:
            edges = _EDGES
        return _INSERT.format(
            width=width, hash_at=width, entry=width + 1, load=load, same="\n".join(same), test=test,
            store="\n".join(store), graph=edges, **{s.name.lower(): int(s) for s in Slot})

    def _expand(self) -> str:
        text = Text()
        _load_words(text, self.width)
        args = ", ".join(f"i64 %w{i}" for i in range(self.width))
        starts = _STARTS if self.watch.edges else ""
        return _EXPAND.format(
            load="\n".join(text.lines), args=args, batch=BATCH, graph=starts,
            most=max(1, len(self.instances)), **{s.name.lower(): int(s) for s in Slot})

    def _rehash(self) -> str:
        text = Text()
        _load_words(text, self.width)
        text.put(f"  %h = add i64 {_hash(text, [f'%w{i}' for i in range(self.width)])}, 0")
        return _REHASH.format(load="\n".join(text.lines), **{s.name.lower(): int(s) for s in Slot})


def _load_words(text: Text, width: int) -> None:
    """Load state `%n` of `%states` into `%w0`, ..."""
    text.put(f"  %sbase = mul i64 %n, {width}")
    for i in range(width):
        text.put(f"  %sidx{i} = add i64 %sbase, {i}")
        text.put(f"  %sptr{i} = getelementptr i64, ptr %states, i64 %sidx{i}")
        text.put(f"  %w{i} = load i64, ptr %sptr{i}")


def _hash(text: Text, words: Sequence[str]) -> str:
    """A hash of the words (the finaliser of MurmurHash3, public domain, chained)."""
    result = ""
    for word in words:
        mixed = text.get(f"xor i64 {word}, {result}") if result else word
        once = text.get(f"lshr i64 {mixed}, 33")
        once = text.get(f"xor i64 {mixed}, {once}")
        once = text.get(f"mul i64 {once}, -49064778989728563")
        twice = text.get(f"lshr i64 {once}, 29")
        twice = text.get(f"xor i64 {once}, {twice}")
        result = text.get(f"mul i64 {twice}, -4265267296055464877")
    last = text.get(f"lshr i64 {result}, 32")
    return text.get(f"xor i64 {result}, {last}")


_HEAD = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
"""

_INSERT = """
define internal void @insert(ptr noalias %ctx) {{
entry:
  %p0 = getelementptr i64, ptr %ctx, i64 {states}
  %states = load ptr, ptr %p0
  %p1 = getelementptr i64, ptr %ctx, i64 {parents}
  %parents = load ptr, ptr %p1
  %p2 = getelementptr i64, ptr %ctx, i64 {table}
  %table = load ptr, ptr %p2
  %p3 = getelementptr i64, ptr %ctx, i64 {mask}
  %mask = load i64, ptr %p3
  %p4 = getelementptr i64, ptr %ctx, i64 {buffer}
  %buffer = load ptr, ptr %p4
  %p5 = getelementptr i64, ptr %ctx, i64 {buffer_meta}
  %meta = load ptr, ptr %p5
  %p6 = getelementptr i64, ptr %ctx, i64 {buffered}
  %total = load i64, ptr %p6
  store i64 0, ptr %p6
  %p7 = getelementptr i64, ptr %ctx, i64 {transitions}
  %before = load i64, ptr %p7
  %after = add i64 %before, %total
  store i64 %after, ptr %p7
  %p8 = getelementptr i64, ptr %ctx, i64 {count}
  %count0 = load i64, ptr %p8
  br label %fetch
fetch:
  %f = phi i64 [ 0, %entry ], [ %fn, %fetched ]
  %fmore = icmp ult i64 %f, %total
  br i1 %fmore, label %fetching, label %head
fetching:
  %fb = mul i64 %f, {entry}
  %fi = add i64 %fb, {hash_at}
  %fp = getelementptr i64, ptr %buffer, i64 %fi
  %fh = load i64, ptr %fp
  %fa = and i64 %fh, %mask
  %ft = getelementptr i32, ptr %table, i64 %fa
  %fe = load i32, ptr %ft
  %fz = icmp eq i32 %fe, 0
  br i1 %fz, label %fetched, label %fetchstate
fetchstate:
  %fe64 = zext i32 %fe to i64
  %fs = sub i64 %fe64, 1
  %fw = mul i64 %fs, {width}
  %fsp = getelementptr i64, ptr %states, i64 %fw
  call void @llvm.prefetch.p0(ptr %fsp, i32 0, i32 1, i32 1)
  br label %fetched
fetched:
  %fn = add i64 %f, 1
  br label %fetch
head:
  %k = phi i64 [ 0, %fetch ], [ %kn, %next ]
  %count = phi i64 [ %count0, %fetch ], [ %countn, %next ]
  %more = icmp ult i64 %k, %total
  br i1 %more, label %body, label %end
body:
  %base = mul i64 %k, {entry}
{load}
  %hi = add i64 %base, {hash_at}
  %hp = getelementptr i64, ptr %buffer, i64 %hi
  %h = load i64, ptr %hp
  br label %probe
probe:
  %a = phi i64 [ %h, %body ], [ %an, %differs ]
  %am = and i64 %a, %mask
  %tp = getelementptr i32, ptr %table, i64 %am
  %e = load i32, ptr %tp
  %empty = icmp eq i32 %e, 0
  br i1 %empty, label %new, label %compare
compare:
  %e64 = zext i32 %e to i64
  %found = sub i64 %e64, 1
{same}
  br i1 {test}, label %next, label %differs
differs:
  %an = add i64 %am, 1
  br label %probe
new:
{store}
  %m2 = shl i64 %k, 1
  %mp = getelementptr i32, ptr %meta, i64 %m2
  %parent = load i32, ptr %mp
  %pp = getelementptr i32, ptr %parents, i64 %count
  store i32 %parent, ptr %pp
  %count1 = add i64 %count, 1
  %c32 = trunc i64 %count1 to i32
  store i32 %c32, ptr %tp
  br label %next
next:
  %countn = phi i64 [ %count, %compare ], [ %count1, %new ]
  %target = phi i64 [ %found, %compare ], [ %count, %new ]
{graph}
  %kn = add i64 %k, 1
  br label %head
end:
  store i64 %count, ptr %p8
  ret void
}}
"""

_EDGES = """
  %ep = getelementptr i64, ptr %ctx, i64 14
  %edge = load i64, ptr %ep
  %tgp = getelementptr i64, ptr %ctx, i64 11
  %tg = load ptr, ptr %tgp
  %igp = getelementptr i64, ptr %ctx, i64 12
  %ig = load ptr, ptr %igp
  %tq = getelementptr i32, ptr %tg, i64 %edge
  %t32 = trunc i64 %target to i32
  store i32 %t32, ptr %tq
  %km2 = shl i64 %k, 1
  %ki = add i64 %km2, 1
  %kp = getelementptr i32, ptr %meta, i64 %ki
  %inst = load i32, ptr %kp
  %iq = getelementptr i32, ptr %ig, i64 %edge
  store i32 %inst, ptr %iq
  %edgen = add i64 %edge, 1
  store i64 %edgen, ptr %ep
"""

_STARTS = """
  %sep = getelementptr i64, ptr %ctx, i64 14
  %sedge = load i64, ptr %sep
  %sbp = getelementptr i64, ptr %ctx, i64 9
  %sbuf = load i64, ptr %sbp
  %ssum = add i64 %sedge, %sbuf
  %ssp = getelementptr i64, ptr %ctx, i64 13
  %sts = load ptr, ptr %ssp
  %sn = add i64 %n, 1
  %sq = getelementptr i64, ptr %sts, i64 %sn
  store i64 %ssum, ptr %sq
"""

_EXPAND = """
define i64 @expand(ptr noalias %ctx, i64 %from, i64 %to) {{
entry:
  %p0 = getelementptr i64, ptr %ctx, i64 {states}
  %p8 = getelementptr i64, ptr %ctx, i64 {count}
  %p9 = getelementptr i64, ptr %ctx, i64 {capacity}
  %p6 = getelementptr i64, ptr %ctx, i64 {buffered}
  %p14 = getelementptr i64, ptr %ctx, i64 {edges}
  %p15 = getelementptr i64, ptr %ctx, i64 {edge_capacity}
  %states = load ptr, ptr %p0
  %capacity = load i64, ptr %p9
  %ecapacity = load i64, ptr %p15
  br label %head
head:
  %n = phi i64 [ %from, %entry ], [ %next, %tail ]
  %more = icmp ult i64 %n, %to
  br i1 %more, label %room, label %end
room:
  %count = load i64, ptr %p8
  %buf = load i64, ptr %p6
  %sum = add i64 %count, %buf
  %need = add i64 %sum, {most}
  %fits = icmp ule i64 %need, %capacity
  %edge = load i64, ptr %p14
  %esum = add i64 %edge, %buf
  %eneed = add i64 %esum, {most}
  %efits = icmp ule i64 %eneed, %ecapacity
  %both = and i1 %fits, %efits
  br i1 %both, label %body, label %end
body:
{load}
  call void @successors(ptr %ctx, i64 %n, {args})
{graph}
  %used = load i64, ptr %p6
  %full = icmp uge i64 %used, {batch}
  br i1 %full, label %flush, label %tail
flush:
  call void @insert(ptr %ctx)
  br label %tail
tail:
  %next = add i64 %n, 1
  br label %head
end:
  call void @insert(ptr %ctx)
  ret i64 %n
}}
"""

_REHASH = """
define void @rehash(ptr noalias %ctx) {{
entry:
  %p0 = getelementptr i64, ptr %ctx, i64 {states}
  %states = load ptr, ptr %p0
  %p2 = getelementptr i64, ptr %ctx, i64 {table}
  %table = load ptr, ptr %p2
  %p3 = getelementptr i64, ptr %ctx, i64 {mask}
  %mask = load i64, ptr %p3
  %p8 = getelementptr i64, ptr %ctx, i64 {count}
  %count = load i64, ptr %p8
  br label %head
head:
  %n = phi i64 [ 0, %entry ], [ %next, %free ]
  %more = icmp ult i64 %n, %count
  br i1 %more, label %body, label %end
body:
{load}
  br label %probe
probe:
  %a = phi i64 [ %h, %body ], [ %an, %taken ]
  %am = and i64 %a, %mask
  %tp = getelementptr i32, ptr %table, i64 %am
  %e = load i32, ptr %tp
  %empty = icmp eq i32 %e, 0
  br i1 %empty, label %free, label %taken
taken:
  %an = add i64 %am, 1
  br label %probe
free:
  %next = add i64 %n, 1
  %n32 = trunc i64 %next to i32
  store i32 %n32, ptr %tp
  br label %head
end:
  ret void
}}
"""
