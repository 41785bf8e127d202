"""A system at a scope as an input of another model checker: Promela (SPIN), Murphi (Rumur) and TLA+
(TLC). From the IR alone; spec/export.md has the mapping."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from wddmcheck.export.request import CannotExportError, Exported, Request

__all__ = ["SUFFIXES", "CannotExportError", "Exported", "Request", "export"]

SUFFIXES = {"promela": ".pml", "murphi": ".m", "tla": ".tla"}
"""The targets, and how files of each are called."""


def export(target: str, request: Request) -> Exported:
    """`request` as text of `target`, a key of `SUFFIXES`. Raises `CannotExportError`."""
    assert target in SUFFIXES, target
    write: Callable[[Request], Exported] = import_module(f"wddmcheck.export.{target}").export
    return write(request)
