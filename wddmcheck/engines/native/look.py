"""State formulas as LLVM code: those that are looked at in every state, and the goals of *always
possible* claims."""

from __future__ import annotations

from wddmcheck.engines.native.asm import Body
from wddmcheck.engines.native.frame import Ctx
from wddmcheck.engines.native.plan import Plan
from wddmcheck.engines.native.records import Records
from wddmcheck.engines.native.terms import Terms
from wddmcheck.ir.expr import Expr


def _terms(plan: Plan, body: Body) -> Terms:
    return Terms(plan, body, [body.get("%s", i) for i in range(plan.words)])


def look(plan: Plan, records: Records) -> str:
    """`look(s, c)`: make a record of each formula that has the sought value in state `s`, unless
    it was seen to have it before."""
    body = Body("look", "ptr noalias %s, ptr noalias %c")
    terms = _terms(plan, body)
    own = body.pointer("%c", Ctx.RECORDS)
    for i, (_, formula, sought) in enumerate(records.formulas):
        number = records.looked + i
        with body.when(body.eq(body.get(own, number), 0)):
            found = terms.test(formula, {})
            with body.when(found if sought else body.not_(found), likely=False):
                body.line(f"call void @hit(ptr %c, i64 {number})")
    body.ret()
    return body.text()


def goals(plan: Plan, formulas: tuple[Expr, ...]) -> str:
    """`goals(s)`: one bit for each formula that holds in state `s`."""
    body = Body("goals", "ptr noalias %s", "i64")
    terms = _terms(plan, body)
    bits = body.variable(0)
    for i, formula in enumerate(formulas):
        bit = body.number(terms.test(formula, {}))
        body.store(body.or_(body.load(bits), body.shl(bit, i)), bits)
    body.ret(body.load(bits))
    return body.text()


def hit() -> str:
    """`hit(c, number)`: make a record, if there is none yet."""
    body = Body("hit", "ptr noalias %c, i64 %number")
    to = body.at(body.pointer("%c", Ctx.RECORDS), "%number")
    with body.when(body.eq(body.load(to), 0)):
        body.store(body.get("%c", Ctx.STATE), to)
    body.ret()
    return body.text()
