"""State formulas as LLVM code: those that are looked at in every state, and the goals of *always
possible* claims."""

from __future__ import annotations

from wddmcheck.engines.native.actions import Records
from wddmcheck.engines.native.asm import Body
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.terms import Terms
from wddmcheck.ir.expr import Expr


def _terms(plan: Plan, body: Body) -> Terms:
    return Terms(plan, body, [body.get("%s", i) for i in range(plan.words)])


def look(plan: Plan, records: Records) -> str:
    """`look(s, c)`: make a record of each formula that has the sought value in state `s`, unless
    it was seen to have it before."""
    body = Body("look", "ptr noalias %s, ptr noalias %c", attrs="nounwind")
    terms = _terms(plan, body)
    seen = body.pointer("%c", Ctx.SEEN)
    for i, (_, formula, sought) in enumerate(records.formulas):
        number = records.looked + i
        known = body.load(body.at(seen, number, "i8"), "i8")
        with body.when(body.eq(known, 0)):
            found = terms.test(formula, {})
            with body.when(found if sought else body.not_(found), likely=False):
                body.line(f"call void @hit(ptr %c, i64 {number}, i64 0)")
    body.ret()
    return body.text()


def goals(plan: Plan, formulas: tuple[Expr, ...]) -> str:
    """`goals(s)`: one bit for each formula that holds in state `s`."""
    body = Body("goals", "ptr noalias %s", "i64", attrs="nounwind")
    terms = _terms(plan, body)
    bits = body.variable(0)
    for i, formula in enumerate(formulas):
        bit = body.number(terms.test(formula, {}))
        body.store(body.or_(body.load(bits), body.shl(bit, i)), bits)
    body.ret(body.load(bits))
    return body.text()


def hit() -> str:
    """`hit(c, number, detail)`: make a record, if it is looked out for and there is none yet."""
    body = Body("hit", "ptr noalias %c, i64 %number, i64 %detail", attrs="nounwind")
    seen = body.load(body.at(body.pointer("%c", Ctx.SEEN), "%number", "i8"), "i8")
    with body.when(body.eq(seen, 0)):
        to = body.at(body.pointer("%c", Ctx.RECORDS), "%number")
        with body.when(body.eq(body.load(to), 0)):
            state = body.get("%c", Ctx.STATE)
            body.store(body.or_(state, body.shl("%detail", 32)), to)
            body.bump(body.at("%c", Ctx.HITS))
    body.ret()
    return body.text()
