"""What the automaton builds: one method for each rule or alias of grammar.lark.

Values are AST nodes, tuples of them, or tokens. What the grammar lets through and the language does
not is reported to the sink here, and building goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wddmcheck.diagnostics.diagnostic import Label, Sink
from wddmcheck.diagnostics.source import Span
from wddmcheck.lang import ast
from wddmcheck.lang.tokens import Token

Parts = list[Any]
Method = Callable[["Builder", Parts, Span], Any]

NO_HEADER = ast.File(ast.Name("?"))
ANNOTATED = (ast.ObjectDecl, ast.RelationDecl, ast.PolicyDecl, ast.BlockDecl, ast.PropertyDecl)
DOCUMENTED = (ast.EnumDecl, ast.VarDecl, ast.LockDecl, *ANNOTATED)


class Builder:
    """Builds the nodes of one file. `docs` holds doc comments by the offset of what follows."""

    def __init__(self, source: str, docs: dict[int, str], sink: Sink) -> None:
        self.source = source
        self.docs = docs
        self.sink = sink
        self.header = NO_HEADER
        self.imports: list[ast.Import] = []
        self.decls: list[ast.Decl | ast.Replace | ast.Remove] = []

    def __call__(self, rule: str, parts: Parts, start: int, end: int) -> Any:
        """What `rule` makes of its parts, which cover `[start, end)`."""
        return _METHODS[rule](self, parts, Span(self.source, start, end))

    def name(self, token: Token) -> ast.Name:
        """The name that `token` is."""
        return ast.Name(token.text, span=Span(self.source, token.start, token.end))

    def names(self, tokens: Parts) -> tuple[ast.Name, ...]:
        """The names that `tokens` are."""
        return tuple(self.name(token) for token in tokens)

    def doc(self, *places: int) -> str:
        """The doc comments before these places."""
        return "\n".join(self.docs[place] for place in dict.fromkeys(places) if place in self.docs)

    # --- file and header -------------------------------------------------------------------------

    def on_file(self, parts: Parts, span: Span) -> ast.File:
        return replace(self.header, imports=tuple(self.imports), decls=tuple(self.decls), span=span)

    def on_header(self, parts: Parts, span: Span) -> None:
        pass

    def on_items(self, parts: Parts, span: Span) -> None:
        pass

    def on_model_header(self, parts: Parts, span: Span) -> None:
        self.header = ast.File(self.name(parts[0]), extends=parts[1], doc=self.doc(span.start))

    def on_part_header(self, parts: Parts, span: Span) -> None:
        self.header = ast.File(self.name(parts[0]), part=True, doc=self.doc(span.start))

    def on_extends(self, parts: Parts, span: Span) -> ast.Extends:
        return ast.Extends(self.name(parts[0]), parts[1].text if parts[1] else None, span=span)

    def on_import(self, parts: Parts, span: Span) -> ast.Import:
        return ast.Import(parts[0].text, span=span)

    def on_item(self, parts: Parts, span: Span) -> None:
        decl = parts.pop()
        doc = self.doc(*(part.span.start for part in parts), decl.span.start)
        if isinstance(decl, ast.Replace):
            doc = "\n".join(filter(None, (doc, self.doc(decl.decl.span.start))))
        inner: Any = decl.decl if isinstance(decl, ast.Replace) else decl
        if parts and not isinstance(inner, ANNOTATED):
            self.sink.error(
                "WC032", "an annotation stands before a declaration that takes none",
                parts[0].span, caret="object, relation, policy, block and property take one",
                help="write it as a `///` comment, or move it to what it is about")
        if isinstance(inner, ANNOTATED):
            if parts or doc:
                inner = replace(inner, annotations=tuple(parts), doc=doc)
        elif doc and isinstance(inner, DOCUMENTED):
            inner = replace(inner, doc=doc)
        if isinstance(decl, ast.Replace):
            self.decls.append(replace(decl, decl=inner))
        elif isinstance(decl, ast.Import):
            self.imports.append(decl)
        else:
            self.decls.append(replace(inner, span=span))

    def on_annotation(self, parts: Parts, span: Span) -> ast.Annotation:
        return ast.Annotation(parts[0].text, parts[1] or (), span=span)

    def on_strings(self, parts: Parts, span: Span) -> tuple[str, ...]:
        return tuple(token.text for token in parts)

    # --- declarations ----------------------------------------------------------------------------

    def on_scope(self, parts: Parts, span: Span) -> ast.Scope:
        default, name, *sizes = parts
        return ast.Scope(self.name(name), tuple(sizes), default is not None, span=span)

    def on_size(self, parts: Parts, span: Span) -> tuple[ast.Name, int]:
        return self.name(parts[0]), int(parts[1].text)

    def on_enum(self, parts: Parts, span: Span) -> ast.EnumDecl:
        return ast.EnumDecl(self.name(parts[0]), parts[1], span=span)

    def on_var(self, parts: Parts, span: Span) -> ast.VarDecl:
        own, name, kind, init = parts
        return ast.VarDecl(self.name(name), kind, init, own is not None, span=span)

    def on_relation(self, parts: Parts, span: Span) -> ast.RelationDecl:
        own, name, left, right = parts
        return ast.RelationDecl(self.name(name), self.name(left), self.name(right),
                                own is not None, span=span)

    def on_lock(self, parts: Parts, span: Span) -> ast.LockDecl:
        name, kind = parts
        return ast.LockDecl(self.name(name), kind.text if kind else "spin", span=span)

    def on_policy(self, parts: Parts, span: Span) -> ast.PolicyDecl:
        name, *choices, default = parts
        return ast.PolicyDecl(self.name(name), self.names(choices), default, span=span)

    def on_default_choice(self, parts: Parts, span: Span) -> ast.Name:
        return self.name(parts[0])

    def on_object(self, parts: Parts, span: Span) -> ast.ObjectDecl:
        single, name, within, members = parts
        owner, owner_field = within or (None, None)
        members = members or []
        return ast.ObjectDecl(
            self.name(name), owner, owner_field, single is not None,
            tuple(path for member in members if isinstance(member, tuple) for path in member),
            tuple(member for member in members if isinstance(member, ast.Field)), span=span)

    def on_within(self, parts: Parts, span: Span) -> tuple[ast.Name, ast.Name | None]:
        return self.name(parts[0]), self.name(parts[1]) if parts[1] else None

    def on_members(self, parts: Parts, span: Span) -> Parts:
        return parts

    def on_life(self, parts: Parts, span: Span) -> tuple[ast.LifePath, ...]:
        return tuple(parts)

    def on_path(self, parts: Parts, span: Span) -> ast.LifePath:
        return ast.LifePath(self.names(parts[::2]), tuple(parts[1::2]), span=span)

    def on_one_way(self, parts: Parts, span: Span) -> bool:
        return False

    def on_both_ways(self, parts: Parts, span: Span) -> bool:
        return True

    def on_field(self, parts: Parts, span: Span) -> ast.Field:
        own, name, kind, init = parts
        return ast.Field(self.name(name), kind, init, own is not None, self.doc(span.start),
                         span=span)

    # --- types -----------------------------------------------------------------------------------

    def on_bool_type(self, parts: Parts, span: Span) -> ast.BoolType:
        return ast.BoolType(span=span)

    def on_range_type(self, parts: Parts, span: Span) -> ast.RangeType:
        return ast.RangeType(parts[0], parts[1], span=span)

    def on_bound(self, parts: Parts, span: Span) -> int:
        return int(parts[0].text)

    def on_negative_bound(self, parts: Parts, span: Span) -> int:
        return -int(parts[0].text)

    def on_enum_type(self, parts: Parts, span: Span) -> ast.EnumType:
        return ast.EnumType(parts[0], span=span)

    def on_named_type(self, parts: Parts, span: Span) -> ast.NamedType:
        raw, name, optional = parts
        return ast.NamedType(self.name(name), optional is not None, raw is not None, span=span)

    def on_set_type(self, parts: Parts, span: Span) -> ast.SetType:
        return ast.SetType(self.name(parts[0]), span=span)

    def on_names(self, parts: Parts, span: Span) -> tuple[ast.Name, ...]:
        return self.names(parts)

    on_names_open = on_names

    def on_fairness(self, parts: Parts, span: Span) -> tuple[ast.Name, ...]:
        return tuple(parts[0])

    # --- blocks ----------------------------------------------------------------------------------

    def on_block(self, parts: Parts, span: Span) -> ast.BlockDecl:
        kind, name, params, result, clauses, body = parts
        once: dict[str, Any] = {}
        for word, value, place in clauses:
            if word in ("requires", "hook"):
                continue
            if word in once:
                self.sink.error(
                    "WC026", f"`{word}` is given twice", place, caret="the second one",
                    help=f"keep one `{word}`; several values go into one clause",
                    labels=(Label(once[word][1], "the first one"),))
            once[word] = value, place
        found = {word: value for word, (value, _) in once.items()}
        return ast.BlockDecl(
            kind.text, self.name(name), params or (), result, found.get("irql"),
            found.get("level"), found.get("returns", ()),
            tuple(value for word, value, _ in clauses if word == "requires"),
            tuple(value for word, value, _ in clauses if word == "hook"),
            found.get("when"), body, span=span)

    def on_headless(self, parts: Parts, span: Span) -> ast.BlockDecl:
        kind, name, body = parts
        return ast.BlockDecl(kind.text, self.name(name), body=body, header=False, span=span)

    def on_kind(self, parts: Parts, span: Span) -> Token:
        token: Token = parts[0]
        return token

    on_removable = on_kind

    def on_params(self, parts: Parts, span: Span) -> tuple[ast.ParamDecl, ...]:
        return tuple(parts)

    def on_param(self, parts: Parts, span: Span) -> ast.ParamDecl:
        return ast.ParamDecl(self.name(parts[0]), parts[1], span=span)

    def on_clauses(self, parts: Parts, span: Span) -> Parts:
        return parts

    def on_clause(self, parts: Parts, span: Span) -> tuple[str, Any, Span]:
        word, value = parts.pop()
        if word in ("requires", "hook"):
            value = replace(value, annotations=tuple(parts), span=span)
        elif parts:
            self.sink.error(
                "WC032", "an annotation stands before a clause that takes none", parts[0].span,
                caret="`requires`, `entry` and `exit` take one",
                help="move it before the declaration, or write it as a comment")
        return word, value, span

    def on_irql(self, parts: Parts, span: Span) -> tuple[str, ast.Irql]:
        return "irql", ast.Irql(self.name(parts[1]), parts[0] is not None, span=span)

    def on_level(self, parts: Parts, span: Span) -> tuple[str, ast.Level]:
        number, klass, process = parts
        return "level", ast.Level(int(number.text), self.name(klass) if klass else None, process,
                                  span=span)

    def on_returns(self, parts: Parts, span: Span) -> tuple[str, Any]:
        return "returns", parts[0]

    def on_requires(self, parts: Parts, span: Span) -> tuple[str, ast.Requires]:
        return "requires", ast.Requires(parts[0], span=span)

    def on_entry_hook(self, parts: Parts, span: Span) -> tuple[str, ast.Hook]:
        return "hook", ast.Hook("entry", None, parts[0], span=span)

    def on_exit_hook(self, parts: Parts, span: Span) -> tuple[str, ast.Hook]:
        status = self.name(parts[0]) if parts[0] else None
        return "hook", ast.Hook("exit", status, parts[1], span=span)

    def on_when(self, parts: Parts, span: Span) -> tuple[str, Any]:
        return "when", parts[0]

    # --- properties and variants -----------------------------------------------------------------

    def on_property(self, parts: Parts, span: Span) -> ast.PropertyDecl:
        return ast.PropertyDecl(self.name(parts[0]), parts[1], span=span)

    def on_before(self, parts: Parts, span: Span) -> ast.Claim:
        block, args, formula = parts
        return ast.Claim("before", formula, block=self.name(block), args=args or (), span=span)

    def on_after(self, parts: Parts, span: Span) -> ast.Claim:
        block, args, status, formula = parts
        return ast.Claim("after", formula, block=self.name(block), args=args or (),
                         status=self.name(status) if status else None, span=span)

    def on_leads_to(self, parts: Parts, span: Span) -> ast.Claim:
        formula, target, fair = parts
        return ast.Claim("leads to", formula, target, fair or (), span=span)

    def on_builtin(self, parts: Parts, span: Span) -> ast.Claim:
        return ast.Claim("builtin", span=span)

    def on_replace(self, parts: Parts, span: Span) -> ast.Replace:
        return ast.Replace(parts[0], span=span)

    def on_remove(self, parts: Parts, span: Span) -> ast.Remove:
        return ast.Remove(parts[0].text, self.name(parts[1]), span=span)


def _claim(kind: str) -> Method:
    return lambda _, parts, span: ast.Claim(kind, parts[0], span=span)


def _methods() -> dict[str, Method]:
    from wddmcheck.lang.build_code import METHODS

    methods: dict[str, Method] = {
        name.removeprefix("on_"): method
        for name, method in vars(Builder).items() if name.startswith("on_")
    }
    for kind in ("invariant", "never", "reachable", "always possible"):
        methods[kind.replace(" ", "_")] = _claim(kind)
    return methods | METHODS


_METHODS = _methods()
