"""The set of states as LLVM code: hashing, looking up, entering.

States stand in the order in which they were found. The table has entries of 32 bits, open
addressing with linear probing: a state's number plus one in as many low bits as numbers need now,
bits of its hash in the others, so that most places of other states are passed without a look at the
state; 0 is an empty entry. States are compared whole; or, if the search is *compact*, by their
hashes of 64 bits, which is all that is kept of states that were expanded (hash compaction; Stern
and Dill, "Improved probabilistic verification by hash compaction", 1995).

Successors are looked up in batches: their places in the table are asked for when they are made,
then the states that stand there, then those are compared, so that memory works on many at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.frame import Run

LOW32 = (1 << 32) - 1

KNOWN = 1 << 62
"""What is added to the number of a state where that is kept in the place of a place."""

FAR = 16
"""States that are looked at before a larger table takes them over."""


class Edges(Enum):
    """What is kept of the graph."""

    NONE = "none"
    TARGETS = "targets"
    INSTANCES = "instances"


@dataclass(frozen=True, slots=True)
class Entry:
    """A successor that waits: its words, their hash, where it comes from, which is the number of a
    state and, above 32 bits, an instance, and the first place of the table where it can be, or the
    number of the state that it is, and KNOWN."""

    words: int

    @property
    def hash(self) -> int:
        """Where the hash is."""
        return self.words

    @property
    def origin(self) -> int:
        """Where the origin is."""
        return self.words + 1

    @property
    def place(self) -> int:
        """Where the place is."""
        return self.words + 2

    @property
    def size(self) -> int:
        """Words of an entry."""
        return self.words + 3


def hashed(body: Body, words: Sequence[Value]) -> Value:
    """The hash of a state."""
    result = body.mix(words[0])
    for word in words[1:]:
        result = body.mix(body.xor(result, body.add(word, signed(0xD6E8FEB86659FD93))))
    return body.mix(result)


def load(body: Body, address: str, words: int) -> list[Value]:
    """The words of a state."""
    return [body.get(address, i) for i in range(words)]


def equal(body: Body, address: str, words: Sequence[Value]) -> Value:
    """Whether the words at an address are these."""
    same: Value = 1
    for i, word in enumerate(words):
        same = body.both(same, body.eq(body.get(address, i), word))
    return same


def whole_state(body: Body, number: Value, words: int) -> str:
    """The address of a state that is still there as a whole."""
    base = body.get("%run", Run.BASE)
    return body.at(body.pointer("%run", Run.WHOLE), body.mul(body.sub(number, base), words))


@dataclass(frozen=True, slots=True)
class Probe:
    """A place of the table: its number, its address and its entry; labels to look again, and to
    stop looking."""

    at: Value
    address: str
    got: Value
    again: str
    leave: str


@dataclass
class Table:
    """The table and the states of a run, in the function `body`."""

    body: Body
    words: int
    compact: bool

    def __post_init__(self) -> None:
        body = self.body
        self.table = body.pointer("%run", Run.TABLE)
        self.kept = body.pointer("%run", Run.KEPT)
        self.mask = body.get("%run", Run.MASK)
        self.numbers = body.and_(self.mask, LOW32)      # the bits of an entry that hold one
        self.tags = body.xor(self.numbers, LOW32)

    def place(self, at: Value) -> str:
        """The address of an entry of the table."""
        return self.body.at(self.table, at, "i32")

    def next(self, at: Value) -> Value:
        """The place after `at`."""
        return self.body.and_(self.body.add(at, 1), self.mask)

    def state(self, number: Value) -> str:
        """The address of what is kept of a state."""
        return self.body.at(self.kept, self.body.mul(number, 1 if self.compact else self.words))

    def same(self, number: Value, words: Sequence[Value], whole: Value) -> Value:
        """Whether a state is this one."""
        if self.compact:
            return self.body.eq(self.body.load(self.state(number)), whole)
        return equal(self.body, self.state(number), words)

    def keep(self, number: Value, words: Sequence[Value], whole: Value) -> None:
        """Keep a new state."""
        body, to = self.body, self.state(number)
        if self.compact:
            body.store(whole, to)
            to = whole_state(body, number, self.words)
        for i, word in enumerate(words):
            body.put(word, to, i)

    def hash_of(self, number: Value) -> Value:
        """The hash of a state."""
        at = self.state(number)
        return self.body.load(at) if self.compact else hashed(
            self.body, load(self.body, at, self.words))

    def named(self, got: Value) -> Value:
        """The number of the state that an entry names."""
        return self.body.sub(self.body.and_(got, self.numbers), 1)

    def alike(self, got: Value, tag: Value) -> Value:
        """Whether an entry has this tag."""
        return self.body.eq(self.body.and_(self.body.xor(got, tag), self.tags), 0)

    def mark(self, tag: Value, number: Value) -> Value:
        """The entry of a state."""
        return self.body.or_(self.body.and_(tag, self.tags), self.body.add(number, 1))

    @contextmanager
    def probe(self, first: Value, *, shared: bool = False) -> Iterator[Probe]:
        """Do this with the places where a state can be, from the first one on; with `shared`, other
        threads enter states meanwhile."""
        body, place = self.body, self.body.variable()
        body.store(first, place)
        with body.loop() as (again, leave):
            at = body.load(place)
            address = self.place(at)
            got = body.shared(address) if shared else body.load(address, "i32")
            yield Probe(at, address, got, again, leave)
            body.store(self.next(at), place)

    def prefetch(self, entries: str, total: Value, *, shared: bool = False) -> None:
        """Look for the places of `total` entries, and ask for the states that stand there; with
        `shared`, other threads enter states meanwhile."""
        body, entry = self.body, Entry(self.words)
        with body.upto(total) as i:
            own = body.at(entries, body.mul(i, entry.size))
            whole = body.get(own, entry.hash)
            tag = body.lshr(whole, 32)
            with self.probe(body.and_(whole, self.mask), shared=shared) as probe:
                # (what stands in places before this one is another state, and stays there)
                body.put(probe.at, own, entry.place)
                body.exit_if(body.eq(probe.got, 0), probe.leave)
                with body.when(self.alike(probe.got, tag)):
                    body.prefetch(self.state(self.named(probe.got)))
                    body.go(probe.leave)


def insert(words: int, edges: Edges, compact: bool, sleeps: bool) -> str:
    """`insert(run, entries, total, count, edges)`: enter what is new among `total` entries, in
    their order, which have been looked for (`Table.prefetch`); how many states there are then, if
    there were `count`. If edges are kept, `edges` is where their number is. Other threads may look
    up states meanwhile."""
    entry = Entry(words)
    body = Body("insert", "ptr noalias %run, ptr noalias %entries, i64 %total, i64 %count, "
                          "ptr noalias %edges", "i64")
    table = Table(body, words, compact)
    parents = body.pointer("%run", Run.PARENTS)
    count, target = body.variable(), body.variable()
    body.store("%count", count)
    with body.upto("%total") as k:
        own = body.at("%entries", body.mul(k, entry.size))
        new, whole = load(body, own, words), body.get(own, entry.hash)
        origin, tag = body.get(own, entry.origin), body.lshr(whole, 32)
        place = body.get(own, entry.place)
        unknown: Value = 1
        if edges is not Edges.NONE:
            body.store(body.sub(place, KNOWN), target)
            unknown = body.compare("ult", place, KNOWN)
        with body.when(unknown), table.probe(place) as probe:
            with body.when(body.eq(probe.got, 0)):
                number = body.load(count)
                table.keep(number, new, whole)
                body.store(origin, body.at(parents, number, "i32"), "i32")
                if sleeps:
                    via(body, number, body.lshr(origin, 32))
                body.publish(table.mark(tag, number), probe.address, "i32")
                body.store(body.add(number, 1), count)
                body.store(number, target)
                body.go(probe.leave)
            with body.when(table.alike(probe.got, tag)):
                index = table.named(probe.got)
                body.store(index, target)
                body.exit_if(table.same(index, new, whole), probe.leave)
        if edges is not Edges.NONE:
            _edge(body, body.load(target), origin, edges)
    body.ret(body.load(count))
    return body.text()


def lookup(words: int, compact: bool) -> str:
    """`lookup(run, entries, total)`: look for the places of entries."""
    body = Body("lookup", "ptr noalias %run, ptr noalias %entries, i64 %total")
    Table(body, words, compact).prefetch("%entries", "%total")
    body.ret()
    return body.text()


def via(body: Body, number: Value, instance: Value) -> None:
    """Keep what a state was found by."""
    at = body.sub(number, body.get("%run", Run.VIA_BASE))
    body.store(body.add(instance, 1), body.at(body.pointer("%run", Run.VIA), at, "i16"), "i16")


def _edge(body: Body, target: Value, origin: Value, edges: Edges) -> None:
    """Keep an edge."""
    at = body.load("%edges")
    body.store(target, body.at(body.pointer("%run", Run.TARGETS), at, "i32"), "i32")
    if edges is Edges.INSTANCES:
        body.store(body.lshr(origin, 32),
                   body.at(body.pointer("%run", Run.INSTANCES), at, "i32"), "i32")
    body.store(body.add(at, 1), "%edges")


def rehash(words: int, compact: bool) -> str:
    """`rehash(run, first, end)`: enter states from `first` up to `end` into the table, which has
    none of them; other threads enter others meanwhile."""
    body = Body("rehash", "ptr noalias %run, i64 %first, i64 %end", exported=True)
    table = Table(body, words, compact)
    with body.upto("%end", "%first") as n:
        far = body.add(n, FAR)
        ahead = table.hash_of(body.select(body.compare("ult", far, "%end"), far, n))
        body.prefetch(table.place(body.and_(ahead, table.mask)))
        whole = table.hash_of(n)
        mark = table.mark(body.lshr(whole, 32), n)
        first = body.and_(whole, table.mask)
        with table.probe(first, shared=True) as probe, body.when(body.eq(probe.got, 0)):
            body.exit_if(body.swap(probe.address, 0, mark), probe.leave)
            body.go(probe.again)
    body.ret()
    return body.text()
