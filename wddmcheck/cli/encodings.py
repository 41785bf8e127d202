"""Where models encode which rule: what annotations cite, and what stands in parentheses.

In: the files of models, parsed one by one. Out: `Encoding`s, in file order. A rule is encoded
where an annotation cites it, and where the comment of a declaration, or one inside its block, names
it in parentheses: `destroy isr  // a failed start undoes what it did (ADP-05)`. The comment at the
head of a file encodes nothing, nor does a reason in an annotation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.diagnostics.source import SourceFile, SourceMap, Span
from wddmcheck.lang import ast

_COMMENT = re.compile(r'"(?:\\.|[^"\\\n])*"|(?P<comment>//[^\n]*|/\*.*?\*/)', re.S)
_BRACE = re.compile(_COMMENT.pattern + r"|\{", re.S)
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_ID = re.compile(r"\b[A-Z]{3}-[0-9]{2}\b")
_BASES = ("doc", "inferred", "assumed")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A rule at a place of a model. `kind` is "object", "block" (a DDI or other block as a whole),
    "guard" (what a caller may rely on), "effect" (what a body or a note does), "fault" (an
    obligation whose breach ends the run: of a callback, or built in), "property" or "policy";
    `by` is "doc", "inferred" or "comment"."""

    rule: str
    kind: str
    declaration: str
    file: str
    line: int
    by: str

    @property
    def text(self) -> str:
        """`guard of ddi DxgkDdiDestroyDevice, models/miniport.wddm:254, inferred`."""
        return f"{self.kind} of {self.declaration}, {self.file}:{self.line}, {self.by}"


def encodings(files: tuple[ast.File, ...], sources: SourceMap) -> tuple[Encoding, ...]:
    """All encodings in `files`, each place once."""
    found = (e for file in files for e in _of_file(file, sources))
    return tuple(dict.fromkeys(found))


def _of_file(file: ast.File, sources: SourceMap) -> Iterator[Encoding]:
    source = sources.files[file.span.source]
    comments = [(m.start("comment"), m["comment"]) for m in _COMMENT.finditer(source.text)
                if m["comment"] and not m["comment"].startswith("///")]
    for item in file.decls:
        decl = item.decl if isinstance(item, ast.Replace) else item
        if isinstance(decl, (ast.ObjectDecl, ast.RelationDecl, ast.PolicyDecl, ast.BlockDecl,
                             ast.PropertyDecl)):
            yield from _of_decl(decl, sources)
            inside = [c for c in comments if item.span.start <= c[0] < item.span.end]
            yield from _of_comments(decl, inside, source, sources)


_Citing = ast.ObjectDecl | ast.RelationDecl | ast.PolicyDecl | ast.BlockDecl | ast.PropertyDecl


def _of_decl(decl: _Citing, sources: SourceMap) -> Iterator[Encoding]:
    name, kind = _name(decl), _kind(decl)
    for note in decl.annotations:
        yield from _cited(note, kind, name, sources)
    for rule in _named(decl.doc):
        yield _encoding(rule, kind, name, decl.name.span, "comment", sources)
    if isinstance(decl, ast.BlockDecl):
        guard = "fault" if decl.kind == "callback" else "guard"
        for clause in decl.requires:
            for note in clause.annotations:
                yield from _cited(note, guard, name, sources)
        for hook in decl.hooks:
            for note in hook.annotations:
                yield from _cited(note, "effect", name, sources)


def _of_comments(decl: _Citing, comments: list[tuple[int, str]], source: SourceFile,
                 sources: SourceMap) -> Iterator[Encoding]:
    body = _body(decl, source.text) if isinstance(decl, ast.BlockDecl) and comments else 0
    for start, comment in comments:
        kind = _kind(decl)
        if isinstance(decl, ast.BlockDecl):
            noted = any(h.span.start <= start < h.span.end for h in decl.hooks)
            guard = "fault" if decl.kind == "callback" else "guard"
            kind = "effect" if noted or start > body else guard
        for rule in _named(comment):
            span = Span(source.name, start, start + len(comment))
            yield _encoding(rule, kind, _name(decl), span, "comment", sources)


def _body(block: ast.BlockDecl, text: str) -> int:
    """Where the body of a block starts: the first brace behind its contract."""
    parts: list[Span] = [block.name.span, *(p.span for p in block.params),
                         *(r.span for r in block.requires), *(h.span for h in block.hooks),
                         *(n.span for n in block.returns)]
    parts += [c.span for c in (block.irql, block.level, block.when) if c is not None]
    at = max(p.end for p in parts)
    return next((m.start() for m in _BRACE.finditer(text, at) if m.group() == "{"), at)


def _cited(note: ast.Annotation, kind: str, name: str, sources: SourceMap) -> Iterator[Encoding]:
    match note.name:
        case "doc":
            rules = note.args[1:]
        case "inferred":
            rules = note.args[:1]
        case _:
            return
    for rule in rules:
        yield _encoding(rule, kind, name, note.span, note.name, sources)


def _kind(decl: _Citing) -> str:
    match decl:
        case ast.PolicyDecl():
            return "policy"
        case ast.BlockDecl():
            return "block"
        case ast.PropertyDecl():
            return "fault" if decl.claim.kind == "builtin" else "property"
        case _:
            return "object"


def _name(decl: _Citing) -> str:
    match decl:
        case ast.BlockDecl():
            return f"{decl.kind} {decl.name.text}"
        case ast.PolicyDecl():
            return f"policy {decl.name.text}"
        case ast.PropertyDecl():
            return f"property {decl.name.text}"
        case ast.RelationDecl():
            return f"relation {decl.name.text}"
        case _:
            return f"object {decl.name.text}"


def _named(comment: str) -> list[str]:
    """The rules that a comment names in parentheses."""
    return [rule for inner in _PARENTHESES.findall(comment) for rule in _ID.findall(inner)]


def _encoding(rule: str, kind: str, declaration: str, span: Span, by: str,
              sources: SourceMap) -> Encoding:
    name, position = sources.locate(span)
    return Encoding(rule, kind, declaration, name, position.line, by)
