"""Expressions and writes as text of Murphi, with references as numbers or as scalarsets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wddmcheck.export.murphi_words import Words
from wddmcheck.export.render import Renderer, conjuncts
from wddmcheck.export.scalarsets import Scalarsets
from wddmcheck.export.scoped import Scoped
from wddmcheck.ir.expr import TRUE, Expr, Read
from wddmcheck.ir.system import Write


@dataclass(frozen=True, slots=True)
class MurphiText:
    """Writes expressions; `scalarsets` is None where references are numbers."""

    renderer: Renderer
    scalarsets: Scalarsets | None

    @classmethod
    def of(cls, scoped: Scoped, words: Words) -> MurphiText:
        """For a system at a scope. Raises `CannotExportError`."""
        variables = {v.name: v for v in scoped.system.variables}
        if not words.symmetry:
            return cls(Renderer(words.dialect, variables), None)
        scalarsets = Scalarsets.of(scoped)
        return cls(Renderer(words.dialect, {**variables, **scalarsets.marks()}), scalarsets)

    def __call__(self, expr: Expr) -> str:
        """The text of an expression."""
        return self.renderer(self._meant(expr))

    def operand(self, expr: Expr) -> str:
        """The text of a part of a conjunction."""
        return self.renderer.operand(self._meant(expr))

    def _meant(self, expr: Expr) -> Expr:
        return self.scalarsets(expr) if self.scalarsets else expr

    def writes(self, var: str, write: Write) -> Iterator[tuple[list[str], str, str]]:
        """A write as statements: tests, the index with its brackets, the value."""
        for one in self.scalarsets.writes(write) if self.scalarsets else (write,):
            place = Read(var, one.index, self.renderer.variables[var].sort)
            tests = self.renderer.tests(place)
            if one.where != TRUE:
                tests += map(self.renderer.operand, conjuncts(one.where))
            index = "".join(f"[{self.renderer.inner(i)}]" for i in one.index)
            yield tests, index, self.renderer(one.value)
