"""Guards that only compare cells with constants, eight at a time.

Whether such a guard holds can be told from a state's words: some bits have one value, and at most
one value is not another. So the guards of eight instances, with numbers that follow one another,
are tested by a few instructions on vectors, and give eight bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.engines.native.asm import Body, Value, signed
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.plan import Plan, Spot
from wddmcheck.engines.native.terms import Env
from wddmcheck.ir.expr import Binary, BinOp, Const, Expr, Not, Read, Var
from wddmcheck.ir.sorts import BOOL, IntRange, RefSort, Sort
from wddmcheck.ir.system import Action
from wddmcheck.ir.walk import conjuncts

WIDE = 8
"""Lanes of a vector of 64-bit words: as many as a byte has bits."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A conjunct that compares a variable at parameters with a code; `wide`: which has more than
    two values, so that not to be one is not to be another."""

    var: str
    index: tuple[str, ...]
    code: int
    equal: bool
    wide: bool


def compared(plan: Plan, action: Action) -> list[Compared] | None:
    """The guard of an action, if lanes can test it."""
    found = [_compared(plan, part) for part in conjuncts(action.guard)]
    never_none = {p.name for p in action.params if isinstance(p.sort, RefSort) and not p.sort.none}
    result = [c for c in found if c is not None and never_none.issuperset(c.index)]
    if len(result) < len(found) or sum(c.wide and not c.equal for c in result) > 1:
        return None
    return result


def _compared(plan: Plan, part: Expr) -> Compared | None:
    equal, value = True, 1
    sort: Sort = BOOL
    match part:
        case Binary(BinOp.EQ | BinOp.NE as op, Read() as read, Const(value, sort), _):
            equal = op is BinOp.EQ
        case Not(Read() as read):
            value = 0
        case Read() as read:
            pass
        case _:
            return None
    own = plan.layout.variables[read.var]
    code = value - own.sort.lo if isinstance(own.sort, IntRange) else plan.code(value, sort)
    index = tuple(i.name for i in read.index if isinstance(i, Var))
    if len(index) < len(read.index) or not plan.width(own) or not 0 <= code <= plan.most(own):
        return None
    return Compared(read.var, index, code, equal, plan.width(own) > 1)


@dataclass(slots=True)
class Match:
    """A test of a state: of each word the bits of `masks` are `values`, and where there is `other`
    (a place and a code), another value stands there."""

    masks: list[int]
    values: list[int]
    other: tuple[Spot, int] | None = None


@dataclass
class Lanes:
    """The tests that are done so, by numbers of instances."""

    plan: Plan
    tests: dict[int, Match] = field(default_factory=dict)

    def take(self, number: int, guard: list[Compared], env: Env) -> bool:
        """Test the guard of an instance; whether it can ever hold."""
        layout = self.plan.layout
        test = Match([0] * self.plan.words, [0] * self.plan.words)
        for one in guard:
            place = layout.offset(one.var, tuple(env[name] for name in one.index))
            spot = self.plan.spots[one.var][place - layout.starts[one.var]]
            if one.wide and not one.equal:
                test.other = spot, one.code
                continue
            mask = spot.mask << spot.shift
            value = (one.code if one.equal else 1 - one.code) << spot.shift
            if (test.values[spot.word] ^ value) & test.masks[spot.word] & mask:
                return False
            test.masks[spot.word] |= mask
            test.values[spot.word] |= value
        self.tests[number] = test
        return True

    def text(self, width: int) -> str:
        """`matched(s, c)`: the bits of these instances, in `width` words; all others are 0."""
        body = Body("matched", "ptr noalias %s, ptr noalias %c")
        words = [_spread(body, body.get("%s", i)) for i in range(self.plan.words)]
        to = body.pointer("%c", Ctx.ENABLED)
        for word in range(width):
            bytes_: list[Value] = [0]
            for at in range(64 * word, 64 * (word + 1), WIDE):
                tests = [self.tests.get(n) for n in range(at, at + WIDE)]
                if any(tests):
                    bytes_.append(body.shl(self._eight(body, words, tests), at - 64 * word))
            body.put(body.any_of(bytes_), to, word)
        body.ret()
        return body.text()

    def _eight(self, body: Body, words: list[str], tests: list[Match | None]) -> Value:
        """The bits of eight tests."""
        found = ""
        for i, word in enumerate(words):
            masks = [t.masks[i] if t else 0 for t in tests]
            values = [t.values[i] if t else 1 for t in tests]     # (never)
            if any(masks) or (i == 0 and not all(tests)):
                found = _both(body, found, _compare(body, "eq", word, masks, values))
            others = [t.other if t and t.other and t.other[0].word == i else None for t in tests]
            if any(others):
                found = _both(body, found, _compare(
                    body, "ne", word, [o[0].mask << o[0].shift if o else 0 for o in others],
                    [o[1] << o[0].shift if o else 1 for o in others]))
        if not found:
            return (1 << WIDE) - 1
        bits = body.pure(f"bitcast <{WIDE} x i1> {found} to i{WIDE}")
        return body.pure(f"zext i{WIDE} {bits} to i64")


def _spread(body: Body, word: str) -> str:
    first = body.pure(f"insertelement <{WIDE} x i64> poison, i64 {word}, i32 0")
    return body.pure(f"shufflevector <{WIDE} x i64> {first}, <{WIDE} x i64> poison, "
                     f"<{WIDE} x i32> zeroinitializer")


def _vector(values: list[int]) -> str:
    return "<" + ", ".join(f"i64 {signed(v)}" for v in values) + ">"


def _compare(body: Body, how: str, word: str, masks: list[int], values: list[int]) -> str:
    some = body.pure(f"and <{WIDE} x i64> {word}, {_vector(masks)}")
    return body.pure(f"icmp {how} <{WIDE} x i64> {some}, {_vector(values)}")


def _both(body: Body, a: str, b: str) -> str:
    return body.pure(f"and <{WIDE} x i1> {a}, {b}") if a else b
