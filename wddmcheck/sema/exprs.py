"""Typing of expressions: AST expression in, `model.X` out.

An enum member is written bare where its enum is known from the other side of a comparison, an
assignment or an `is`. Who reads matters: driver code may not look at `os` fields, nor ask whether
a reference dangles, because a driver cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.diagnostics.diagnostic import Label
from wddmcheck.diagnostics.source import Span
from wddmcheck.lang import ast
from wddmcheck.sema.model import (
    FieldInfo,
    X,
    XArith,
    XBool,
    XCompare,
    XConst,
    XField,
    XGlobal,
    XIn,
    XInFlight,
    XIs,
    XLocal,
    XNot,
    XPolicy,
    XQuant,
    XRelation,
    XSingle,
    type_of,
)
from wddmcheck.sema.symbols import Symbols
from wddmcheck.sema.types import (
    BOOL,
    ERROR,
    EnumT,
    ErrorT,
    IntT,
    NoneT,
    RefT,
    SetT,
    Type,
    comparable,
    fits,
    spell,
)

BROKEN = XConst(0, ERROR)
"""Stands for an expression whose error has been reported."""


@dataclass(slots=True)
class Scope:
    """What an expression may name: `locals` with their types; `driver` code has fewer rights."""

    symbols: Symbols
    driver: bool
    locals: dict[str, Type] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)

    def inner(self) -> Scope:
        """A scope nested in this one."""
        return Scope(self.symbols, self.driver, dict(self.locals), dict(self.places))

    def declare(self, name: ast.Name, type_: Type) -> None:
        """Add a local; shadowing is an error."""
        first = self.places.get(name.text)
        if name.text in self.locals:
            self.symbols.sink.error(
                "WC105", f"`{name.text}` is declared twice in this block", name.span,
                help="give one of them another name",
                labels=(Label(first, "first declared"),) if first else ())
        self.locals[name.text] = type_
        self.places[name.text] = name.span


def check_expr(expr: ast.Expr, scope: Scope, expected: Type | None = None) -> X:
    """Type `expr`; `expected` resolves bare enum members and is enforced if given."""
    x = _expr(expr, scope, expected)
    if expected is not None and not fits(type_of(x), expected):
        mismatch(scope, expr.span, type_of(x), expected)
        return BROKEN
    return x


def check_cond(expr: ast.Expr, scope: Scope) -> X:
    """Type a condition."""
    return check_expr(expr, scope, BOOL)


def mismatch(scope: Scope, span: Span, found: Type, expected: Type) -> None:
    """Report a type that does not fit."""
    sink = scope.symbols.sink
    if isinstance(expected, RefT) and (
            isinstance(found, NoneT) or (isinstance(found, RefT) and found.pool == expected.pool)):
        sink.error("WC151", f"this may be none, but a live {expected.pool} is needed", span,
                   caret=f"type {spell(found)}",
                   help=f"test it first (`if x is not none`), or declare the place as "
                        f"`{expected.pool}?`")
        return
    sink.error("WC150", f"expected {spell(expected)}, found {spell(found)}", span,
               caret=f"this is {spell(found)}",
               help=f"write an expression of type {spell(expected)}")


def _expr(expr: ast.Expr, scope: Scope, expected: Type | None) -> X:
    match expr:
        case ast.IntLit(value):
            return XConst(value, IntT(value, value))
        case ast.BoolLit(value):
            return XConst(int(value), BOOL)
        case ast.NoneLit():
            return XConst(-1, NoneT())
        case ast.NameExpr(name):
            return _name(name, scope, expected)
        case ast.FieldExpr():
            return _field(expr, scope)
        case ast.ApplyExpr():
            return _apply(expr, scope)
        case ast.InFlightExpr():
            return _in_flight(expr, scope)
        case ast.UnaryExpr("not", arg):
            return XNot(check_cond(arg, scope))
        case ast.UnaryExpr(_, arg):
            x = check_expr(arg, scope)
            if isinstance(x, XConst) and isinstance(x.type, IntT):
                return XConst(-x.value, IntT(-x.value, -x.value))
            t = _integer(x, arg, scope)
            return XArith("-", XConst(0, IntT(0, 0)), x, IntT(-t.hi, -t.lo))
        case ast.BinaryExpr():
            return _binary(expr, scope)
        case ast.IsExpr():
            return _is(expr, scope)
        case ast.QuantExpr():
            return _quant(expr, scope)


def _name(name: ast.Name, scope: Scope, expected: Type | None) -> X:
    model = scope.symbols.model
    text = name.text
    if text in scope.locals:
        return XLocal(text, scope.locals[text])
    if isinstance(expected, EnumT) and text in expected.members:
        return XConst(expected.members.index(text), expected)
    if text in model.globals:
        info = model.globals[text]
        _rights(info, name.span, scope)
        return XGlobal(text, info.type)
    if text in model.objects and model.objects[text].single:
        return XSingle(text, RefT(text))
    owners = [e for e in model.enums.values() if text in e.members]
    if len(owners) == 1:
        return XConst(owners[0].members.index(text), owners[0])
    if len(owners) > 1:
        scope.symbols.sink.error(
            "WC107", f"`{text}` is a member of several enums", name.span,
            help="compare it with a value of the enum that is meant")
        return BROKEN
    candidates = [*scope.locals, *model.globals, *(o for o, c in model.objects.items() if c.single)]
    if isinstance(expected, EnumT):
        candidates += expected.members
    scope.symbols.unknown("WC101", "name", name, candidates)
    return BROKEN


def _rights(info: FieldInfo, span: Span, scope: Scope) -> None:
    if info.os and scope.driver:
        scope.symbols.sink.error(
            "WC113", f"`{info.name}` is the operating system's own; driver code cannot see it",
            span, caret="declared `os`",
            help="drop `os` from the declaration if the driver keeps this itself",
            labels=(Label(info.span, "declared"),) if info.span else ())


def object_of(x: X, span: Span, scope: Scope) -> str:
    """The class of the object that `x` refers to, or "" after reporting that it is none."""
    t = type_of(x)
    if isinstance(t, RefT):
        return t.pool
    if not isinstance(t, ErrorT):
        scope.symbols.sink.error("WC152", f"expected an object, found {spell(t)}", span,
                                 help="only references to objects have fields and life states")
    return ""


def _field(expr: ast.FieldExpr, scope: Scope) -> X:
    base = check_expr(expr.base, scope)
    pool = object_of(base, expr.base.span, scope)
    if not pool:
        return BROKEN
    cls = scope.symbols.model.objects[pool]
    info = cls.fields.get(expr.field.text)
    if info is None:
        scope.symbols.unknown("WC103", f"field of {pool}", expr.field, cls.fields)
        return BROKEN
    _rights(info, expr.field.span, scope)
    type_ = info.type
    if expr.safe:
        if not isinstance(type_, RefT):
            scope.symbols.sink.error(
                "WC152", f"`?.` gives none where there is no object, but `{info.name}` is "
                f"{spell(type_)}", expr.span,
                help=f"write `x is live and x.{info.name} ...`")
            return BROKEN
        type_ = RefT(type_.pool, True, type_.raw)
    elif isinstance(type_, RefT) and isinstance(base, XField) and base.safe:
        type_ = RefT(type_.pool, True, type_.raw)
    return XField(base, pool, info.name, type_, expr.safe, expr.span)


def _apply(expr: ast.ApplyExpr, scope: Scope) -> X:
    model = scope.symbols.model
    relation = model.relations.get(expr.name.text)
    if relation is None:
        scope.symbols.unknown("WC101", "relation", expr.name, model.relations)
        return BROKEN
    if relation.os and scope.driver:
        _rights(FieldInfo(relation.name, BOOL, 0, os=True), expr.name.span, scope)
    if len(expr.args) != 2:
        scope.symbols.sink.error("WC110", f"`{relation.name}` relates 2 objects, not "
                                 f"{len(expr.args)}", expr.span,
                                 help=f"write `{relation.name}(x, y)`")
        return BROKEN
    left = check_expr(expr.args[0], scope, RefT(relation.left, optional=True))
    right = check_expr(expr.args[1], scope, RefT(relation.right, optional=True))
    return XRelation(relation.name, left, right)


def _in_flight(expr: ast.InFlightExpr, scope: Scope) -> X:
    symbols = scope.symbols
    if expr.block is None or expr.block.text not in symbols.blocks:
        # `in_flight(c)`: the parser may have taken an object for a block's name.
        args = expr.args if expr.block is None else (ast.NameExpr(expr.block,
                                                                  span=expr.block.span),)
        if expr.block is not None and expr.block.text not in scope.locals:
            symbols.unknown("WC106", "ddi", expr.block, [*symbols.blocks, *scope.locals])
            return BROKEN
        typed = [check_expr(a, scope) for a in args if a is not None]
        if len(typed) != 1 or not object_of(typed[0], expr.span, scope):
            if len(typed) != 1:
                symbols.sink.error("WC110", "`in_flight` takes a block and its arguments, or one "
                                   "object", expr.span, help="write `in_flight(hContext)`")
            return BROKEN
        return XInFlight(None, (typed[0],))
    params = symbols.block_params[expr.block.text]
    if len(expr.args) > len(params):
        symbols.sink.error("WC110", f"`{expr.block.text}` has {len(params)} parameters",
                           expr.span, help="leave out what does not matter, or write `_`")
        return BROKEN
    args_: list[X | None] = []
    for arg, (_, type_) in zip(expr.args, params, strict=False):
        want = RefT(type_.pool, optional=True) if isinstance(type_, RefT) else type_
        args_.append(None if arg is None else check_expr(arg, scope, want))
    return XInFlight(expr.block.text, tuple(args_))


def _integer(x: X, expr: ast.Expr, scope: Scope) -> IntT:
    t = type_of(x)
    if isinstance(t, IntT):
        return t
    if not isinstance(t, ErrorT):
        mismatch(scope, expr.span, t, IntT(0, 1))
    return IntT(0, 0)


def _binary(expr: ast.BinaryExpr, scope: Scope) -> X:
    match expr.op:
        case "and" | "or" | "=>":
            return XBool(expr.op, check_cond(expr.left, scope), check_cond(expr.right, scope))
        case "+" | "-":
            left, right = check_expr(expr.left, scope), check_expr(expr.right, scope)
            a, b = _integer(left, expr.left, scope), _integer(right, expr.right, scope)
            if expr.op == "+":
                return XArith("+", left, right, IntT(a.lo + b.lo, a.hi + b.hi))
            return XArith("-", left, right, IntT(a.lo - b.hi, a.hi - b.lo))
        case "in":
            return _in(expr, scope)
        case "==" | "!=":
            return _equal(expr, scope)
        case _:
            left, right = check_expr(expr.left, scope), check_expr(expr.right, scope)
            _integer(left, expr.left, scope)
            _integer(right, expr.right, scope)
            return XCompare(expr.op, left, right)


def _equal(expr: ast.BinaryExpr, scope: Scope) -> X:
    # A bare enum member takes its meaning from the other side, whichever side that is.
    if isinstance(expr.left, ast.NameExpr) and not isinstance(expr.right, ast.NameExpr):
        right = check_expr(expr.right, scope)
        left = _expr(expr.left, scope, type_of(right))
    else:
        left = check_expr(expr.left, scope)
        right = _expr(expr.right, scope, type_of(left))
    if not comparable(type_of(left), type_of(right)):
        scope.symbols.sink.error(
            "WC150", f"{spell(type_of(left))} and {spell(type_of(right))} cannot be compared",
            expr.span, help="compare values of one type; life states are tested with `is`")
        return BROKEN
    return XCompare(expr.op, left, right)


def set_field(expr: ast.Expr, scope: Scope) -> XField | None:
    """A set-valued field, or None after reporting that `expr` is none."""
    x = check_expr(expr, scope)
    if isinstance(x, XField) and isinstance(x.type, SetT):
        return x
    if not isinstance(type_of(x), ErrorT):
        scope.symbols.sink.error("WC150", f"expected a set, found {spell(type_of(x))}",
                                 expr.span, help="declare the field as `set of Context`")
    return None


def _in(expr: ast.BinaryExpr, scope: Scope) -> X:
    target = set_field(expr.right, scope)
    if target is None or not isinstance(target.type, SetT):
        return BROKEN
    element = check_expr(expr.left, scope, RefT(target.type.pool, optional=True))
    return XIn(element, target)


def _is(expr: ast.IsExpr, scope: Scope) -> X:
    model = scope.symbols.model
    if (isinstance(expr.arg, ast.NameExpr) and expr.arg.name.text in model.policies
            and expr.arg.name.text not in scope.locals):
        policy = model.policies[expr.arg.name.text]
        for state in expr.states:
            if state.text not in policy.choices:
                scope.symbols.unknown("WC111", f"choice of policy {policy.name}", state,
                                      policy.choices)
        test: X = XPolicy(policy.name, tuple(s.text for s in expr.states))
        return XNot(test) if expr.negated else test
    arg = check_expr(expr.arg, scope)
    t = type_of(arg)
    if isinstance(t, EnumT):
        tests: list[X] = []
        for state in expr.states:
            if state.text not in t.members:
                scope.symbols.unknown("WC107", f"member of {spell(t)}", state, t.members)
                return BROKEN
            tests.append(XCompare("!=" if expr.negated else "==", arg,
                                  XConst(t.members.index(state.text), t)))
        test = tests[0]
        for other in tests[1:]:
            test = XBool("and" if expr.negated else "or", test, other)
        return test
    pool = object_of(arg, expr.arg.span, scope)
    return _life_test(arg, pool, expr, scope) if pool else BROKEN


def _life_test(arg: X, pool: str, expr: ast.IsExpr, scope: Scope) -> X:
    words = [s.text for s in expr.states]
    if len(words) == 1 and words[0] in ("none", "live", "dangling", "absent"):
        word = words[0]
        if word == "dangling" and scope.driver:
            scope.symbols.sink.error(
                "WC113", "a driver cannot tell that a reference dangles", expr.span,
                help="keep a field that says so, or clear the reference before the destroy")
        if word == "live" and scope.driver and not isinstance(arg, XSingle):
            scope.symbols.sink.error(
                "WC113", "a driver cannot tell whether a reference is live", expr.span,
                help="write `is not none`, which it can see")
        match word:
            case "absent":
                return XIs(arg, pool, "live", negated=not expr.negated)
            case "none" | "live" | "dangling" as test:
                return XIs(arg, pool, test, negated=expr.negated)
    cls = scope.symbols.model.objects[pool]
    for state in expr.states:
        if state.text not in cls.states:
            scope.symbols.unknown("WC102", f"life state of {pool}", state,
                                  [*cls.states, "none", "live"])
            return BROKEN
    return XIs(arg, pool, "state", tuple(words), expr.negated)


def domain(domain_: ast.Name | ast.Expr, scope: Scope) -> tuple[str, XField | None]:
    """What a quantifier or a `for` ranges over: the class, and the set if there is one. The class
    is "" after an error."""
    if isinstance(domain_, ast.Name):
        if domain_.text not in scope.symbols.model.objects:
            scope.symbols.unknown("WC104", "object class", domain_, scope.symbols.model.objects)
            return "", None
        return domain_.text, None
    target = set_field(domain_, scope)
    if target is None or not isinstance(target.type, SetT):
        return "", None
    return target.type.pool, target


def _quant(expr: ast.QuantExpr, scope: Scope) -> X:
    pool, members = domain(expr.domain, scope)
    inner = scope.inner()
    inner.declare(expr.var, RefT(pool) if pool else ERROR)
    where = check_cond(expr.where, inner) if expr.where is not None else None
    body = check_cond(expr.body, inner) if expr.body is not None else None
    if not pool:
        return BROKEN
    match expr.quantifier:
        case "all" | "some" | "no" | "count" as quantifier:
            return XQuant(quantifier, expr.var.text, pool, members, where, body)
        case _:
            raise AssertionError(expr.quantifier)


__all__ = ["BROKEN", "Scope", "check_cond", "check_expr", "domain", "mismatch", "object_of",
           "set_field"]
