"""The symbol table of a model under construction, and the errors of looking things up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from wddmcheck.diagnostics.diagnostic import Label, Sink
from wddmcheck.diagnostics.source import Span
from wddmcheck.diagnostics.suggest import closest
from wddmcheck.lang import ast
from wddmcheck.sema.model import Model
from wddmcheck.sema.types import BOOL, ERROR, EnumT, IntT, RefT, SetT, Type

IRQL = {
    "PASSIVE_LEVEL": 0, "APC_LEVEL": 1, "DISPATCH_LEVEL": 2, "DIRQL": 3, "HIGH_LEVEL": 15,
}
"""Interrupt request levels that the language knows, in order."""

DISPATCH = IRQL["DISPATCH_LEVEL"]
"""From here on nothing may block; a spin lock raises to it."""


@dataclass(slots=True)
class Symbols:
    """What names mean, while a model is being checked."""

    model: Model
    sink: Sink
    places: dict[str, Span] = field(default_factory=dict)      # of global names and blocks
    blocks: dict[str, ast.BlockDecl] = field(default_factory=dict)
    block_params: dict[str, tuple[tuple[str, Type], ...]] = field(default_factory=dict)
    block_result: dict[str, Type | None] = field(default_factory=dict)

    def unknown(self, code: str, what: str, name: ast.Name, candidates: Iterable[str], *,
                prefer: str = "") -> None:
        """Report that `name` is no `what`, with the closest candidate."""
        names = list(candidates)
        near = closest(name.text, names)
        labels: tuple[Label, ...] = ()
        if near and near in self.places:
            labels = (Label(self.places[near], "declared"),)
        self.sink.error(
            code, f"unknown {what} `{name.text}`", name.span,
            caret=f"did you mean `{near}`?" if near else "",
            help=f"write `{near}`" if near else prefer or (
                f"known: {', '.join(names[:12])}" if names else f"declare a {what} first"),
            labels=labels)

    def resolve_type(self, type_: ast.Type, where: str) -> Type:
        """The meaning of a written type; `where` names a field for in-place enums."""
        match type_:
            case ast.BoolType():
                return BOOL
            case ast.RangeType(lo, hi):
                if lo > hi or hi - lo > 1 << 16:
                    self.sink.error("WC153", f"the range {lo}..{hi} is empty or too large",
                                    type_.span, help="write the smaller bound first: 0..3")
                    return ERROR
                return IntT(lo, hi)
            case ast.EnumType(members):
                return EnumT(where, tuple(m.text for m in members))
            case ast.SetType(element):
                return SetT(element.text) if self._is_object(element) else ERROR
            case ast.NamedType(name, optional, raw):
                if name.text in self.model.enums and not raw and not optional:
                    return self.model.enums[name.text]
                if self._is_object(name):
                    return RefT(name.text, optional, raw)
                return ERROR

    def _is_object(self, name: ast.Name) -> bool:
        if name.text in self.model.objects:
            return True
        self.unknown("WC104", "object class", name,
                     [*self.model.objects, *self.model.enums],
                     prefer="declare it: `object " + name.text + "`")
        return False

    def is_status(self, name: ast.Name) -> bool:
        """Whether `name` is spelled like an NTSTATUS value; reports it otherwise."""
        if name.text.startswith("STATUS_"):
            return True
        self.sink.error("WC157", f"`{name.text}` is not a status", name.span,
                        help="statuses are spelled as in ntstatus.h: STATUS_NO_MEMORY")
        return False
