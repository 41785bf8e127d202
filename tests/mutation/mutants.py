"""Mutants of the reference miniport: its source without one check, one call or one assignment."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from wddmcheck.machine import reference
from wddmcheck.machine.miniport import Factory

FOLDER = Path(reference.__file__).parent
PARTS = ("common", "power", "adapters", "events", "devices", "suspension", "contexts",
         "hardware_queues", "paging", "allocations", "escapes", "native_fences", "packets", "work",
         "recovery", "timeouts", "miniport")
"""The modules of the reference miniport, each after those that it imports."""

FAMILIES = {"bring_up": "BringUpMiniport", "display": "DisplayingMiniport",
            "dma_buffers": "DmaMiniport", "locking": "LockingMiniport",
            "threaded": "ThreadedMiniport"}
"""Modules of the reference miniports of other families, which are made from it."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A place in the source and what is done there: the statement is left out."""

    part: str
    method: str
    text: str
    nth: int         # of the same text in the method, from 0
    index: int       # among all statements of the part that can be left out

    @property
    def name(self) -> str:
        again = f" #{self.nth + 1}" if self.nth else ""
        return f"{self.method}: {self.text}{again}"

    def factory(self) -> Factory:
        """The mutated driver: all parts anew, one of them changed."""
        made: dict[str, ModuleType] = {}
        for part in PARTS if self.part in PARTS else (*PARTS, self.part):
            tree = parsed(part)
            if part == self.part:
                _LeaveOut(self.index).visit(tree)
                ast.fix_missing_locations(tree)
            name = f"wddmcheck.machine.reference.{part}"
            module = made[name] = ModuleType(name)
            with replaced(made):
                exec(compile(tree, str(FOLDER / f"{part}.py"), "exec"), module.__dict__)
        found: Factory = getattr(module, FAMILIES.get(self.part, "ReferenceMiniport"))
        return found


def mutants(parts: tuple[str, ...] = PARTS) -> Iterator[Mutant]:
    """All of them, in the order of the source."""
    for part in parts:
        finder = _Finder()
        finder.visit(parsed(part))
        seen: dict[tuple[str, str], int] = {}
        for index, (method, text) in enumerate(finder.places):
            nth = seen.get((method, text), 0)
            seen[method, text] = nth + 1
            yield Mutant(part, method, text, nth, index)


def parsed(part: str) -> ast.Module:
    return ast.parse((FOLDER / f"{part}.py").read_text(encoding="utf-8"))


@contextmanager
def replaced(modules: dict[str, ModuleType]) -> Iterator[None]:
    """While imports find `modules` instead of the real ones."""
    real = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(real)


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
