"""Typing of statements: AST body in, `model.S` body out.

What may stand where: `for` bodies happen all at once, so they neither branch, wait nor return;
gpu and interrupt blocks are atomic; only driver-visible state is written by driver code.
"""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.status import succeeds
from wddmcheck.lang import ast
from wddmcheck.sema.exprs import (
    BROKEN,
    Scope,
    check_cond,
    check_expr,
    domain,
    object_of,
    set_field,
)
from wddmcheck.sema.model import (
    Body,
    S,
    SAssert,
    SAssign,
    SBecomes,
    SCall,
    SChoose,
    SCreate,
    SDestroy,
    SEditRelation,
    SEditSet,
    SEither,
    SFor,
    SIf,
    SLet,
    SLock,
    SReturn,
    SStep,
    SWait,
    SWhile,
    X,
    XField,
    XGlobal,
    type_of,
)
from wddmcheck.sema.types import ERROR, ErrorT, NoneT, RefT, SetT, Type

STATUS_KINDS = ("ddi", "callback", "thunk")
ATOMIC_KINDS = ("gpu", "interrupt")
CALLABLE = {
    "thunk": ("ddi", "callback", "routine"),
    "gpu": (), "callback": ("callback",),
}
"""Which kinds of block a block may call; the others call callbacks and routines."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where statements stand: in which block, and whether in a `for` body or a hook."""

    block: ast.BlockDecl
    at_once: bool = False
    hook: bool = False


def check_body(body: tuple[ast.Stmt, ...], scope: Scope, place: Place) -> Body:
    """Type a sequence of statements; locals declared in it end with it."""
    inner = scope.inner()
    return tuple(s for stmt in body if (s := _stmt(stmt, inner, place)) is not None)


def _stmt(stmt: ast.Stmt, scope: Scope, place: Place) -> S | None:
    match stmt:
        case ast.Let(name, value, orelse):
            return _let(name, value, orelse, stmt.span, scope, place)
        case ast.Do(value, orelse):
            return _source(None, value, orelse, stmt.span, scope, place)
        case ast.Assign(target, value):
            return _assign(target, value, stmt.span, scope)
        case ast.Becomes(target, state):
            return _becomes(target, state, stmt.span, scope)
        case ast.Destroy(target):
            x = check_expr(target, scope)
            pool = object_of(x, target.span, scope)
            return SDestroy(x, pool, stmt.span) if pool else None
        case ast.Edit():
            return _edit(stmt, scope)
        case ast.If(cond, then, orelse):
            _not_at_once(stmt, "if", place, scope, "put the condition into `where`")
            return SIf(check_cond(cond, scope), check_body(then, scope, place),
                       check_body(orelse or (), scope, place), stmt.span)
        case ast.For():
            return _for(stmt, scope, place)
        case ast.While(cond, body):
            _not_at_once(stmt, "while", place, scope, "write the loop outside `for`")
            if not _parks_always(body):
                scope.symbols.sink.error(
                    "WC158", "a turn of this loop may pass no `step` or `wait until`", stmt.span,
                    help="put `step` at the end of the body, or use `for`, which acts at once")
            return SWhile(check_cond(cond, scope), check_body(body, scope, place), stmt.span)
        case ast.Either(branches):
            _not_at_once(stmt, "either", place, scope, "choose outside the loop")
            return SEither(tuple(check_body(b, scope, place) for b in branches), stmt.span)
        case ast.StepStmt():
            _may_park(stmt, "step", place, scope)
            return SStep(stmt.span)
        case ast.Wait(cond):
            _may_park(stmt, "wait until", place, scope)
            return SWait(check_cond(cond, scope), stmt.span)
        case ast.LockStmt(acquire, lock):
            _not_at_once(stmt, "acquire", place, scope, "take the lock before the loop")
            if lock.text not in scope.symbols.model.locks:
                scope.symbols.unknown("WC109", "lock", lock, scope.symbols.model.locks,
                                      prefer=f"declare it: `lock {lock.text} spin`")
                return None
            return SLock(acquire, lock.text, stmt.span)
        case ast.Return():
            return _return(stmt, scope, place)
        case ast.Assert(cond):
            return SAssert(check_cond(cond, scope), stmt.span)


def _not_at_once(stmt: ast.Stmt, word: str, place: Place, scope: Scope, advice: str) -> None:
    if place.at_once or (place.hook and word not in ("if",)):
        where = "`for`, whose turns happen all at once" if place.at_once else "entry/exit"
        scope.symbols.sink.error("WC155", f"`{word}` cannot stand in {where}", stmt.span,
                                 help=advice)


def _may_park(stmt: ast.Stmt, word: str, place: Place, scope: Scope) -> None:
    sink = scope.symbols.sink
    if place.at_once or place.hook:
        sink.error("WC156", f"`{word}` cannot stand in `for`, `entry` or `exit`", stmt.span,
                   help="use `while` with `choose` to visit objects one at a time")
    elif place.block.kind in ATOMIC_KINDS:
        sink.error("WC156", f"a {place.block.kind} block is atomic: no `{word}`", stmt.span,
                   help="split it into two blocks, or make it a `dpc` or `worker`")


def _parks_always(body: tuple[ast.Stmt, ...]) -> bool:
    """Whether every path through `body` that reaches its end passes a scheduling point."""
    for stmt in body:
        match stmt:
            case ast.StepStmt() | ast.Wait() | ast.Return():
                return True
            case ast.If(_, then, orelse) if orelse is not None:
                if _parks_always(then) and _parks_always(orelse):
                    return True
            case ast.Either(branches):
                if all(_parks_always(b) for b in branches):
                    return True
            case _:
                pass
    return False


def _let(name: ast.Name, value: ast.Source, orelse: tuple[ast.Stmt, ...] | None, span: Span,
         scope: Scope, place: Place) -> S | None:
    match value:
        case ast.CreateExpr() | ast.CallExpr():
            return _source(name, value, orelse, span, scope, place)
        case ast.ChooseExpr(_, pool, where):
            _not_at_once(ast.StepStmt(span=span), "choose", place, scope, "choose before the loop")
            cls, _ = domain(pool, scope)
            scope.declare(name, RefT(cls) if cls else ERROR)
            cond = check_cond(where, scope) if where is not None else None
            return SChoose(name.text, cls, cond, span) if cls else None
        case _:
            x = check_expr(value, scope)
            t = type_of(x)
            scope.declare(name, t)
            if isinstance(t, (SetT, NoneT)):
                scope.symbols.sink.error("WC150", "a local holds a value or a reference, not "
                                         "a set or a bare none", span,
                                         help="use the set where it is: `some a in c.buffers`")
                return None
            return None if isinstance(t, ErrorT) else SLet(name.text, x, span)


def _source(name: ast.Name | None, value: ast.CreateExpr | ast.CallExpr,
            orelse: tuple[ast.Stmt, ...] | None, span: Span, scope: Scope,
            place: Place) -> S | None:
    other = check_body(orelse, scope, place) if orelse is not None else None
    if other is not None:
        _not_at_once(ast.StepStmt(span=span), "or", place, scope, "handle failure outside `for`")
        if name is not None and not _leaves(other):
            scope.symbols.sink.error(
                "WC160", f"`{name.text}` has no value where this branch ends", span,
                help="end the `or` branch with `return`")
    if isinstance(value, ast.CreateExpr):
        return _create(name, value, other, span, scope, place)
    return _call(name, value, other, span, scope, place)


def _leaves(body: Body) -> bool:
    """Whether control never falls out of the end of `body`."""
    for s in body:
        match s:
            case SReturn():
                return True
            case SIf(_, then, orelse):
                if _leaves(then) and _leaves(orelse):
                    return True
            case SEither(branches):
                if all(_leaves(b) for b in branches):
                    return True
            case _:
                pass
    return False


def _create(name: ast.Name | None, value: ast.CreateExpr, orelse: Body | None, span: Span,
            scope: Scope, place: Place) -> S | None:
    symbols = scope.symbols
    _not_at_once(ast.StepStmt(span=span), "create", place, scope, "create before the loop")
    cls = symbols.model.objects.get(value.pool.text)
    if cls is None:
        symbols.unknown("WC104", "object class", value.pool, symbols.model.objects)
        if name is not None:
            scope.declare(name, ERROR)
        return None
    owner: X | None = None
    if cls.owner is not None and not symbols.model.objects[cls.owner].single:
        if value.owner is None:
            symbols.sink.error("WC110", f"a {cls.name} lives within a {cls.owner}", value.span,
                               help=f"write `create {cls.name}(x)` with the {cls.owner}")
        else:
            owner = check_expr(value.owner, scope, RefT(cls.owner))
    elif value.owner is not None:
        if cls.owner is None:
            symbols.sink.error("WC110", f"a {cls.name} lives within nothing", value.owner.span,
                               help=f"write `create {cls.name}()`; fields are named: `f: value`")
        else:
            owner = check_expr(value.owner, scope, RefT(cls.owner))
    fields: list[tuple[str, X]] = []
    for field_name, field_value in value.fields:
        info = cls.fields.get(field_name.text)
        if info is None or info.owner:
            symbols.unknown("WC103", f"field of {cls.name}", field_name,
                            [f for f, i in cls.fields.items() if not i.owner])
            continue
        fields.append((info.name, check_expr(field_value, scope, info.type)))
    given = {f for f, _ in fields}
    for info in cls.fields.values():
        if info.init is None and not info.owner and info.name not in given:
            symbols.sink.error("WC151", f"`{info.name}` of {cls.name} must be given a value",
                               value.span, help=f"write `create {cls.name}(..., "
                               f"{info.name}: x)`, or declare it optional with `?`")
    if name is not None:
        scope.declare(name, RefT(cls.name))
    return SCreate(name.text if name else "", cls.name, owner, tuple(fields), orelse, span)


def _call(name: ast.Name | None, value: ast.CallExpr, orelse: Body | None, span: Span,
          scope: Scope, place: Place) -> S | None:
    symbols = scope.symbols
    callee = symbols.blocks.get(value.block.text)
    allowed = CALLABLE.get(place.block.kind, ("callback", "routine"))
    if callee is None or callee.kind not in allowed:
        if name is not None:
            scope.declare(name, ERROR)
        if callee is None:
            symbols.unknown("WC106", "callback or routine", value.block,
                            [n for n, b in symbols.blocks.items() if b.kind in allowed])
        else:
            symbols.sink.error(
                "WC106", f"a {place.block.kind} cannot call the {callee.kind} "
                f"`{callee.name.text}`", value.block.span,
                help="drivers call callbacks and routines; thunks call DDIs")
        return None
    params = symbols.block_params[callee.name.text]
    if len(params) != len(value.args):
        symbols.sink.error(
            "WC110", f"`{callee.name.text}` takes {len(params)} arguments, not "
            f"{len(value.args)}", value.span,
            help="parameters: " + (", ".join(p for p, _ in params) or "none"))
        return None
    args = tuple(check_expr(arg, scope, RefT(t.pool, optional=True)
                            if isinstance(t, RefT) and callee.kind == "callback" else t)
                 for arg, (_, t) in zip(value.args, params, strict=True))
    result = symbols.block_result[callee.name.text]
    if orelse is not None and callee.kind == "routine":
        symbols.sink.error("WC106", "a routine has no status that could fail", span,
                           help="drop the `or` part, or test what the routine returns")
    if name is not None:
        if result is None:
            symbols.sink.error("WC150", f"`{callee.name.text}` returns no value", span,
                               help=f"declare `-> Type` on it, or write `call "
                               f"{callee.name.text}(...)` alone")
            scope.declare(name, ERROR)
        else:
            may_fail = orelse is None and any(
                not succeeds(s.text) for s in callee.returns) and isinstance(result, RefT)
            scope.declare(name, RefT(result.pool, True, result.raw)
                          if may_fail and isinstance(result, RefT) else result)
    return SCall(name.text if name else "", callee.name.text, args, orelse, span)


def _assign(target: ast.Expr, value: ast.Expr, span: Span, scope: Scope) -> S | None:
    x = check_expr(target, scope)
    if not isinstance(x, (XField, XGlobal)):
        if x is not BROKEN:
            scope.symbols.sink.error(
                "WC154", "this cannot be assigned to", target.span,
                help="fields and global variables can; a local is bound once with `let`")
        return None
    if isinstance(x, XField):
        cls = scope.symbols.model.objects[x.pool]
        if cls.fields[x.field].owner:
            scope.symbols.sink.error("WC154", f"the owner of a {x.pool} never changes",
                                     target.span, help="it is given to `create`")
            return None
    if isinstance(x.type, SetT):
        scope.symbols.sink.error("WC154", "a set is edited, not assigned", target.span,
                                 help="write `add x to s` or `remove x from s`")
        return None
    return SAssign(x, check_expr(value, scope, x.type), span)


def _becomes(target: ast.Expr, state: ast.Name, span: Span, scope: Scope) -> S | None:
    x = check_expr(target, scope)
    pool = object_of(x, target.span, scope)
    if not pool:
        return None
    states = scope.symbols.model.objects[pool].states
    if state.text not in states:
        scope.symbols.unknown("WC102", f"life state of {pool}", state, states)
        return None
    return SBecomes(x, pool, state.text, span)


def _edit(stmt: ast.Edit, scope: Scope) -> S | None:
    symbols = scope.symbols
    if len(stmt.elements) == 1:
        target = set_field(stmt.target, scope)
        if target is None or not isinstance(target.type, SetT):
            return None
        return SEditSet(stmt.add, check_expr(stmt.elements[0], scope, RefT(target.type.pool)),
                        target, stmt.span)
    if not isinstance(stmt.target, ast.NameExpr) or (
            stmt.target.name.text not in symbols.model.relations):
        if isinstance(stmt.target, ast.NameExpr):
            symbols.unknown("WC101", "relation", stmt.target.name, symbols.model.relations)
        else:
            symbols.sink.error("WC101", "a pair is added to a relation", stmt.target.span,
                               help="declare one: `relation open(Allocation, Device)`")
        return None
    relation = symbols.model.relations[stmt.target.name.text]
    if relation.os and scope.driver:
        symbols.sink.error("WC113", f"`{relation.name}` is the operating system's own; driver "
                           "code cannot edit it", stmt.target.span,
                           help="drop `os` from the declaration if the driver keeps it")
    left = check_expr(stmt.elements[0], scope, RefT(relation.left))
    right = check_expr(stmt.elements[1], scope, RefT(relation.right))
    return SEditRelation(stmt.add, relation.name, left, right, stmt.span)


def _for(stmt: ast.For, scope: Scope, place: Place) -> S | None:
    _not_at_once(stmt, "for", Place(place.block, place.at_once), scope, "write one loop")
    pool, members = domain(stmt.domain, scope)
    inner = scope.inner()
    inner.declare(stmt.var, RefT(pool) if pool else ERROR)
    where = check_cond(stmt.where, inner) if stmt.where is not None else None
    body = check_body(stmt.body, inner, Place(place.block, at_once=True, hook=place.hook))
    return SFor(stmt.var.text, pool, members, where, body, stmt.span) if pool else None


def _return(stmt: ast.Return, scope: Scope, place: Place) -> S:
    symbols = scope.symbols
    block = place.block
    broken = SReturn("", None, stmt.span)   # after an error: it still leaves the block
    if place.at_once or place.hook:
        symbols.sink.error("WC155", "`return` cannot stand in `for`, `entry` or `exit`",
                           stmt.span, help="return after it")
        return broken
    result: Type | None = symbols.block_result[block.name.text]
    if block.kind in STATUS_KINDS:
        if stmt.status is None:
            symbols.sink.error("WC157", f"a {block.kind} returns a status", stmt.span,
                               help="return STATUS_SUCCESS")
            return broken
        symbols.is_status(stmt.status)
        wants = result is not None and succeeds(stmt.status.text)
    else:
        wants = result is not None
        if stmt.status is not None and stmt.value is None and wants:
            # The parser cannot tell `return x` from `return STATUS_X`.
            stmt = ast.Return(None, ast.NameExpr(stmt.status, span=stmt.status.span),
                              span=stmt.span)
        if stmt.status is not None:
            symbols.sink.error("WC157", f"a {block.kind} block returns no status",
                               stmt.status.span, help="write `return` alone")
            return broken
    if wants and stmt.value is None and result is not None:
        symbols.sink.error("WC157", "this return lacks the value that the block returns",
                           stmt.span, help="return STATUS_SUCCESS, value")
        return broken
    if not wants and stmt.value is not None:
        symbols.sink.error("WC157", "no value is returned here", stmt.value.span,
                           help="declare `-> Type`, or drop the value; a failure returns none")
        return broken
    value = check_expr(stmt.value, scope, result) if stmt.value is not None else None
    return SReturn(stmt.status.text if stmt.status else "", value, stmt.span)


__all__ = ["Place", "check_body"]
