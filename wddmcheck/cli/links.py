"""Which declarations of a model cite what: the model's side of the sentence table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.diagnostics.source import SourceMap, Span
from wddmcheck.ir.system import Citation, Origin
from wddmcheck.sema.model import Model


@dataclass(frozen=True, slots=True)
class Link:
    """A declaration (or a part of one) and one of its citations."""

    declaration: str
    citation: Citation
    place: str

    @property
    def text(self) -> str:
        """`requires of DxgkDdiDestroyDevice (models/miniport.wddm:254)`."""
        return f"{self.declaration} ({self.place})" if self.place else self.declaration


def links(model: Model, sources: SourceMap) -> tuple[Link, ...]:
    """All citations of `model`, in declaration order."""
    return tuple(_links(model, sources))


def _links(model: Model, sources: SourceMap) -> Iterator[Link]:
    for cls in model.objects.values():
        yield from _of(f"object {cls.name}", cls.origin, sources)
    for relation in model.relations.values():
        yield from _of(f"relation {relation.name}", relation.origin, sources)
    for policy in model.policies.values():
        yield from _of(f"policy {policy.name}", policy.origin, sources)
    for block in model.blocks.values():
        yield from _of(f"{block.kind} {block.name}", block.origin, sources)
        for contract in block.requires:
            if contract.origin.citations != block.origin.citations:
                yield from _of(f"requires of {block.name}", contract.origin, sources)
    for prop in model.properties.values():
        yield from _of(f"property {prop.name}", prop.origin, sources)


def _of(declaration: str, origin: Origin, sources: SourceMap) -> Iterator[Link]:
    place = place_of(origin.span, sources)
    for citation in origin.citations:
        yield Link(declaration, citation, place)


def place_of(span: Span | None, sources: SourceMap) -> str:
    """`file:line`, "" if unknown."""
    if span is None or span.source not in sources.files:
        return ""
    name, position = sources.locate(span)
    return f"{name}:{position.line}"
