"""Entering states with several threads, as LLVM code.

All threads claim what seems to be new (`claim`), and all make states of what was claimed (`enter`);
threads.py says how these take turns, and why numbers do not depend on the threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.frame import Ctx, Round, Run
from wddmcheck.engines.native.table import LOW32, Claim, Entry, Probe, Table, equal, load, via

LOST = -1
"""The origin of a claim whose state another one claims before it."""

AHEAD = 8
"""Claims that are looked at before their turn comes."""


def claim(words: int, compact: bool, most: int) -> str:
    """`claim(run, round, c)`: of the waiting successors of thread `c`, append to its claims those
    that are not in the table, and put the numbers there that they would have if all claims of the
    round were new, in their order. Of several claims to a state the first in this order stays in
    the table, whoever came first; the others are LOST."""
    entry, made = Entry(words), Claim(words, compact)
    body = Body("claim", "ptr noalias %run, ptr noalias %round, ptr noalias %c")
    table = Table(body, words, compact)
    entries, total = body.pointer("%c", Ctx.BUFFER), body.get("%c", Ctx.BUFFERED)
    out, all_ = body.pointer("%c", Ctx.OUT), body.pointer("%round", Round.OUT)
    states = body.get("%run", Run.COUNT)
    first = body.add(states, body.get("%c", Ctx.OUT_FIRST))
    count = body.variable()
    body.store(body.get("%c", Ctx.OUT_COUNT), count)
    table.prefetch(entries, total, all_)
    with body.upto(total) as k:
        own = body.at(entries, body.mul(k, entry.size))
        new, whole = load(body, own, words), body.get(own, entry.hash)
        tag = body.lshr(whole, 32)
        origin = _packed(body, body.get(own, entry.origin), most)
        claims = body.load(count)
        number = body.add(first, claims)
        mark = table.mark(tag, number)
        to = table.claimed(out, claims)
        # (others read this once the table names it)
        for i, word in enumerate([*new, whole] if compact else new):
            body.put(word, to, i)

        def claims_place(probe: Probe, old: Value) -> None:
            """Put the claim into a place that has `old`, or look again."""
            body.put(body.or_(origin, body.shl(probe.at, 32)), to, made.origin)
            body.exit_if(body.not_(body.swap(probe.address, old, mark)), probe.again)

        with table.probe(body.get(own, entry.place), shared=True) as probe:
            with body.when(body.eq(probe.got, 0)):
                claims_place(probe, 0)
                body.bump(count)
                body.go(probe.leave)
            with body.when(table.alike(probe.got, tag)):
                index = table.named(probe.got)
                with body.when(body.compare("ult", index, states)):
                    body.exit_if(table.same(index, new, whole), probe.leave)
                with body.when(body.not_(body.compare("ult", index, states))):
                    place = body.sub(index, states)
                    other = table.claimed(all_, place)
                    same = (body.eq(body.get(other, words), whole) if compact
                            else equal(body, other, new))
                    with body.when(same):
                        body.exit_if(body.compare("ult", index, number), probe.leave)
                        claims_place(probe, probe.got)
                        body.put(LOST, other, made.origin)
                        chunk = body.udiv(place, body.get("%round", Round.ROOM))
                        lost = body.at("%round", body.add(chunk, Round.LOST))
                        body.line(f"atomicrmw add ptr {lost}, i64 1 monotonic")
                        body.bump(count)
                        body.go(probe.leave)
    body.put(body.load(count), "%c", Ctx.OUT_COUNT)
    body.put(0, "%c", Ctx.BUFFERED)
    body.ret()
    return body.text()


def enter(words: int, compact: bool, most: int) -> str:
    """`enter(run, round)`: make states of the claims that stand in the table, in their order; all
    threads do it, chunk by chunk, and the caller counts them."""
    claim = Claim(words, compact)
    body = Body("enter", "ptr noalias %run, ptr %round", exported=True)
    table = Table(body, words, compact)
    parents = body.pointer("%run", Run.PARENTS)
    out, room = body.pointer("%round", Round.OUT), body.get("%round", Round.ROOM)
    number = body.variable()
    with chunks(body) as chunk:
        body.store(body.get("%run", Run.COUNT), number)
        with body.upto(chunk) as before:
            stay = body.sub(body.get("%round", body.add(before, Round.FOUND)),
                            body.get("%round", body.add(before, Round.LOST)))
            body.store(body.add(body.load(number), stay), number)
        begin = body.mul(chunk, room)
        end = body.add(begin, body.get("%round", body.add(chunk, Round.FOUND)))
        with body.upto(end, begin) as at:
            ahead = table.claimed(out, body.add(at, AHEAD))
            body.prefetch(table.place(body.lshr(body.get(ahead, claim.origin), 32)))
            own = table.claimed(out, at)
            origin = body.get(own, claim.origin)
            with body.when(body.not_(body.eq(origin, LOST))):
                state = body.load(number)
                whole = body.get(own, words) if compact else 0
                table.keep(state, load(body, own, words), whole)
                parent, instance = _unpacked(body, body.and_(origin, LOW32), most)
                body.store(parent, body.at(parents, state, "i32"), "i32")
                if most:
                    via(body, state, instance)
                place = table.place(body.lshr(origin, 32))
                body.store(table.mark(body.load(place, "i32"), state), place, "i32")
                body.store(body.add(state, 1), number)
    body.ret()
    return body.text()


@contextmanager
def chunks(body: Body) -> Iterator[Value]:
    """Do this with chunks of the round, one after the other, as long as there are any that no
    thread has taken."""
    all_ = body.get("%round", Round.COUNT)
    with body.loop() as (_, leave):
        chunk = body.fresh("atomicrmw add ptr %round, i64 1 seq_cst")
        body.exit_if(body.not_(body.compare("ult", chunk, all_)), leave)
        yield chunk


def _packed(body: Body, origin: Value, most: int) -> Value:
    """The origin of an entry in 32 bits: if there are `most` instances, the state that it comes
    from is counted within the round, to have room for the instance."""
    if not most:
        return origin
    relative = body.sub(body.and_(origin, LOW32), body.get("%round", Round.FIRST))
    return body.add(body.mul(relative, most), body.lshr(origin, 32))


def _unpacked(body: Body, packed: Value, most: int) -> tuple[Value, Value]:
    """The state and the instance of a packed origin."""
    if not most:
        return packed, 0
    relative = body.udiv(packed, most)
    return (body.add(relative, body.get("%round", Round.FIRST)),
            body.sub(packed, body.mul(relative, most)))
