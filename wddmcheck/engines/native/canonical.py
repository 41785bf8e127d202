"""The canonical state of an orbit under renaming of slots, exactly, as LLVM code.

1. Every slot gets a *colour*: a hash that no renaming changes, of its own values, then also of the
   colours of what it refers to and what refers to it, round after round.
2. The slots of each pool are sorted by colour. Slots of equal colour may stand in any order if
   exchanging them changes nothing (*twins*: equal values, and nobody refers to them).
3. Where slots of equal colour are no twins, one after another gets a colour of its own, and so on
   until the order is settled; the smallest state at the end of these ways is canonical. A way
   whose first end is the same as that of one before it can be left out: a renaming that changes
   nothing leads from one to the other. (McKay and Piperno, "Practical graph isomorphism, II",
   2014.)

Colours only prune: two slots that should differ and do not (a collision) cost time.

The state is spread out in memory first (`_Room`); refining, sorting and renaming work on that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from wddmcheck.engines.native.arrange import arrange
from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.labelling import search_functions
from wddmcheck.engines.native.plan import Field, Plan, Spot
from wddmcheck.engines.native.room import Room, network
from wddmcheck.ir.sorts import RefSort
from wddmcheck.ir.system import StateVar


def _constant(*key: object) -> int:
    """An odd number, scattered, the same on every run."""
    value = 0x243F6A8885A308D3
    for part in key:
        for byte in str(part).encode():
            value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    value ^= value >> 31
    value = value * 0x9E3779B97F4A7C15 & (1 << 64) - 1
    return signed(value ^ value >> 28 | 1)


@dataclass(frozen=True, slots=True)
class _State:
    """The parts of a state that matter to renaming, as values."""

    records: dict[tuple[int, int], Value]                  # (group, slot)
    cells: dict[tuple[str, tuple[int, ...]], Value]        # (loose variable, slots)


class Canonical:
    """Writes the functions `twins(s, c)` and `canonical(s, to, n)`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.room = Room.of(plan)
        self.names = {v.name: v for v in plan.layout.system.variables}

    def all(self) -> list[str]:
        """The functions."""
        return [self.twins(), self.spread(), self.colour(), self.order(), self.leaf(),
                self.alike(), arrange(self), *search_functions(self.plan.words, self.room)]

    # --- what a state consists of ------------------------------------------------------------

    def target(self, var: StateVar) -> str:
        """The pool that values of `var` refer to, if its slots can be renamed; else ""."""
        if isinstance(var.sort, RefSort) and var.sort.pool in self.plan.pools:
            return var.sort.pool
        return ""

    def relations(self) -> list[StateVar]:
        """The variables with more than one axis."""
        return [v for v in self.plan.loose() if self.plan.axes(v)]

    def parts(self, body: Body) -> _State:
        """The records and loose values of the state at `%s`."""
        words = [body.get("%s", i) for i in range(self.plan.words)]

        def at(spot: Spot) -> Value:
            if spot.width == 0:
                return 0
            mask = signed(spot.mask)
            return body.and_(body.lshr(words[spot.word], spot.shift), mask)

        records = {(g, i): at(spot) for g, group in enumerate(self.plan.groups)
                   for i, spot in enumerate(group.spots)}
        cells = {(var.name, index): at(spot) for var in self.plan.loose()
                 for index, spot in self.plan.cells(var)}
        return _State(records, cells)

    def field(self, body: Body, record: Value, f: Field) -> Value:
        """One value of a record."""
        return body.and_(body.lshr(record, f.offset), signed((1 << f.width) - 1))

    def named(self, body: Body, state: _State) -> dict[str, Value]:
        """For each pool, a bit for each of its slots that something refers to."""
        masks: dict[str, Value] = dict.fromkeys(self.plan.pools, 0)

        def note(pool: str, code: Value) -> None:
            if self.plan.layout.sizes[pool] + 1 < 64:
                masks[pool] = body.or_(masks[pool], body.shl(1, code))

        for (g, _), record in state.records.items():
            for f in self.plan.groups[g].fields:
                if self.target(f.var):
                    note(self.target(f.var), self.field(body, record, f))
        for (name, _), value in state.cells.items():
            if self.target(self.names[name]):
                note(self.target(self.names[name]), value)
        return masks

    def same_rows(self, body: Body, state: _State, pool: str, a: int, b: int) -> Value:
        """Whether exchanging two slots leaves all relations as they are."""
        same: Value = 1
        for var in self.relations():
            axes = self.plan.axes(var)
            if pool not in axes:
                continue
            for index, _ in self.plan.cells(var):
                other = tuple(b if (p, i) == (pool, a) else a if (p, i) == (pool, b) else i
                              for p, i in zip(axes, index, strict=True))
                if index < other:
                    same = body.both(same, body.eq(state.cells[var.name, index],
                                                   state.cells[var.name, other]))
        return same

    def twins(self) -> str:
        """`twins(s, c)`: for each pool a bit for each slot that is like the one before it."""
        body = Body("twins", "ptr %s, ptr %c")
        state = self.parts(body)
        named = self.named(body, state)
        for p, pool in enumerate(self.plan.pools):
            bits: Value = 0
            for i in range(1, self.plan.layout.sizes[pool]):
                like = body.eq(body.and_(named[pool], 3 << i - 1), 0)
                for g, group in enumerate(self.plan.groups):
                    if group.pool == pool:
                        like = body.both(like, body.eq(state.records[g, i - 1],
                                                       state.records[g, i]))
                like = body.both(like, self.same_rows(body, state, pool, i - 1, i))
                bits = body.or_(bits, body.shl(body.number(like), i))
            body.put(bits, "%c", Ctx.TWINS + p)
        body.ret()
        return body.text()

    # --- spreading out and first colours -----------------------------------------------------

    def spread(self) -> str:
        """`spread(s, k)`: the state in the room `k`, and colours by own values alone."""
        body = Body("spread", "ptr noalias %s, ptr noalias %k")
        room, plan = self.room, self.plan
        state = self.parts(body)
        named = self.named(body, state)
        for (g, i), record in state.records.items():
            body.put(record, "%k", room.record(g, i))
        for (name, index), value in state.cells.items():
            body.put(value, "%k", room.cell(name, index))
        for w in range(plan.words):
            fixed = sum(spot.mask << spot.shift for var in plan.loose() if not plan.axes(var)
                        and not self.target(var) for _, spot in plan.cells(var)
                        if spot.word == w)
            body.put(body.and_(body.get("%s", w), signed(fixed)), "%k", room.fixed + w)
        for p, pool in enumerate(plan.pools):
            size = plan.layout.sizes[pool]
            body.put(named[pool], "%k", room.named + p)
            for i in range(size):
                own: Value = _constant("pool", pool)
                for g, group in enumerate(plan.groups):
                    if group.pool == pool:
                        plain = sum((1 << f.width) - 1 << f.offset for f in group.fields
                                    if not self.target(f.var))
                        bits = body.and_(state.records[g, i], signed(plain))
                        own = body.mix(body.add(own, body.mul(bits, _constant("own", g))))
                body.put(own, "%k", room.colour(pool, i))
                rows: Value = 0
                for j in range(size):
                    if pool in room.rows and i != j:
                        same = body.number(self.same_rows(body, state, pool, min(i, j), max(i, j)))
                        rows = body.or_(rows, body.shl(same, j))
                if pool in room.rows:
                    body.put(rows, "%k", room.rows[pool] + i)
        for var in plan.loose():
            if not plan.axes(var) and self.target(var):
                to = body.add(state.cells[var.name, ()], room.colour(self.target(var), 0))
                body.bump(body.at("%k", to), _constant("global", var.name))
        for pool in plan.pools:        # `none` and `dangling` look the same in all states
            size = plan.layout.sizes[pool]
            body.put(_constant("none"), "%k", room.colour(pool, size))
            body.put(_constant("dangling"), "%k", room.colour(pool, size + 1))
        body.ret()
        return body.text()

    # --- a round of refinement ---------------------------------------------------------------

    def colour(self) -> str:
        """`colour(k, col)`: slots are told who names them, the pools that are declared last
        telling first; then what they name, the pools that are declared first being told first.
        Owners come before what they own, so one round passes word all the way up a tree of owners
        and down again. Colours are well scattered: sums of their odd multiples will do."""
        body = Body("colour", "ptr noalias %k, ptr noalias %col")
        told = body.array(self.room.colours)
        for i in range(self.room.colours):
            body.put(0, told, i)
        for pool in reversed(self.plan.pools):
            self._absorb(body, told, pool)
            for at, record, f in self._references(body, pool):
                to = body.add(self.field(body, record, f), self.room.slot(self.target(f.var), 0))
                seen = body.mul(body.get("%col", at), _constant("from", f.var.name))
                body.bump(body.at(told, to), seen)
        for pool in self.plan.pools:
            for at, record, f in self._references(body, pool):
                to = body.add(self.field(body, record, f), self.room.slot(self.target(f.var), 0))
                seen = body.mul(body.get("%col", to), _constant("to", f.var.name))
                if self.target(f.var) == pool:
                    own = body.select(body.eq(to, at), _constant("self", f.var.name), 0)
                    seen = body.add(seen, own)
                body.bump(body.at(told, at), seen)
            self._absorb(body, told, pool)
        related = {pool for var in self.relations() for pool in
                   (*self.plan.axes(var), self.target(var)) if pool}
        for var in self.relations():
            for index, _ in self.plan.cells(var):
                self._tell_cell(body, told, var, index)
        for pool in self.plan.pools:
            if pool in related:
                self._absorb(body, told, pool)
        body.ret()
        return body.text()

    def _references(self, body: Body, pool: str) -> Iterator[tuple[int, Value, Field]]:
        """The references in the records of a pool: (colour of the slot, its record, which)."""
        for g, group in enumerate(self.plan.groups):
            refs = [f for f in group.fields if self.target(f.var)]
            if group.pool == pool and refs:
                for i in range(len(group.spots)):
                    record = body.get("%k", self.room.record(g, i))
                    for f in refs:
                        yield self.room.slot(pool, i), record, f

    def _absorb(self, body: Body, told: str, pool: str) -> None:
        """The slots of a pool change colour by what they were told."""
        for i in range(self.plan.layout.sizes[pool]):
            at = self.room.slot(pool, i)
            told_here = body.get(told, at)
            body.put(0, told, at)
            old = body.mul(body.get("%col", at), 5)
            body.put(body.mix(body.add(old, told_here)), "%col", at)

    def _tell_cell(self, body: Body, told: str, var: StateVar, index: tuple[int, ...]) -> None:
        """A value with several indices, to all of them and to what it names."""
        axes, pool = self.plan.axes(var), self.target(var)
        slots = [self.room.slot(p, i) for p, i in zip(axes, index, strict=True)]
        value: Value = body.get("%k", self.room.cell(var.name, index))
        fact: Value = _constant("cell", var.name, *(slots.index(s) for s in slots))
        to: Value = 0
        if pool:
            to = body.add(value, self.room.slot(pool, 0))
            fact = body.add(fact, body.get("%col", to))
            for k, (p, s) in enumerate(zip(axes, slots, strict=True)):
                if p == pool:
                    own = body.select(body.eq(to, s), _constant("self", k), 0)
                    fact = body.add(fact, own)
        else:
            fact = body.add(fact, body.mul(value, _constant("value")))
        for k, s in enumerate(slots):
            fact = body.add(fact, body.mul(body.get("%col", s), _constant("axis", k)))
        scattered = body.mix(fact)
        for k, s in enumerate(slots):
            body.bump(body.at(told, s), body.mul(scattered, _constant("tell", k)))
        if pool:
            body.bump(body.at(told, to), body.mul(scattered, _constant("target")))

    # --- sorting and renaming ----------------------------------------------------------------

    def order(self) -> str:
        """`order(k, col)`: the slots by colour. Returns 1 + a slot whose place is open (the
        number of its colour), or 0; how many are open is left in the room."""
        body = Body("order", "ptr noalias %k, ptr noalias %col", "i64")
        room, plan = self.room, self.plan
        open_, ties = body.variable(0), body.variable(0)
        for p, pool in enumerate(plan.pools):
            size = plan.layout.sizes[pool]
            keys: list[Value] = [body.or_(body.and_(body.get("%col", room.slot(pool, i)), -64), i)
                    for i in range(size)]
            for a, b in network(size):
                less = body.compare("ult", keys[a], keys[b])
                keys[a], keys[b] = (body.select(less, keys[a], keys[b]),
                                    body.select(less, keys[b], keys[a]))
            for i, key in enumerate(keys):
                body.put(body.and_(key, 63), "%k", room.sorted(pool, i))
            hard = body.variable(0)
            for before, after in pairwise(keys):
                with body.when(body.compare("ult", body.xor(before, after), 64), likely=False):
                    one, two = body.and_(before, 63), body.and_(after, 63)
                    like = body.fresh(f"call i64 @alike(ptr %k, i64 {p}, i64 {one}, i64 {two})")
                    with body.when(body.eq(like, 0)):
                        body.bump(ties)
                        body.store(1, hard)
                        body.store(body.add(two, room.slot(pool, 0) + 1), open_)
            body.put(body.load(hard), "%k", room.hard + p)
        body.put(body.load(ties), "%k", room.ties)
        body.ret(body.load(open_))
        return body.text()

    def alike(self) -> str:
        """`alike(k, pool, a, b)`: whether two slots are twins."""
        body = Body("alike", "ptr %k, i64 %pool, i64 %a, i64 %b", "i64")
        room, plan = self.room, self.plan
        for p, pool in enumerate(plan.pools):
            with body.when(body.eq("%pool", p)):
                named = body.get("%k", room.named + p)
                both = body.or_(body.lshr(named, "%a"), body.lshr(named, "%b"))
                like = body.eq(body.and_(both, 1), 0)
                for g, group in enumerate(plan.groups):
                    if group.pool == pool:
                        one, two = (body.get("%k", body.add(slot, room.record(g, 0)))
                                    for slot in ("%a", "%b"))
                        like = body.both(like, body.eq(one, two))
                if pool in room.rows:
                    row = body.get("%k", body.add("%a", room.rows[pool]))
                    same = body.and_(body.lshr(row, "%b"), 1)
                    like = body.both(like, body.compare("ne", same, 0))
                body.ret(body.number(like))
                body.open(body.label())
        body.ret(0)
        return body.text()

    def leaf(self) -> str:
        """`leaf(k, to)`: the state with its slots in the order that `order` left; what they are
        called then is left in the room."""
        body = Body("leaf", "ptr noalias %k, ptr noalias %to")
        room, plan = self.room, self.plan
        new_of = body.at("%k", room.names)
        old: dict[tuple[str, int], Value] = {}
        for pool in plan.pools:
            size, base = plan.layout.sizes[pool], room.slot(pool, 0)
            for i in range(size):
                old[pool, i] = body.get("%k", room.sorted(pool, i))
                body.put(i, new_of, body.add(old[pool, i], base))
            for other in (size, size + 1):
                body.put(other, new_of, base + other)
        words: list[Value] = [body.get("%k", room.fixed + w) for w in range(plan.words)]

        def renamed(var: StateVar, code: Value) -> Value:
            pool = self.target(var)
            return body.get(new_of, body.add(code, room.slot(pool, 0))) if pool else code

        def put(spot: Spot, value: Value) -> None:
            if spot.width:
                words[spot.word] = body.or_(words[spot.word], body.shl(value, spot.shift))

        for g, group in enumerate(plan.groups):
            plain = sum((1 << f.width) - 1 << f.offset for f in group.fields
                        if not self.target(f.var))
            for i, spot in enumerate(group.spots):
                record = body.get("%k", body.add(old[group.pool, i], room.record(g, 0)))
                new = body.and_(record, signed(plain))
                for f in group.fields:
                    if self.target(f.var):
                        code = renamed(f.var, self.field(body, record, f))
                        new = body.or_(new, body.shl(code, f.offset))
                put(spot, new)
        for var in plan.loose():
            axes = plan.axes(var)
            if not axes and not self.target(var):
                continue
            for index, spot in plan.cells(var):
                at: Value = 0
                for p, i in zip(axes, index, strict=True):
                    at = body.add(body.mul(at, plan.layout.sizes[p]), old[p, i])
                first = room.cell(var.name, (0,) * len(axes))
                put(spot, renamed(var, body.get("%k", body.add(at, first))))
        for w, word in enumerate(words):
            body.put(word, "%to", w)
        body.ret()
        return body.text()
