"""The set of states as LLVM code: hashing, insertion, look-up.

Open addressing with linear probing. An entry has 32 bits: the index of a state within its
partition, plus 1, in as many bits as the table's size has, and a tag from its hash in the others;
0 is an empty entry. States themselves stand in the order in which they were found.

A hash has 64 bits. The lowest say which partition; of the upper 32, as many as the table's size has
say where to begin, and the rest is the tag.
"""

from __future__ import annotations

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.frame import (
    INDEX_BITS,
    PART_BITS,
    PARTITIONS,
    SEGMENT_BITS,
    Block,
    Part,
    Round,
)

AHEAD = 24
"""How many entries ahead a table is fetched, and half as many the state that it names."""

LOW32 = (1 << 32) - 1


def hashed(body: Body, words: list[Value]) -> Value:
    """The hash of a state."""
    result = body.mix(words[0])
    for word in words[1:]:
        result = body.mix(body.xor(result, body.add(word, signed(0xD6E8FEB86659FD93))))
    return body.mix(result)


def state_address(body: Body, segments: str, index: Value, words: int) -> str:
    """Where state `index` of a partition stands."""
    segment = body.pointer(segments, body.lshr(index, SEGMENT_BITS))
    low = body.and_(index, (1 << SEGMENT_BITS) - 1)
    return body.at(segment, body.mul(low, words))


def _prefetch(body: Body, address: str) -> None:
    body.line(f"call void @llvm.prefetch.p0(ptr {address}, i32 0, i32 3, i32 1)")


def _equal(body: Body, address: str, words: list[Value]) -> Value:
    same: Value = 1
    for i, word in enumerate(words):
        same = body.both(same, body.eq(body.get(address, i), word))
    return same


def insert(words: int) -> str:
    """`insert(round)`: take partitions, and insert what the blocks found for them. Stops early
    where a partition has no room."""
    stride = words + 1
    body = Body("insert", "ptr %round", attrs="nounwind")
    parts = body.pointer("%round", Round.PARTS)
    blocks = body.get("%round", Round.BLOCKS)
    first_block = body.pointer("%round", Round.BLOCK)
    capacity = body.get("%round", Round.CAPACITY)
    end = body.label()
    with body.loop():
        number = body.fresh("atomicrmw add ptr %round, i64 1 seq_cst")
        body.exit_if(body.not_(body.compare("ult", number, PARTITIONS)), end)
        part = body.at(parts, body.mul(number, Part.SIZE))
        table = body.pointer(part, Part.TABLE)
        bits = body.get(part, Part.BITS)
        mask = body.xor(body.shl(-1, bits), -1)
        states = body.pointer(part, Part.STATES)
        parents = body.pointer(part, Part.PARENTS)
        limit = body.get(part, Part.LIMIT)
        count = body.variable()
        body.store(body.get(part, Part.COUNT), count)
        full = body.label()
        with body.loop() as (_, done):
            at_block = body.get(part, Part.BLOCK)
            body.exit_if(body.not_(body.compare("ult", at_block, blocks)), done)
            block = body.at(first_block, body.mul(at_block, Block.SIZE))
            filled = body.get(body.pointer(block, Block.FILLED), number)
            entries = body.at(body.pointer(block, Block.BUFFERS),
                              body.mul(body.mul(number, capacity), stride))
            with body.upto(filled, body.get(part, Part.ENTRY)) as e:
                entry = body.at(entries, body.mul(e, stride))
                _fetch_ahead(body, entries, e, filled, stride, table, mask, states, words)
                new: list[Value] = [body.get(entry, i) for i in range(words)]
                meta = body.get(entry, words)
                upper = body.lshr(meta, 32)
                tag = body.lshr(upper, bits)
                place = body.variable()
                body.store(body.and_(upper, mask), place)
                with body.loop() as (_, known):
                    at = body.load(place)
                    slot = body.at(table, at, "i32")
                    got = body.load(slot, "i32")
                    with body.when(body.eq(got, 0)):
                        n = body.load(count)
                        with body.when(body.eq(n, limit), likely=False):
                            body.put(e, part, Part.ENTRY)
                            body.go(full)
                        to = state_address(body, states, n, words)
                        for i, word in enumerate(new):
                            body.put(word, to, i)
                        segment = body.pointer(parents, body.lshr(n, SEGMENT_BITS))
                        low = body.and_(n, (1 << SEGMENT_BITS) - 1)
                        body.store(meta, body.at(segment, low, "i32"), "i32")
                        body.store(body.or_(body.shl(tag, bits), body.add(n, 1)), slot, "i32")
                        body.store(body.add(n, 1), count)
                        body.go(known)
                    with body.when(body.eq(body.lshr(got, bits), tag)):
                        index = body.sub(body.and_(got, mask), 1)
                        body.exit_if(_equal(body, state_address(body, states, index, words), new),
                                     known)
                    body.store(body.and_(body.add(at, 1), mask), place)
            body.put(0, part, Part.ENTRY)
            body.put(body.add(at_block, 1), part, Part.BLOCK)
        body.line(f"br label %{full}")
        body.open(full)
        body.put(body.load(count), part, Part.COUNT)
    body.line(f"br label %{end}")
    body.open(end)
    body.ret()
    return body.text()


def _fetch_ahead(body: Body, entries: str, e: Value, filled: Value, stride: int, table: str,
                 mask: Value, states: str, words: int) -> None:
    """Ask for what the next entries will need. Past the last entry, for that of the last."""
    def upper(ahead: int) -> Value:
        later = body.add(e, ahead)
        at = body.select(body.compare("ult", later, filled), later, e)
        return body.lshr(body.get(entries, body.add(body.mul(at, stride), words)), 32)

    _prefetch(body, body.at(table, body.and_(upper(AHEAD), mask), "i32"))
    got = body.load(body.at(table, body.and_(upper(AHEAD // 2), mask), "i32"), "i32")
    index = body.and_(got, mask)
    index = body.select(body.eq(index, 0), 0, body.sub(index, 1))
    _prefetch(body, state_address(body, states, index, words))


def rehash(words: int) -> str:
    """`rehash(part)`: enter all states of a partition into its table, which is empty."""
    body = Body("rehash", "ptr %part", attrs="nounwind")
    table = body.pointer("%part", Part.TABLE)
    bits = body.get("%part", Part.BITS)
    mask = body.xor(body.shl(-1, bits), -1)
    states = body.pointer("%part", Part.STATES)
    with body.upto(body.get("%part", Part.COUNT)) as n:
        address = state_address(body, states, n, words)
        upper = body.lshr(hashed(body, [body.get(address, i) for i in range(words)]), 32)
        place = body.variable()
        body.store(body.and_(upper, mask), place)
        with body.loop() as (_, found):
            at = body.load(place)
            slot = body.at(table, at, "i32")
            with body.when(body.eq(body.load(slot, "i32"), 0)):
                entry = body.or_(body.shl(body.lshr(upper, bits), bits), body.add(n, 1))
                body.store(entry, slot, "i32")
                body.go(found)
            body.store(body.and_(body.add(at, 1), mask), place)
    body.ret()
    return body.text()


def find(words: int) -> str:
    """`find(parts, s)`: the number (partition and index) of a state, or -1."""
    body = Body("find", "ptr %parts, ptr %s", "i64", attrs="nounwind")
    sought: list[Value] = [body.get("%s", i) for i in range(words)]
    whole = hashed(body, sought)
    number = body.and_(whole, PARTITIONS - 1)
    part = body.at("%parts", body.mul(number, Part.SIZE))
    table = body.pointer(part, Part.TABLE)
    bits = body.get(part, Part.BITS)
    mask = body.xor(body.shl(-1, bits), -1)
    states = body.pointer(part, Part.STATES)
    upper = body.lshr(whole, 32)
    tag = body.lshr(upper, bits)
    place = body.variable()
    body.store(body.and_(upper, mask), place)
    with body.loop():
        at = body.load(place)
        got = body.load(body.at(table, at, "i32"), "i32")
        missing, on = body.label(), body.label()
        body.line(f"br i1 {body.eq(got, 0)}, label %{missing}, label %{on}")
        body.open(missing)
        body.ret(-1)
        body.open(on)
        with body.when(body.eq(body.lshr(got, bits), tag)):
            index = body.sub(body.and_(got, mask), 1)
            same, other = body.label(), body.label()
            equal = _equal(body, state_address(body, states, index, words), sought)
            body.line(f"br i1 {equal}, label %{same}, label %{other}")
            body.open(same)
            body.ret(body.or_(body.shl(number, INDEX_BITS), index))
            body.open(other)
        body.store(body.and_(body.add(at, 1), mask), place)
    body.line("unreachable")
    return body.text()


assert 1 << PART_BITS == PARTITIONS
