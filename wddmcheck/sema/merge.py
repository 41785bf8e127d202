"""Program -> one list of declarations: imports flattened, `extends` applied.

A variant's `replace` and `remove` act on what stood before it; its scopes and policies replace
those of the same name; if it declares a default scope, the base's defaults no longer are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from wddmcheck.diagnostics.diagnostic import Label, Sink
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.lang import ast

Key = tuple[str, str]
"""Family ("object", "block", ...) and name of a declaration."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The declarations that make up a model, in order, the model's name and its family."""

    name: ast.Name
    family: str
    decls: tuple[ast.Decl, ...]


def family(decl: ast.Decl) -> str:
    """The namespace that a declaration's name lives in."""
    match decl:
        case ast.Scope():
            return "scope"
        case ast.PropertyDecl():
            return "property"
        case ast.PolicyDecl():
            return "policy"
        case ast.BlockDecl():
            return "block"
        case (ast.EnumDecl() | ast.ObjectDecl() | ast.VarDecl() | ast.RelationDecl()
              | ast.LockDecl()):
            return "name"


def merge(program: ast.Program, sink: Sink) -> Merged:
    """Apply all files of `program` in order."""
    decls: dict[Key, ast.Decl] = {}
    for file in program.files:
        _apply(file, decls, sink)
    return Merged(program.files[-1].name, program.family, tuple(decls.values()))


def _apply(file: ast.File, decls: dict[Key, ast.Decl], sink: Sink) -> None:
    own = [d for d in file.decls if isinstance(d, ast.Scope)]
    if any(scope.default for scope in own):
        for key, decl in decls.items():
            if isinstance(decl, ast.Scope):
                decls[key] = replace(decl, default=False)
    seen: set[Key] = set()
    for item in file.decls:
        match item:
            case ast.Replace(inner):
                _replace(inner, decls, sink)
            case ast.Remove(kind, name):
                _remove(kind, name, decls, sink)
            case decl:
                key = (family(decl), decl.name.text)
                overrides = isinstance(decl, (ast.Scope, ast.PolicyDecl)) and key not in seen
                if key in decls and not overrides:
                    first = decls[key]
                    sink.error(
                        "WC105", f"`{decl.name.text}` is declared twice", decl.name.span,
                        caret="second declaration",
                        help=f"write `replace` before it in a model that extends another, or "
                             f"give it a name other than `{decl.name.text}`",
                        labels=(Label(first.name.span, "first declared"),))
                else:
                    decls[key] = decl
                    seen.add(key)


def _replace(new: ast.BlockDecl | ast.PropertyDecl | ast.ObjectDecl,
             decls: dict[Key, ast.Decl], sink: Sink) -> None:
    key = (family(new), new.name.text)
    old = decls.get(key)
    if old is None or type(old) is not type(new):
        _nothing(key, decls, sink, new.name, "replace")
        return
    if isinstance(new, ast.BlockDecl) and isinstance(old, ast.BlockDecl):
        if old.kind != new.kind:
            sink.error("WC108", f"`{new.name.text}` is a {old.kind}, not a {new.kind}",
                       new.name.span, help=f"replace {old.kind} {new.name.text} {{ ... }}",
                       labels=(Label(old.name.span, "declared"),))
            return
        if not new.header:
            new = replace(old, body=new.body, doc=new.doc or old.doc, span=new.span,
                          annotations=new.annotations or old.annotations)
    decls[key] = new


def _remove(kind: str, name: ast.Name, decls: dict[Key, ast.Decl], sink: Sink) -> None:
    for fam in ("property", "block", "name", "scope", "policy"):
        decl = decls.get((fam, name.text))
        if decl is None:
            continue
        if _word(decl) == kind:
            del decls[(fam, name.text)]
            return
    _nothing((kind, name.text), decls, sink, name, "remove")


def _word(decl: ast.Decl) -> str:
    """The keyword that introduces `decl`."""
    match decl:
        case ast.BlockDecl():
            return decl.kind
        case ast.ObjectDecl():
            return "object"
        case ast.PropertyDecl():
            return "property"
        case ast.Scope():
            return "scope"
        case ast.PolicyDecl():
            return "policy"
        case ast.EnumDecl():
            return "enum"
        case ast.VarDecl():
            return "var"
        case ast.RelationDecl():
            return "relation"
        case ast.LockDecl():
            return "lock"


def _nothing(key: Key, decls: dict[Key, ast.Decl], sink: Sink, name: ast.Name, verb: str) -> None:
    near = closest(name.text, [n for _, n in decls])
    sink.error("WC108", f"there is no `{name.text}` of that kind to {verb}", name.span,
               help=f"did you mean `{near}`?" if near
               else "only what the extended model declares can be replaced or removed")
