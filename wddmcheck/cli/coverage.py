"""Rule coverage: for each rule of the catalogue where models encode it, or why none does."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wddmcheck.cli.catalogue import Catalogue, Rule
from wddmcheck.cli.encodings import Encoding, encodings
from wddmcheck.diagnostics.diagnostic import Diagnostic, Sink, UserError
from wddmcheck.diagnostics.source import SourceFile, SourceMap
from wddmcheck.lang import ast, imports
from wddmcheck.lang.parse import parse


@dataclass(frozen=True, slots=True)
class Covered:
    """A rule and its encodings."""

    rule: Rule
    encodings: tuple[Encoding, ...]

    @property
    def state(self) -> str:
        """ "encoded", "excused" (no model needs it), "open", or "stale" if it is encoded and its
        excuse is still there."""
        if self.encodings:
            return "stale" if self.rule.not_encoded else "encoded"
        return "excused" if self.rule.not_encoded else "open"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of all rules, in the order of the catalogue. `unknown` are citations of rules that it does
    not have; `safety` are the safety properties that a property of a model stands for. `models` are
    the models that were read, `scenarios` the `reachable` properties in them and in parts."""

    rules: tuple[Covered, ...]
    unknown: tuple[Encoding, ...]
    safety: frozenset[str]
    models: frozenset[str]
    scenarios: frozenset[str]

    def count(self, state: str) -> int:
        """How many rules are in a state."""
        return sum(c.state == state for c in self.rules)

    @property
    def complete(self) -> bool:
        """Whether there is nothing to do: no rule is open or stale, none is unknown."""
        return not self.unknown and all(c.state in ("encoded", "excused") for c in self.rules)

    def has_scenario(self, witness: str) -> bool | None:
        """Whether `models/NAME.wddm:property` names a `reachable` property, None if that model was
        not read."""
        path, _, name = witness.partition(":")
        return name in self.scenarios if Path(path).stem in self.models else None


def coverage(path: str, facts: Catalogue, sources: SourceMap) -> Coverage:
    """Of the models in a folder, or of one model with what it extends and imports.

    Raises `UserError` where something cannot be read (exit code 2) or parsed (3)."""
    files = read_models(path, sources)
    found = encodings(files, sources)
    by_rule: dict[str, list[Encoding]] = {}
    for encoding in found:
        by_rule.setdefault(encoding.rule, []).append(encoding)
    rows = tuple(Covered(rule, tuple(by_rule.get(rule.id, ()))) for rule in facts.rules.values())
    unknown = tuple(e for e in found if e.rule not in facts.rules)
    return Coverage(rows, unknown, frozenset(_safety(files)),
                    frozenset(f.name.text for f in files if not f.part),
                    frozenset(_scenarios(files)))


def read_models(path: str, sources: SourceMap) -> tuple[ast.File, ...]:
    """The files of a folder (`*.wddm`, at any depth), or a model with what it needs."""
    sink = Sink()
    files: tuple[ast.File | None, ...]
    if os.path.isdir(path):
        paths = sorted(Path(path).rglob("*.wddm"))
        if not paths:
            raise UserError((Diagnostic("WC040", f"there is no model in the folder `{path}`",
                                        help="give a folder with *.wddm files, or a model"),),
                            exit_code=2)
        files = tuple(_parsed(p, sources, sink) for p in paths)
    else:
        program = imports.load(path, sources, sink)
        files = program.files if program is not None else ()
    sink.raise_if_errors()
    return tuple(f for f in files if f is not None)


def _parsed(path: Path, sources: SourceMap, sink: Sink) -> ast.File | None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError((Diagnostic("WC041", f"`{path.as_posix()}` cannot be read: {error}",
                                    help="check its permissions, and that it is UTF-8"),),
                        exit_code=2) from error
    source = SourceFile(path.as_posix(), text)
    sources.add(source)
    return parse(source, sink)


def _safety(files: tuple[ast.File, ...]) -> Iterator[str]:
    """The ids like SP-4 that the sentences before properties name."""
    for decl in _properties(files):
        yield from re.findall(r"\bSP-[0-9]+\b", decl.doc)


def _scenarios(files: tuple[ast.File, ...]) -> Iterator[str]:
    """The names of properties that claim something to be reachable."""
    return (d.name.text for d in _properties(files) if d.claim.kind == "reachable")


def _properties(files: tuple[ast.File, ...]) -> Iterator[ast.PropertyDecl]:
    for file in files:
        for item in file.decls:
            decl = item.decl if isinstance(item, ast.Replace) else item
            if isinstance(decl, ast.PropertyDecl):
                yield decl
