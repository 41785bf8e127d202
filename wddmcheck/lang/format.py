"""AST -> canonical text; parsing it gives the same tree.

Two spaces of indentation, one declaration or statement per line, parentheses only where the
grammar needs them. `//` comments are not in the tree and so are lost; `///` comments are kept where
the tree holds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from wddmcheck.lang import ast
from wddmcheck.lang.format_code import block_lines, expression, text


def format_file(file: ast.File) -> str:
    """The canonical text of `file`."""
    lines = _doc(file.doc, "")
    head = f"{'part' if file.part else 'model'} {file.name.text}"
    if file.extends is not None:
        head += f" extends {file.extends.base.text}"
        if file.extends.path is not None:
            head += f" from {text(file.extends.path)}"
    lines.append(head)
    lines += [f"import {text(item.path)}" for item in file.imports]
    previous: object = None
    for decl in file.decls:
        printed = _declaration(decl)
        if previous is not type(decl) or len(printed) > 1:
            lines.append("")
        lines += printed
        previous = type(decl) if len(printed) == 1 else None
    return "\n".join(lines) + "\n"


def _doc(doc: str, indent: str) -> list[str]:
    if not doc:
        return []
    return [f"{indent}/// {line}".rstrip() for line in doc.split("\n")]


def _annotations(annotations: Sequence[ast.Annotation], indent: str) -> list[str]:
    return [
        f"{indent}@{item.name}" + (f"({', '.join(text(arg) for arg in item.args)})"
                                   if item.args else "")
        for item in annotations
    ]


def _names(names: Sequence[ast.Name], sign: str = ", ") -> str:
    return sign.join(name.text for name in names)


def _declaration(decl: ast.Decl | ast.Replace | ast.Remove) -> list[str]:
    if isinstance(decl, ast.Remove):
        return [f"remove {decl.kind} {decl.name.text}"]
    prefix = ""
    if isinstance(decl, ast.Replace):
        prefix, decl = "replace ", decl.decl
    if isinstance(decl, ast.Scope):
        return [_scope(decl)]
    notes: tuple[ast.Annotation, ...] = ()
    if not isinstance(decl, (ast.EnumDecl, ast.VarDecl, ast.LockDecl)):
        notes = decl.annotations
    first, *rest = _bare(decl)
    return [*_doc(decl.doc, ""), *_annotations(notes, ""), prefix + first, *rest]


def _scope(decl: ast.Scope) -> str:
    sizes = ", ".join(f"{name.text} {size}" for name, size in decl.sizes)
    return f"{'default ' * decl.default}scope {decl.name.text} {{ {sizes} }}".replace("{  }", "{ }")


def _bare(decl: ast.EnumDecl | ast.VarDecl | ast.LockDecl | ast.ObjectDecl | ast.RelationDecl
          | ast.PolicyDecl | ast.BlockDecl | ast.PropertyDecl) -> list[str]:
    """A declaration without documentation and annotations."""
    name = decl.name.text
    match decl:
        case ast.EnumDecl():
            return [f"enum {name} {{ {_names(decl.members)} }}"]
        case ast.VarDecl():
            return [f"{'os ' * decl.os}var {name}: {_type(decl.type)}{_init(decl.init)}"]
        case ast.LockDecl():
            return [f"lock {name} {decl.kind}"]
        case ast.RelationDecl():
            return [f"{'os ' * decl.os}relation {name}({decl.left.text}, {decl.right.text})"]
        case ast.PolicyDecl():
            default = f" = {decl.default.text}" if decl.default else ""
            return [f"policy {name}: {_names(decl.choices, ' | ')}{default}"]
        case ast.PropertyDecl():
            return [f"property {name}: {_claim(decl.claim)}"]
        case ast.ObjectDecl():
            return _object(decl)
        case ast.BlockDecl():
            return _block(decl)
        case _:
            assert_never(decl)


def _object(decl: ast.ObjectDecl) -> list[str]:
    head = f"{'single ' * decl.single}object {decl.name.text}"
    if decl.owner is not None:
        head += f" within {decl.owner.text}"
        if decl.owner_field is not None:
            head += f" as {decl.owner_field.text}"
    if not decl.life and not decl.fields:
        return [head]
    lines = [head + " {"]
    if decl.life:
        lines.append("  life " + ", ".join(_path(path) for path in decl.life))
    for item in decl.fields:
        lines += _doc(item.doc, "  ")
        lines.append(f"  {'os ' * item.os}{item.name.text}: {_type(item.type)}{_init(item.init)}")
    return [*lines, "}"]


def _path(path: ast.LifePath) -> str:
    out = path.states[0].text
    for both, state in zip(path.both_ways, path.states[1:], strict=True):
        out += f" {'<->' if both else '->'} {state.text}"
    return out


def _init(init: ast.Expr | None) -> str:
    return "" if init is None else f" = {expression(init)}"


def _type(kind: ast.Type) -> str:
    match kind:
        case ast.BoolType():
            return "bool"
        case ast.RangeType():
            return f"{kind.lo}..{kind.hi}"
        case ast.EnumType():
            return f"{{ {_names(kind.members)} }}"
        case ast.NamedType():
            return f"{'raw ' * kind.raw}{kind.name.text}{'?' * kind.optional}"
        case ast.SetType():
            return f"set of {kind.element.text}"
        case _:
            assert_never(kind)


def _block(decl: ast.BlockDecl) -> list[str]:
    if not decl.header:
        return [f"{decl.kind} {decl.name.text} {{", *block_lines(decl.body, "  "), "}"]
    params = ", ".join(f"{param.name.text}: {_type(param.type)}" for param in decl.params)
    head = f"{decl.kind} {decl.name.text}({params})"
    if decl.result is not None:
        head += f" -> {_type(decl.result)}"
    clauses = _clauses(decl)
    body = block_lines(decl.body, "  ")
    if not clauses:
        return [head + " {", *body, "}"]
    return [head, *clauses, "{", *body, "}"]


def _clauses(decl: ast.BlockDecl) -> list[str]:
    lines: list[str] = []
    if decl.irql is not None:
        lines.append(f"  irql {'<= ' * decl.irql.at_most}{decl.irql.level.text}")
    if decl.level is not None:
        line = f"  level {decl.level.level}"
        if decl.level.klass is not None:
            line += f" class {decl.level.klass.text}"
        if decl.level.process is not None:
            line += f" of {expression(decl.level.process, 'postfix')}"
        lines.append(line)
    if decl.returns:
        lines.append(f"  returns {_names(decl.returns)}")
    for item in decl.requires:
        lines += _annotations(item.annotations, "  ")
        lines.append(f"  requires {expression(item.cond)}")
    for hook in decl.hooks:
        lines += _annotations(hook.annotations, "  ")
        status = f" {hook.status.text}" if hook.status else ""
        lines += [f"  {hook.at}{status} {{", *block_lines(hook.body, "    "), "  }"]
    if decl.when is not None:
        lines.append(f"  when {expression(decl.when)}")
    return lines


def _claim(claim: ast.Claim) -> str:
    if claim.formula is None:
        return claim.kind
    formula = expression(claim.formula)
    if claim.kind == "leads to" and claim.target is not None:
        fair = f" under fairness of {_names(claim.fair)}" if claim.fair else ""
        return f"{formula} leads to {expression(claim.target)}{fair}"
    if claim.block is not None:
        status = f" {claim.status.text}" if claim.status else ""
        return f"{claim.kind} {claim.block.text}({_names(claim.args)}){status}: {formula}"
    return f"{claim.kind} {formula}"
