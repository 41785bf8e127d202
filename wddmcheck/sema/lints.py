"""Lints: what is declared and never used is, more often than not, a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from wddmcheck.diagnostics.diagnostic import Sink
from wddmcheck.diagnostics.source import Span
from wddmcheck.ir.system import Origin
from wddmcheck.sema.model import (
    Model,
    SCall,
    SCreate,
    SEditRelation,
    SLock,
    XField,
    XGlobal,
    XInFlight,
    XPolicy,
    XRelation,
)
from wddmcheck.sema.symbols import Symbols
from wddmcheck.sema.types import EnumT, Type


def lint(symbols: Symbols, sink: Sink) -> None:
    """Warn of declarations that nothing uses. The model must be free of errors."""
    model = symbols.model
    used = set(_used(model))
    for what, names in (
            ("lock", model.locks), ("policy", model.policies), ("relation", model.relations),
            ("variable", model.globals), ("enum", model.enums),
            ("callback", [b.name for b in model.blocks.values() if b.kind == "callback"]),
            ("routine", [b.name for b in model.blocks.values() if b.kind == "routine"])):
        for name in names:
            if (what, name) not in used:
                sink.warning("WC201", f"{what} `{name}` is never used", symbols.places.get(name),
                             help=f"remove it, or write `remove {_keyword(what)} {name}` in a "
                                  "model that extends another")
    for cls in model.objects.values():
        for info in cls.fields.values():
            if not info.owner and ("field", f"{cls.name}.{info.name}") not in used:
                sink.warning("WC202", f"field `{info.name}` of {cls.name} is never used",
                             info.span, help="remove it: every field multiplies the states")


def _keyword(what: str) -> str:
    return "var" if what == "variable" else what


def _used(model: Model) -> Iterator[tuple[str, str]]:
    roots: list[object] = [*model.blocks.values(), *model.properties.values()]
    for cls in model.objects.values():
        for info in cls.fields.values():
            yield from _enum(info.type)
    for info in model.globals.values():
        yield from _enum(info.type)
    for block in model.blocks.values():
        for _, type_ in block.params:
            yield from _enum(type_)
    yield from _walk(roots, model)


def _enum(type_: Type) -> Iterator[tuple[str, str]]:
    if isinstance(type_, EnumT):
        yield "enum", type_.name


def _walk(node: object, model: Model) -> Iterator[tuple[str, str]]:
    match node:
        case XGlobal(name, _):
            yield "variable", name
        case XPolicy(name, _):
            yield "policy", name
        case XField(_, pool, name, _, _, _):
            yield "field", f"{pool}.{name}"
        case SCreate(_, pool, _, given, _, _):
            yield from (("field", f"{pool}.{name}") for name, _ in given)
        case SLock(_, lock, _):
            yield "lock", lock
        case XRelation(name, _, _) | SEditRelation(_, name, _, _, _):
            yield "relation", name
        case SCall(_, block, _, _, _):
            yield model.blocks[block].kind, block
        case XInFlight(str() as block, _):
            yield model.blocks[block].kind, block
        case EnumT(name, _):
            yield "enum", name
        case _:
            pass
    if isinstance(node, (tuple, list)):
        for item in node:
            yield from _walk(item, model)
    elif is_dataclass(node) and not isinstance(node, (Span, Origin, type)):
        for f in fields(node):
            yield from _walk(getattr(node, f.name), model)
