"""The search for a canonical order of slots where colours leave it open, as LLVM code.

See canonical.py for what is done and why. Colours are in arrays of their own, so that each way can
go on from those of the way that it branches from.
"""

from __future__ import annotations

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.room import Room

OWN = signed(0x2545F4914F6CDD1D)
"""What the colour of a slot is changed by, to give it one of its own."""


def search_functions(words: int, room: Room) -> list[str]:
    """`canonical(s, to, n)` and what it needs."""
    return [_settle(room), _descend(words, room), _search(words, room), _canonical(words, room)]


def _settle(room: Room) -> str:
    """`settle(k, col)`: refine until nothing more is settled; what `order` says then."""
    body = Body("settle", "ptr %k, ptr %col", "i64")
    open_, before = body.variable(), body.variable()
    body.line("call void @colour(ptr %k, ptr %col)")
    body.store(body.fresh("call i64 @order(ptr %k, ptr %col)"), open_)
    with body.loop() as (_, done):
        body.exit_if(body.eq(body.load(open_), 0), done)
        body.store(body.get("%k", room.ties), before)
        body.line("call void @colour(ptr %k, ptr %col)")
        body.store(body.fresh("call i64 @order(ptr %k, ptr %col)"), open_)
        body.exit_if(body.eq(body.get("%k", room.ties), body.load(before)), done)
    with body.when(body.compare("ne", body.load(open_), 0)):
        free = body.fresh("call i64 @arrange(ptr %k, ptr %col)")
        body.store(body.select(body.eq(free, 0), body.load(open_), 0), open_)
    body.ret(body.load(open_))
    return body.text()


def _single_out(body: Body, colours: str, slot: Value) -> None:
    """Give a slot a colour of its own."""
    at = body.at(colours, slot)
    body.store(body.mix(body.xor(body.load(at), OWN)), at)


def _copy(body: Body, source: str, to: str, count: int) -> None:
    with body.upto(count) as i:
        body.put(body.get(source, i), to, i)


def _descend(words: int, room: Room) -> str:
    """`descend(k, col, open, to)`: the state at the end of some way, and a word that says which
    colours its slots had."""
    body = Body("descend", "ptr %k, ptr %col, i64 %open, ptr %to")
    open_ = body.variable()
    body.store("%open", open_)
    with body.loop() as (_, done):
        at = body.load(open_)
        body.exit_if(body.eq(at, 0), done)
        _single_out(body, "%col", body.sub(at, 1))
        body.store(body.fresh("call i64 @settle(ptr %k, ptr %col)"), open_)
    body.line("call void @leaf(ptr %k, ptr %to)")
    total: Value = 0
    for p, (base, size) in enumerate(room.regions()):
        for slot in range(base, base + size):
            total = body.add(total, body.mix(body.add(body.get("%col", slot), p)))
    body.put(total, "%to", words)
    body.ret()
    return body.text()


def _less(body: Body, a: str, b: str, words: int) -> Value:
    """Whether the state at `a` comes before the one at `b`."""
    less: Value = 0
    for i in reversed(range(words)):
        one, two = body.get(a, i), body.get(b, i)
        less = body.either(body.compare("ult", one, two),
                           body.both(body.eq(one, two), less))
    return less


def _search(words: int, room: Room) -> str:
    """`search(k, col, open, best)`: the smallest state at the end of a way; a word that says that
    there is one; and what slots are called there."""
    body = Body("search", "ptr %k, ptr %col, i64 %open, ptr %best")
    most = max((size for _, size in room.regions()), default=1)
    pool: Value = 0
    base: Value = 0
    size: Value = 0
    slot = body.sub("%open", 1)
    for p, (first, count) in enumerate(room.regions()):
        after = body.not_(body.compare("ult", slot, first))
        pool, base, size = (body.select(after, new, old) for new, old in
                            ((p, pool), (first, base), (count, size)))
    colour = body.and_(body.get("%col", slot), -64)
    own, ahead = body.array(room.colours), body.array(room.colours)
    ends, end = body.array(most * (words + 1)), body.array(words + 1)
    known, skip = body.variable(0), body.variable()

    def same_colour(i: Value) -> Value:
        return body.eq(body.and_(body.get("%col", body.add(base, i)), -64), colour)

    with body.upto(size) as m, body.when(same_colour(m)):
        body.store(0, skip)
        with body.upto(m) as i, body.when(same_colour(i)):
            body.store(body.or_(body.load(skip), body.fresh(
                f"call i64 @alike(ptr %k, i64 {pool}, i64 {i}, i64 {m})")), skip)
        with body.when(body.eq(body.load(skip), 0)):
            _copy(body, "%col", own, room.colours)
            _single_out(body, own, body.add(base, m))
            open_ = body.fresh(f"call i64 @settle(ptr %k, ptr {own})")
            _copy(body, own, ahead, room.colours)
            body.line(f"call void @descend(ptr %k, ptr {ahead}, i64 {open_}, ptr {end})")
            with body.upto(body.load(known)) as i:
                earlier = body.at(ends, body.mul(i, words + 1))
                same: Value = 1
                for w in range(words + 1):
                    same = body.both(same, body.eq(body.get(earlier, w), body.get(end, w)))
                body.store(body.or_(body.load(skip), body.number(same)), skip)
            with body.when(body.eq(body.load(skip), 0)):
                to = body.at(ends, body.mul(body.load(known), words + 1))
                for w in range(words + 1):
                    body.put(body.get(end, w), to, w)
                body.bump(known)
                with body.when(body.compare("ne", open_, 0)):
                    body.line(f"call void @search(ptr %k, ptr {own}, i64 {open_}, ptr %best)")
                with body.when(body.eq(open_, 0)):
                    first_end = body.eq(body.get("%best", words), 0)
                    better = body.either(first_end, _less(body, end, "%best", words))
                    with body.when(better):
                        for w in range(words):
                            body.put(body.get(end, w), "%best", w)
                        body.put(1, "%best", words)
                        _copy(body, body.at("%k", room.names), body.at("%best", words + 1),
                              room.colours)
    body.ret()
    return body.text()


def _canonical(words: int, room: Room) -> str:
    """`canonical(s, to, n)`: the canonical form of `s`, to `to`, which may be the same place; what
    instance number `n` is there."""
    body = Body("canonical", "ptr %s, ptr %to, i64 %n", "i64")
    k, best = body.array(room.size), body.array(words + 1 + room.colours)
    body.line(f"call void @spread(ptr %s, ptr {k})")
    open_ = body.fresh(f"call i64 @settle(ptr {k}, ptr {k})")
    with body.when(body.eq(open_, 0)):
        body.line(f"call void @leaf(ptr {k}, ptr %to)")
        names = body.at(k, room.names)
        body.ret(body.fresh(f"call i64 @renamed(ptr {names}, i64 %n)"))
        body.open(body.label())
    body.put(0, best, words)
    body.line(f"call void @search(ptr {k}, ptr {k}, i64 {open_}, ptr {best})")
    for w in range(words):
        body.put(body.get(best, w), "%to", w)
    names = body.at(best, words + 1)
    body.ret(body.fresh(f"call i64 @renamed(ptr {names}, i64 %n)"))
    return body.text()
