"""Mutants of the reference miniport: its source without one check, one call or one assignment."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from wddmcheck.machine.miniport import Factory
from wddmcheck.machine.reference import miniport

SOURCE = Path(miniport.__file__).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A place in the source and what is done there: the statement is left out."""

    method: str
    text: str
    nth: int         # of the same text in the method, from 0
    index: int       # among all statements that can be left out

    @property
    def name(self) -> str:
        again = f" #{self.nth + 1}" if self.nth else ""
        return f"{self.method}: {self.text}{again}"

    def factory(self) -> Factory:
        """The mutated driver."""
        tree = ast.parse(SOURCE)
        _LeaveOut(self.index).visit(tree)
        ast.fix_missing_locations(tree)
        module = ModuleType("wddmcheck.machine.reference.mutant")
        exec(compile(tree, miniport.__file__, "exec"), module.__dict__)
        found: Factory = module.ReferenceMiniport
        return found


def mutants() -> Iterator[Mutant]:
    """All of them, in the order of the source."""
    finder = _Finder()
    finder.visit(ast.parse(SOURCE))
    seen: dict[tuple[str, str], int] = {}
    for index, (method, text) in enumerate(finder.places):
        nth = seen.get((method, text), 0)
        seen[method, text] = nth + 1
        yield Mutant(method, text, nth, index)


def _can_go(node: ast.stmt) -> bool:
    """Whether the statement can be left out and the rest still means something: a call, a pause,
    a check with its early way out, a field that is set."""
    match node:
        case ast.Expr(ast.Call() | ast.Yield() | ast.YieldFrom()):
            return True
        case ast.If():
            return True
        case ast.Assign(targets=[ast.Attribute() | ast.Tuple([ast.Attribute(), *_])]):
            return True
        case _:
            return False


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.If):
        return f"if {ast.unparse(node.test)}"
    return ast.unparse(node).replace("\n", " ")


class _Finder(ast.NodeVisitor):
    def __init__(self) -> None:
        self.places: list[tuple[str, str]] = []
        self.method = ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name != "__init__":
            self.method = node.name
            self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        if self.method and isinstance(node, ast.stmt) and _can_go(node):
            self.places.append((self.method, _text(node)))
        super().generic_visit(node)


class _LeaveOut(ast.NodeTransformer):
    def __init__(self, index: int) -> None:
        self.left, self.inside = index, False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name == "__init__":
            return node
        self.inside = True
        return self.generic_visit(node)

    def visit(self, node: ast.AST) -> ast.AST:
        if self.inside and isinstance(node, ast.stmt) and _can_go(node):
            self.left -= 1
            if self.left == -1:
                return ast.copy_location(ast.Pass(), node)
        result: ast.AST = super().visit(node)
        return result
