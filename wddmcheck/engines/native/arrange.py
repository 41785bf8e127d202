"""Orders of slots of equal colour that need no search, as LLVM code.

When refining settles nothing more, any two slots of one colour refer, by each variable, to slots of
one colour, and are referred to by as many slots of each colour. Take the colours that several slots
have, and the variables by which slots of one refer to slots of another. If each colour has at most
one such variable, which leads to a pool declared before its own, then every slot of a colour can
take the place of every other by a renaming that changes nothing:

Order the colours by these references; they form a forest. Rename the slots at a root in any way.
A colour that refers to one already renamed has as many slots for each slot of that one, so its
slots can follow, those of each in any way, and so on. All other references lead to slots that are
the only ones of their colour, and are the same for all slots of a colour; and a slot that is the
only one of its colour refers to none of several. So all of these renamings change nothing.

It does not matter, then, who comes first, as long as the slots that refer to the first come first
among theirs, and so on.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from wddmcheck.engines.native.asm import Body, Value
from wddmcheck.engines.native.room import network

if TYPE_CHECKING:
    from wddmcheck.engines.native.canonical import Canonical


def arrange(of: Canonical) -> str:
    """`arrange(k, col)`: sort slots of equal colour by where those stand that they refer to; 1, or
    0 if that does not settle everything. `col` is stable, and `order` was called for it."""
    body = Body("arrange", "ptr noalias %k, ptr noalias %col", "i64")
    plan, room = of.plan, of.room
    related = {pool for var in of.relations() for pool in (*plan.axes(var), of.target(var))}
    fails = body.variable(0)
    for pool in plan.pools:
        for code in (plan.layout.sizes[pool], plan.layout.sizes[pool] + 1):
            body.put(0, "%k", room.tied + room.slot(pool, code))
    for p, pool in enumerate(plan.pools):
        size, base = plan.layout.sizes[pool], room.slot(pool, 0)
        slots: list[Value] = [body.get("%k", room.sorted(pool, i)) for i in range(size)]
        colours = [body.and_(body.get("%col", body.add(slot, base)), -4096) for slot in slots]
        same = [body.eq(a, b) for a, b in pairwise(colours)]
        tied = [body.number(body.either(a, b)) for a, b in zip([0, *same], [*same, 0], strict=True)]
        for i, slot in enumerate(slots):
            body.put(tied[i], "%k", body.add(slot, room.tied + base))
            body.put(i, "%k", body.add(slot, room.place + base))
        with body.when(body.compare("ne", body.get("%k", room.hard + p), 0)):
            if pool in related:
                body.store(1, fails)
            else:
                keys: list[Value] = []
                for i, slot in enumerate(slots):
                    many, owner = _owners(of, body, p, slot, later=False)
                    wrong = body.number(body.compare("ult", 1, many))
                    body.store(body.or_(body.load(fails), body.and_(wrong, tied[i])), fails)
                    low = body.or_(body.shl(owner, 6), slot)
                    keys.append(body.or_(colours[i], low))
                for a, b in network(size):
                    less = body.compare("ult", keys[a], keys[b])
                    keys[a], keys[b] = (body.select(less, keys[a], keys[b]),
                                        body.select(less, keys[b], keys[a]))
                for i, key in enumerate(keys):
                    slot = body.and_(key, 63)
                    body.put(slot, "%k", room.sorted(pool, i))
                    body.put(i, "%k", body.add(slot, room.place + base))
    for p, pool in enumerate(plan.pools):
        with body.when(body.compare("ne", body.get("%k", room.hard + p), 0)):
            for slot in range(plan.layout.sizes[pool]):
                many, _ = _owners(of, body, p, slot, later=True)
                wrong = body.number(body.compare("ne", many, 0))
                tie = body.get("%k", room.tied + room.slot(pool, slot))
                body.store(body.or_(body.load(fails), body.and_(wrong, tie)), fails)
    body.ret(body.number(body.eq(body.load(fails), 0)))
    return body.text()


def _owners(of: Canonical, body: Body, p: int, slot: Value,
            later: bool) -> tuple[Value, Value]:
    """To how many slots that are tied a slot of pool number `p` refers, of those in pools declared
    before it (or else of its own and later ones); and where such a one stands."""
    plan, room = of.plan, of.room
    many: Value = 0
    owner: Value = 0
    for g, group in enumerate(plan.groups):
        if group.pool != plan.pools[p]:
            continue
        for f in group.fields:
            target = of.target(f.var)
            if not target or (plan.pools.index(target) >= p) is not later:
                continue
            record = body.get("%k", body.add(slot, room.record(g, 0)))
            to = body.add(of.field(body, record, f), room.slot(target, 0))
            tie = body.get("%k", body.add(to, room.tied))
            many = body.add(many, tie)
            if not later:
                place = body.get("%k", body.add(to, room.place))
                owner = body.select(body.eq(tie, 0), owner, place)
    return many, owner
