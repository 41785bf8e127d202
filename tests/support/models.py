"""Text -> System, for tests."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from wddmcheck.diagnostics.diagnostic import Diagnostic, Sink, UserError
from wddmcheck.diagnostics.source import SourceFile, SourceMap
from wddmcheck.ir.system import System
from wddmcheck.lang import ast
from wddmcheck.lang.imports import load
from wddmcheck.lang.parse import parse
from wddmcheck.lower import lower
from wddmcheck.sema import check
from wddmcheck.sema.model import Model

SYSTEMS = "WDDMCHECK_TEST_SYSTEMS"
"""The variable of the environment that names the folder of systems of this session."""


def system_of(text: str, policies: Mapping[str, str] | None = None,
              without: Iterable[str] = ()) -> System:
    """The system of a one-file model, without some guarantees."""
    sink = Sink()
    file = parse(SourceFile("test.wddm", text), sink)
    sink.raise_if_errors()
    assert file is not None
    model = check(ast.Program((file,)), sink)
    sink.raise_if_errors()
    return lower(model, policies or {}, sink, without)


def diagnostics_of(text: str) -> tuple[Diagnostic, ...]:
    """What the front end says about a one-file model."""
    sink = Sink()
    file = parse(SourceFile("test.wddm", text), sink)
    if sink.errors or file is None:
        return tuple(sink.items)
    model = check(ast.Program((file,)), sink)
    if not sink.errors:
        try:
            lower(model, {}, sink)
        except UserError as error:
            return (*sink.items, *error.diagnostics)
    return tuple(sink.items)


def typed(path: str) -> Model:
    """The typed model of a file."""
    sink = Sink()
    program = load(path, SourceMap(), sink)
    sink.raise_if_errors()
    assert program is not None
    model = check(program, sink)
    sink.raise_if_errors()
    return model


def shipped(path: str, policies: Mapping[str, str] | None = None,
            without: Iterable[str] = ()) -> System:
    """The system of a model file, without some guarantees. Each is made once."""
    chosen = tuple(sorted((policies or {}).items()))
    changed = Path(path).stat().st_mtime_ns
    system = pickle.loads(_pickled(path, changed, chosen, tuple(sorted(without))))
    assert isinstance(system, System)
    return system


@cache
def _pickled(path: str, changed: int, policies: tuple[tuple[str, str], ...],
             without: tuple[str, ...]) -> bytes:
    """A system, for `pickle`: as they are, systems take ten times the memory. Workers share them
    in the folder `SYSTEMS`, once the session has one."""
    asked = repr((Path(path).resolve(), changed, policies, without))
    folder = os.environ.get(SYSTEMS)
    file = Path(folder) / hashlib.sha256(asked.encode()).hexdigest() if folder else None
    if file is not None and file.exists():
        return file.read_bytes()
    data = pickle.dumps(lower(typed(path), dict(policies), Sink(), without))
    if file is not None:
        beside = file.with_suffix(f".{os.getpid()}")
        beside.write_bytes(data)
        beside.replace(file)
    return data
