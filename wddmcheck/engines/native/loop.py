"""The search loop as LLVM functions: entering successors, taking a range of states, rehashing.

What differs between systems is how many words a state has; the rest is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from wddmcheck.engines.native.emit import Text


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
    NUMBERS = 17
    RECENT = 18


FIELDS = len(Slot)
SLOTS = {slot.name.lower(): int(slot) for slot in Slot}
RECENT = 1 << 13
"""Successors that are remembered, by hash: most of what a state leads to has just been seen."""

BATCH = 256
"""Successors in the buffer, at most, when a state is begun."""


def insert(width: int, *, edges: bool) -> str:
    """The function that enters what is in the buffer, in order."""
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
    return _INSERT.format(
        width=width, hash_at=width, entry=width + 1, load=load, same="\n".join(same), test=test,
        store="\n".join(store), graph=_EDGES.format(**SLOTS) if edges else "", **SLOTS)


def expand(width: int, most: int, *, edges: bool) -> str:
    """The function that takes what is enabled in a range of states, each with at most `most`
    successors."""
    text = Text()
    load_words(text, width)
    args = ", ".join(f"i64 %w{i}" for i in range(width))
    return _EXPAND.format(
        load="\n".join(text.lines), args=args, batch=BATCH,
        graph=_STARTS.format(**SLOTS) if edges else "",
        most=most, **SLOTS)


def rehash(width: int) -> str:
    """The function that fills an empty table."""
    text = Text()
    load_words(text, width)
    text.put(f"  %h = add i64 {hash_of(text, [f'%w{i}' for i in range(width)])}, 0")
    return _REHASH.format(load="\n".join(text.lines), **SLOTS)


def load_words(text: Text, width: int) -> None:
    """Load state `%n` of `%states` into `%w0`, ..."""
    text.put(f"  %sbase = mul i64 %n, {width}")
    for i in range(width):
        text.put(f"  %sidx{i} = add i64 %sbase, {i}")
        text.put(f"  %sptr{i} = getelementptr i64, ptr %states, i64 %sidx{i}")
        text.put(f"  %w{i} = load i64, ptr %sptr{i}")


def hash_of(text: Text, words: Sequence[str]) -> str:
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
  %p8 = getelementptr i64, ptr %ctx, i64 {count}
  %count0 = load i64, ptr %p8
  %p17 = getelementptr i64, ptr %ctx, i64 {numbers}
  %numbers = load i64, ptr %p17
  %tags = xor i64 %numbers, 4294967295
  br label %ahead
ahead:
  %g = phi i64 [ 0, %entry ], [ %gn, %going ]
  %gmore = icmp ult i64 %g, %total
  br i1 %gmore, label %going, label %fetch
going:
  %gb = mul i64 %g, {entry}
  %gi = add i64 %gb, {hash_at}
  %gp = getelementptr i64, ptr %buffer, i64 %gi
  %gh = load i64, ptr %gp
  %ga = and i64 %gh, %mask
  %gt = getelementptr i32, ptr %table, i64 %ga
  call void @llvm.prefetch.p0(ptr %gt, i32 0, i32 1, i32 1)
  %gn = add i64 %g, 1
  br label %ahead
fetch:
  %f = phi i64 [ 0, %ahead ], [ %fn, %fetched ]
  %fmore = icmp ult i64 %f, %total
  br i1 %fmore, label %fetching, label %head
fetching:
  %fb = mul i64 %f, {entry}
  %fi = add i64 %fb, {hash_at}
  %fp = getelementptr i64, ptr %buffer, i64 %fi
  %fh = load i64, ptr %fp
  %fa = and i64 %fh, %mask
  %ftag = lshr i64 %fh, 32
  br label %fprobe
fprobe:
  %fk = phi i64 [ %fa, %fetching ], [ %fkn, %fdiffers ]
  %fkm = and i64 %fk, %mask
  %ft = getelementptr i32, ptr %table, i64 %fkm
  %fe = load i32, ptr %ft
  %fz = icmp eq i32 %fe, 0
  br i1 %fz, label %fetched, label %ftest
ftest:
  %fe64 = zext i32 %fe to i64
  %fx = xor i64 %fe64, %ftag
  %fxm = and i64 %fx, %tags
  %fsame = icmp eq i64 %fxm, 0
  br i1 %fsame, label %fetchstate, label %fdiffers
fdiffers:
  %fkn = add i64 %fkm, 1
  br label %fprobe
fetchstate:
  %fnum = and i64 %fe64, %numbers
  %fs = sub i64 %fnum, 1
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
  %tag = lshr i64 %h, 32
  br label %probe
probe:
  %a = phi i64 [ %h, %body ], [ %an, %differs ]
  %am = and i64 %a, %mask
  %tp = getelementptr i32, ptr %table, i64 %am
  %e = load i32, ptr %tp
  %empty = icmp eq i32 %e, 0
  br i1 %empty, label %new, label %marked
marked:
  %e64 = zext i32 %e to i64
  %x = xor i64 %e64, %tag
  %xm = and i64 %x, %tags
  %alike = icmp eq i64 %xm, 0
  br i1 %alike, label %compare, label %differs
compare:
  %number = and i64 %e64, %numbers
  %found = sub i64 %number, 1
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
  %mark = and i64 %tag, %tags
  %marked1 = or i64 %mark, %count1
  %c32 = trunc i64 %marked1 to i32
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
  %ep = getelementptr i64, ptr %ctx, i64 {edges}
  %edge = load i64, ptr %ep
  %tgp = getelementptr i64, ptr %ctx, i64 {targets}
  %tg = load ptr, ptr %tgp
  %igp = getelementptr i64, ptr %ctx, i64 {instances}
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
  %sep = getelementptr i64, ptr %ctx, i64 {edges}
  %sedge = load i64, ptr %sep
  %sbp = getelementptr i64, ptr %ctx, i64 {buffered}
  %sbuf = load i64, ptr %sbp
  %ssum = add i64 %sedge, %sbuf
  %ssp = getelementptr i64, ptr %ctx, i64 {starts}
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
  %p17 = getelementptr i64, ptr %ctx, i64 {numbers}
  %numbers = load i64, ptr %p17
  %tags = xor i64 %numbers, 4294967295
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
  %tag = lshr i64 %h, 32
  %mark = and i64 %tag, %tags
  %marked = or i64 %mark, %next
  %n32 = trunc i64 %marked to i32
  store i32 %n32, ptr %tp
  br label %head
end:
  ret void
}}
"""
