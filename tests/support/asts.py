"""Hypothesis strategies for syntax trees: every tree that the parser can give, and no other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from wddmcheck.lang import ast

BLOCK_KINDS = ("ddi", "callback", "thunk", "routine", "gpu", "interrupt", "dpc", "worker")
REMOVABLE = ("property", "object", "enum", "var", "relation", "lock", "policy", "scope")

names = st.sampled_from(["a", "b2", "ctx", "hDevice", "Context", "STATUS_OK", "Idle", "_x"]).map(
    ast.Name)
member_names = st.one_of(names, st.sampled_from(
    ["count", "step", "ddi", "in", "one", "os", "life", "to", "policy", "not"]).map(ast.Name))
"""After a dot and before a colon any word is a name."""
strings = st.text(st.sampled_from('aB0 "\\/@.é漢{'), max_size=6)
doc_lines = st.text(st.sampled_from("aé /@{"), max_size=5).map(str.rstrip)
docs = st.one_of(st.just(""), st.lists(doc_lines, min_size=1, max_size=3).map("\n".join))


def many(strategy: st.SearchStrategy[Any], least: int = 0, most: int = 3) -> Any:
    """A tuple of values."""
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


def maybe(strategy: st.SearchStrategy[Any]) -> Any:
    """A value or None."""
    return st.one_of(st.none(), strategy)


# --- expressions ---------------------------------------------------------------------------------

OPERATORS = ("=>", "or", "and", "==", "!=", "<", "<=", ">", ">=", "+", "-", "in")
leaves: st.SearchStrategy[ast.Expr] = st.one_of(
    st.integers(0, 2**31 - 1).map(ast.IntLit), st.booleans().map(ast.BoolLit),
    st.just(ast.NoneLit()), names.map(ast.NameExpr))


def _composed(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    domain = st.one_of(names, inner)
    states = st.one_of(many(names, 1), st.just((ast.Name("none"),)))
    return st.one_of(
        st.builds(ast.FieldExpr, inner, member_names, st.booleans()),
        st.builds(ast.ApplyExpr, names, many(inner)),
        st.builds(ast.InFlightExpr, maybe(names), many(maybe(inner))),
        st.builds(ast.UnaryExpr, st.sampled_from(["not", "-"]), inner),
        st.builds(ast.BinaryExpr, st.sampled_from(OPERATORS), inner, inner),
        st.builds(ast.IsExpr, inner, states, st.booleans()),
        st.builds(ast.QuantExpr, st.just("all"), names, domain, maybe(inner), inner),
        st.builds(ast.QuantExpr, st.sampled_from(["some", "no", "count"]), names, domain,
                  maybe(inner), st.none()),
    )


exprs = st.recursive(leaves, _composed, max_leaves=8)
composed = exprs.filter(lambda expr: not isinstance(expr, ast.NameExpr))
places = st.recursive(
    names.map(ast.NameExpr),
    lambda inner: st.builds(ast.FieldExpr, inner, member_names, st.booleans()), max_leaves=3)

# --- statements ----------------------------------------------------------------------------------

creates = st.builds(ast.CreateExpr, names, maybe(exprs), many(st.tuples(member_names, exprs), 0, 2))
calls = st.builds(ast.CallExpr, names, many(exprs))
fallible = st.one_of(creates, calls)
returns = st.one_of(
    st.builds(ast.Return, names, maybe(exprs)), st.builds(ast.Return, st.none(), composed),
    st.just(ast.Return()))
chooses = st.builds(
    lambda var, pool, where: ast.Let(var, ast.ChooseExpr(var, pool, where)),
    names, names, maybe(exprs))
simple: st.SearchStrategy[ast.Stmt] = st.one_of(
    st.builds(ast.Let, names, exprs), chooses, returns, st.just(ast.StepStmt()),
    st.builds(ast.Assign, places, exprs), st.builds(ast.Becomes, places, names),
    st.builds(ast.Destroy, exprs), st.builds(ast.Edit, st.booleans(), many(exprs, 1, 2), exprs),
    st.builds(ast.Wait, exprs), st.builds(ast.LockStmt, st.booleans(), names),
    st.builds(ast.Assert, exprs))


def _nested(inner: st.SearchStrategy[ast.Stmt]) -> st.SearchStrategy[ast.Stmt]:
    body = many(inner)
    return st.one_of(
        st.builds(ast.Let, names, fallible, maybe(body)), st.builds(ast.Do, fallible, maybe(body)),
        st.builds(ast.If, exprs, body, maybe(body)),
        st.builds(ast.For, names, st.one_of(names, composed), maybe(exprs), body),
        st.builds(ast.While, exprs, body), st.builds(ast.Either, many(body, 2)))


stmts = st.recursive(simple, _nested, max_leaves=5)
bodies = many(stmts)

# --- declarations --------------------------------------------------------------------------------

integers = st.integers(-(2**31) + 1, 2**31 - 1)
types = st.one_of(
    st.just(ast.BoolType()), st.builds(ast.RangeType, integers, integers),
    st.builds(ast.EnumType, many(names, 1)), st.builds(ast.SetType, names),
    st.builds(ast.NamedType, names, st.booleans(), st.booleans()))
notes = many(st.builds(ast.Annotation, names.map(lambda name: name.text), many(strings)),
                   0, 2)


@st.composite
def paths(draw: st.DrawFn) -> ast.LifePath:
    states = draw(many(names, 1, 4))
    return ast.LifePath(states, draw(many(st.booleans(), len(states) - 1, len(states) - 1)))


scopes = st.builds(ast.Scope, names, many(st.tuples(names, st.integers(0, 9))), st.booleans())
fields = st.builds(ast.Field, member_names, types, maybe(exprs), st.booleans(), docs)


@st.composite
def objects(draw: st.DrawFn) -> ast.ObjectDecl:
    owner = draw(maybe(names))
    return ast.ObjectDecl(
        draw(names), owner, draw(maybe(names)) if owner else None, draw(st.booleans()),
        draw(many(paths(), 0, 2)), draw(many(fields)), draw(notes), draw(docs))


levels = st.builds(ast.Level, st.integers(0, 3), maybe(names), maybe(exprs))
hooks = st.one_of(
    st.builds(ast.Hook, st.just("entry"), st.none(), bodies, notes),
    st.builds(ast.Hook, st.just("exit"), maybe(names), bodies, notes))
params = st.builds(ast.ParamDecl, names, types)
blocks = st.builds(
    ast.BlockDecl, st.sampled_from(BLOCK_KINDS), names, many(params, 0, 2), maybe(types),
    maybe(st.builds(ast.Irql, names, st.booleans())), maybe(levels), many(names),
    many(st.builds(ast.Requires, exprs, notes), 0, 2), many(hooks, 0, 2), maybe(exprs),
    bodies, st.just(True), notes, docs)
bare_blocks = st.builds(
    ast.BlockDecl, st.sampled_from(BLOCK_KINDS), names, body=bodies, header=st.just(False),
    annotations=notes, doc=docs)
claims = st.one_of(
    st.builds(ast.Claim, st.sampled_from(["invariant", "never", "reachable", "always possible"]),
              exprs),
    st.builds(ast.Claim, st.just("leads to"), exprs, exprs, many(names)),
    st.builds(ast.Claim, st.just("before"), exprs, block=names, args=many(names)),
    st.builds(ast.Claim, st.just("after"), exprs, block=names, args=many(names),
              status=maybe(names)),
    st.just(ast.Claim("builtin")))
properties = st.builds(ast.PropertyDecl, names, claims, notes, docs)
decls = st.one_of(
    scopes, st.builds(ast.EnumDecl, names, many(names, 1), docs), objects(),
    st.builds(ast.VarDecl, names, types, maybe(exprs), st.booleans(), docs),
    st.builds(ast.RelationDecl, names, names, names, st.booleans(), notes, docs),
    st.builds(ast.LockDecl, names, st.sampled_from(["spin", "mutex"]), docs),
    st.builds(ast.PolicyDecl, names, many(names, 1), maybe(names), notes, docs),
    blocks, properties,
    st.builds(ast.Replace, st.one_of(blocks, bare_blocks, properties, objects())),
    st.builds(ast.Remove, st.sampled_from(BLOCK_KINDS + REMOVABLE), names))
models = st.builds(
    ast.File, names, st.just(False), maybe(st.builds(ast.Extends, names, maybe(strings))),
    many(st.builds(ast.Import, strings), 0, 2), many(decls, 0, 4), docs)
parts = st.builds(ast.File, names, st.just(True), st.none(),
                  many(st.builds(ast.Import, strings), 0, 2), many(decls, 0, 2), docs)
files = st.one_of(models, parts)
